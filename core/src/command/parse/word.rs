//! Words: quotes and what stands in them. Must not expand anything.

use super::{Parser, Place};
use crate::command::ast::{List, Part, Word};
use crate::command::text::{HOLE, hole_index};
use std::rc::Rc;

/// Where text stands: what ends it and which quotes count in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ctx {
    /// A word of a command.
    Word,
    /// Between double quotes.
    Double,
    /// The body of a here-document, to the end of the text.
    Document,
    /// In `${…}`, up to `}` or the other byte. `quoted`: inside double quotes. `pattern`: single quotes
    /// count there all the same.
    Brace { quoted: bool, pattern: bool, stop: u8 },
    /// `((…))`, with the depth of its parentheses kept by the loop.
    Arithmetic,
    /// `$[…]` and subscripts.
    Bracket,
    /// An extended pattern, up to its parenthesis.
    Pattern,
}

/// Parts under construction.
#[derive(Default)]
struct Parts {
    done: Vec<Part>,
    plain: String,
}

impl Parts {
    fn push(&mut self, part: Part) {
        self.flush();
        self.done.push(part);
    }

    fn flush(&mut self) {
        if !self.plain.is_empty() {
            self.done.push(Part::Plain(std::mem::take(&mut self.plain)));
        }
    }
}

impl Parser<'_, '_> {
    /// Reads the word that begins here, if one does.
    pub(super) fn word(&mut self) -> Option<Word> {
        let start = self.pos;
        let parts = self.parts(Ctx::Word);
        (self.pos > start && !(parts.is_empty() && self.error.is_some())).then(|| self.word_span(start, parts))
    }

    /// Reads everything as the body of a here-document.
    pub(super) fn heredoc_parts(&mut self) -> Vec<Part> {
        self.parts(Ctx::Document)
    }

    /// Reads the inside of `((…))` and its closing parentheses.
    pub(super) fn arithmetic_word(&mut self) -> Word {
        let start = self.pos;
        let within = self.enter();
        let parts = if within { self.parts(Ctx::Arithmetic) } else { Vec::new() };
        self.budget.leave();
        let word = self.word_span(start, parts);
        if self.pair(b')', b')').is_none() {
            self.fail("Command lacks a `))`");
        }
        self.eat_pair(b')', b')');
        word
    }

    /// Whether the parentheses opened by `((` close as `))`. Looks ahead without parsing.
    pub(super) fn arithmetic_ahead(&mut self, from: usize) -> bool {
        let bytes = self.text.as_bytes();
        let mut depth = 2usize;
        let mut at = from;
        while let Some(&byte) = bytes.get(at) {
            match byte {
                b'\\' => at += 1,
                b'\'' | b'"' => at = skip_quoted(bytes, at),
                b'(' => depth += 1,
                b')' if depth == 2 => {
                    self.budget.steps((at - from) / 64);
                    return bytes.get(at + 1) == Some(&b')');
                }
                b')' => depth -= 1,
                _ => {}
            }
            at += 1;
        }
        self.budget.steps((at.min(bytes.len()) - from) / 64);
        false
    }

