//! Parses shell text by recursive descent: one pass, no backtracking, every recursion counted by the
//! budget before it is entered. On an error it keeps what it has, as bash runs the lines before it. Must
//! not expand anything.

mod compound;
mod heredoc;
mod param;
mod simple;
mod word;

use super::ast::{AndOr, Command, Item, Kind, List, Part, Pipeline, Word};
use super::bound::{Budget, Stop};
use heredoc::Pending;
use hermes_plugin_api::command::Span;
use std::borrow::Cow;

/// How offsets of the parsed text become spans of the whole command line.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place {
    /// The text is a part of the line that begins at this offset.
    Shift(usize),
    /// The text was computed: everything in it stands where it came from.
    Fixed(Span),
}

/// Parses a whole text. What was understood before an error is returned with it.
pub(super) fn parse(text: &str, place: Place, budget: &mut Budget) -> (List, Option<Stop>) {
    let mut parser = Parser::new(text, place, budget);
    let list = parser.list();
    parser.read_heredocs();
    if parser.error.is_none() && !parser.at_end() {
        parser.fail("Command has a closing token that nothing opened");
    }
    (list, parser.error)
}

/// A cursor over shell text.
struct Parser<'t, 'b> {
    text: &'t str,
    pos: usize,
    place: Place,
    budget: &'b mut Budget,
    pending: Vec<Pending>,
    simples: usize,
    error: Option<Stop>,
}

impl<'t, 'b> Parser<'t, 'b> {
    fn new(text: &'t str, place: Place, budget: &'b mut Budget) -> Self {
        Parser { text, pos: 0, place, budget, pending: Vec::new(), simples: 0, error: None }
    }

    /// Reads and-or lists up to the end or a token that closes an enclosing construct.
    fn list(&mut self) -> List {
        let mut list = List::default();
        loop {
            self.skip_newlines();
            if self.at_end() || self.at_closer() {
                break;
            }
            list.items.push(self.item());
            if !self.separator(&mut list) {
                break;
            }
        }
        list
    }

    /// Consumes what separates two and-or lists; false where the list ends.
    fn separator(&mut self, list: &mut List) -> bool {
        self.skip_blank();
        match self.peek() {
            Some(b'\n') => true,
            Some(b';') if self.at_case_end() => false,
            Some(b';') => {
                self.pos += 1;
                true
            }
            Some(b'&') => {
                self.pos += 1;
                if let Some(item) = list.items.last_mut() {
                    item.background = true;
                }
                self.skip_blank();
                if self.peek() == Some(b';') && !self.at_case_end() {
                    self.fail("Command has a `;` where a command should stand");
                }
                true
            }
            None => false,
            Some(_) if self.at_closer() => false,
            Some(_) => {
                self.fail("Command goes on where it should end");
                false
            }
        }
    }

    fn item(&mut self) -> Item {
        let first = self.pipeline();
        let mut rest = Vec::new();
        loop {
            self.skip_blank();
            let op = if self.eat_pair(b'&', b'&') {
                AndOr::And
            } else if self.eat_pair(b'|', b'|') {
                AndOr::Or
            } else {
                break;
            };
            self.skip_newlines();
            rest.push((op, self.pipeline()));
        }
        Item { first, rest, background: false }
    }

    fn pipeline(&mut self) -> Pipeline {
        let mut pipeline = Pipeline::default();
        if self.prefix() && self.at_command_end() {
            return pipeline;
        }
        loop {
            pipeline.commands.push(self.command());
            self.skip_blank();
            if self.peek() != Some(b'|') || self.pair(b'|', b'|').is_some() {
                break;
            }
            self.pos = self.pair(b'|', b'&').unwrap_or(self.pos + 1);
            self.skip_newlines();
        }
        pipeline
    }

    /// Consumes `!` and `time` before a pipeline; true if there was one.
    fn prefix(&mut self) -> bool {
        let mut any = false;
        loop {
            self.skip_blank();
            match self.peek_word() {
                Some((word, end)) if word == "!" || word == "time" => {
                    self.pos = end;
                    any = true;
                }
                Some((word, end)) if any && (word == "-p" || word == "--") => self.pos = end,
                _ => return any,
            }
        }
    }

    fn at_command_end(&self) -> bool {
        matches!(self.peek(), None | Some(b'\n' | b';' | b'&' | b')' | b'|'))
    }

    fn command(&mut self) -> Command {
        self.skip_blank();
        let start = self.pos;
        let within = self.enter();
        let parsed = if within { self.command_kind() } else { (Kind::Broken, Vec::new(), false) };
        self.budget.leave();
        let (kind, redirects, more) = parsed;
        let mut command = Command { kind, redirects, span: self.span(start) };
        if more {
            self.trailing_redirects(&mut command);
            command.span = self.span(start);
        }
        command
    }

    /// True at a token that closes some construct.
    fn at_closer(&self) -> bool {
        match self.peek() {
            Some(b')') => true,
            Some(b';') => self.at_case_end(),
            Some(b't' | b'd' | b'f' | b'e' | b'}' | b'\\') => self.peek_word().is_some_and(|(word, _)| {
                matches!(&*word, "then" | "do" | "done" | "fi" | "else" | "elif" | "esac" | "}")
            }),
            _ => false,
        }
    }

