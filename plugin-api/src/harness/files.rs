//! The files of the harness: a few texts in memory, without links, guard or `.gitignore`.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::Harness;
use crate::error::{PluginError, Result};
use crate::file::{Expect, FileEntry, FileHead, FileKind, FileRead, FileWalk, FileWrite, FileWritten, Walked, packed};
use crate::flow::{Output, Pushed};

/// The files, by path, with their versions.
pub(super) type Shelf = BTreeMap<String, (Vec<u8>, u64)>;

/// How much of a file is passed on at a time: little, so that what is cut in two is met in tests.
const PIECE: usize = 7;

impl Harness {
    /// Puts a file there, or another content into it.
    pub fn put_file(&self, path: &str, content: impl Into<Vec<u8>>) {
        self.state(|state| put(&mut state.files, path, content.into()));
    }

    /// The content of a file.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<Vec<u8>> {
        self.state(|state| state.files.get(path).map(|(content, _)| content.clone()))
    }
}

fn put(files: &mut Shelf, path: &str, content: Vec<u8>) -> String {
    let version = files.get(path).map_or(1, |(_, version)| version + 1);
    files.insert(path.to_owned(), (content, version));
    version.to_string()
}

/// Answers a method, if it is about files. Pieces that go to `output` do so afterwards.
pub(super) fn answer(files: &mut Shelf, method: &str, request: &Value) -> Option<Result<(Value, Vec<Vec<u8>>)>> {
    match method {
        "file.read" => Some(parsed(request).and_then(|request| read(files, &request))),
        "file.write" => Some(parsed(request).and_then(|request| write(files, request))),
        "file.walk" => Some(parsed(request).and_then(|request| walk(files, &request))),
        _ => None,
    }
}

/// Pushes pieces until nobody wants more.
pub(super) fn push(output: Option<&Output>, pieces: &[Vec<u8>]) {
    let Some(output) = output else { return };
    let _ = pieces.iter().all(|piece| output.try_write(piece) == Pushed::Taken);
}

fn parsed<T: DeserializeOwned>(request: &Value) -> Result<T> {
    T::deserialize(request).map_err(|error| PluginError::protocol("a request for files", error))
}

fn read(files: &Shelf, request: &FileRead) -> Result<(Value, Vec<Vec<u8>>)> {
    let path = request.path.clone();
    let inside = format!("{}/", path.trim_end_matches('/'));
    let head = match files.get(&path) {
        Some((content, version)) => {
            FileHead { path, kind: FileKind::File, size: content.len() as u64, version: version.to_string() }
        }
        None if files.keys().any(|file| file.starts_with(&inside)) => {
            FileHead { path, kind: FileKind::Folder, ..FileHead::default() }
        }
        None => FileHead { path, ..FileHead::default() },
    };
    let content = files.get(&request.path).map(|(content, _)| content.as_slice()).unwrap_or_default();
    let start = usize::try_from(request.offset).unwrap_or(usize::MAX).min(content.len());
    let limit = request.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    let wanted = &content[start..];
    let pieces = wanted[..limit.min(wanted.len())].chunks(PIECE).map(<[u8]>::to_vec).collect();
    Ok((json!(head), pieces))
}

fn write(files: &mut Shelf, request: FileWrite) -> Result<(Value, Vec<Vec<u8>>)> {
    let version = files.get(&request.path).map(|(_, version)| version.to_string());
    let fits = match &request.expect {
        Expect::Anything => true,
        Expect::Missing => version.is_none(),
        Expect::Version(expected) => version.as_ref() == Some(expected),
    };
    if !fits {
        return Err(PluginError::user(format!("`{}` has changed meanwhile, so it was not written", request.path)));
    }
    let version = put(files, &request.path, request.content.into_vec()?);
    Ok((json!(FileWritten { path: request.path, version, unsaved: None }), Vec::new()))
}

fn walk(files: &Shelf, request: &FileWalk) -> Result<(Value, Vec<Vec<u8>>)> {
    let mut walked = Walked { path: request.path.clone(), ..Walked::default() };
    let mut messages = Vec::new();
    for (path, (content, _)) in files {
        let Some(path) = path.strip_prefix(request.path.trim_end_matches('/')) else { continue };
        let path = path.trim_start_matches('/').to_owned();
        let size = content.len() as u64;
        if request.contents.is_some_and(|longest| size > longest) {
            walked.skipped += 1;
            continue;
        }
        walked.files += 1;
        let content = if request.contents.is_some() { content.as_slice() } else { &[] };
        messages.push(packed(&FileEntry { path, size, modified_ms: 0 }, content)?);
    }
    Ok((json!(walked), messages))
}
