//! Words one after another, in lines of a window. What is wider than the window is left to the terminal to break,
//! so that it can be copied whole.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::markdown::ink::Ink;

/// Longer words are drawn as they come, in bytes.
const WORD: usize = 1_000;

/// What is drawn, and the word that is not yet whole.
#[derive(Debug, Default)]
pub(super) struct Flow {
    drawn: String,
    columns: usize,
    column: usize,
    /// Something stands in this line.
    words: bool,
    /// Blanks before the word.
    blanks: usize,
    word: Vec<(Ink, String)>,
    bytes: usize,
    last: Option<char>,
    /// What stands before a line that goes on, and its width.
    hanging: (String, usize),
}

impl Flow {
    pub(super) fn set_columns(&mut self, columns: usize) {
        self.columns = columns.max(1);
    }

    pub(super) fn columns(&self) -> usize {
        self.columns
    }

    /// What stands before the lines in which this one goes on.
    pub(super) fn hang(&mut self, text: String, width: usize) {
        self.hanging = (text, width);
    }

    /// A line begins with something so wide.
    pub(super) fn begun(&mut self, width: usize) {
        self.column = width;
        self.words = false;
    }

    /// Draws something as it is.
    pub(super) fn raw(&mut self, text: &str) {
        self.drawn.push_str(text);
    }

    pub(super) fn line_break(&mut self) {
        self.drawn.push('\n');
        (self.column, self.words, self.blanks, self.last) = (0, false, 0, None);
        self.hanging = (String::new(), 0);
    }

    /// What was drawn since the last time.
    pub(super) fn take(&mut self) -> String {
        std::mem::take(&mut self.drawn)
    }

    pub(super) fn text(&mut self, text: &str, ink: Ink) {
        text.chars().for_each(|c| self.char(c, ink));
    }

    pub(super) fn char(&mut self, c: char, ink: Ink) {
        if c == ' ' || c == '\t' {
            self.end_word();
            self.blanks += if c == '\t' { 4 } else { 1 };
            self.last = None;
            return;
        }
        if self.may_break_before(c) {
            self.end_word();
        }
        match self.word.last_mut() {
            Some((same, text)) if *same == ink => text.push(c),
            _ => self.word.push((ink, c.to_string())),
        }
        self.last = Some(c);
        self.bytes += c.len_utf8();
        if self.bytes >= WORD {
            self.end_word();
        }
    }

    /// Scripts without blanks break between their wide characters.
    fn may_break_before(&self, c: char) -> bool {
        let Some(last) = self.last else { return false };
        let joins = |c: char| matches!(c, '\u{200d}' | '\u{1f3fb}'..='\u{1f3ff}') || c.width() == Some(0);
        let closes = |c: char| "、。,.!?:;)」』】》〉！？，：；）".contains(c);
        let wide = |c: char| c.width() == Some(2);
        !joins(c) && last != '\u{200d}' && !closes(c) && (wide(c) || wide(last) && c.is_alphanumeric())
    }

    /// Draws the word, in the next line where it does not fit into this one.
    pub(super) fn end_word(&mut self) {
        if self.word.is_empty() {
            return;
        }
        let width: usize = self.word.iter().map(|(_, text)| text.width()).sum();
        let blanks = std::mem::take(&mut self.blanks);
        if self.words && self.column + blanks + width > self.columns {
            self.drawn.push('\n');
            self.drawn.push_str(&self.hanging.0);
            self.column = self.hanging.1;
        } else {
            self.drawn.extend(std::iter::repeat_n(' ', blanks));
            self.column += blanks;
        }
        for (ink, text) in self.word.drain(..) {
            self.drawn.push_str(&ink.paint(&text));
        }
        self.column += width;
        if self.column > self.columns {
            self.column %= self.columns;
        }
        self.words = true;
        self.bytes = 0;
    }
}

/// How many columns a text takes.
pub(super) fn width_of(text: &str) -> usize {
    text.width()
}
