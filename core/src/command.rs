//! Reads a command line once into what bash would run: every simple command with its words resolved, the
//! launchers it came through, and what could not be known. No I/O, no clock, no judgement: rules judge.

mod assigned;
mod ast;
mod bound;
mod builtin;
mod carried;
mod copies;
mod dispatch;
mod env;
mod expand;
mod flow;
mod launch;
mod launchers;
mod normalise;
mod parse;
mod redirect;
mod run;
mod simple;
mod text;
mod unite;

#[cfg(test)]
mod tests;

use bound::MAX_BYTES;
use hermes_plugin_api::command::{Command, Problem, ProblemKind, Reach, Span, View};
use normalise::Cleaned;
use parse::Place;
use run::{Reader, Scope};
use std::rc::Rc;

/// Reads a command line. Never fails: what cannot be read is a [`Problem`], and what was read before it is
/// returned with it.
pub fn read(text: &str) -> Command {
    let mut command = Command { text: text.to_owned(), ..Command::default() };
    if text.len() > MAX_BYTES {
        let message = "Command is longer than 128 KiB".to_owned();
        command.problems.push(Problem { kind: ProblemKind::Unparsable, message, span: None, view: View::Raw });
        return command;
    }
    let raw = read_view(text);
    command.simple = raw.simple;
    command.shells = raw.shells;
    command.problems = raw.problems;
    if let Some(Cleaned { text: cleaned, hidden }) = normalise::clean(text) {
        let shown = if cleaned.len() > MAX_BYTES { Reading::default() } else { read_view(&cleaned) };
        unite::unite(&mut command, shown, hidden.is_some());
        if let Some(at) = hidden {
            let span = Some(Span { start: at, end: at });
            let message = "Command holds characters that are not shown".to_owned();
            command.problems.push(Problem { kind: ProblemKind::Hidden, message, span, view: View::Raw });
        }
        command.cleaned = Some(cleaned);
    }
    command
}

/// Whether a text holds characters that a person does not see: escape sequences, controls, invisible ones.
#[must_use]
pub fn hides(text: &str) -> bool {
    normalise::clean(text).is_some_and(|cleaned| cleaned.hidden.is_some())
}

/// What one view of a text shows.
#[derive(Debug, Default)]
struct Reading {
    simple: Vec<hermes_plugin_api::command::Simple>,
    shells: Vec<usize>,
    problems: Vec<Problem>,
    /// Units of work it took.
    #[cfg(test)]
    steps: usize,
}

fn read_view(text: &str) -> Reading {
    let mut reader = Reader { budget: bound::Budget::new(text.len()), ..Reader::default() };
    reader.text(text, Place::Shift(0), &Scope::default());
    reader.fire_traps();
    reader.read_uncalled();
    if let Some(message) = reader.budget.over() {
        let known = reader.problems.iter().any(|problem| problem.message == message);
        if !known {
            let message = message.to_owned();
            reader.problems.push(Problem { kind: ProblemKind::Unparsable, message, span: None, view: View::Raw });
        }
    }
    Reading {
        simple: reader.simple,
        shells: reader.shells,
        problems: reader.problems,
        #[cfg(test)]
        steps: reader.budget.work(),
    }
}

impl Reader {
    /// Reads the bodies of functions that this text defines and never calls, as data. They may define more.
    fn read_uncalled(&mut self) {
        let mut next = 0;
        while let Some((name, body)) = self.defined.get(next).cloned() {
            next += 1;
            if self.called.contains(&Rc::as_ptr(&body)) || self.budget.over().is_some() {
                continue;
            }
            let launcher = launch::launcher(&name, hermes_plugin_api::command::How::Definition);
            let scope = Scope { reach: Reach::Data, ..self.through(launcher, &Scope::default()) };
            self.env.set(env::Space::Variable, "@", env::Value::Unknown);
            self.calls.push(Rc::clone(&body));
            self.command(&body, &scope);
            self.calls.pop();
        }
    }
}
