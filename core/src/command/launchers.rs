//! The table of programs that run what their arguments or their input say. Data: how each is unwrapped is
//! in `launch.rs`.

mod programs;
mod tools;

use super::text;
use hermes_plugin_api::command::Word;

/// A program that runs others.
#[derive(Clone, Copy)]
pub(super) struct Spec {
    pub(super) names: &'static [&'static str],
    /// Sub-commands that run others; options may stand before each word. None: the program itself does.
    pub(super) verbs: &'static [&'static str],
    /// Short options that take a value.
    pub(super) short: &'static str,
    /// Long options that take a value when it does not follow a `=`.
    pub(super) long: &'static [&'static str],
    /// Long options that take two values.
    pub(super) pairs: &'static [&'static str],
    /// Long options that take none. Any other may take one: then the line is read both ways.
    pub(super) flags: &'static [&'static str],
    /// Nothing is known of its short options either: each may take a value.
    pub(super) lax: bool,
    /// Operands before the command.
    pub(super) operands: usize,
    pub(super) form: Form,
}

/// What the arguments hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The words of a command.
    Words,
    /// `NAME=value` words, then the words of a command.
    Environment,
    /// A package, which may have a version, then its arguments.
    Package,
    /// The words of a command; where there is a `--`, those after it.
    Dashes,
    /// The words after one of the options, which stand in `long`.
    After,
    /// The value of an option in `long` is the program, operands are its arguments.
    Named,
    /// A shell: `-c` text, a script, or input.
    Shell,
    /// The arguments of a shell.
    ShellArguments,
    /// Words that are joined to shell text for a shell elsewhere.
    Joined,
    /// Words that are joined to shell text for a shell here.
    Local,
    /// Each operand is shell text.
    Texts,
    /// The value of `-c`/`--command` is shell text; without it the rest are the words of a command.
    Command,
    /// Like [`Form::Command`], but operands are not a command and input is read by a shell.
    Login,
    /// Input is shell text.
    Input,
    Xargs,
    Find,
    Parallel,
    /// Container tools: options, a name, then the words of a command.
    Container,
    /// Options may hold commands; there is no command among the operands.
    Fd,
}

impl Spec {
    const fn verbs(self, verbs: &'static [&'static str]) -> Spec {
        Spec { verbs, ..self }
    }

    const fn pairs(self, pairs: &'static [&'static str]) -> Spec {
        Spec { pairs, ..self }
    }

    const fn flags(self, flags: &'static [&'static str]) -> Spec {
        Spec { flags, ..self }
    }

    const fn lax(self) -> Spec {
        Spec { lax: true, ..self }
    }

    const fn after(self, operands: usize) -> Spec {
        Spec { operands, ..self }
    }
}

const fn form(names: &'static [&'static str], short: &'static str, long: &'static [&'static str], form: Form) -> Spec {
    Spec { names, verbs: &[], short, long, pairs: &[], flags: &[], lax: false, operands: 0, form }
}

const fn words(names: &'static [&'static str], short: &'static str, long: &'static [&'static str]) -> Spec {
    form(names, short, long, Form::Words)
}

/// Finds how a program runs others, and how many words there are before its options: one, or those up to the
/// sub-command.
pub(super) fn find(program: &str, words: &[Word]) -> Option<(&'static Spec, usize)> {
    let program = if program.starts_with("ld-") && program.contains(".so") { "ld.so" } else { program };
    let specs = tools::TABLE.iter().chain(programs::TABLE).filter(|spec| spec.names.contains(&program));
    for spec in specs {
        if spec.verbs.is_empty() {
            return Some((spec, 1));
        }
        if let Some(used) = spec.verbs.iter().find_map(|verb| after_verb(spec, verb, words)) {
            return Some((spec, used));
        }
    }
    None
}

/// The first name of each program, with its first sub-command.
#[cfg(test)]
pub(super) fn programs() -> impl Iterator<Item = String> {
    let named = |spec: &Spec| format!("{} {}", spec.names[0], spec.verbs.first().unwrap_or(&"")).trim_end().to_owned();
    tools::TABLE.iter().chain(programs::TABLE).map(named)
}

fn after_verb(spec: &Spec, verb: &str, words: &[Word]) -> Option<usize> {
    let mut rest = words.get(1..)?;
    for part in verb.split(' ') {
        let (first, after) = super::launch::options(rest, spec).rest.split_first()?;
        if text::known(&first.pieces)? != part {
            return None;
        }
        rest = after;
    }
    Some(words.len() - rest.len())
}
