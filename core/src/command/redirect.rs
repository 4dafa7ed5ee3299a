//! Redirections: what they name, where they send input and output, and which files they write with known
//! contents.

use super::ast::{self, Fd, Target};
use super::env::{Mark, Space, Value, unite};
use super::run::{Input, Reader, Scope};
use super::text::{self, Text};
use hermes_plugin_api::command::{Piece, Redirect, RedirectOp, Span, Stdin, Why, Word};
use std::rc::Rc;

/// More files than this in a line are not gone through one by one.
const MOST_FILES: usize = 64;

impl Reader {
    /// Expands redirections.
    pub(super) fn redirects(&mut self, redirects: &[ast::Redirect], scope: &Scope) -> Vec<Redirect> {
        let mut done = Vec::with_capacity(redirects.len());
        for redirect in redirects {
            let target = match &redirect.target {
                Target::Word(word) => self.target(word, scope),
                Target::HereString(word) => {
                    let mut target = self.assigned(word, scope);
                    text::push_str(&mut target.pieces, "\n");
                    target
                }
                Target::HereDoc(body) => match body.get() {
                    Some(word) => {
                        let pieces = self.single_parts(&word.parts, scope, false);
                        Word { pieces, span: word.span }
                    }
                    None => Word::default(),
                },
            };
            expand_both(redirect, target, &mut done);
        }
        done
    }

    /// A file name is one word, patterns and all.
    fn target(&mut self, word: &ast::Word, scope: &Scope) -> Word {
        let mut fields = Vec::new();
        self.fields(word, scope, &mut fields);
        match <[Word; 1]>::try_from(fields) {
            Ok([only]) => only,
            Err(_) => self.single(word, scope),
        }
    }

    /// The scope of a command under its own redirections.
    pub(super) fn rewired(&mut self, own: &[Redirect], scope: &Scope) -> Scope {
        let mut scope = scope.clone();
        for redirect in own {
            match (redirect.fd, redirect.op) {
                (Some(0), RedirectOp::Read | RedirectOp::ReadWrite) => {
                    scope.input = Some(self.file_input(&redirect.target))
                }
                (Some(0), RedirectOp::Text) => {
                    let text = redirect.target.pieces.clone();
                    scope.input = Some(self.add_input(Stdin::Text(redirect.target.clone()), text));
                }
                (Some(0), RedirectOp::Duplicate) => scope.input = Some(self.unknown_input()),
                (Some(1), RedirectOp::Write | RedirectOp::Append | RedirectOp::ReadWrite) => scope.captured = false,
                (Some(1), RedirectOp::Duplicate) => {
                    let stays = text::known(&redirect.target.pieces).is_some_and(|to| to == "1");
                    scope.captured &= stays;
                }
                _ => {}
            }
        }
        scope
    }

    pub(super) fn add_input(&mut self, stdin: Stdin, text: Text) -> usize {
        self.inputs.push(Input { stdin, text, certain: true, used: false });
        self.inputs.len() - 1
    }

    pub(super) fn unknown_input(&mut self) -> usize {
        self.add_input(Stdin::Inherited, vec![text::unknown(Why::Unsupported, "")])
    }

    fn file_input(&mut self, target: &Word) -> usize {
        if let Some(input) = self.process_input(target) {
            return input;
        }
        let contents = self.file_text(target).unwrap_or_else(|| vec![text::unknown(Why::Unsupported, "")]);
        self.add_input(Stdin::File(target.clone()), contents)
    }

    /// The pipe that `<(…)` made.
    pub(super) fn process_input(&self, target: &Word) -> Option<usize> {
        match &target.pieces[..] {
            [Piece::Unknown(unknown)] if unknown.why == Why::Process => {
                self.pipes.iter().find(|(from, _)| *from == unknown.from).map(|(_, input)| *input)
            }
            _ => None,
        }
    }

    /// What this line wrote to a file, if it did. Unknown text where that is not known.
    pub(super) fn file_text(&mut self, target: &Word) -> Option<Text> {
        if self.env.is_empty(Space::File) {
            return None;
        }
        self.text_of(target, self.moved)
    }

