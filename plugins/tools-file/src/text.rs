//! Bytes of a file as text, and back: encodings, byte order marks, line ends.
//!
//! UTF-8 and UTF-16 by their marks, UTF-8 without one, and Windows-1252 (which has Latin-1 in it) for what is not
//! UTF-8. What an edit writes has the encoding, the mark and the line ends that the file had.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use hermes_plugin_api::prelude::*;

/// How an encoding begins, where a file says so.
const MARKS: [(&[u8], &Encoding); 3] = [(b"\xef\xbb\xbf", UTF_8), (b"\xff\xfe", UTF_16LE), (b"\xfe\xff", UTF_16BE)];

/// The form in which a text is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) encoding: &'static Encoding,
    /// It begins with a byte order mark.
    pub(crate) marked: bool,
}

impl Form {
    pub(crate) const PLAIN: Self = Self { encoding: UTF_8, marked: false };

    /// The form of a file that begins with these bytes; with `whole` they are all there are. `None` for what is not
    /// text.
    pub(crate) fn of(start: &[u8], whole: bool) -> Option<Self> {
        if let Some((_, encoding)) = MARKS.iter().find(|(mark, _)| start.starts_with(mark)) {
            return Some(Self { encoding, marked: true });
        }
        if start.contains(&0) || has_controls(start) {
            return None;
        }
        match std::str::from_utf8(start) {
            Ok(_) => Some(Self::PLAIN),
            // The last character may go on in what was not looked at.
            Err(error) if !whole && error.error_len().is_none() => Some(Self::PLAIN),
            Err(_) => Some(Self { encoding: WINDOWS_1252, marked: false }),
        }
    }

    /// What a person calls it; nothing for what is usual.
    pub(crate) fn told(self) -> Option<String> {
        let mark = if self.marked && self.encoding == UTF_8 { " with a byte order mark" } else { "" };
        (self != Self::PLAIN).then(|| format!("{}{mark}", self.encoding.name()))
    }

    /// A text in this form.
    ///
    /// # Errors
    /// `USER` when it holds a character that the encoding has not.
    pub(crate) fn encode(self, text: &str) -> Result<Vec<u8>> {
        let mark = MARKS.iter().find(|(_, encoding)| self.marked && *encoding == self.encoding);
        let mut bytes = mark.map(|(mark, _)| mark.to_vec()).unwrap_or_default();
        if self.encoding == UTF_16LE {
            bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
        } else if self.encoding == UTF_16BE {
            bytes.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
        } else {
            let (encoded, _, lossy) = self.encoding.encode(text);
            if lossy {
                let name = self.encoding.name();
                return Err(PluginError::user(format!("The file is {name}, which lacks a character of the new text"))
                    .with_hint("leave that character out, or convert the file with a command first"));
            }
            bytes.extend_from_slice(&encoded);
        }
        Ok(bytes)
    }

    /// All of a file as text, without its mark.
    ///
    /// # Errors
    /// `USER` for what would not come back as it was.
    pub(crate) fn decode(self, bytes: &[u8]) -> Result<String> {
        let (text, _) = self.encoding.decode_with_bom_removal(bytes);
        if self.encode(&text).ok().as_deref() == Some(bytes) {
            return Ok(text.into_owned());
        }
        Err(PluginError::user(format!("The file is no valid {}, so an edit would damage it", self.encoding.name())))
    }
}

/// Whether there are control characters that no text has.
fn has_controls(bytes: &[u8]) -> bool {
    let odd = |byte: &&u8| matches!(byte, 0x01..=0x06 | 0x0e..=0x1a | 0x1c..=0x1f);
    // A stray one does not make a binary file.
    bytes.iter().filter(odd).count() > bytes.len() / 100
}

/// The line end of a text: that of most of its lines.
pub(crate) fn line_end(text: &str) -> &'static str {
    let all = text.matches('\n').count();
    let windows = text.matches("\r\n").count();
    if windows * 2 > all { "\r\n" } else { "\n" }
}

/// A text with these line ends.
pub(crate) fn with_line_ends(text: &str, end: &str) -> String {
    let plain = text.replace("\r\n", "\n");
    if end == "\n" { plain } else { plain.replace('\n', end) }
}
