//! Shells, and text that becomes shell text: `sh -c`, scripts written in the same line, piped input.

use super::{launcher, options};
use crate::command::builtin::names_last_pipe;
use crate::command::env::{Items, Space, Value, unite};
use crate::command::launchers::Spec;
use crate::command::parse::Place;
use crate::command::run::{Reader, Scope};
use crate::command::text::{self, MAX_HOLES, Text};
use hermes_plugin_api::command::{Assignment, How, Launcher, Piece, Stdin, Unknown, Why, Word};
use std::rc::Rc;

impl Reader {
    /// `sh -c TEXT [NAME [ARG…]]`, `sh FILE [ARG…]`, `sh [-s [ARG…]]`. Always handles the command.
    pub(super) fn launch_shell(
        &mut self,
        index: usize,
        spec: &Spec,
        program: &str,
        words: &[Word],
        scope: &Scope,
    ) -> bool {
        let (flags, rest) = shell_options(&words[1..], spec);
        if flags.iter().any(|flag| matches!(&**flag, "help" | "version" | "n" | "V")) && !flags.iter().any(|f| f == "c")
        {
            return false;
        }
        let before = self.simple.len();
        self.last_pipe |= names_last_pipe(&words[1..]);
        let starts = |word: &Word| text::known(&word.pieces).is_some_and(|o| matches!(&*o, "--rcfile" | "--init-file"));
        if let Some(at) = words.iter().position(starts)
            && let Some(file) = words.get(at + 1).cloned()
        {
            self.child(false, |reader| reader.run_file(index, &file, launcher(program, How::File), scope));
        }
        let given = self.simple[index].assignments.clone();
        let posix = std::mem::replace(&mut self.posix, matches!(program, "sh" | "dash" | "ash"));
        if flags.iter().any(|flag| flag == "c" || flag == "command") {
            let Some((code, arguments)) = rest.split_first() else {
                self.posix = posix;
                return false;
            };
            let pieces = code.pieces.clone();
            let arguments = arguments.to_vec();
            self.child(false, |reader| {
                reader.given(&given);
                reader.positional(arguments.get(1..).unwrap_or_default(), arguments.first());
                reader.run_text(index, &pieces, launcher(program, How::Text), scope);
            });
        } else if rest.is_empty() || flags.iter().any(|flag| flag == "s") || is_dash(&rest[0]) {
            let arguments = rest[usize::from(rest.first().is_some_and(is_dash))..].to_vec();
            self.child(false, |reader| {
                reader.given(&given);
                reader.positional(&arguments, None);
                reader.shell_input(index, launcher(program, How::Input), scope);
            });
        } else {
            let rest = rest.to_vec();
            self.child(false, |reader| {
                reader.given(&given);
                reader.positional(&rest[1..], Some(&rest[0]));
                reader.run_file(index, &rest[0], launcher(program, How::File), scope);
            });
        }
        self.posix = posix;
        self.simple.len() > before
    }

    /// Runs `inner` as a new program would be: it sees exported variables only, and no functions. On
    /// another machine it sees none.
    pub(in crate::command) fn child(&mut self, remote: bool, inner: impl FnOnce(&mut Self)) {
        let mark = self.env.mark();
        for space in [Space::Function, Space::Alias] {
            for name in self.env.names(space) {
                self.budget.step();
                let kept = !remote && space == Space::Function && self.exports_function(&name);
                if kept {
                    continue;
                }
                self.env.set(space, &name, Value::Outer);
            }
        }
        for name in self.env.names(Space::Variable) {
            self.budget.step();
            let mut before = self.env.get(Space::Variable, &name).to_vec();
            // Lists are never handed on, whether exported or not.
            let lists = before.iter().any(|value| matches!(value, Value::List(_) | Value::Map(_)));
            before.iter_mut().filter(|value| matches!(value, Value::List(_) | Value::Map(_))).for_each(|value| {
                *value = Value::Unset;
            });
            let exported = !remote && self.env.get(Space::Export, &name) == [Value::Unset];
            if exported && name != "@" && !lists {
                continue;
            }
            let mut values = if exported && name != "@" { Vec::new() } else { vec![Value::Outer] };
            if !remote && name != "@" {
                unite(&mut values, &before);
            }
            self.env.set_direct(Space::Variable, &name, values);
        }
        let calls = std::mem::take(&mut self.calls);
        self.in_shell(|reader| reader.with_own_traps(inner));
        self.calls = calls;
        self.env.rollback(mark);
    }

    /// Sets what stands before the program, as it sees it.
    fn given(&mut self, assignments: &[Assignment]) {
        for assignment in assignments {
            self.env.set(Space::Variable, &assignment.name, Value::Text(assignment.value.pieces.clone()));
            self.env.set(Space::Export, &assignment.name, Value::Unset);
        }
    }

    fn exports_function(&self, name: &str) -> bool {
        self.env.get(Space::Export, &format!("{name}()")).contains(&Value::Unset)
    }

    /// Sets the positional parameters and `$0`.
    pub(in crate::command) fn positional(&mut self, words: &[Word], name: Option<&Word>) {
        let items: Items =
            words.iter().enumerate().map(|(at, word)| ((at + 1).to_string(), word.pieces.clone())).collect();
        let items = Rc::new(items);
        self.budget.expanded(words.iter().map(|word| text::len(&word.pieces)).sum());
        self.env.set(Space::Variable, "@", Value::List(items));
        if let Some(name) = name {
            self.env.set(Space::Variable, "0", Value::Text(name.pieces.clone()));
        }
    }