    fn at_case_end(&self) -> bool {
        self.pair(b';', b';').is_some() || self.pair(b';', b'&').is_some()
    }

    // The cursor.

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.pos).copied()
    }

    fn byte(&self, at: usize) -> Option<u8> {
        self.text.as_bytes().get(at).copied()
    }

    fn at_end(&self) -> bool {
        self.pos >= self.text.len()
    }

    /// The position after `at` with line continuations skipped.
    fn continued(&self, mut at: usize) -> usize {
        while self.text.as_bytes()[at.min(self.text.len())..].starts_with(b"\\\n") {
            at += 2;
        }
        at
    }

    /// The end of the two-byte operator `ab` if it stands here.
    fn pair(&self, a: u8, b: u8) -> Option<usize> {
        if self.peek() != Some(a) {
            return None;
        }
        let second = self.continued(self.pos + 1);
        (self.byte(second) == Some(b)).then_some(second + 1)
    }

    fn eat_pair(&mut self, a: u8, b: u8) -> bool {
        let end = self.pair(a, b);
        self.pos = end.unwrap_or(self.pos);
        end.is_some()
    }

    fn eat(&mut self, byte: u8) -> bool {
        let here = self.peek() == Some(byte);
        self.pos += usize::from(here);
        here
    }

    /// Skips blanks, line continuations and a comment.
    fn skip_blank(&mut self) {
        loop {
            match self.peek() {
                Some(b' ' | b'\t') => self.pos += 1,
                Some(b'\\') if self.byte(self.pos + 1) == Some(b'\n') => self.pos += 2,
                Some(b'#') => {
                    let rest = &self.text.as_bytes()[self.pos..];
                    self.pos += rest.iter().position(|&b| b == b'\n').unwrap_or(rest.len());
                }
                _ => return,
            }
        }
    }

    /// Skips blanks, comments and newlines; here-documents are read where a line ends.
    fn skip_newlines(&mut self) {
        loop {
            self.skip_blank();
            if !self.eat(b'\n') {
                return;
            }
            self.read_heredocs();
        }
    }

    /// The unquoted word here and its end, if it is short enough to be a reserved one.
    fn peek_word(&self) -> Option<(Cow<'t, str>, usize)> {
        const LONGEST: usize = "function".len();
        let bytes = self.text.as_bytes();
        let mut end = self.pos;
        let mut joined: Option<String> = None;
        let mut from = self.pos;
        loop {
            match bytes.get(end) {
                None | Some(b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')') => {
                    break;
                }
                Some(b'\\') if bytes.get(end + 1) == Some(&b'\n') => {
                    joined.get_or_insert_default().push_str(&self.text[from..end]);
                    end += 2;
                    from = end;
                }
                Some(b'\\' | b'\'' | b'"' | b'`' | b'$') => return None,
                Some(_) if end - from > LONGEST => return None,
                Some(_) => end += 1,
            }
        }
        if end == self.pos {
            return None;
        }
        let tail = self.text.get(from..end)?;
        Some(match joined {
            None => (Cow::Borrowed(tail), end),
            Some(head) => (Cow::Owned(head + tail), end),
        })
    }

    fn at_word(&self, word: &str) -> bool {
        self.peek_word().is_some_and(|(here, _)| here == word)
    }

    /// Consumes a reserved word or fails.
    fn expect_word(&mut self, word: &str) -> bool {
        self.skip_newlines();
        match self.peek_word() {
            Some((here, end)) if here == word => {
                self.pos = end;
                true
            }
            _ => {
                self.fail(&format!("Command lacks a `{word}`"));
                false
            }
        }
    }

    fn span(&self, start: usize) -> Span {
        match self.place {
            Place::Shift(by) => Span { start: start + by, end: self.pos + by },
            Place::Fixed(span) => span,
        }
    }

    /// Goes one level of nesting down. Always paired with `budget.leave()`.
    fn enter(&mut self) -> bool {
        let within = self.budget.enter() && self.budget.step();
        if !within {
            self.over();
        }
        within
    }

    fn over(&mut self) {
        let message = self.budget.over().unwrap_or("Command is too large");
        self.fail(message);
    }

    /// Stops parsing: the first error stays, the cursor goes to the end.
    fn fail(&mut self, message: &str) {
        let at = self.pos;
        self.error.get_or_insert_with(|| Stop { message: message.to_owned(), at });
        self.pos = self.text.len();
    }

    /// Parses `text`, which was computed from a part of this one, with `parse`.
    fn inside<T>(&mut self, text: &str, place: Place, parse: impl FnOnce(&mut Parser<'_, '_>) -> T) -> T {
        let mut inner = Parser::new(text, place, self.budget);
        let value = parse(&mut inner);
        let (error, simples) = (inner.error.take(), inner.simples);
        self.simples += simples;
        if let Some(stop) = error {
            self.fail(&stop.message);
        }
        value
    }

    fn word_span(&self, start: usize, parts: Vec<Part>) -> Word {
        Word { parts, span: self.span(start) }
    }
}
