//! Files of a session: what a tool call may read, write and walk, wherever its commands run.
//!
//! Only types and the way of bytes through a stream: the host resolves links, decides about protected places and does
//! the work. All of it needs the call's token ([`crate::tools::CallContext`]) and `files` in the manifest's
//! `permissions.session`.

use std::ops::ControlFlow;
use std::sync::{Mutex, PoisonError};

use hermes_plugin_abi::{self as abi, CLOSED, FfiFuture, FutureExt as _, PUSHED, RSlice, RVec, TD_Opaque};
use serde::{Deserialize, Serialize};

use crate::error::{PluginError, Result};
use crate::flow::{Cancel, Output};
use crate::host::Host;

/// Longest content that is written, in bytes.
pub const LARGEST_WRITE: usize = 16 << 20;

/// A file to read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FileRead {
    /// The token of the tool call.
    pub token: String,
    /// The path: absolute, relative to the session's working directory, or with `~/`.
    pub path: String,
    /// Where to begin, in bytes.
    pub offset: u64,
    /// How many bytes at most; all when absent.
    pub limit: Option<u64>,
}

/// What there is at a path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FileHead {
    /// The path: absolute, with links resolved.
    pub path: String,
    /// What it is.
    pub kind: FileKind,
    /// Its length in bytes.
    pub size: u64,
    /// Changes whenever the content does; empty where there is none.
    pub version: String,
}

/// What a path leads to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// Nothing.
    #[default]
    Missing,
    /// A pipe, a socket, a device.
    Other,
}

/// A file to write, whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FileWrite {
    /// The token of the tool call.
    pub token: String,
    /// The path, as in [`FileRead`].
    pub path: String,
    /// Its new content, at most [`LARGEST_WRITE`] bytes.
    pub content: Bytes,
    /// What must be there now.
    pub expect: Expect,
}

/// What must be there when a file is written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expect {
    /// Anything, or nothing.
    #[default]
    Anything,
    /// Nothing.
    Missing,
    /// A file of this [`FileHead::version`].
    Version(String),
}

/// Bytes that are mostly text: JSON strings where they are UTF-8.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bytes {
    /// UTF-8.
    Text(String),
    /// Anything else: each byte as the character of that number.
    Raw(String),
}

impl Default for Bytes {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Self::Text(text),
            Err(error) => Self::Raw(error.as_bytes().iter().map(|byte| char::from(*byte)).collect()),
        }
    }
}

impl Bytes {
    /// The bytes.
    ///
    /// # Errors
    /// `PROTOCOL` for a character that stands for no byte.
    pub fn into_vec(self) -> Result<Vec<u8>> {
        let raw = match self {
            Self::Text(text) => return Ok(text.into_bytes()),
            Self::Raw(raw) => raw,
        };
        let byte = |c| u8::try_from(u32::from(c)).map_err(|error| PluginError::protocol("the bytes of a file", error));
        raw.chars().map(byte).collect()
    }
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FileWritten {
    /// The path: absolute, with links resolved.
    pub path: String,
    /// Its version now.
    pub version: String,
    /// Why this cannot be taken back, where that is so.
    pub unsaved: Option<String>,
}

/// A folder to walk through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FileWalk {
    /// The token of the tool call.
    pub token: String,
    /// The folder, or one file; as in [`FileRead`].
    pub path: String,
    /// Globs of which a file must match one, as in `.gitignore`: `*.rs`, `src/**/x`, `!tests`. All when empty.
    pub globs: Vec<String>,
    /// Also what is hidden, and what `.gitignore` and its like leave out.
    pub all: bool,
    /// Hands over the content too, of files no longer than this.
    pub contents: Option<u64>,
    /// Most files.
    pub most: u64,
}

impl Default for FileWalk {
    fn default() -> Self {
        let (token, path, globs) = Default::default();
        Self { token, path, globs, all: false, contents: None, most: 100_000 }
    }
}

/// A file that was met on a walk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FileEntry {
    /// Its path below the folder; empty for the file that the walk began with.
    pub path: String,
    /// Its length in bytes.
    pub size: u64,
    /// When it was changed, in milliseconds since 1970; 0 where that is not known.
    pub modified_ms: u64,
}

/// What became of a walk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Walked {
    /// The folder: absolute, with links resolved.
    pub path: String,
    /// How many files were met.
    pub files: u64,
    /// How many were left out because they hold secrets.
    pub secret: u64,
    /// How many were left out because they are too long or could not be read.
    pub skipped: u64,
    /// There are more.
    pub more: bool,
}