    /// Reads text as shell text that a command runs.
    pub(in crate::command) fn run_text(&mut self, index: usize, code: &[Piece], launcher: Launcher, scope: &Scope) {
        let span = self.simple[index].span;
        let source = self.source(code);
        // An argument that the launcher quotes is one word, whatever it holds.
        let quoted = |unknown: &Unknown| unknown.why == Why::Launcher && unknown.quoted;
        if code.iter().any(|piece| matches!(piece, Piece::Unknown(unknown) if !quoted(unknown))) {
            let message = format!("`{}` runs text that cannot be known", launcher.program);
            self.problem(hermes_plugin_api::command::ProblemKind::Opaque, &message, Some(span), scope);
        }
        if source.trim().is_empty() || !self.budget.reread(source.len()) {
            return;
        }
        let scope = Scope { origin: Some(span), ..self.through(launcher, scope) };
        if self.budget.enter() {
            self.text(&source, Place::Fixed(span), &scope);
        }
        self.budget.leave();
    }

    /// Pieces as shell text, with marks where it is not known.
    fn source(&mut self, code: &[Piece]) -> String {
        let mut source = String::new();
        for piece in code {
            match piece {
                Piece::Text(text) => source.extend(text.chars().filter(|c| *c != text::HOLE)),
                Piece::Glob(glob) => source.push_str(glob),
                other if self.holes.len() < MAX_HOLES => {
                    source.extend(text::hole(self.holes.len()));
                    self.holes.push(other.clone());
                }
                _ => {
                    self.budget.exhaust();
                }
            }
        }
        source
    }

    /// Runs what stands on a shell's standard input.
    pub(in crate::command) fn shell_input(&mut self, index: usize, launcher: Launcher, scope: &Scope) {
        let Some(input) = scope.input else {
            return;
        };
        let source = &mut self.inputs[input];
        let unknown = match &source.stdin {
            Stdin::File(_) => known_file(&source.text).is_none(),
            _ => false,
        };
        let used = std::mem::replace(&mut source.used, true);
        let code = source.text.clone();
        if unknown && matches!(&self.inputs[input].stdin, Stdin::File(_)) && only_foreign(&code) {
            // A script that was there before, as in `sh script`.
            return;
        }
        if used || !self.inputs[input].certain {
            let span = self.simple[index].span;
            let message = format!("`{}` runs input that cannot be known", launcher.program);
            self.problem(hermes_plugin_api::command::ProblemKind::Opaque, &message, Some(span), scope);
        }
        let inside = Scope { input: Some(self.spent()), ..scope.clone() };
        self.run_text(index, &code, launcher, &inside);
    }

    /// Input that a shell has read its own commands from: what is left cannot be known.
    fn spent(&mut self) -> usize {
        self.add_input(Stdin::Inherited, vec![text::unknown(Why::Unsupported, "spent")])
    }

    /// Runs a file if this line wrote it. One that was there before is taken as it is.
    pub(in crate::command) fn run_file(&mut self, index: usize, file: &Word, launcher: Launcher, scope: &Scope) {
        if let Some(input) = self.process_input(file) {
            let code = self.inputs[input].text.clone();
            return self.run_text(index, &code, launcher, scope);
        }
        if is_stdin(file) {
            return self.shell_input(index, launcher, scope);
        }
        if let Some(code) = self.file_text(file) {
            self.run_text(index, &code, launcher, scope);
        }
    }

    /// Like [`Reader::inner`], with assignments that the launcher makes.
    pub(super) fn inner_with(
        &mut self,
        index: usize,
        words: Vec<Word>,
        assignments: Vec<Assignment>,
        launcher: Launcher,
        scope: &Scope,
    ) {
        let given = std::mem::replace(&mut self.given, assignments);
        self.inner(index, words, launcher, scope);
        self.given = given;
    }
}

fn known_file(code: &Text) -> Option<()> {
    text::known(code).map(|_| ())
}

/// Nothing of the text was written by this line.
fn only_foreign(code: &[Piece]) -> bool {
    matches!(code, [Piece::Unknown(unknown)] if unknown.why == Why::Unsupported && unknown.name.is_empty())
}

fn is_dash(word: &Word) -> bool {
    text::known(&word.pieces).is_some_and(|known| known == "-" || known == "--")
}

fn is_stdin(word: &Word) -> bool {
    text::known(&word.pieces).is_some_and(|known| matches!(&*known, "/dev/stdin" | "/dev/fd/0" | "/proc/self/fd/0"))
}

/// The options of a shell: `+x` too, `-o NAME` wherever `o` stands, `-c` without its value.
fn shell_options<'w>(words: &'w [Word], spec: &Spec) -> (Vec<String>, &'w [Word]) {
    let mut flags = Vec::new();
    let mut rest = words;
    while let Some((first, after)) = rest.split_first() {
        let Some(known) = text::known(&first.pieces) else {
            break;
        };
        if known == "--" || known == "-" {
            rest = if known == "-" && after.is_empty() { rest } else { after };
            break;
        }
        let Some(cluster) = known.strip_prefix(['-', '+']) else {
            break;
        };
        rest = after;
        if cluster.starts_with('-') {
            let long = options(std::slice::from_ref(first), spec);
            flags.extend(long.flags);
            if !known.contains('=') && !long.values.is_empty() {
                rest = rest.get(1..).unwrap_or_default();
            }
            continue;
        }
        for c in cluster.chars() {
            if spec.short.contains(c) {
                rest = rest.get(1..).unwrap_or_default();
            } else if known.starts_with('-') {
                flags.push(c.to_string());
            }
        }
    }
    (flags, rest)
}
