//! What is marked within a line: `**strong**`, `*stressed*`, `~~struck~~`, code and links.
//!
//! A mark counts only when it is closed in the same line and not far away; else it is a character like any other.
//! It is stricter than CommonMark about marks within words, so that `2*3*4` and `snake_case_name` stay as they are.

use crate::markdown::flow::Flow;
use crate::markdown::ink::Ink;

/// Longest span, in bytes.
const SPAN: usize = 1_000;
/// Longest run of one mark that means anything.
const RUN: usize = 3;
/// Most marks within one another.
const DEPTH: usize = 4;
/// Kinds of ends: three lengths of three marks, and three that stand alone.
const ENDS: usize = 12;

/// How far a line was read.
#[derive(Debug, Default)]
pub(super) struct Inline {
    at: usize,
    depth: usize,
    /// What is marked looks like the rest.
    unmarked: bool,
    scans: [Scan; ENDS],
}

/// How far the ends of one kind were looked for. It only moves on, so that all looking takes linear time.
#[derive(Clone, Copy, Debug, Default)]
struct Scan {
    from: usize,
    found: Option<usize>,
}

/// Whether a span ends.
enum End {
    At(usize),
    Nowhere,
    /// That is not clear yet.
    Later,
}

/// What comes of a place in a line.
enum Step {
    /// So many bytes are as they are.
    Plain(usize),
    /// So many bytes are a mark, the text up to there, and a mark again.
    Span {
        open: usize,
        end: usize,
        ink: Ink,
    },
    Code {
        open: usize,
        end: usize,
    },
    Link {
        open: usize,
        middle: usize,
        end: usize,
    },
    /// The next character is as it is.
    Escaped,
    Later,
}

impl Inline {
    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn skip_to(&mut self, at: usize) {
        self.at = at;
    }

    /// Draws what is clear of a line.
    pub(super) fn advance(&mut self, line: &str, whole: bool, ink: Ink, flow: &mut Flow) {
        while self.at < line.len() {
            match self.step(line, whole) {
                Step::Later => return,
                Step::Plain(length) => {
                    flow.text(&line[self.at..self.at + length], ink);
                    self.at += length;
                }
                Step::Escaped => {
                    let c = line[self.at + 1..].chars().next().unwrap_or('\\');
                    flow.char(c, ink);
                    self.at += 1 + c.len_utf8();
                }
                Step::Span { open, end, ink: more } => {
                    self.within(&line[self.at + open..end], self.with(ink, more), flow);
                    self.at = end + open;
                }
                Step::Code { open, end } => {
                    let code = &line[self.at + open..end];
                    flow.text(
                        code.strip_prefix(' ').and_then(|code| code.strip_suffix(' ')).unwrap_or(code),
                        self.with(ink, Ink::CYAN),
                    );
                    self.at = end + open;
                }
                Step::Link { open, middle, end } => {
                    let (text, address) = (&line[self.at + open..middle], &line[middle + 2..end]);
                    self.within(text, self.with(ink, Ink::UNDERLINED), flow);
                    if text != address {
                        flow.text(&format!(" ({address})"), self.with(ink, Ink::DIM));
                    }
                    self.at = end + 1;
                }
            }
        }
    }

    /// Draws the words of a text, and not how they are marked.
    pub(super) fn plain(text: &str, flow: &mut Flow) {
        Self { unmarked: true, ..Self::default() }.advance(text, true, Ink::PLAIN, flow);
    }

    fn with(&self, ink: Ink, more: Ink) -> Ink {
        if self.unmarked { ink } else { ink.and(more) }
    }

    /// Draws the text of a span.
    fn within(&self, text: &str, ink: Ink, flow: &mut Flow) {
        match self.depth < DEPTH {
            true => Self { depth: self.depth + 1, unmarked: self.unmarked, ..Self::default() }
                .advance(text, true, ink, flow),
            false => flow.text(text, ink),
        }
    }

    fn step(&mut self, line: &str, whole: bool) -> Step {
        let rest = &line[self.at..];
        match rest.as_bytes()[0] {
            mark @ (b'*' | b'_' | b'`' | b'~') => self.mark(line, mark, whole),
            b'[' => self.link(line, 1, whole),
            b'!' if rest.len() == 1 && !whole => Step::Later,
            b'!' if rest.starts_with("![") => self.link(line, 2, whole),
            b'!' => Step::Plain(1),
            b'\\' if rest.len() == 1 && !whole => Step::Later,
            b'\\' if rest[1..].starts_with(|c: char| c.is_ascii_punctuation()) => Step::Escaped,
            b'\\' => Step::Plain(1),
            _ => Step::Plain(rest.find(['*', '_', '`', '~', '[', '!', '\\']).unwrap_or(rest.len())),
        }
    }

