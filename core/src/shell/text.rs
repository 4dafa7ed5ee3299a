//! From the bytes of a command's output to text that may be shown: UTF-8, without escape sequences.
//!
//! It works on a stream, wherever it is cut. Bytes that are not UTF-8 become U+FFFD, escape sequences and control
//! characters go, and every form of line end becomes a line feed.

/// Turns a stream of bytes into text.
#[derive(Default)]
pub(super) struct Text {
    /// The beginning of a character whose end has not come.
    partial: Vec<u8>,
    escape: Escape,
    after_return: bool,
}

/// Where in an escape sequence the stream is.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Escape {
    #[default]
    Outside,
    /// After ESC.
    Begun,
    /// After ESC and intermediate characters: one more.
    Intermediate,
    /// In a control sequence, until its final character.
    Control,
    /// In a string (a window title, a link), until BEL or ST.
    String,
    /// In a string, after the ESC that may end it.
    Ending,
}

impl Text {
    /// Takes bytes in and returns the text that they complete.
    pub(super) fn push(&mut self, bytes: &[u8]) -> String {
        let mut out = String::with_capacity(bytes.len());
        if self.partial.is_empty() {
            self.decode(bytes, &mut out);
        } else {
            let mut whole = std::mem::take(&mut self.partial);
            whole.extend_from_slice(bytes);
            self.decode(&whole, &mut out);
        }
        out
    }

    /// What is left at the end.
    pub(super) fn finish(mut self) -> String {
        if self.partial.is_empty() { String::new() } else { self.push_text("\u{fffd}") }
    }

    fn decode(&mut self, mut bytes: &[u8], out: &mut String) {
        loop {
            let (valid, error) = match std::str::from_utf8(bytes) {
                Ok(text) => (text, None),
                Err(error) => {
                    let valid = std::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap_or_default();
                    (valid, Some(error))
                }
            };
            self.clean(valid, out);
            let Some(error) = error else { return };
            bytes = &bytes[error.valid_up_to()..];
            let Some(length) = error.error_len() else {
                self.partial = bytes.to_vec();
                return;
            };
            self.clean("\u{fffd}", out);
            bytes = &bytes[length..];
        }
    }

    fn push_text(&mut self, text: &str) -> String {
        let mut out = String::new();
        self.clean(text, &mut out);
        out
    }

    fn clean(&mut self, text: &str, out: &mut String) {
        let mut rest = text;
        while !rest.is_empty() {
            if self.escape == Escape::Outside {
                let plain = rest.bytes().position(is_special).unwrap_or(rest.len());
                if plain > 0 {
                    out.push_str(&rest[..plain]);
                    self.after_return = false;
                    rest = &rest[plain..];
                }
            }
            let Some(next) = rest.chars().next() else { return };
            self.special(next, out);
            rest = &rest[next.len_utf8()..];
        }
    }

    fn special(&mut self, c: char, out: &mut String) {
        let after_return = std::mem::take(&mut self.after_return);
        self.escape = match (self.escape, c) {
            (Escape::String, '\x07' | '\u{9c}') => Escape::Outside,
            (Escape::String, '\x1b') => Escape::Ending,
            // A string has no lines: one that was never ended must not swallow the rest.
            (Escape::String, c) if c != '\n' && c != '\r' => Escape::String,
            (Escape::Ending, '\\') => Escape::Outside,
            (_, '\x1b') => Escape::Begun,
            (Escape::Begun | Escape::Ending, '[') => Escape::Control,
            (Escape::Begun | Escape::Ending, ']' | 'P' | 'X' | '^' | '_') => Escape::String,
            (Escape::Begun | Escape::Intermediate | Escape::Ending, ' '..='/') => Escape::Intermediate,
            (Escape::Begun | Escape::Intermediate | Escape::Ending, '0'..='~') => Escape::Outside,
            (Escape::Control, ' '..='?') => Escape::Control,
            (Escape::Control, '@'..='~') => Escape::Outside,
            (_, '\u{9b}') => Escape::Control,
            (_, '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}') => Escape::String,
            // Whatever cannot belong to a sequence ends it, and is text again.
            (_, '\r') => {
                out.push('\n');
                self.after_return = true;
                Escape::Outside
            }
            (_, '\n') => {
                if !after_return {
                    out.push('\n');
                }
                Escape::Outside
            }
            (_, '\t') => {
                out.push('\t');
                Escape::Outside
            }
            (_, c) => {
                if !c.is_control() {
                    out.push(c);
                }
                Escape::Outside
            }
        };
    }
}

/// Whether a byte may begin something other than plain text: a control character, or one of U+0080 to U+009F.
fn is_special(byte: u8) -> bool {
    (byte < 0x20 && byte != b'\t') || byte == 0x7f || byte == 0xc2
}

#[cfg(test)]
mod tests {
    use super::Text;

    fn check(bytes: &[u8], expected: &str) {
        for size in [1, 2, 3, 1000] {
            let mut text = Text::default();
            let mut out: String = bytes.chunks(size).map(|piece| text.push(piece)).collect();
            out.push_str(&text.finish());
            assert_eq!(out, expected, "{bytes:?} in pieces of {size}");
        }
    }

    #[test]
    fn escape_sequences_go_and_text_stays() {
        check(b"\x1b[1;31mred\x1b[0m plain", "red plain");
        check(b"a\x1b]0;title\x07b\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\c", "ablinkc");
        check(b"\x1b(Bx\x1b=y\x1b7z\x1bPq#0;1\x1b\\w", "xyzw");
        check("caf\u{e9} \u{9b}31mred\u{a9}".as_bytes(), "caf\u{e9} red\u{a9}");
        check(b"a\x07b\x08c\0d\x7fe", "abcde");
        check(b"\x1b\ntext", "\ntext");
    }

    #[test]
    fn line_ends_become_one() {
        check(b"a\r\nb\rc\n\r\nd\te\n", "a\nb\nc\n\nd\te\n");
    }

    #[test]
    fn what_is_no_text_is_replaced() {
        check(b"a\xff\xfeb\xe2\x82", "a\u{fffd}\u{fffd}b\u{fffd}");
        check("\u{20ac}\u{1f600}".as_bytes(), "\u{20ac}\u{1f600}");
    }
}
