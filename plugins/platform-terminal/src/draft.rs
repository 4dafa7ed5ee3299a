//! What is typed while something runs: lines for later, and the beginning of the next.
//!
//! It knows the few keys that a person hits without looking. It shows nothing.

/// Longest line, in bytes; a longer one is taken in pieces.
const LINE: usize = 1 << 20;
/// Longest sequence that a key sends, in bytes.
const SEQUENCE: usize = 32;

const ESC: u8 = 0x1b;

/// What came of some keys.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Typed {
    /// A whole line.
    Line(String),
    /// End of input.
    End,
}

/// The line that is being typed.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    bytes: Vec<u8>,
    sequence: Vec<u8>,
    pasting: bool,
}

impl Draft {
    /// Takes what the keyboard sent.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Vec<Typed> {
        bytes.iter().filter_map(|&byte| self.byte(byte)).collect()
    }

    /// Takes a text as it is, line breaks included.
    pub(crate) fn paste(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// Forgets what was typed.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Gives away what was typed.
    pub(crate) fn give(&mut self) -> String {
        self.sequence.clear();
        let bytes = std::mem::take(&mut self.bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn byte(&mut self, byte: u8) -> Option<Typed> {
        if !self.sequence.is_empty() {
            self.sequence.push(byte);
            self.key();
            return None;
        }
        match byte {
            ESC => self.sequence.push(ESC),
            b'\r' | b'\n' if self.pasting => self.bytes.push(b'\n'),
            b'\r' | b'\n' => return Some(Typed::Line(self.give())),
            _ if self.pasting => self.bytes.push(byte),
            0x7f | 0x08 => self.back(),
            // Ctrl-U.
            0x15 => self.bytes.clear(),
            // Ctrl-D.
            0x04 if self.bytes.is_empty() => return Some(Typed::End),
            0..=8 | 0x0b..=0x1f => {}
            _ => self.bytes.push(byte),
        }
        (self.bytes.len() >= LINE).then(|| Typed::Line(self.give()))
    }

    /// Obeys the sequence of a key, once it is whole.
    fn key(&mut self) {
        match self.sequence.as_slice() {
            // Alt-Enter.
            [_, b'\r' | b'\n'] => self.bytes.push(b'\n'),
            b"\x1b[200~" => self.pasting = true,
            b"\x1b[201~" => self.pasting = false,
            [_, b'[' | b'O'] => return,
            [_, b'[', .., last] if !(0x40..=0x7e).contains(last) && self.sequence.len() < SEQUENCE => return,
            _ => {}
        }
        self.sequence.clear();
    }

    fn back(&mut self) {
        while let Some(byte) = self.bytes.pop() {
            // The first byte of a character.
            if byte & 0xc0 != 0x80 {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(text: &str) -> Typed {
        Typed::Line(text.into())
    }

    #[test]
    fn lines_come_whole_and_the_rest_waits() {
        let mut draft = Draft::default();
        assert_eq!(draft.take(b"one\rtwo\nth"), [line("one"), line("two")]);
        assert_eq!(draft.give(), "th");
        assert_eq!(draft.give(), "");
    }

    #[test]
    fn keys_do_what_they_say_and_others_nothing() {
        let mut draft = Draft::default();
        assert_eq!(draft.take("漢x\x7f\x7fa\x1b[A\x1b[1;5C\x1bOPb\x1bc\x01\r".as_bytes()), [line("ab")]);
        assert_eq!(draft.take(b"gone\x15kept\r"), [line("kept")]);
        assert_eq!(draft.take(b"a\x1b\rb\r"), [line("a\nb")]);
        assert_eq!(draft.take(b"a\x04\x7f\x04"), [Typed::End]);
    }

    #[test]
    fn a_paste_is_one_text_however_it_is_cut() {
        let keys = b"\x1b[200~one\rtwo\x03\n\x1b[201~end\r";
        for at in 0..keys.len() {
            let mut draft = Draft::default();
            let mut typed = draft.take(&keys[..at]);
            typed.extend(draft.take(&keys[at..]));
            assert_eq!(typed, [line("one\ntwo\u{3}\nend")], "cut at {at}");
        }
    }

    #[test]
    fn what_never_ends_is_taken_in_pieces() {
        let mut draft = Draft::default();
        assert_eq!(draft.take(&vec![b'x'; 3 << 20]).len(), 3);
        draft.take(b"\x1b[");
        draft.take(&[b'1'; 100]);
        assert!(draft.sequence.len() < SEQUENCE);
    }
}
