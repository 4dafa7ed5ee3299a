//! Here-documents: remembered at the operator, read where the line ends. Must not expand the body.

use super::{Parser, Place};
use crate::command::ast::{Part, Word};
use hermes_plugin_api::command::Span;
use std::cell::OnceCell;
use std::rc::Rc;

/// A here-document whose body has not been reached.
pub(super) struct Pending {
    delimiter: String,
    /// The delimiter was quoted: the body is literal.
    literal: bool,
    strip_tabs: bool,
    body: Rc<OnceCell<Word>>,
}

impl Parser<'_, '_> {
    /// Reads the delimiter after `<<` or `<<-`.
    pub(super) fn heredoc_operator(&mut self, strip_tabs: bool) -> Rc<OnceCell<Word>> {
        self.skip_blank();
        let (delimiter, literal) = self.delimiter();
        let body = Rc::new(OnceCell::new());
        let pending = Pending { delimiter, literal, strip_tabs, body: Rc::clone(&body) };
        self.pending.push(pending);
        body
    }

    /// Reads the bodies of all pending here-documents; the cursor stands at the start of a line or the end.
    pub(super) fn read_heredocs(&mut self) {
        for pending in std::mem::take(&mut self.pending) {
            let body = self.heredoc_body(&pending);
            // Each cell is set here only, once.
            let _ = pending.body.set(body);
        }
    }

    fn heredoc_body(&mut self, pending: &Pending) -> Word {
        let start = self.pos;
        let mut text = String::new();
        while !self.at_end() {
            let mut line = self.take_line(!pending.literal);
            if pending.strip_tabs {
                line = line.trim_start_matches('\t').to_owned();
            }
            if line.strip_suffix('\n').unwrap_or(&line) == pending.delimiter {
                break;
            }
            text.push_str(&line);
        }
        let span = self.span(start);
        if pending.literal {
            return Word { parts: vec![Part::Quoted(text)], span };
        }
        let place = self.body_place(start, &text, span);
        if !self.budget.reread(text.len()) {
            self.over();
            return Word::default();
        }
        let parts = self.inside(&text, place, |inner| inner.heredoc_parts());
        Word { parts, span }
    }

    /// A body that stands in the text as it is keeps exact spans.
    fn body_place(&self, start: usize, text: &str, span: Span) -> Place {
        match self.place {
            Place::Shift(by) if self.text[start..].starts_with(text) => Place::Shift(start + by),
            _ => Place::Fixed(span),
        }
    }

    /// Takes a line with its newline. In a body that is expanded a backslash at its end joins the next.
    fn take_line(&mut self, joins: bool) -> String {
        let mut line = String::new();
        loop {
            let rest = &self.text[self.pos..];
            let end = rest.find('\n').map_or(rest.len(), |at| at + 1);
            line.push_str(&rest[..end]);
            self.pos += end;
            let body = line.strip_suffix('\n');
            let escapes = body.map_or(0, |body| body.bytes().rev().take_while(|&b| b == b'\\').count());
            if !joins || escapes.is_multiple_of(2) || self.at_end() {
                return line;
            }
            line.truncate(line.len() - 2);
        }
    }

    /// The delimiter with its quotes removed, and whether there were any.
    fn delimiter(&mut self) -> (String, bool) {
        let mut text = Vec::new();
        let mut quoted = false;
        let start = self.pos;
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\n' | b';' | b'&' | b'|' | b'<' | b'>' | b'(' | b')' => break,
                b'\\' if self.byte(self.pos + 1) == Some(b'\n') => self.pos += 2,
                b'\\' => {
                    quoted = true;
                    text.extend(self.byte(self.pos + 1));
                    self.pos = (self.pos + 2).min(self.text.len());
                }
                b'\'' | b'"' => {
                    quoted = true;
                    self.quoted_delimiter(byte, &mut text);
                }
                b'$' if matches!(self.byte(self.pos + 1), Some(b'\'' | b'"')) => self.pos += 1,
                _ => {
                    text.push(byte);
                    self.pos += 1;
                }
            }
        }
        if self.pos == start {
            self.fail("Command has a here-document without a delimiter");
        }
        (String::from_utf8_lossy(&text).into_owned(), quoted)
    }

    fn quoted_delimiter(&mut self, quote: u8, text: &mut Vec<u8>) {
        self.pos += 1;
        loop {
            match self.peek() {
                None => return self.fail("Command has a quote that is not closed"),
                Some(byte) if byte == quote => break,
                Some(b'\\') if quote == b'"' && matches!(self.byte(self.pos + 1), Some(b'"' | b'\\' | b'$' | b'`')) => {
                    text.extend(self.byte(self.pos + 1));
                    self.pos += 2;
                }
                Some(byte) => {
                    text.push(byte);
                    self.pos += 1;
                }
            }
        }
        self.pos += 1;
    }
}
