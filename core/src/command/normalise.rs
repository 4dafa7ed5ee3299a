//! The cleaned view of a text: what a person sees of it. Removes escape sequences, control and invisible
//! characters, then applies NFKC. Must not know shell grammar.

use super::text::HOLE;
use unicode_normalization::UnicodeNormalization;

/// A cleaned text that differs from its source.
pub(super) struct Cleaned {
    pub(super) text: String,
    /// Where the first hidden character stood, if any was removed.
    pub(super) hidden: Option<usize>,
}

/// Cleans a text; `None` if nothing changes.
pub(super) fn clean(text: &str) -> Option<Cleaned> {
    if text.bytes().all(|b| matches!(b, b' '..=b'~' | b'\n' | b'\t')) {
        return None;
    }
    let (stripped, hidden) = strip(text);
    let mut cleaned: String = stripped.nfkc().collect();
    // Composing may bring together what was apart: repeat until nothing changes.
    for _ in 0..4 {
        let again: String = strip(&cleaned).0.nfkc().collect();
        if again == cleaned {
            break;
        }
        cleaned = again;
    }
    (cleaned != text).then_some(Cleaned { text: cleaned, hidden })
}

/// Removes what is not shown, and says where the first of it stood that counts as hidden.
fn strip(text: &str) -> (String, Option<usize>) {
    let mut out = String::with_capacity(text.len());
    let mut hidden = None;
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        let rest = &text[at..];
        let len = removed(c, rest, out.chars().next_back());
        if len == 0 {
            out.push(c);
            at += c.len_utf8();
            continue;
        }
        // The carriage return of a line's end, a byte order mark and emoji joiners hide nothing.
        let harmless = c == '\r' && rest[1..].starts_with('\n')
            || c == '\u{feff}' && at == 0
            || joins_emoji(c, rest, out.chars().next_back());
        if !harmless {
            hidden.get_or_insert(at);
        }
        at += len;
    }
    (out, hidden)
}

/// How many bytes to remove at a character, 0 to keep it.
fn removed(c: char, rest: &str, before: Option<char>) -> usize {
    match c {
        '\t' | '\n' => 0,
        '\u{1b}' => escape_len(rest),
        '\u{9b}' => c.len_utf8() + csi_len(&rest[c.len_utf8()..]),
        '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | HOLE => c.len_utf8(),
        _ if is_invisible(c) && !joins_emoji(c, rest, before) => c.len_utf8(),
        _ => 0,
    }
}

/// A zero-width joiner or variation selector between emoji is part of them.
fn joins_emoji(c: char, rest: &str, before: Option<char>) -> bool {
    let emoji = |c: char| matches!(u32::from(c), 0x2190..=0x2bff | 0x1f000..=0x1faff | 0xfe0f | 0x200d);
    match c {
        '\u{200d}' => before.is_some_and(emoji) && rest.chars().nth(1).is_some_and(emoji),
        '\u{fe0e}' | '\u{fe0f}' => {
            before.is_some_and(|before| emoji(before) || matches!(before, '#' | '*' | '0'..='9'))
        }
        _ => false,
    }
}

fn is_invisible(c: char) -> bool {
    matches!(u32::from(c),
        0xad | 0x34f | 0x61c | 0x115f | 0x1160 | 0x17b4 | 0x17b5 | 0x180b..=0x180f
        | 0x200b..=0x200f | 0x202a..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfe00..=0xfe0f | 0xfeff | 0xffa0
        | 0xfff0..=0xfffb | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a | 0xe0000..=0xe0fff)
}

/// The length of an escape sequence, its introducer included.
fn escape_len(rest: &str) -> usize {
    let after = &rest[1..];
    match after.as_bytes().first() {
        Some(b'[') => 2 + csi_len(&after[1..]),
        Some(b']' | b'P' | b'X' | b'^' | b'_') => 2 + string_len(&after[1..]),
        Some(b' '..=b'/') => {
            let len = after.bytes().take_while(|b| matches!(b, b' '..=b'/')).count();
            1 + len + usize::from(after.as_bytes().get(len).is_some_and(|b| matches!(b, b'0'..=b'~')))
        }
        Some(b'0'..=b'~') => 2,
        _ => 1,
    }
}

fn csi_len(rest: &str) -> usize {
    let parameters = rest.bytes().take_while(|b| matches!(b, b' '..=b'?')).count();
    parameters + usize::from(rest.as_bytes().get(parameters).is_some_and(|b| matches!(b, b'@'..=b'~')))
}

/// Strings end at BEL or ST. One that does not end hides only its introducer.
fn string_len(rest: &str) -> usize {
    /// Longer strings are taken as text.
    const LONGEST: usize = 4096;
    let window = rest.char_indices().take_while(|(at, _)| *at < LONGEST);
    for (at, c) in window {
        match c {
            '\u{7}' | '\u{9c}' => return at + c.len_utf8(),
            '\u{1b}' if rest[at..].starts_with("\u{1b}\\") => return at + 2,
            '\n' => return 0,
            _ => {}
        }
    }
    0
}
