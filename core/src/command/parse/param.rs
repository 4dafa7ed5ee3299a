//! `$name` and `${…}`. Must not expand anything.

use super::Parser;
use super::word::Ctx;
use crate::command::ast::{Param, ParamOp, Part, Replace, Word};
use std::rc::Rc;

/// No further byte but `}` ends the text.
const NONE: u8 = b'}';

impl Parser<'_, '_> {
    /// `$name`, `$1`, `$@`, after the dollar sign.
    pub(super) fn named(&mut self) -> Part {
        let name = self.param_name(false);
        Part::Param(Box::new(Param { name, braced: false, subscript: None, indirect: false, length: false, op: None }))
    }

    fn param_name(&mut self, braced: bool) -> String {
        let bytes = self.text.as_bytes();
        let start = self.pos;
        match self.peek() {
            Some(b) if b.is_ascii_alphabetic() || b == b'_' => {
                while matches!(bytes.get(self.pos), Some(b) if b.is_ascii_alphanumeric() || *b == b'_') {
                    self.pos += 1;
                }
            }
            Some(b) if b.is_ascii_digit() => {
                self.pos += 1;
                while braced && matches!(bytes.get(self.pos), Some(b'0'..=b'9')) {
                    self.pos += 1;
                }
            }
            Some(b) if b"@*#?-$!".contains(&b) => self.pos += 1,
            _ => {}
        }
        self.text[start..self.pos].to_owned()
    }

    /// `${…}`, after the brace.
    pub(super) fn braced(&mut self, ctx: Ctx) -> Part {
        let within = self.enter();
        let part = if within { self.braced_inside(ctx) } else { Part::Quoted(String::new()) };
        self.budget.leave();
        part
    }

    fn braced_inside(&mut self, ctx: Ctx) -> Part {
        if matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'|')) {
            // `${ …; }`: newer shells run it.
            self.eat(b'|');
            let list = self.list();
            self.expect_word("}");
            return Part::Command(Rc::new(list));
        }
        let quoted = matches!(ctx, Ctx::Double | Ctx::Document | Ctx::Arithmetic | Ctx::Bracket)
            || matches!(ctx, Ctx::Brace { quoted: true, .. });
        let after = self.byte(self.pos + 1);
        let length =
            self.peek() == Some(b'#') && !matches!(after, Some(b'}' | b':' | b'-' | b'=' | b'+' | b'%' | b'/'));
        let length = length || self.text[self.pos..].starts_with("#-}");
        self.pos += usize::from(length);
        let indirect = self.peek() == Some(b'!')
            && matches!(self.byte(self.pos + 1), Some(b) if b.is_ascii_alphanumeric() || b"_@*#?".contains(&b));
        self.pos += usize::from(indirect);
        let name = self.param_name(true);
        if name.is_empty() {
            self.fail("Command has a `${` without a name");
        }
        let subscript = self.subscript();
        let op = self.operator(quoted);
        if !self.eat(b'}') {
            self.fail("Command has a `${` that is not closed");
        }
        Part::Param(Box::new(Param { name, braced: true, subscript, indirect, length, op }))
    }

    fn subscript(&mut self) -> Option<Word> {
        let start = self.pos;
        if !self.eat(b'[') {
            return None;
        }
        let parts = self.parts(Ctx::Bracket);
        let word = self.word_span(start, parts);
        if !self.eat(b']') {
            self.fail("Command lacks a `]`");
        }
        Some(word)
    }

    fn operator(&mut self, quoted: bool) -> Option<ParamOp> {
        let byte = self.peek()?;
        let double = self.byte(self.pos + 1) == Some(byte);
        match byte {
            b'}' => None,
            b'-' | b'=' | b'?' | b'+' => {
                self.pos += 1;
                Some(ParamOp::Default { kind: byte, colon: false, word: self.operand(quoted, false, NONE) })
            }
            b':' => Some(self.colon(quoted)),
            b'#' | b'%' => {
                self.pos += 1 + usize::from(double);
                let pattern = self.operand(quoted, true, NONE);
                Some(ParamOp::Strip { suffix: byte == b'%', longest: double, pattern })
            }
            b'/' => Some(self.replacement(quoted)),
            b'^' | b',' | b'~' => {
                self.pos += 1 + usize::from(double);
                let pattern = self.operand(quoted, true, NONE);
                Some(ParamOp::Case { kind: byte, all: double, pattern })
            }
            b'@' if self.byte(self.pos + 2) == Some(b'}') => {
                let kind = self.byte(self.pos + 1).unwrap_or(b'}');
                self.pos += 2;
                Some(ParamOp::Transform(kind))
            }
            b'@' | b'*' if self.byte(self.pos + 1) == Some(b'}') => {
                self.pos += 1;
                Some(ParamOp::Names)
            }
            _ => {
                self.operand(quoted, false, NONE);
                Some(ParamOp::Other)
            }
        }
    }

    fn colon(&mut self, quoted: bool) -> ParamOp {
        self.pos += 1;
        if let Some(kind @ (b'-' | b'=' | b'?' | b'+')) = self.peek() {
            self.pos += 1;
            return ParamOp::Default { kind, colon: true, word: self.operand(quoted, false, NONE) };
        }
        let offset = self.operand(true, false, b':');
        let length = self.eat(b':').then(|| self.operand(true, false, NONE));
        ParamOp::Slice { offset, length }
    }

    fn replacement(&mut self, quoted: bool) -> ParamOp {
        self.pos += 1;
        let kind = match self.peek() {
            Some(b'/') => Replace::All,
            Some(b'#') => Replace::Prefix,
            Some(b'%') => Replace::Suffix,
            _ => Replace::First,
        };
        self.pos += usize::from(kind != Replace::First);
        let pattern = self.operand(quoted, true, b'/');
        let with = if self.eat(b'/') { self.operand(quoted, true, NONE) } else { Word::default() };
        ParamOp::Replace { kind, pattern, with }
    }

    fn operand(&mut self, quoted: bool, pattern: bool, stop: u8) -> Word {
        let start = self.pos;
        let parts = self.parts(Ctx::Brace { quoted, pattern, stop });
        self.word_span(start, parts)
    }
}
