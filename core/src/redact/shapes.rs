//! Where in a text secrets stand, by their shape: what issuers mark, and what a name announces.
//!
//! One pass from left to right. Every look back is bounded and every look ahead ends where the pass goes on, so
//! that time grows with the text and with nothing else. It replaces nothing and knows no values.

mod announced;
mod issued;
mod name;
mod placed;
mod value;

use std::ops::Range;

/// How far a name or a context is looked back for.
const BACK: usize = 160;

/// Returns the parts of a text that are secrets, from left to right, none overlapping.
pub(super) fn find(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(offset) = bytes.get(at..).and_then(|rest| rest.iter().position(|byte| TRIGGER[usize::from(*byte)])) {
        at += offset;
        at = match hit(bytes, at) {
            Some(Hit { secret, resume }) => {
                let resume = resume.max(secret.end).max(at + 1);
                found.extend((!secret.is_empty()).then_some(secret));
                resume
            }
            None => next(bytes, at),
        };
    }
    found
}

/// A secret, and where to go on. An empty one says only where to go on.
struct Hit {
    secret: Range<usize>,
    resume: usize,
}

impl Hit {
    fn whole(secret: Range<usize>) -> Self {
        Self { resume: secret.end, secret }
    }
}

fn hit(text: &[u8], at: usize) -> Option<Hit> {
    match text[at] {
        b'=' => announced::assigned(text, at),
        b':' => announced::userinfo(text, at).or_else(|| announced::field(text, at)),
        b'-' if text[at..].starts_with(b"-----BEGIN") => issued::pem(text, at),
        b'-' if is_start(text, at) => placed::flag(text, at),
        b'>' => placed::element(text, at),
        b'-' => None,
        _ if is_start(text, at) => word(text, at),
        _ => None,
    }
}

/// What begins with a letter or a digit.
fn word(text: &[u8], at: usize) -> Option<Hit> {
    let plain = 1 + run(&text[at + 1..], |byte| byte.is_ascii_lowercase());
    // A word of prose carries no issuer's mark: most of a text ends here.
    if !text.get(at + plain).is_some_and(|byte| is_token(*byte) || b".:/".contains(byte)) {
        return placed::word(text, at, at + plain);
    }
    // Nothing asks about the end of a longer word.
    let end = at + run(head(&text[at..], BACK), is_token);
    issued::token(text, at, end).or_else(|| placed::word(text, at, end))
}

/// The next place worth a look: within a word there is none but its separators.
fn next(text: &[u8], at: usize) -> usize {
    match text[at].is_ascii_alphanumeric() {
        true => at + run(&text[at..], |byte| byte.is_ascii_alphanumeric() || byte == b'_').max(1),
        false => at + 1,
    }
}

/// Whether a word can begin here.
fn is_start(text: &[u8], at: usize) -> bool {
    !at.checked_sub(1).is_some_and(|before| text[before].is_ascii_alphanumeric() || text[before] == b'_')
}

/// What tokens are made of.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"_-".contains(&byte)
}

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// How many bytes in front are of a kind.
fn run(text: &[u8], is: impl Fn(u8) -> bool) -> usize {
    text.iter().position(|byte| !is(*byte)).unwrap_or(text.len())
}

/// The first bytes, where a look ahead may fail and be taken again further on.
fn head(text: &[u8], most: usize) -> &[u8] {
    &text[..text.len().min(most)]
}

/// The text of the same line before a place, as far as it is looked back for.
fn before(text: &[u8], at: usize) -> &[u8] {
    let from = at.saturating_sub(BACK);
    let line = text[from..at].iter().rposition(|byte| *byte == b'\n').map_or(from, |end| from + end + 1);
    &text[line..at]
}

fn has(text: &[u8], part: &str) -> bool {
    text.windows(part.len()).any(|window| window.eq_ignore_ascii_case(part.as_bytes()))
}

/// Bytes at which something may begin or be announced.
const TRIGGER: [bool; 256] = {
    let mut trigger = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        let one = byte as u8;
        trigger[byte] = one.is_ascii_alphanumeric() || matches!(one, b'=' | b':' | b'-' | b'>');
        byte += 1;
    }
    trigger
};