    pub(super) fn parts(&mut self, ctx: Ctx) -> Vec<Part> {
        let mut parts = Parts::default();
        let mut parens = 0usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'\\' => self.backslash(ctx, &mut parts),
                b'\'' if single_quotes_count(ctx) => self.single(&mut parts),
                b'"' if ctx == Ctx::Double => break,
                b'"' if ctx != Ctx::Document => self.double(&mut parts),
                b'$' => self.dollar(ctx, &mut parts),
                b'`' => self.backticks(ctx, &mut parts),
                b'(' if ctx == Ctx::Arithmetic || ctx == Ctx::Pattern => {
                    parens += 1;
                    self.literal(&mut parts);
                }
                b')' if (ctx == Ctx::Arithmetic || ctx == Ctx::Pattern) && parens > 0 => {
                    parens -= 1;
                    self.literal(&mut parts);
                }
                b'<' | b'>' if ctx == Ctx::Word && self.byte(self.pos + 1) == Some(b'(') => self.process(&mut parts),
                b'(' if ctx == Ctx::Word && parts.plain.ends_with(['?', '*', '+', '@', '!']) => {
                    self.extended(&mut parts);
                }
                _ if ends(ctx, byte) => break,
                _ if self.text[self.pos..].starts_with(HOLE) => self.hole(&mut parts),
                _ => self.literal(&mut parts),
            }
        }
        parts.flush();
        parts.done
    }

    /// Takes the run of bytes here that mean themselves, at least one character.
    fn literal(&mut self, parts: &mut Parts) {
        let bytes = &self.text.as_bytes()[self.pos..];
        let special = |b: &u8| !matches!(b, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b',');
        let mut len = bytes.iter().position(special).unwrap_or(bytes.len());
        if len == 0 {
            len = self.text[self.pos..].chars().next().map_or(1, char::len_utf8);
        }
        parts.plain.push_str(&self.text[self.pos..self.pos + len]);
        self.pos += len;
        self.budget.step();
    }

    fn backslash(&mut self, ctx: Ctx, parts: &mut Parts) {
        self.budget.step();
        let Some(next) = self.text[self.pos + 1..].chars().next() else {
            parts.plain.push('\\');
            self.pos += 1;
            return;
        };
        let quotes = match ctx {
            Ctx::Word | Ctx::Brace { quoted: false, .. } | Ctx::Pattern => true,
            Ctx::Double | Ctx::Arithmetic | Ctx::Bracket => matches!(next, '$' | '`' | '"' | '\\'),
            Ctx::Document => matches!(next, '$' | '`' | '\\'),
            Ctx::Brace { pattern: true, .. } => true,
            Ctx::Brace { .. } => matches!(next, '$' | '`' | '"' | '\\' | '}'),
        };
        if next == '\n' {
            self.pos += 2;
        } else if quotes {
            parts.push(Part::Quoted(next.to_string()));
            self.pos += 1 + next.len_utf8();
        } else {
            parts.plain.push('\\');
            self.pos += 1;
        }
    }

    fn single(&mut self, parts: &mut Parts) {
        let inner = &self.text[self.pos + 1..];
        let Some(len) = inner.find('\'') else {
            return self.fail("Command has a quote that is not closed");
        };
        parts.push(Part::Quoted(inner[..len].to_owned()));
        self.pos += len + 2;
        self.budget.step();
    }

    pub(super) fn double_parts(&mut self) -> Vec<Part> {
        self.pos += 1;
        let inner = self.parts(Ctx::Double);
        if !self.eat(b'"') {
            self.fail("Command has a quote that is not closed");
        }
        inner
    }

    fn double(&mut self, parts: &mut Parts) {
        let inner = self.double_parts();
        parts.push(Part::Double(inner));
    }

    fn extended(&mut self, parts: &mut Parts) {
        parts.plain.push('(');
        self.pos += 1;
        if self.enter() {
            let mut others = Vec::new();
            for part in self.parts(Ctx::Pattern) {
                match part {
                    Part::Plain(text) | Part::Quoted(text) => parts.plain.push_str(&text.replace(['(', ')'], "?")),
                    other => {
                        parts.plain.push('*');
                        others.push(other);
                    }
                }
            }
            self.expect_paren();
            parts.plain.push(')');
            // What is expanded in it is read after it: the whole cannot be known anyway.
            if !others.is_empty() {
                parts.flush();
                parts.done.extend(others);
            }
        }
        self.budget.leave();
    }

    fn hole(&mut self, parts: &mut Parts) {
        let rest = &self.text[self.pos + HOLE.len_utf8()..];
        self.pos += HOLE.len_utf8();
        if let Some(index) = rest.chars().next().and_then(hole_index) {
            self.pos += rest.chars().next().map_or(0, char::len_utf8);
            parts.push(Part::Hole(index));
        }
    }

    fn process(&mut self, parts: &mut Parts) {
        let writes = self.peek() == Some(b'>');
        self.pos += 2;
        let list = self.parenthesized();
        parts.push(Part::Process { list, writes });
    }

    /// Reads a list and the parenthesis that closes it.
    fn parenthesized(&mut self) -> Rc<List> {
        // Here-documents that began outside are read after the line that encloses this.
        let outside = std::mem::take(&mut self.pending);
        let within = self.enter();
        let list = if within { self.list() } else { List::default() };
        self.budget.leave();
        if !self.pending.is_empty() {
            self.fail("Command has a here-document without a body");
        }
        self.pending = outside;
        self.expect_paren();
        Rc::new(list)
    }

    fn dollar(&mut self, ctx: Ctx, parts: &mut Parts) {
        self.budget.step();
        let start = self.pos;
        let quotes = matches!(
            ctx,
            Ctx::Word | Ctx::Brace { quoted: false, .. } | Ctx::Brace { pattern: true, .. } | Ctx::Pattern
        );
        let part = match self.byte(self.continued(self.pos + 1)) {
            Some(b'\'') if quotes => {
                self.pos += 2;
                self.ansi_quoted()
            }
            Some(b'"') if quotes => {
                self.pos += 1;
                Part::Double(self.double_parts())
            }
            Some(b'(') => {
                self.pos = self.continued(self.pos + 1) + 1;
                self.substitution()
            }
            Some(b'[') => {
                self.pos += 2;
                self.old_arithmetic(start)
            }
            Some(b'{') => {
                self.pos = self.continued(self.pos + 1) + 1;
                self.braced(ctx)
            }
            Some(byte) if byte.is_ascii_alphanumeric() || b"_@*#?-$!".contains(&byte) => {
                self.pos = self.continued(self.pos + 1);
                self.named()
            }
            _ => {
                self.pos += 1;
                parts.plain.push('$');
                return;
            }
        };
        parts.push(part);
    }

    fn substitution(&mut self) -> Part {
        if self.peek() == Some(b'(') && self.arithmetic_ahead(self.pos + 1) {
            self.pos += 1;
            return Part::Arith(self.arithmetic_word());
        }
        Part::Command(self.parenthesized())
    }

    fn old_arithmetic(&mut self, start: usize) -> Part {
        let within = self.enter();
        let parts = if within { self.parts(Ctx::Bracket) } else { Vec::new() };
        self.budget.leave();
        if !self.eat(b']') {
            self.fail("Command lacks a `]`");
        }
        Part::Arith(self.word_span(start, parts))
    }

    /// `` `…` ``: found raw, unescaped once, parsed as a text of its own.
    fn backticks(&mut self, ctx: Ctx, parts: &mut Parts) {
        let start = self.pos;
        let bytes = self.text.as_bytes();
        let mut end = start + 1;
        while let Some(&byte) = bytes.get(end) {
            match byte {
                b'`' => break,
                b'\\' => end += 2,
                _ => end += 1,
            }
        }
        let Some(inner) = self.text.get(start + 1..end).filter(|_| end < bytes.len()) else {
            return self.fail("Command has a backtick that is not closed");
        };
        let text = unescape_backticks(inner, ctx == Ctx::Double);
        self.pos = end + 1;
        let span = self.span(start);
        let place = if text == inner { self.place_of(start + 1) } else { Place::Fixed(span) };
        let within = self.enter();
        if within && self.budget.reread(text.len()) {
            let list = self.inside(&text, place, |inner| inner.whole());
            parts.push(Part::Command(Rc::new(list)));
        } else {
            self.over();
        }
        self.budget.leave();
    }

    fn whole(&mut self) -> List {
        let list = self.list();
        self.read_heredocs();
        if !self.at_end() {
            self.fail("Command has a closing token that nothing opened");
        }
        list
    }

    /// Where a text that begins at `at` of this one stands.
    pub(super) fn place_of(&self, at: usize) -> Place {
        match self.place {
            Place::Shift(by) => Place::Shift(by + at),
            fixed => fixed,
        }
    }

    /// `$'…'`, after the opening quote.
    fn ansi_quoted(&mut self) -> Part {
        let bytes = self.text.as_bytes();
        let mut end = self.pos;
        while let Some(&byte) = bytes.get(end) {
            match byte {
                b'\'' => break,
                b'\\' => end += 2,
                _ => end += 1,
            }
        }
        let Some(inner) = self.text.get(self.pos..end).filter(|_| end < bytes.len()) else {
            self.fail("Command has a quote that is not closed");
            return Part::Quoted(String::new());
        };
        self.pos = end + 1;
        Part::Quoted(crate::command::text::unescape_ansi(inner))
    }
}

