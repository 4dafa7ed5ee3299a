//! Shows a command to a person: control and invisible characters escaped, long ones shortened, the part that
//! triggered marked.
//!
//! Nothing a command holds may reach a terminal as anything but visible characters.

use std::fmt::Write as _;

use hermes_plugin_api::command::Span;
use unicode_width::UnicodeWidthChar as _;

/// Commands of at most so many characters are shown whole.
const LONG: usize = 1000;
/// Commands of at most so many lines are shown whole.
const MANY_LINES: usize = 12;
/// What is always kept of a long command: its start, its end, and what stands around each mark.
const HEAD: usize = 400;
const TAIL: usize = 200;
const AROUND: usize = 120;
/// Lines wider than this are marked within, because carets under them would not stand where they belong.
const WIDE: usize = 76;

/// A command as a person sees it.
pub(super) struct Shown {
    /// The lines, marks included, each indented.
    pub(super) text: String,
    /// Something was left out.
    pub(super) shortened: bool,
}

/// Shows a command with the parts of `marks` marked.
pub(super) fn command(text: &str, marks: &[Span], whole: bool) -> Shown {
    let cells: Vec<Cell> = text.char_indices().map(|(at, c)| Cell::new(c, is_marked(at, text, marks))).collect();
    let all_marked = cells.iter().all(|cell| cell.marked || cell.c.is_whitespace());
    let is_long = cells.len() > LONG || cells.iter().filter(|cell| cell.c == '\n').count() >= MANY_LINES;
    let kept = match is_long && !whole {
        true => keep(&cells),
        false => vec![true; cells.len()],
    };
    let mut lines = Lines { text: String::new(), line: Line::default(), first: true, marking: !all_marked };
    let mut left_out = 0;
    for (cell, kept) in cells.iter().zip(&kept) {
        if !kept {
            left_out += 1;
            continue;
        }
        lines.gap(&mut left_out);
        lines.push(cell);
    }
    lines.gap(&mut left_out);
    lines.end();
    Shown { text: lines.text, shortened: kept.contains(&false) }
}

/// Returns text from elsewhere on one line, safe to show.
pub(crate) fn one_line(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, c| {
        escape(c, &mut out);
        out
    })
}

struct Cell {
    c: char,
    marked: bool,
}

impl Cell {
    fn new(c: char, marked: bool) -> Self {
        Self { c, marked }
    }
}

fn is_marked(at: usize, text: &str, marks: &[Span]) -> bool {
    marks.iter().any(|mark| mark.start <= at && at < mark.end && mark.end <= text.len())
}

fn keep(cells: &[Cell]) -> Vec<bool> {
    let mut kept = vec![false; cells.len()];
    let mut set = |from: usize, to: usize| {
        let to = to.min(kept.len());
        kept.get_mut(from.min(to)..to).into_iter().flatten().for_each(|kept| *kept = true);
    };
    set(0, HEAD);
    set(cells.len().saturating_sub(TAIL), cells.len());
    let edges = cells.windows(2).enumerate().filter(|(_, pair)| matches!(pair, [a, b] if a.marked != b.marked));
    for (at, _) in edges.take(8) {
        set(at.saturating_sub(AROUND), at + AROUND);
    }
    kept
}

struct Lines {
    text: String,
    line: Line,
    first: bool,
    marking: bool,
}

/// A line in the making: what is shown, the carets for under it, and the form with the marks inside.
#[derive(Default)]
struct Line {
    plain: String,
    carets: String,
    inside: String,
    width: usize,
    open: bool,
}

impl Lines {
    fn push(&mut self, cell: &Cell) {
        if cell.c == '\n' {
            self.end();
            return;
        }
        let mut shown = String::new();
        escape(cell.c, &mut shown);
        self.line.push(&shown, cell.marked);
    }

    fn gap(&mut self, left_out: &mut usize) {
        if *left_out > 0 {
            self.line.push(&format!(" … [{left_out} characters left out] … "), false);
            *left_out = 0;
        }
    }

    /// Lines after the first begin with a bar, so that no command can draw an answer line of its own.
    fn end(&mut self) {
        let mut line = std::mem::take(&mut self.line);
        line.mark(false);
        let indent = if self.first { "    " } else { "  | " };
        if !self.first {
            self.text.push('\n');
        }
        self.first = false;
        let has_marks = self.marking && line.carets.contains('^');
        let shown = if has_marks && line.width > WIDE { &line.inside } else { &line.plain };
        let _ = write!(self.text, "{indent}{shown}");
        if has_marks && line.width <= WIDE {
            let _ = write!(self.text, "\n    {}", line.carets.trim_end());
        }
    }
}

impl Line {
    fn push(&mut self, shown: &str, marked: bool) {
        self.mark(marked);
        self.plain.push_str(shown);
        self.inside.push_str(shown);
        let width: usize = shown.chars().map(|c| c.width().unwrap_or(0)).sum();
        self.carets.extend(std::iter::repeat_n(if marked { '^' } else { ' ' }, width));
        self.width += width;
    }

    fn mark(&mut self, open: bool) {
        if self.open != open {
            self.inside.push(if open { '»' } else { '«' });
            self.open = open;
        }
    }
}

/// Adds a character in a form that shows.
fn escape(c: char, out: &mut String) {
    let _ = match c {
        ' ' => write!(out, " "),
        '\n' => write!(out, "\\n"),
        '\r' => write!(out, "\\r"),
        '\t' => write!(out, "\\t"),
        c if c.is_ascii_control() => write!(out, "\\x{:02x}", u32::from(c)),
        c if is_unseen(c) => write!(out, "\\u{{{:x}}}", u32::from(c)),
        c => write!(out, "{c}"),
    };
}

/// Whether a character shows nothing of itself, looks like a blank, or turns the text around.
pub(super) fn is_unseen(c: char) -> bool {
    let ranges = [
        ('\u{ad}', '\u{ad}'),
        ('\u{34f}', '\u{34f}'),
        ('\u{600}', '\u{605}'),
        ('\u{61c}', '\u{61c}'),
        ('\u{6dd}', '\u{6dd}'),
        ('\u{70f}', '\u{70f}'),
        ('\u{8e2}', '\u{8e2}'),
        ('\u{115f}', '\u{1160}'),
        ('\u{17b4}', '\u{17b5}'),
        ('\u{180b}', '\u{180f}'),
        ('\u{200b}', '\u{200f}'),
        ('\u{2028}', '\u{202e}'),
        ('\u{2060}', '\u{206f}'),
        ('\u{2800}', '\u{2800}'),
        ('\u{3164}', '\u{3164}'),
        ('\u{e000}', '\u{f8ff}'),
        ('\u{fe00}', '\u{fe0f}'),
        ('\u{feff}', '\u{feff}'),
        ('\u{ffa0}', '\u{ffa0}'),
        ('\u{fff0}', '\u{fffb}'),
        ('\u{1bca0}', '\u{1bca3}'),
        ('\u{1d173}', '\u{1d17a}'),
        ('\u{e0000}', '\u{10ffff}'),
    ];
    c.is_control() || c.is_whitespace() || ranges.iter().any(|(from, to)| (*from..=*to).contains(&c))
}

#[cfg(test)]
mod tests;