    fn mark(&mut self, line: &str, mark: u8, whole: bool) -> Step {
        let rest = &line.as_bytes()[self.at..];
        let length = run(rest, mark);
        let before = line[..self.at].chars().next_back();
        if before == Some(char::from(mark)) || length > RUN {
            return Step::Plain(length);
        }
        if length == rest.len() && !whole {
            return Step::Later;
        }
        let after = line[self.at + length..].chars().next();
        let opens = match mark {
            b'`' => true,
            b'~' => length == 2 && begins(before, after),
            _ => begins(before, after),
        };
        if !opens {
            return Step::Plain(length);
        }
        match (self.end(line, mark, length, self.at + length, whole), mark) {
            (End::Later, _) => Step::Later,
            (End::Nowhere, _) => Step::Plain(length),
            (End::At(end), b'`') => Step::Code { open: length, end },
            (End::At(end), b'~') => Step::Span { open: length, end, ink: Ink::STRUCK },
            (End::At(end), _) => Step::Span { open: length, end, ink: stress(length) },
        }
    }

    fn link(&mut self, line: &str, open: usize, whole: bool) -> Step {
        let middle = match self.end(line, b']', 1, self.at + open, whole) {
            End::Later => return Step::Later,
            End::At(middle) if line[middle + 1..].starts_with('(') => middle,
            End::At(_) | End::Nowhere => return Step::Plain(open),
        };
        match self.end(line, b')', 1, middle + 2, whole) {
            End::Later => Step::Later,
            End::Nowhere => Step::Plain(open),
            End::At(end) => Step::Link { open, middle, end },
        }
    }

    /// Where the span that begins `after` a mark ends.
    fn end(&mut self, line: &str, mark: u8, length: usize, after: usize, whole: bool) -> End {
        let scan = &mut self.scans[kind(mark, length)];
        if scan.found.is_none_or(|found| found < after) {
            scan.found = None;
            scan.from = scan.from.max(after);
            scan.look(line, mark, length, whole);
        }
        match scan.found {
            Some(end) if end - after <= SPAN => End::At(end),
            None if !whole && scan.from <= after + SPAN => End::Later,
            _ => End::Nowhere,
        }
    }
}

impl Scan {
    fn look(&mut self, line: &str, mark: u8, length: usize, whole: bool) {
        let bytes = line.as_bytes();
        while let Some(next) = bytes[self.from..].iter().position(|byte| *byte == mark) {
            let begin = self.from + next;
            let found = run(&bytes[begin..], mark);
            let end = begin + found;
            self.from = begin;
            if end == bytes.len() && !whole && found <= RUN {
                return;
            }
            self.from = end;
            let goes_on = begin > 0 && bytes[begin - 1] == mark;
            if found == length && !goes_on && ends(line, mark, begin, end) {
                self.found = Some(begin);
                return;
            }
        }
        self.from = bytes.len();
    }
}

/// How many bytes of a mark stand at the beginning, as far as that matters.
fn run(bytes: &[u8], mark: u8) -> usize {
    bytes.iter().take(RUN + 1).take_while(|byte| **byte == mark).count()
}

fn kind(mark: u8, length: usize) -> usize {
    match mark {
        b'`' => length - 1,
        b'*' => RUN + length - 1,
        b'_' => 2 * RUN + length - 1,
        b'~' => ENDS - 3,
        b']' => ENDS - 2,
        _ => ENDS - 1,
    }
}

fn stress(length: usize) -> Ink {
    match length {
        1 => Ink::ITALIC,
        2 => Ink::BOLD,
        _ => Ink::BOLD.and(Ink::ITALIC),
    }
}

fn begins(before: Option<char>, after: Option<char>) -> bool {
    !before.is_some_and(char::is_alphanumeric) && after.is_some_and(|c| !c.is_whitespace())
}

fn ends(line: &str, mark: u8, begin: usize, end: usize) -> bool {
    if matches!(mark, b'`' | b']' | b')') {
        return true;
    }
    let after_text = line[..begin].chars().next_back().is_some_and(|c| !c.is_whitespace());
    after_text && !line[end..].starts_with(char::is_alphanumeric)
}
