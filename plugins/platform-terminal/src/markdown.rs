//! An answer in Markdown, drawn as it comes.
//!
//! What was drawn stays: output is only ever appended, so nothing flickers and nothing that has scrolled away is
//! wrong. A word is drawn once it is whole, a span such as `**this**` once it is closed, a line of code with its
//! break, a table with its last row. How a text is cut into pieces makes no difference to what is drawn. It takes
//! text that steers nothing, and adds nothing to it but colours and blanks. Time is linear in the text.

mod code;
mod flow;
mod ink;
mod inline;
mod line;
mod table;

use crate::markdown::code::Painter;
use crate::markdown::flow::Flow;
use crate::markdown::ink::Ink;
use crate::markdown::inline::Inline;
use crate::markdown::line::{Fence, Kind, Prose};
use crate::markdown::table::Table;

/// How far code stands from the left.
const INSET: &str = "  ";
/// Narrower windows are not indented in.
const NARROW: usize = 20;

/// A message that is being drawn.
pub(crate) struct Markdown {
    /// Without colours, what is marked stays marked as it was written.
    coloured: bool,
    flow: Flow,
    /// The line that is not yet whole.
    line: String,
    /// What that line is, once that is clear.
    kind: Option<Kind>,
    inline: Inline,
    base: Ink,
    fence: Option<(Fence, Painter)>,
    table: Table,
    /// What stands indented belongs to a list.
    listing: bool,
}

impl Markdown {
    /// A new message.
    pub(crate) fn new(coloured: bool) -> Self {
        Self {
            coloured,
            flow: Flow::default(),
            line: String::new(),
            kind: None,
            inline: Inline::default(),
            base: Ink::PLAIN,
            fence: None,
            table: Table::default(),
            listing: false,
        }
    }

    /// Takes the next piece, for a window of so many columns. Returns what is to be drawn now.
    pub(crate) fn next(&mut self, piece: &str, columns: usize) -> String {
        self.flow.set_columns(columns);
        for part in piece.split_inclusive('\n') {
            match part.strip_suffix('\n') {
                Some(rest) => {
                    self.line.push_str(rest);
                    self.end_line();
                }
                None => {
                    self.line.push_str(part);
                    self.grow(false);
                }
            }
        }
        self.flow.take()
    }

    /// Draws what was held back: the message is over, or something else is shown in its midst.
    pub(crate) fn rest(&mut self, columns: usize) -> String {
        self.flow.set_columns(columns);
        if !self.line.is_empty() {
            self.end_line();
        }
        self.end_table();
        self.flow.take()
    }

    fn end_line(&mut self) {
        self.grow(true);
        match self.kind.take() {
            Some(Kind::Row) => self.row(),
            Some(Kind::Fence(fence)) => self.open(fence),
            Some(Kind::Code) => self.code(),
            Some(Kind::Rule) => self.rule(),
            Some(Kind::Prose(_) | Kind::Blank | Kind::Literal) | None => {
                self.flow.end_word();
                self.flow.line_break();
            }
        }
        self.line.clear();
        self.inline = Inline::default();
    }

    /// Draws as much of the line as is clear.
    fn grow(&mut self, whole: bool) {
        if self.kind.is_none() {
            self.kind = self.decide(whole);
            if let Some(kind) = self.kind.clone() {
                self.begin(&kind);
            }
        }
        match &self.kind {
            Some(Kind::Prose(_)) if self.coloured => {
                self.inline.advance(&self.line, whole, self.base, &mut self.flow);
            }
            Some(Kind::Prose(_) | Kind::Literal) => {
                self.flow.text(&self.line[self.inline.at()..], self.base);
                self.inline.skip_to(self.line.len());
            }
            _ => {}
        }
    }

    fn decide(&self, whole: bool) -> Option<Kind> {
        match &self.fence {
            Some(_) => whole.then_some(Kind::Code),
            None => line::kind(&self.line, whole, self.coloured, self.listing),
        }
    }