    /// Like [`Reader::file_text`], for a program: with another `PATH` it may be a file anywhere.
    pub(super) fn program_text(&mut self, program: &Word) -> Option<Text> {
        if self.env.is_empty(Space::File) {
            return None;
        }
        let searched = self.env.get(Space::Variable, "PATH") != [Value::Outer];
        let plain = text::known(&program.pieces).is_some_and(|name| !name.contains('/'));
        self.text_of(program, if plain { searched } else { self.moved })
    }

    /// `by_name`: the last part of the path tells the file.
    fn text_of(&mut self, target: &Word, by_name: bool) -> Option<Text> {
        let key = file_key(target).map(|key| self.origin(&key).unwrap_or(key));
        let own = key.as_ref().map_or(&[Value::Outer][..], |key| self.env.get(Space::File, key));
        let values = match (own, &key) {
            ([Value::Outer], Some(_)) if !by_name => return None,
            ([Value::Outer], _) => {
                let mut names = self.env.names(Space::File);
                if names.len() > MOST_FILES {
                    return Some(vec![text::unknown(Why::Variable, "")]);
                }
                self.budget.steps(names.len());
                names.sort();
                names.retain(|name| may_be(&target.pieces, name, by_name));
                let mut values = Vec::new();
                names.iter().for_each(|name| unite(&mut values, self.env.get(Space::File, name)));
                values
            }
            (own, _) => own.to_vec(),
        };
        if values.is_empty() {
            return None;
        }
        let value = self.choose(values.len()).and_then(|index| values.get(index).cloned());
        match value {
            Some(Value::Outer | Value::Reference(_)) => None,
            Some(Value::Text(text)) => Some(text),
            _ => Some(vec![text::unknown(Why::Variable, "")]),
        }
    }

    /// Notes that a file now holds this text, after or instead of what it held.
    pub(super) fn write_file(&mut self, target: &Word, contents: Text, append: bool) {
        let Some(path) = file_key(target) else {
            return;
        };
        let mut values = Vec::new();
        match append {
            false => values.push(Value::Text(contents)),
            true => {
                for old in self.env.get(Space::File, &path) {
                    let mut both = match old {
                        Value::Text(before) => before.clone(),
                        Value::Outer | Value::Unset | Value::Reference(_) => Text::new(),
                        _ => vec![text::unknown(Why::Variable, "")],
                    };
                    text::push_all(&mut both, &contents);
                    unite(&mut values, &[Value::Text(both)]);
                }
            }
        }
        self.charge(values.iter().map(|value| if let Value::Text(text) = value { text::len(text) } else { 1 }).sum());
        // It may not have been written: it cannot be, or what would write it ended before. What a shell of its
        // own adds to is not told from what it leaves alone either.
        if !append || self.shell != 0 {
            let before: Vec<Value> =
                self.env.get(Space::File, &path).iter().filter(|value| **value != Value::Outer).cloned().collect();
            unite(&mut values, &before);
        }
        self.env.set_all(Space::File, &path, values);
    }

    /// Records what a simple command wrote to the files that it redirects to.
    pub(super) fn finish_redirects(&mut self, own: &[Redirect], index: usize) {
        let Some(redirect) = written_by(own) else {
            return;
        };
        // Commands that it launched write to the same file; they come after it.
        let first = self.outputs.iter().position(|(own, _)| *own >= index).unwrap_or(self.outputs.len());
        let mut contents = Text::new();
        let written = self.outputs.split_off(first);
        if written.is_empty() {
            contents.push(text::output_of(vec![index]));
        }
        for (own, output) in written {
            let output = output.unwrap_or_else(|| vec![text::output_of(vec![own])]);
            text::push_all(&mut contents, &output);
        }
        self.write_file(&redirect.target, contents, redirect.op == RedirectOp::Append);
    }

    /// Walks a compound command under its redirections.
    pub(super) fn redirected(
        &mut self,
        redirects: &[ast::Redirect],
        _span: Span,
        scope: &Scope,
        inner: impl FnOnce(&mut Self, &Scope),
    ) {
        if redirects.is_empty() {
            return inner(self, scope);
        }
        let mark = self.env.mark();
        let own = self.redirects(redirects, scope);
        let mut scope = self.rewired(&own, scope);
        let mut all = scope.redirects.to_vec();
        all.extend(own.iter().cloned());
        scope.redirects = Rc::new(all);
        let Some(redirect) = written_by(&own).cloned() else {
            inner(self, &scope);
            return self.may_not_open(&own, mark);
        };
        scope.captured = true;
        let capture = self.capturing(|reader| inner(reader, &scope));
        let contents = if capture.certain { capture.text } else { vec![text::output_of(capture.simples)] };
        self.may_not_open(&own, mark);
        self.write_file(&redirect.target, contents, redirect.op == RedirectOp::Append);
    }

