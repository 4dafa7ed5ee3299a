//! Simple commands: assignments, words, redirections. Must not look inside words.

use super::Parser;
use super::compound::Parsed;
use crate::command::ast::{Assign, AssignValue, Command, Fd, Kind, Part, Redirect, SimpleCommand, Target, Word};
use hermes_plugin_api::command::RedirectOp;

impl Parser<'_, '_> {
    pub(super) fn simple(&mut self) -> Parsed {
        let start = self.pos;
        let mut simple = SimpleCommand::default();
        let mut redirects = Vec::new();
        self.simples += 1;
        if !self.budget.parsed() {
            self.over();
        }
        loop {
            self.skip_blank();
            if let Some(redirect) = self.redirect() {
                redirects.push(redirect);
                continue;
            }
            if simple.words.is_empty()
                && let Some(assign) = self.assignment()
            {
                simple.assignments.push(assign);
                continue;
            }
            let Some(mut word) = self.word() else {
                break;
            };
            if self.peek() == Some(b'(') {
                self.declared_array(&mut simple, &mut word);
            }
            simple.words.push(word);
            if simple.words.len() == 1 && simple.assignments.is_empty() && redirects.is_empty() {
                self.skip_blank();
                if self.peek() == Some(b'(') {
                    return self.function_definition(start);
                }
            }
        }
        if self.peek() == Some(b'(') {
            self.fail("Command has a `(` where none can stand");
        }
        if simple.words.is_empty() && simple.assignments.is_empty() && redirects.is_empty() {
            self.fail("Command lacks a command where one should stand");
            return (Kind::Broken, redirects, false);
        }
        (Kind::Simple(simple), redirects, false)
    }

    fn function_definition(&mut self, start: usize) -> Parsed {
        let name = self.text[start..self.pos].trim_end_matches([' ', '\t', '\\', '\n']).to_owned();
        self.pos += 1;
        self.skip_blank();
        self.expect_paren();
        (self.function_body(name), Vec::new(), false)
    }

    /// `declare a=(…)`: the word so far ends in `=`; the name is left of it.
    fn declared_array(&mut self, simple: &mut SimpleCommand, word: &mut Word) {
        let declares = simple.words.first().is_some_and(Word::declares);
        let [Part::Plain(plain)] = &word.parts[..] else {
            return;
        };
        let Some(name) = plain.strip_suffix('=').filter(|_| declares) else {
            return;
        };
        let append = name.ends_with('+');
        let name = name.trim_end_matches('+').to_owned();
        word.parts = vec![Part::Plain(name.clone())];
        self.pos += 1;
        let value = AssignValue::Array(self.array_elements());
        simple.declared.push(Assign { name, subscript: None, append, value });
    }

    /// Redirections after a compound command.
    pub(super) fn trailing_redirects(&mut self, command: &mut Command) {
        loop {
            self.skip_blank();
            match self.redirect() {
                Some(redirect) => command.redirects.push(redirect),
                None => return,
            }
        }
    }

    fn redirect(&mut self) -> Option<Redirect> {
        let start = self.pos;
        if self.pair(b'&', b'>').is_some() {
            self.pos = self.pair(b'&', b'>').unwrap_or(self.pos);
            let op = if self.eat(b'>') { RedirectOp::Append } else { RedirectOp::Write };
            let target = Target::Word(self.redirect_word());
            return Some(Redirect { fd: Fd::Both, op, target });
        }
        let fd = self.descriptor()?;
        let reads = self.peek() == Some(b'<');
        let second = self.continued(self.pos + 1);
        let after = self.byte(second);
        if fd.is_none() && after == Some(b'(') {
            self.pos = start;
            return None;
        }
        let fd = fd.unwrap_or(Fd::Number(u32::from(!reads)));
        self.pos = second;
        Some(if reads { self.input(fd) } else { self.output(fd, start) })
    }

    fn input(&mut self, fd: Fd) -> Redirect {
        let op = match self.peek() {
            Some(b'<') => {
                self.pos = self.continued(self.pos + 1);
                return self.text_input(fd);
            }
            Some(b'>') => RedirectOp::ReadWrite,
            Some(b'&') => RedirectOp::Duplicate,
            _ => RedirectOp::Read,
        };
        self.pos += usize::from(op != RedirectOp::Read);
        Redirect { fd, op, target: Target::Word(self.redirect_word()) }
    }

    fn text_input(&mut self, fd: Fd) -> Redirect {
        let target = match self.peek() {
            Some(b'<') => {
                self.pos += 1;
                Target::HereString(self.redirect_word())
            }
            Some(b'-') => {
                self.pos += 1;
                Target::HereDoc(self.heredoc_operator(true))
            }
            _ => Target::HereDoc(self.heredoc_operator(false)),
        };
        Redirect { fd, op: RedirectOp::Text, target }
    }

    fn output(&mut self, fd: Fd, start: usize) -> Redirect {
        let (op, len) = match self.peek() {
            Some(b'>') => (RedirectOp::Append, 1),
            Some(b'|') => (RedirectOp::Write, 1),
            Some(b'&') => (RedirectOp::Duplicate, 1),
            _ => (RedirectOp::Write, 0),
        };
        self.pos += len;
        // `>&word` without a number may be either a descriptor or a file for both outputs.
        let plain = self.byte(start) == Some(b'>');
        let fd = if op == RedirectOp::Duplicate && plain { Fd::Both } else { fd };
        Redirect { fd, op, target: Target::Word(self.redirect_word()) }
    }

