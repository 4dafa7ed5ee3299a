//! What a simple command does once its words are known: call a function, act as a builtin, launch another
//! program, or just run.

use super::env::{Leaves, Space, Value};
use super::flow::Output;
use super::launchers;
use super::run::{Reader, Scope};
use super::text::{self, Text};
use super::{builtin, flow};
use hermes_plugin_api::command::{How, Launcher, RedirectOp, Why, Word};
use std::rc::Rc;

impl Reader {
    /// Does what a placed command does.
    pub(super) fn dispatch(&mut self, index: usize, words: &[Word], scope: &Scope) {
        let Some(first) = words.first() else {
            return self.nothing_run(index, scope);
        };
        let Some(name) = text::known(&first.pieces) else {
            self.unknown_program(index, words, scope);
            self.read_input(scope);
            return self.output(index, Output::Unknown, scope);
        };
        let name = name.into_owned();
        let program = name.rsplit('/').next().unwrap_or_default();
        let plain = program.len() == name.len();
        // What a shell finds there is itself.
        let program = if is_itself(&name) { "bash" } else { program };
        self.carried(index, program, scope);
        if plain && self.run_definitions(index, program, words, scope) {
            return self.output(index, Output::Elsewhere, scope);
        }
        if let Some(output) = builtin::run(self, index, program, words, scope) {
            return self.output(index, output, scope);
        }
        if !self.env.is_empty(Space::File) {
            self.run_written(index, program, words, scope);
            self.run_copied(index, program, words, scope);
            self.change_files(index, program, &words[1..], scope);
        }
        self.copies(index, program);
        let program = program.strip_suffix(".exe").unwrap_or(program);
        if let Some((spec, used)) = launchers::find(program, words)
            && self.launch(index, spec, program, &words[used - 1..], scope)
        {
            self.read_input(scope);
            return self.output(index, Output::Elsewhere, scope);
        }
        let wanted = scope.captured || self.writes_file(index) || matches!(program, "tee" | "printf");
        let output = if wanted { flow::output(self, program, words, scope) } else { Output::Unknown };
        if !flow::ignores_input(program) {
            self.read_input(scope);
        }
        self.output(index, output, scope);
    }

    /// Assignments or redirections alone: `$(<file)` gives the file.
    fn nothing_run(&mut self, index: usize, scope: &Scope) {
        if self.simple[index].assignments.iter().any(|own| own.name.starts_with('P')) {
            self.prompts(index, scope);
        }
        let reads = self.simple[index].redirects.iter().any(|redirect| redirect.op == RedirectOp::Read);
        let output = match scope.input {
            Some(input) if reads && self.simple[index].assignments.is_empty() => {
                Output::Text(self.inputs[input].text.clone())
            }
            _ => Output::Text(Text::new()),
        };
        self.output(index, output, scope);
    }

    /// Calls the functions and aliases of this name; true if there was one for sure.
    fn run_definitions(&mut self, index: usize, name: &str, words: &[Word], scope: &Scope) -> bool {
        if self.env.is_empty(Space::Function) && self.env.is_empty(Space::Alias) {
            return false;
        }
        let mut called = false;
        for space in [Space::Alias, Space::Function] {
            let values = self.env.get(space, name).to_vec();
            for value in &values {
                match value {
                    Value::Function(body) if values.len() == 1 => {
                        called = true;
                        self.call(name, body, words, scope);
                    }
                    Value::Function(body) => self.maybe(|reader| reader.call(name, body, words, scope)),
                    // Whether aliases are on is not known.
                    Value::Text(text) if space == Space::Alias => {
                        self.maybe(|reader| reader.call_alias(index, name, text, words, scope));
                    }
                    _ => {}
                }
            }
        }
        called
    }

    /// A function that the shell itself calls, for a program that it does not find.
    pub(super) fn handler(&mut self, name: &str, body: &Rc<super::ast::Command>, scope: &Scope) {
        const HANDLERS: &[&str] = &["command_not_found_handle", "command_not_found_handler"];
        if HANDLERS.contains(&name) {
            let span = body.span;
            let missing = Word { pieces: vec![text::unknown(Why::Variable, "")], span };
            self.maybe(|reader| reader.call(name, body, &[text::word(name, span), missing], scope));
        }
    }

