//! What stands where a secret is announced: whether it is one, or code that only says where one comes from.

use std::ops::Range;

use super::{is_blank, run};

/// A quoted value is looked at so far; a longer one counts as open.
const LONGEST: usize = 16 * 1024;

/// So much of a value tells whether it is harmless; secrets are taken whole.
const HEAD: usize = 96;

/// A value: where its text is, and where it ends with its quote.
pub(super) struct Value {
    pub(super) text: Range<usize>,
    pub(super) end: usize,
    pub(super) quoted: bool,
}

/// Reads the value that begins here, up to its quote or the end of the word.
pub(super) fn read(text: &[u8], at: usize) -> Value {
    let escaped = usize::from(text.get(at) == Some(&b'\\'));
    match text.get(at + escaped) {
        Some(quote @ (b'"' | b'\'' | b'`')) => {
            let start = at + escaped + 1;
            let rest = &text[start..text.len().min(start + LONGEST)];
            let length = closing(rest, *quote, escaped == 1);
            let closed = rest.get(length) == Some(quote);
            let inner = start + length - usize::from(closed && escaped == 1 && length > 0);
            Value { text: start..inner, end: start + length + usize::from(closed), quoted: true }
        }
        _ => {
            let is_part = |byte| byte > b' ' && !b"&;,\"'()<>`".contains(&byte);
            let head = &text[at..text.len().min(at + HEAD)];
            let mut length = run(head, is_part);
            if length == HEAD && !is_harmless(head) {
                length += run(&text[at + HEAD..], is_part);
            }
            Value { text: at..at + length, end: at + length, quoted: false }
        }
    }
}

/// How long the text is up to its quote. Within a quoted text an escaped quote is no end, unless the opening one was
/// escaped too.
fn closing(rest: &[u8], quote: u8, escaped: bool) -> usize {
    let mut skip = false;
    let end = rest.iter().position(|byte| {
        let ends = *byte == b'\n' || (*byte == quote && !skip);
        skip = !escaped && *byte == b'\\' && !skip;
        ends
    });
    end.unwrap_or(rest.len())
}

/// Whether this is a placeholder, a reference or a word of code, so that nothing is lost when it is read.
pub(super) fn is_harmless(value: &[u8]) -> bool {
    let words: [&[u8]; 16] = [
        b"lambda",
        b"none",
        b"null",
        b"nil",
        b"true",
        b"false",
        b"undefined",
        b"required",
        b"optional",
        b"string",
        b"str",
        b"yes",
        b"no",
        b"...",
        b"redacted",
        b"\\",
    ];
    value.is_empty()
        || matches!(value[0], b'<' | b'{' | b'[' | b'*' | b'%' | b'=' | b'>') && !is_percent(value)
        || is_reference(value)
        || words.iter().any(|word| value.eq_ignore_ascii_case(word))
        // A key of many lines is found as such.
        || value.starts_with(b"-----BEGIN")
        || value.starts_with(b"os.")
        || value.starts_with(b"process.env")
        || value.starts_with(b"self.")
        || value.starts_with(b"settings.")
        || value.starts_with(b"config.")
        || value.starts_with(b"args.")
        || value.starts_with(b"env.")
        || value.starts_with(b"secrets.")
        || value.starts_with(b"var.")
        || is_file(value)
}

/// `%41…` is encoded text; `%NAME%` a reference.
fn is_percent(value: &[u8]) -> bool {
    value[0] == b'%'
        && value.get(1..3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit))
        && !value.ends_with(b"%")
}

fn is_reference(value: &[u8]) -> bool {
    let name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    match value.strip_prefix(b"$") {
        Some([b'{' | b'(', ..]) => true,
        Some(rest) if rest.first().is_some_and(u8::is_ascii_uppercase) => true,
        Some(rest) => {
            rest.first().is_some_and(|byte| byte.is_ascii_lowercase() || *byte == b'_')
                && rest.iter().all(name)
                && !rest.iter().any(u8::is_ascii_digit)
        }
        None => false,
    }
}

/// A path that is plainly one: its content is the secret.
fn is_file(value: &[u8]) -> bool {
    let roots: [&[u8]; 13] = [
        b"/run/", b"/etc/", b"/var/", b"/home/", b"/usr/", b"/root/", b"/tmp/", b"/opt/", b"/mnt/", b"~/", b"./",
        b"../", b"file://",
    ];
    let kinds: [&[u8]; 9] = [b".pem", b".key", b".crt", b".pub", b".json", b".txt", b".yaml", b".yml", b".gpg"];
    roots.iter().any(|root| value.starts_with(root)) || kinds.iter().any(|kind| value.ends_with(kind))
}

/// Whether code calls or indexes it: `password=input(`, `key=names[`.
pub(super) fn is_called(text: &[u8], end: usize) -> bool {
    matches!(text.get(end), Some(b'(')) || text[..end].ends_with(b"]")
}

/// A word that nobody would write in prose: letters and digits, or very long.
pub(super) fn is_mixed(value: &[u8], least: usize) -> bool {
    let digits = value.iter().any(u8::is_ascii_digit);
    let letters = value.iter().any(u8::is_ascii_alphabetic);
    let marks = value.iter().any(|byte| b"!@#$%^&*+/".contains(byte));
    value.len() >= least
        && letters
        && (digits || marks || value.len() >= 24)
        && !value.iter().any(|byte| is_blank(*byte))
}

/// An identifier of code: `str.lower`, `api_key`.
pub(super) fn is_identifier(value: &[u8]) -> bool {
    value.first().is_some_and(u8::is_ascii_alphabetic)
        && value.iter().all(|byte| byte.is_ascii_alphabetic() || b"_.".contains(byte))
}
