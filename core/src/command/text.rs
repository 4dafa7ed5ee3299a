//! Text that is known in part: pieces of words, and their way into shell text and back. Must not know how
//! a piece came about.

use hermes_plugin_api::command::{Piece, Span, Unknown, Why, Word};
pub(super) use hermes_plugin_api::vocabulary::known;

/// Text, known and unknown pieces in order.
pub(super) type Text = Vec<Piece>;

/// Marks, in shell text that was computed, a piece that is not known. The character after it says which.
pub(super) const HOLE: char = '\u{fdd0}';
const HOLE_BASE: u32 = 0xf_0000;
/// Most unknown pieces that text inside text can refer to.
pub(super) const MAX_HOLES: usize = 0xfffd;

/// Reads the character after [`HOLE`].
pub(super) fn hole_index(c: char) -> Option<usize> {
    u32::from(c).checked_sub(HOLE_BASE).map(|n| n as usize).filter(|n| *n < MAX_HOLES)
}

/// The two characters that stand for the piece with this index.
pub(super) fn hole(index: usize) -> [char; 2] {
    let c = u32::try_from(index).ok().and_then(|n| char::from_u32(HOLE_BASE + n));
    [HOLE, c.unwrap_or(char::REPLACEMENT_CHARACTER)]
}

/// A piece that is not known.
pub(super) fn unknown(why: Why, name: &str) -> Piece {
    Piece::Unknown(Unknown { why, name: name.to_owned(), from: Vec::new(), quoted: false })
}

/// A piece that is the output of commands.
pub(super) fn output_of(from: Vec<usize>) -> Piece {
    Piece::Unknown(Unknown { why: Why::Substitution, name: String::new(), from, quoted: false })
}

/// Adds known text, joining it to known text before it.
pub(super) fn push_str(text: &mut Text, more: &str) {
    if more.is_empty() {
        return;
    }
    match text.last_mut() {
        Some(Piece::Text(last)) => last.push_str(more),
        _ => text.push(Piece::Text(more.to_owned())),
    }
}

/// Adds a piece, joining known text.
pub(super) fn push_piece(text: &mut Text, piece: Piece) {
    match piece {
        Piece::Text(more) => push_str(text, &more),
        other => text.push(other),
    }
}

/// Adds pieces, joining known text.
pub(super) fn push_all(text: &mut Text, more: &[Piece]) {
    for piece in more {
        push_piece(text, piece.clone());
    }
}

/// A word of known text.
pub(super) fn word(text: &str, span: Span) -> Word {
    let mut pieces = Vec::new();
    push_str(&mut pieces, text);
    Word { pieces, span }
}

/// Bytes that the pieces take.
pub(super) fn len(text: &[Piece]) -> usize {
    text.iter()
        .map(|piece| match piece {
            Piece::Text(text) | Piece::Glob(text) => text.len(),
            Piece::Home | Piece::Unknown(_) => 8,
        })
        .sum()
}

/// Removes newlines from the end, as command substitution does.
pub(super) fn trim_newlines(text: &mut Text) {
    while let Some(Piece::Text(last)) = text.last_mut() {
        last.truncate(last.trim_end_matches('\n').len());
        if !last.is_empty() {
            return;
        }
        text.pop();
    }
}

/// Resolves the escapes of `$'…'`. A NUL ends the text, as in bash.
pub(super) fn unescape_ansi(inner: &str) -> String {
    let mut bytes = Vec::with_capacity(inner.len());
    let mut rest = inner.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        match escape(&mut rest, true) {
            Escape::Byte(0) => break,
            Escape::Byte(byte) => bytes.push(byte),
            Escape::Char(c) => bytes.extend(c.encode_utf8(&mut [0; 4]).bytes()),
            Escape::Other => bytes.push(b'\\'),
            Escape::End => break,
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Resolves the escapes of `echo -e`, `printf` formats and `%b`. False where `\c` ended the text.
pub(super) fn unescape_echo(inner: &str, out: &mut Vec<u8>, octal_needs_zero: bool) -> bool {
    let mut rest = inner.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            out.push(byte);
            continue;
        }
        if rest.first() == Some(&b'c') {
            return false;
        }
        if octal_needs_zero && rest.first() == Some(&b'0') {
            rest = &rest[1..];
            let digits = rest.iter().take(3).take_while(|b| matches!(b, b'0'..=b'7')).count();
            out.push(number(&rest[..digits], 8) as u8);
            rest = &rest[digits..];
            continue;
        }
        if octal_needs_zero && matches!(rest.first(), Some(b'1'..=b'7' | b'\'' | b'"' | b'?')) {
            out.push(b'\\');
            continue;
        }
        match escape(&mut rest, false) {
            Escape::Byte(byte) => out.push(byte),
            Escape::Char(c) => out.extend(c.encode_utf8(&mut [0; 4]).bytes()),
            Escape::Other | Escape::End => out.push(b'\\'),
        }
    }
    true
}

enum Escape {
    Byte(u8),
    Char(char),
    /// Not an escape: the backslash stays.
    Other,
    End,
}

fn escape(rest: &mut &[u8], controls: bool) -> Escape {
    let Some((&byte, after)) = rest.split_first() else {
        return Escape::Other;
    };
    let (escape, used) = match byte {
        b'a' => (Escape::Byte(7), 0),
        b'b' => (Escape::Byte(8), 0),
        b'e' | b'E' => (Escape::Byte(27), 0),
        b'f' => (Escape::Byte(12), 0),
        b'n' => (Escape::Byte(b'\n'), 0),
        b'r' => (Escape::Byte(b'\r'), 0),
        b't' => (Escape::Byte(b'\t'), 0),
        b'v' => (Escape::Byte(11), 0),
        b'\\' | b'\'' | b'"' | b'?' => (Escape::Byte(byte), 0),
        b'0'..=b'7' => {
            let digits = rest.iter().take(3).take_while(|b| matches!(b, b'0'..=b'7')).count();
            (Escape::Byte(number(&rest[..digits], 8) as u8), digits - 1)
        }
        b'x' => hex(after, 2, |n| Escape::Byte(n as u8)),
        b'u' => hex(after, 4, |n| char::from_u32(n).map_or(Escape::End, Escape::Char)),
        b'U' => hex(after, 8, |n| char::from_u32(n).map_or(Escape::End, Escape::Char)),
        b'c' if controls && !after.is_empty() => (Escape::Byte(after[0].to_ascii_uppercase() & 0x1f), 1),
        _ => return Escape::Other,
    };
    if !matches!(escape, Escape::Other) {
        *rest = &after[used..];
    }
    escape
}

fn hex(after: &[u8], most: usize, make: impl FnOnce(u32) -> Escape) -> (Escape, usize) {
    let digits = after.iter().take(most).take_while(|b| b.is_ascii_hexdigit()).count();
    if digits == 0 {
        return (Escape::Other, 0);
    }
    match make(number(&after[..digits], 16)) {
        Escape::Byte(0) => (Escape::Byte(0), digits),
        made => (made, digits),
    }
}

fn number(digits: &[u8], base: u32) -> u32 {
    digits.iter().filter_map(|b| char::from(*b).to_digit(base)).fold(0, |n, d| n.wrapping_mul(base).wrapping_add(d))
}