    fn redirect_word(&mut self) -> Word {
        self.skip_blank();
        self.word().unwrap_or_else(|| {
            self.fail("Command has a redirection without a target");
            Word::default()
        })
    }

    /// The descriptor before `<` or `>`, with the cursor moved onto the operator. `None` where no
    /// redirection stands.
    fn descriptor(&mut self) -> Option<Option<Fd>> {
        let bytes = self.text.as_bytes();
        let mut end = self.pos;
        match self.peek()? {
            b'<' | b'>' => Some(None),
            b'0'..=b'9' => {
                while matches!(bytes.get(end), Some(b'0'..=b'9')) {
                    end += 1;
                }
                if !matches!(bytes.get(end), Some(b'<' | b'>')) {
                    return None;
                }
                let number = self.text[self.pos..end].parse().ok().map(Fd::Number);
                self.pos = end;
                Some(Some(number.unwrap_or(Fd::Named)))
            }
            b'{' => {
                end += 1;
                let name = end;
                while matches!(bytes.get(end), Some(b) if b.is_ascii_alphanumeric() || *b == b'_') {
                    end += 1;
                }
                let closes = bytes.get(end) == Some(&b'}') && end > name;
                if !closes || !matches!(bytes.get(end + 1), Some(b'<' | b'>')) {
                    return None;
                }
                self.pos = end + 1;
                Some(Some(Fd::Named))
            }
            _ => None,
        }
    }

    /// `NAME=`, `NAME+=` or `NAME[…]=` with its value.
    fn assignment(&mut self) -> Option<Assign> {
        let bytes = self.text.as_bytes();
        let start = self.pos;
        if !matches!(self.peek(), Some(b) if b.is_ascii_alphabetic() || b == b'_') {
            return None;
        }
        let mut end = start;
        while matches!(bytes.get(end), Some(b) if b.is_ascii_alphanumeric() || *b == b'_') {
            end += 1;
        }
        let plus = usize::from(bytes.get(end) == Some(&b'+'));
        let mut subscript = None;
        if bytes.get(end) == Some(&b'[') {
            let (close, inner) = self.subscript_ahead(end)?;
            subscript = Some(inner);
            let plus = usize::from(bytes.get(close) == Some(&b'+'));
            self.pos = close + plus + 1;
            let value = self.assigned_value();
            let name = self.text[start..end].to_owned();
            return Some(Assign { name, subscript, append: plus == 1, value });
        }
        if bytes.get(end + plus) != Some(&b'=') {
            return None;
        }
        self.pos = end + plus + 1;
        let value = self.assigned_value();
        Some(Assign { name: self.text[start..end].to_owned(), subscript, append: plus == 1, value })
    }

    /// The subscript that begins at `open` and the position after its bracket, if an assignment follows.
    fn subscript_ahead(&mut self, open: usize) -> Option<(usize, Word)> {
        /// Longer subscripts are read as part of a word.
        const LONGEST: usize = 256;
        let rest = &self.text.as_bytes()[open..];
        let window = &rest[..rest.len().min(LONGEST)];
        let ends = |at: &usize| matches!(&rest[*at..], [b']', b'=', ..] | [b']', b'+', b'=', ..]);
        // One that is not closed, by brackets in quotes for example, may end anywhere.
        let close = match own_bracket(window) {
            Some(own) => Some(own).filter(ends),
            None => (1..window.len()).find(ends),
        };
        let close = open + close?;
        let inner = self.text.get(open + 1..close)?;
        let place = self.place_of(open + 1);
        let parts = self.inside(inner, place, |inner| inner.heredoc_parts());
        Some((close + 1, Word { parts, span: self.span(open) }))
    }

    pub(super) fn assigned_value(&mut self) -> AssignValue {
        if self.eat(b'(') {
            return AssignValue::Array(self.array_elements());
        }
        let start = self.pos;
        let word = self.word();
        AssignValue::Scalar(word.unwrap_or_else(|| self.word_span(start, Vec::new())))
    }

    /// The elements up to `)`.
    pub(super) fn array_elements(&mut self) -> Vec<(Option<Word>, Word)> {
        let mut elements = Vec::new();
        loop {
            self.skip_newlines();
            if self.eat(b')') {
                return elements;
            }
            let mut subscript = None;
            if self.peek() == Some(b'[')
                && let Some((after, inner)) = self.subscript_ahead(self.pos)
            {
                subscript = Some(inner);
                self.pos = after + usize::from(self.byte(after) == Some(b'+')) + 1;
            }
            match self.word() {
                Some(word) => elements.push((subscript, word)),
                None if subscript.is_some() => elements.push((subscript, Word::default())),
                None => {
                    self.fail("Command has a list of values that does not end");
                    return elements;
                }
            }
        }
    }
}

/// Where the bracket that opens a text is closed: not inside another, quotes or a substitution.
fn own_bracket(text: &[u8]) -> Option<usize> {
    let (mut brackets, mut parentheses) = (0usize, 0usize);
    let mut quote = None;
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match (quote, byte) {
            (Some(b'\''), _) if *byte != b'\'' => {}
            (_, b'\\') => at += 1,
            (None, b'\'' | b'"') => quote = Some(*byte),
            (Some(open), byte) if *byte == open => quote = None,
            (_, b'(') => parentheses += 1,
            (_, b')') => parentheses = parentheses.saturating_sub(1),
            (None, b'[') if parentheses == 0 => brackets += 1,
            (None, b']') if parentheses == 0 => {
                brackets -= 1;
                if brackets == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
        at += 1;
    }
    None
}
