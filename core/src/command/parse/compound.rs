//! Compound commands: groups, conditions, loops, functions. Must not look inside words.

use super::Parser;
use crate::command::ast::{Arm, Branch, Command, For, Kind, List, Redirect, Word};
use std::rc::Rc;

/// A command's kind, redirections that were read with it, and whether more may follow.
pub(super) type Parsed = (Kind, Vec<Redirect>, bool);

impl Parser<'_, '_> {
    /// Reads one command of whatever kind stands here.
    pub(super) fn command_kind(&mut self) -> Parsed {
        if self.peek() == Some(b'(') {
            return (self.parenthesis(), Vec::new(), true);
        }
        let Some((word, end)) = self.peek_word() else {
            return self.simple();
        };
        let parse: fn(&mut Self) -> Kind = match &*word {
            "{" => Self::group,
            "if" => Self::if_command,
            "while" | "until" => Self::loop_command,
            "for" => Self::for_command,
            "select" => Self::select_command,
            "case" => Self::case_command,
            "function" => Self::function_command,
            "[[" => Self::test_command,
            "coproc" => Self::coproc_command,
            _ => return self.simple(),
        };
        self.pos = end;
        (parse(self), Vec::new(), true)
    }

    fn parenthesis(&mut self) -> Kind {
        if let Some(end) = self.pair(b'(', b'(')
            && self.arithmetic_ahead(end)
        {
            self.pos = end;
            return Kind::Arith(self.arithmetic_word());
        }
        self.pos += 1;
        let list = self.list();
        self.expect_paren();
        Kind::Subshell(list)
    }

    pub(super) fn expect_paren(&mut self) {
        if !self.eat(b')') {
            self.fail("Command lacks a `)`");
        }
    }

    fn group(&mut self) -> Kind {
        let list = self.list();
        self.expect_word("}");
        Kind::Group(list)
    }

    fn if_command(&mut self) -> Kind {
        let mut branches = Vec::new();
        let mut otherwise = None;
        loop {
            let condition = self.list();
            let body = if self.expect_word("then") { self.list() } else { List::default() };
            branches.push(Branch { condition, body });
            match self.peek_word() {
                Some((word, end)) if word == "elif" => self.pos = end,
                Some((word, end)) if word == "else" => {
                    self.pos = end;
                    otherwise = Some(self.list());
                    break;
                }
                _ => break,
            }
        }
        self.expect_word("fi");
        Kind::If(branches, otherwise)
    }

    fn loop_command(&mut self) -> Kind {
        let condition = self.list();
        let body = self.do_body();
        Kind::Loop(Branch { condition, body })
    }

    /// `do … done`, or `{ … }` as bash also takes it after `for`.
    fn do_body(&mut self) -> List {
        self.skip_newlines();
        let closer = match self.peek_word() {
            Some((word, end)) if word == "{" => {
                self.pos = end;
                "}"
            }
            _ if self.expect_word("do") => "done",
            _ => return List::default(),
        };
        let body = self.list();
        self.expect_word(closer);
        body
    }

    fn for_command(&mut self) -> Kind {
        self.skip_blank();
        if let Some(end) = self.pair(b'(', b'(') {
            self.pos = end;
            let head = self.arithmetic_word();
            self.skip_blank();
            self.eat(b';');
            return Kind::ArithFor(vec![head], self.do_body());
        }
        Kind::For(self.for_parts())
    }

    fn select_command(&mut self) -> Kind {
        self.skip_blank();
        Kind::Select(self.for_parts())
    }

    fn for_parts(&mut self) -> For {
        let name = self.raw_name();
        self.skip_newlines();
        let mut words = None;
        match self.peek_word() {
            Some((word, end)) if word == "in" => {
                self.pos = end;
                words = Some(self.words_to_line_end());
            }
            _ => {
                self.skip_blank();
                self.eat(b';');
            }
        }
        let before = self.simples;
        let body = self.do_body();
        For { name, words, body, size: self.simples - before }
    }

    fn words_to_line_end(&mut self) -> Vec<Word> {
        let mut words = Vec::new();
        loop {
            self.skip_blank();
            match self.peek() {
                None | Some(b'\n') => break,
                Some(b';') => {
                    self.pos += 1;
                    break;
                }
                Some(_) => match self.word() {
                    Some(word) => words.push(word),
                    None => {
                        self.fail("Command has a list of words that does not end");
                        break;
                    }
                },
            }
        }
        words
    }

