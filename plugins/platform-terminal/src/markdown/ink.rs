//! How a word is drawn: with the sixteen colours that every terminal has in its own shades.

use std::fmt::Write as _;

/// Weight, slant and colour of a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ink {
    /// One bit for each of [`CODES`].
    marks: u8,
    /// The code of the colour; 0 is none.
    colour: u8,
}

/// What the terminal is told for each mark.
const CODES: [u8; 5] = [1, 2, 3, 4, 9];

impl Ink {
    pub(super) const PLAIN: Self = Self { marks: 0, colour: 0 };
    pub(super) const BOLD: Self = Self { marks: 1, colour: 0 };
    pub(super) const DIM: Self = Self { marks: 2, colour: 0 };
    pub(super) const ITALIC: Self = Self { marks: 4, colour: 0 };
    pub(super) const UNDERLINED: Self = Self { marks: 8, colour: 0 };
    pub(super) const STRUCK: Self = Self { marks: 16, colour: 0 };
    pub(super) const RED: Self = Self { marks: 0, colour: 31 };
    pub(super) const GREEN: Self = Self { marks: 0, colour: 32 };
    pub(super) const YELLOW: Self = Self { marks: 0, colour: 33 };
    pub(super) const BLUE: Self = Self { marks: 0, colour: 34 };
    pub(super) const MAGENTA: Self = Self { marks: 0, colour: 35 };
    pub(super) const CYAN: Self = Self { marks: 0, colour: 36 };

    /// Both; the other's colour, if it has one.
    pub(super) fn and(self, other: Self) -> Self {
        let colour = if other.colour == 0 { self.colour } else { other.colour };
        Self { marks: self.marks | other.marks, colour }
    }

    /// The text in this ink; what follows is plain again.
    pub(super) fn paint(self, text: &str) -> String {
        if self == Self::PLAIN || text.is_empty() {
            return text.to_owned();
        }
        let marks = CODES.iter().enumerate().filter(|(bit, _)| self.marks & (1 << bit) != 0).map(|(_, code)| *code);
        let colour = Some(self.colour).filter(|colour| *colour > 0);
        let mut painted = String::from("\x1b[");
        for (index, code) in marks.chain(colour).enumerate() {
            let _ = write!(painted, "{}{code}", if index > 0 { ";" } else { "" });
        }
        let _ = write!(painted, "m{text}\x1b[0m");
        painted
    }
}