fn single_quotes_count(ctx: Ctx) -> bool {
    match ctx {
        Ctx::Word | Ctx::Pattern => true,
        Ctx::Brace { quoted, pattern, .. } => !quoted || pattern,
        Ctx::Double | Ctx::Document | Ctx::Arithmetic | Ctx::Bracket => false,
    }
}

fn ends(ctx: Ctx, byte: u8) -> bool {
    match ctx {
        Ctx::Word => matches!(byte, b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')'),
        Ctx::Double => byte == b'"',
        Ctx::Document => false,
        Ctx::Brace { stop, .. } => byte == b'}' || byte == stop,
        Ctx::Arithmetic | Ctx::Pattern => byte == b')',
        Ctx::Bracket => byte == b']',
    }
}

fn skip_quoted(bytes: &[u8], open: usize) -> usize {
    let quote = bytes[open];
    let mut at = open + 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' if quote == b'"' => at += 1,
            _ if byte == quote => return at,
            _ => {}
        }
        at += 1;
    }
    at
}

fn unescape_backticks(inner: &str, quoted: bool) -> String {
    let mut text = String::with_capacity(inner.len());
    let mut chars = inner.chars().peekable();
    while let Some(c) = chars.next() {
        let escaped = c == '\\' && matches!(chars.peek(), Some('$' | '`' | '\\'))
            || c == '\\' && quoted && chars.peek() == Some(&'"');
        text.push(if escaped { chars.next().unwrap_or(c) } else { c });
    }
    text
}