    fn case_command(&mut self) -> Kind {
        self.skip_blank();
        let Some(subject) = self.word() else {
            self.fail("Command has a `case` without a word");
            return Kind::Broken;
        };
        let mut arms = Vec::new();
        if self.expect_word("in") {
            loop {
                self.skip_newlines();
                if self.at_end() || self.at_word("esac") {
                    break;
                }
                arms.push(self.arm());
                self.skip_newlines();
                if !self.case_end() {
                    break;
                }
            }
            self.expect_word("esac");
        }
        Kind::Case(subject, arms)
    }

    fn arm(&mut self) -> Arm {
        let mut patterns = Vec::new();
        self.eat(b'(');
        loop {
            self.skip_blank();
            match self.word() {
                Some(word) => patterns.push(word),
                None => {
                    self.fail("Command has a `case` without a pattern");
                    break;
                }
            }
            self.skip_blank();
            if !self.eat(b'|') {
                break;
            }
        }
        self.expect_paren();
        Arm { patterns, body: self.list() }
    }

    /// Consumes `;;`, `;&` or `;;&`.
    fn case_end(&mut self) -> bool {
        if self.eat_pair(b';', b';') {
            self.eat(b'&');
            return true;
        }
        self.eat_pair(b';', b'&')
    }

    fn function_command(&mut self) -> Kind {
        self.skip_blank();
        let name = self.raw_name();
        self.skip_blank();
        if self.eat(b'(') {
            self.skip_blank();
            self.expect_paren();
        }
        self.function_body(name)
    }

    pub(super) fn function_body(&mut self, name: String) -> Kind {
        self.skip_newlines();
        let body: Command = self.command();
        if matches!(body.kind, Kind::Simple(_)) {
            self.fail("Command defines a function without a body");
        }
        Kind::Function(name, Rc::new(body))
    }

    fn coproc_command(&mut self) -> Kind {
        self.skip_blank();
        let name = self.coproc_name().unwrap_or_else(|| "COPROC".to_owned());
        Kind::Coproc(name, Box::new(self.command()))
    }

    /// A name counts as one only where a compound command follows it.
    fn coproc_name(&mut self) -> Option<String> {
        let rest = &self.text[self.pos..];
        let len = rest.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
        let after = rest[len..].trim_start_matches([' ', '\t']);
        let starter = after.split(|c: char| " \t\n;&|<>()".contains(c)).next().unwrap_or("");
        let compound = after.starts_with('(')
            || matches!(starter, "{" | "if" | "while" | "until" | "for" | "select" | "case" | "[[");
        if len == 0 || !compound || after.len() == rest.len() - len && !after.starts_with('(') {
            return None;
        }
        let name = rest[..len].to_owned();
        self.pos += len;
        self.skip_blank();
        Some(name)
    }

    fn test_command(&mut self) -> Kind {
        let mut words = Vec::new();
        loop {
            // A `#` begins no comment here.
            while self.eat(b' ') || self.eat(b'\t') || self.eat(b'\n') || self.eat_pair(b'\\', b'\n') {}
            if self.at_word("]]") {
                self.expect_word("]]");
                break;
            }
            let process = matches!(self.peek(), Some(b'<' | b'>')) && self.byte(self.pos + 1) == Some(b'(');
            match self.peek() {
                None => {
                    self.fail("Command lacks a `]]`");
                    break;
                }
                Some(b'&' | b'|' | b'(' | b')' | b'<' | b'>') if !process => self.pos += 1,
                Some(_) => match self.word() {
                    Some(word) => words.push(word),
                    None => self.fail("Command has a test that does not end"),
                },
            }
        }
        Kind::Test(words)
    }

    /// Reads a name as it stands, up to a blank or operator.
    fn raw_name(&mut self) -> String {
        let rest = &self.text[self.pos..];
        let end = rest.find(|c: char| " \t\n;&|<>()$`'\"\\".contains(c)).unwrap_or(rest.len());
        let name = rest[..end].to_owned();
        if name.is_empty() {
            self.fail("Command lacks a name");
        }
        self.pos += end.min(self.text.len() - self.pos);
        name
    }
}