impl Host {
    /// Reads a file of a tool call's session. Its pieces go to `each` until that breaks.
    ///
    /// What is there and is no file is told and not read.
    ///
    /// # Errors
    /// `DENIED` for a file that holds secrets, or when the manifest does not declare the session service `files`;
    /// `USER` when it cannot be read; `CANCELLED`; `UNSUPPORTED` on a host too old for it.
    pub async fn file_read(
        &self,
        request: &FileRead,
        each: impl FnMut(&[u8]) -> ControlFlow<()> + Send + 'static,
        cancel: &Cancel,
    ) -> Result<FileHead> {
        self.call_with("file.read", request, Some(pieces(each)), Some(cancel)).await
    }

    /// Writes a file of a tool call's session: all of it or nothing. A protected one asks the person first.
    ///
    /// # Errors
    /// As [`Host::file_read`]; `USER` also when something else is there than is expected.
    pub async fn file_write(&self, request: &FileWrite, cancel: &Cancel) -> Result<FileWritten> {
        self.call_with("file.write", request, None, Some(cancel)).await
    }

    /// Walks through a folder of a tool call's session, in an order that is the same every time. Each file goes to
    /// `each`, with its content where that was asked for, until that breaks.
    ///
    /// # Errors
    /// As [`Host::file_read`]; `USER` also for a wrong glob.
    pub async fn file_walk(
        &self,
        request: &FileWalk,
        mut each: impl FnMut(FileEntry, &[u8]) -> ControlFlow<()> + Send + 'static,
        cancel: &Cancel,
    ) -> Result<Walked> {
        let visit = move |message: &[u8]| match unpacked(message) {
            Some((entry, content)) => each(entry, content),
            None => ControlFlow::Break(()),
        };
        self.call_with("file.walk", request, Some(pieces(visit)), Some(cancel)).await
    }
}

/// One message of a walk: an entry and the file's content.
///
/// # Errors
/// `INTERNAL` for an entry that cannot be told.
pub fn packed(entry: &FileEntry, content: &[u8]) -> Result<Vec<u8>> {
    let head = serde_json::to_vec(entry)?;
    let length = u32::try_from(head.len()).map_err(|error| PluginError::internal(error.to_string()))?;
    Ok([&length.to_le_bytes(), &*head, content].concat())
}

/// The entry and the content of one message of a walk.
#[must_use]
pub fn unpacked(message: &[u8]) -> Option<(FileEntry, &[u8])> {
    let (length, rest) = message.split_first_chunk::<4>()?;
    let (head, content) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
    Some((serde_json::from_slice(head).ok()?, content))
}

/// An output whose pieces go to a function.
fn pieces(each: impl FnMut(&[u8]) -> ControlFlow<()> + Send + 'static) -> Output {
    Output::from_wire(abi::Sink_TO::from_value(Pieces(Mutex::new(Some(each))), TD_Opaque))
}

struct Pieces<F>(Mutex<Option<F>>);

impl<F: FnMut(&[u8]) -> ControlFlow<()> + Send + 'static> Pieces<F> {
    fn take(&self, piece: &[u8]) -> u32 {
        // A function that panicked is not called again.
        let mut each = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(mut call) = each.take() else { return CLOSED };
        match call(piece) {
            ControlFlow::Continue(()) => {
                *each = Some(call);
                PUSHED
            }
            ControlFlow::Break(()) => CLOSED,
        }
    }
}

impl<F: FnMut(&[u8]) -> ControlFlow<()> + Send + 'static> abi::Sink for Pieces<F> {
    fn try_push(&self, message: RSlice<'_, u8>) -> u32 {
        self.take(&message)
    }

    fn push(&self, message: RVec<u8>) -> FfiFuture<u32> {
        std::future::ready(self.take(&message)).into_ffi()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_bytes_go_through_json() {
        for bytes in [b"text \xc3\xa9".to_vec(), (0..=255).collect::<Vec<u8>>(), Vec::new()] {
            let json = serde_json::to_string(&Bytes::from(bytes.clone())).expect("JSON");
            let back: Bytes = serde_json::from_str(&json).expect("read");
            assert_eq!(back.into_vec().expect("bytes"), bytes);
        }
        assert!(Bytes::Raw("\u{100}".to_owned()).into_vec().is_err());
    }

    #[test]
    fn a_message_of_a_walk_is_unpacked_and_a_cut_one_is_none() {
        let entry = FileEntry { path: "a/b".to_owned(), size: 3, modified_ms: 7 };
        let message = packed(&entry, b"abc").expect("packed");
        assert_eq!(unpacked(&message), Some((entry, &b"abc"[..])));
        assert_eq!(unpacked(&message[..9]), None);
        assert_eq!(unpacked(&[255, 255, 255, 255, 0]), None);
    }
}