    fn call(&mut self, name: &str, body: &Rc<super::ast::Command>, words: &[Word], scope: &Scope) {
        if !self.budget.step() {
            return;
        }
        self.called.insert(Rc::as_ptr(body));
        let running = self.calls.iter().filter(|own| Rc::ptr_eq(own, body)).count();
        if running > 1 {
            return;
        }
        let scope = self.through(Launcher { program: name.to_owned(), how: How::Definition }, scope);
        let before = self.env.get(Space::Variable, "@").to_vec();
        if running == 0 {
            self.positional(&words[1..], None);
        } else {
            // The second round stands for all that follow: whatever they may have been given or assigned.
            self.havoc_command(body);
            self.env.set(Space::Variable, "@", Value::Unknown);
        }
        let outer = std::mem::take(&mut self.locals);
        self.calls.push(Rc::clone(body));
        self.leaving(Leaves::Loop, |reader| {
            reader.leaving(Leaves::Function, |reader| reader.command(body, &scope));
        });
        self.calls.pop();
        for (local, values) in std::mem::replace(&mut self.locals, outer).into_iter().rev() {
            self.env.set_direct(Space::Variable, &local, values);
        }
        self.env.set_all(Space::Variable, "@", before);
    }

    fn call_alias(
        &mut self,
        index: usize,
        name: &str,
        text: &[hermes_plugin_api::command::Piece],
        words: &[Word],
        scope: &Scope,
    ) {
        if self.aliases.iter().any(|own| own == name) {
            return;
        }
        let mut code = text.to_vec();
        let goes_on = text::known(text).is_some_and(|known| known.ends_with([' ', '\t']));
        for (at, word) in words[1..].iter().enumerate() {
            text::push_str(&mut code, " ");
            match text::known(&word.pieces) {
                // After a blank the next word may be an alias too.
                Some(known) if at == 0 && goes_on && !self.env.is_empty(Space::Alias) => {
                    let further = self.env.get(Space::Alias, &known).to_vec();
                    match &further[..] {
                        [Value::Text(more)] | [Value::Text(more), Value::Outer] => text::push_all(&mut code, more),
                        [Value::Outer] => text::push_str(&mut code, &quoted(&known)),
                        _ => code.push(text::unknown(Why::Variable, &known)),
                    }
                }
                Some(known) => text::push_str(&mut code, &quoted(&known)),
                None => text::push_all(&mut code, &word.pieces),
            }
        }
        self.aliases.push(name.to_owned());
        self.run_text(index, &code, Launcher { program: name.to_owned(), how: How::Definition }, scope);
        self.aliases.pop();
    }

    /// A program that this line wrote before.
    fn run_written(&mut self, index: usize, program: &str, words: &[Word], scope: &Scope) {
        if let Some(code) = self.program_text(&words[0]) {
            self.child(false, |reader| {
                reader.positional(&words[1..], Some(&words[0]));
                reader.run_text(index, &code, Launcher { program: program.to_owned(), how: How::File }, scope);
            });
        }
    }

    fn writes_file(&self, index: usize) -> bool {
        self.simple[index].redirects.iter().any(|redirect| redirect.fd == Some(1))
    }

    /// Notes that a command has read from its input, so that the next one cannot know what is left.
    pub(super) fn read_input(&mut self, scope: &Scope) {
        if let Some(input) = scope.input {
            self.inputs[input].used = true;
        }
    }

    /// Hands on what a command wrote.
    pub(super) fn output(&mut self, index: usize, output: Output, scope: &Scope) {
        if scope.captured {
            match &output {
                Output::Text(text) => self.wrote(index, Some(text.clone())),
                Output::Unknown => self.wrote(index, None),
                Output::Elsewhere => self.passes(index),
            }
        } else if self.writes_file(index) {
            match output {
                Output::Text(text) => self.outputs.push((index, Some(text))),
                Output::Unknown => self.outputs.push((index, None)),
                Output::Elsewhere => {}
            }
        }
    }
}

/// The program of the process that runs the line.
fn is_itself(name: &str) -> bool {
    name.starts_with("/proc/") && name.ends_with("/exe")
}

/// Text in single quotes.
pub(super) fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "'\\''"))
}