    fn begin(&mut self, kind: &Kind) {
        if !matches!(kind, Kind::Row) {
            self.end_table();
        }
        match kind {
            Kind::Prose(prose) => self.begin_prose(prose),
            Kind::Literal => {
                self.base = Ink::PLAIN;
                self.flow.hang(String::new(), 0);
            }
            Kind::Row | Kind::Rule | Kind::Fence(_) => self.listing &= self.line.starts_with([' ', '\t']),
            Kind::Code | Kind::Blank => {}
        }
    }

    /// Draws what stands before the words of a line.
    fn begin_prose(&mut self, prose: &Prose) {
        let &Prose { indent, quotes, level, ref mark, content } = prose;
        self.listing = mark.is_some() || self.listing && indent > 0;
        self.base = match (level, quotes) {
            (1, _) => Ink::BOLD.and(Ink::UNDERLINED),
            (2.., _) => Ink::BOLD,
            (0, 1..) => Ink::DIM,
            (0, 0) => Ink::PLAIN,
        };
        let bars = Ink::DIM.paint(&"│ ".repeat(quotes));
        let blanks = " ".repeat(indent);
        let marked = mark.as_deref().map(|mark| Ink::CYAN.paint(mark)).unwrap_or_default();
        self.flow.raw(&format!("{bars}{blanks}{marked}"));
        let width = 2 * quotes + indent + mark.as_deref().map_or(0, flow::width_of);
        let hanging = match width + NARROW > self.flow.columns() {
            true => (String::new(), 0),
            false => (format!("{bars}{}", " ".repeat(width - 2 * quotes)), width),
        };
        self.flow.begun(width);
        self.flow.hang(hanging.0, hanging.1);
        self.inline.skip_to(content);
    }

    fn open(&mut self, fence: Fence) {
        if !fence.language.is_empty() {
            let label = format!("{}{}── {}", " ".repeat(fence.indent), INSET, fence.language);
            self.flow.raw(&Ink::DIM.paint(&label));
            self.flow.line_break();
        }
        let painter = Painter::new(&fence.language);
        self.fence = Some((fence, painter));
    }

    fn code(&mut self) {
        let Some((fence, painter)) = &mut self.fence else { return };
        if fence.is_closed_by(&self.line) {
            self.fence = None;
            return;
        }
        let code = fence.content(&self.line);
        if !code.is_empty() {
            self.flow.raw(&format!("{}{INSET}", " ".repeat(fence.indent)));
            self.flow.raw(&painter.paint(code));
        }
        self.flow.line_break();
    }

    fn rule(&mut self) {
        self.flow.raw(&Ink::DIM.paint(&"─".repeat(self.flow.columns().clamp(3, 40))));
        self.flow.line_break();
    }

    fn row(&mut self) {
        let line = std::mem::take(&mut self.line);
        if let Err(lines) = self.table.row(line) {
            self.as_written(&lines);
        }
    }

    fn end_table(&mut self) {
        match self.table.end(self.coloured, self.flow.columns()) {
            Ok(drawn) => self.flow.raw(&drawn),
            Err(lines) => self.as_written(&lines),
        }
    }

    /// Draws lines that look like rows of a table and are none.
    fn as_written(&mut self, lines: &[String]) {
        self.flow.hang(String::new(), 0);
        for line in lines {
            match self.coloured {
                true => Inline::default().advance(line, true, Ink::PLAIN, &mut self.flow),
                false => self.flow.text(line, Ink::PLAIN),
            }
            self.flow.end_word();
            self.flow.line_break();
        }
    }
}

/// A line of text that is no Markdown, in lines of a window.
pub(crate) fn wrapped(line: &str, columns: usize) -> String {
    let mut flow = Flow::default();
    flow.set_columns(columns);
    flow.text(line, Ink::PLAIN);
    flow.end_word();
    flow.take()
}

#[cfg(test)]
mod tests;