    /// Where a file that does not open keeps a command from running, what the command changed since the mark
    /// may also be as it was.
    pub(super) fn may_not_open(&mut self, own: &[Redirect], mark: Mark) {
        let opens = |redirect: &Redirect| match redirect.op {
            RedirectOp::Text | RedirectOp::Duplicate => false,
            _ if self.process_input(&redirect.target).is_some() => false,
            _ => text::known(&redirect.target.pieces).is_none_or(|path| !path.starts_with("/dev/")),
        };
        if own.iter().any(opens) {
            self.env.join_definitions(mark);
        }
    }
}

/// The file that takes standard output.
fn written_by(own: &[Redirect]) -> Option<&Redirect> {
    own.iter().rev().find(|redirect| {
        redirect.fd == Some(1) && matches!(redirect.op, RedirectOp::Write | RedirectOp::Append | RedirectOp::ReadWrite)
    })
}

/// Whether a path of which parts are not known may be that of a file. `by_name`: only its last part counts.
fn may_be(path: &[Piece], file: &str, by_name: bool) -> bool {
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    if by_name && let Some(known) = text::known(path) {
        return name(&known) == name(file);
    }
    let mut rest = file.trim_start_matches("./");
    let mut floats = false;
    for (at, piece) in path.iter().enumerate() {
        let own = match piece {
            Piece::Text(text) if at == 0 => text.trim_start_matches("./").to_owned(),
            Piece::Text(text) => text.clone(),
            Piece::Home => "~".to_owned(),
            // What a variable from outside the line names is no file of this line.
            Piece::Unknown(unknown) if unknown.why == Why::Variable && !unknown.name.is_empty() => return false,
            Piece::Glob(_) | Piece::Unknown(_) => {
                floats = true;
                continue;
            }
        };
        let found = if floats { rest.find(&own) } else { rest.starts_with(&own).then_some(0) };
        match found {
            Some(start) => rest = &rest[start + own.len()..],
            None => return false,
        }
        floats = false;
    }
    let last = path.last().and_then(|piece| if let Piece::Text(text) = piece { Some(text.as_str()) } else { None });
    floats || rest.is_empty() || last.is_some_and(|last| path.len() > 1 && file.ends_with(last))
}

/// A file's name for looking it up: `./x` and `x` are one.
pub(super) fn file_key(target: &Word) -> Option<String> {
    let mut key = String::new();
    for piece in &target.pieces {
        match piece {
            Piece::Text(text) => key.push_str(text),
            Piece::Home => key.push('~'),
            Piece::Unknown(unknown) if unknown.why == Why::Variable && !unknown.name.is_empty() => {
                key.push('$');
                key.push_str(&unknown.name);
                key.push('$');
            }
            _ => return None,
        }
    }
    while let Some(rest) = key.strip_prefix("./") {
        key = rest.trim_start_matches('/').to_owned();
    }
    let key = key.replace("/./", "/");
    (!key.is_empty()).then_some(key)
}

/// `&>` and `>&word` are two redirections each.
fn expand_both(redirect: &ast::Redirect, target: Word, done: &mut Vec<Redirect>) {
    let number = |word: &Word| {
        text::known(&word.pieces).is_some_and(|known| {
            let digits = known.strip_suffix('-').unwrap_or(&known);
            digits.bytes().all(|b| b.is_ascii_digit())
        })
    };
    match (redirect.fd, redirect.op) {
        (Fd::Both, RedirectOp::Duplicate) if number(&target) => {
            done.push(Redirect { fd: Some(1), op: RedirectOp::Duplicate, target });
        }
        (Fd::Both, op) => {
            let op = if op == RedirectOp::Append { op } else { RedirectOp::Write };
            done.push(Redirect { fd: Some(1), op, target: target.clone() });
            done.push(Redirect { fd: Some(2), op, target });
        }
        (Fd::Number(fd), op) => done.push(Redirect { fd: Some(fd), op, target }),
        (Fd::Named, op) => done.push(Redirect { fd: None, op, target }),
    }
}
