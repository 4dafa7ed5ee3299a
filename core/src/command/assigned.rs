//! Which variables a loop's body may assign, found from its shape alone: before the body is walked they
//! become unknown, as an earlier round may have changed them. When in doubt, all of them.

use super::ast::{AssignValue, Command, Kind, List, Param, ParamOp, Part, Word};
use super::env::{Space, Value};
use super::run::Reader;
use hermes_plugin_api::command::Span;
use std::collections::HashSet;
use std::rc::Rc;

/// What a body may assign.
#[derive(Default)]
struct Assigned<'a> {
    names: HashSet<&'a str>,
    /// Those of them that are assigned as a whole, and those of which an array or an element is assigned.
    scalars: HashSet<&'a str>,
    arrays: HashSet<&'a str>,
    functions: Vec<&'a str>,
    everything: bool,
}

/// Builtins that assign to the names in their arguments.
const ASSIGNING: &[&str] = &[
    "read",
    "mapfile",
    "readarray",
    "getopts",
    "printf",
    "declare",
    "typeset",
    "local",
    "export",
    "readonly",
    "let",
    "unset",
    "set",
    "shift",
    "wait",
];
/// Builtins that may assign anything.
const ANYTHING: &[&str] = &["eval", "source", ".", "command", "builtin"];

impl Reader {
    /// Makes everything that the lists, words and names may assign unknown.
    pub(super) fn havoc(&mut self, lists: &[&List], words: &[Word], names: &[&str]) {
        let mut assigned = Assigned::default();
        lists.iter().for_each(|list| assigned.list(list));
        words.iter().for_each(|word| {
            assigned.word(word);
            assigned.arithmetic(word);
        });
        assigned.names.extend(names.iter().copied());
        self.forget(&assigned);
    }

    /// Makes everything that a function's body may assign unknown.
    pub(super) fn havoc_command(&mut self, command: &Command) {
        let mut assigned = Assigned::default();
        assigned.command(command);
        self.forget(&assigned);
    }

    /// Makes everything that code assigns unsteady: it runs at any time.
    pub(super) fn unsettle(&mut self, list: &List, span: Span) {
        let mut assigned = Assigned::default();
        assigned.list(list);
        let bodies: Vec<_> = assigned
            .functions
            .iter()
            .flat_map(|name| self.env.get(Space::Function, name))
            .filter_map(|value| if let Value::Function(body) = value { Some(Rc::clone(body)) } else { None })
            .collect();
        for body in &bodies {
            let mut inner = Assigned::default();
            inner.command(body);
            self.unsteady.extend(inner.names.iter().map(|name| (*name).to_owned()));
            assigned.everything |= inner.everything;
        }
        self.unsteady.extend(assigned.names.iter().map(|name| (*name).to_owned()));
        if assigned.everything {
            self.opaque("A trap may change what any variable holds", Some(span));
        }
    }

    fn forget(&mut self, assigned: &Assigned<'_>) {
        let calls = assigned.functions.iter().any(|name| self.env.get(Space::Function, name) != [Value::Outer]);
        let mut names: Vec<String> = assigned.names.iter().map(|name| (*name).to_owned()).collect();
        if assigned.everything || calls {
            names.extend(self.env.names(Space::Variable));
        }
        self.budget.steps(names.len() + 1);
        // What `a=x` means depends on whether an earlier round made an array of it.
        self.unsteady.extend(assigned.scalars.intersection(&assigned.arrays).map(|name| (*name).to_owned()));
        for name in names {
            self.env.set(Space::Variable, &name, Value::Unknown);
        }
    }
}

impl<'a> Assigned<'a> {
    fn list(&mut self, list: &'a List) {
        for item in &list.items {
            let pipelines = std::iter::once(&item.first).chain(item.rest.iter().map(|(_, pipeline)| pipeline));
            for command in pipelines.flat_map(|pipeline| &pipeline.commands) {
                self.command(command);
            }
        }
    }

    fn command(&mut self, command: &'a Command) {
        match &command.kind {
            Kind::Simple(simple) => {
                for assign in simple.assignments.iter().chain(&simple.declared) {
                    self.names.insert(&assign.name);
                    let whole = matches!(assign.value, AssignValue::Scalar(_)) && assign.subscript.is_none();
                    let kind = if whole { &mut self.scalars } else { &mut self.arrays };
                    kind.insert(&assign.name);
                }
                simple.words.iter().for_each(|word| self.word(word));
                self.simple(&simple.words);
            }
            Kind::Group(list) | Kind::ArithFor(_, list) => {
                if let Kind::ArithFor(head, _) = &command.kind {
                    head.iter().for_each(|word| self.arithmetic(word));
                }
                self.list(list);
            }
            Kind::If(branches, otherwise) => {
                for branch in branches {
                    self.list(&branch.condition);
                    self.list(&branch.body);
                }
                otherwise.iter().for_each(|list| self.list(list));
            }
            Kind::Loop(branch) => {
                self.list(&branch.condition);
                self.list(&branch.body);
            }
            Kind::For(each) | Kind::Select(each) => {
                self.names.insert(&each.name);
                self.list(&each.body);
            }
            Kind::Case(_, arms) => arms.iter().for_each(|arm| self.list(&arm.body)),
            Kind::Arith(word) => self.arithmetic(word),
            Kind::Coproc(name, _) => {
                self.names.insert(name);
            }
            Kind::Test(_) => {
                self.names.insert("BASH_REMATCH");
            }
            Kind::Subshell(_) | Kind::Function(..) | Kind::Broken => {}
        }
    }

    fn simple(&mut self, words: &'a [Word]) {
        let Some((first, arguments)) = words.split_first() else {
            return;
        };
        let [Part::Plain(program) | Part::Quoted(program)] = &first.parts[..] else {
            self.everything = true;
            return;
        };
        if ANYTHING.contains(&&**program) {
            self.everything = true;
        } else if **program == *"trap" {
            // What a trap assigns is made unsteady where it is set.
        } else if ASSIGNING.contains(&&**program) {
            self.names.insert("@");
            for part in arguments.iter().flat_map(|word| &word.parts) {
                match part {
                    Part::Plain(text) | Part::Quoted(text) => self.identifiers(text),
                    _ => self.everything = true,
                }
            }
        } else {
            self.functions.push(program);
        }
    }

    fn arithmetic(&mut self, word: &'a Word) {
        for part in &word.parts {
            match part {
                Part::Plain(text) | Part::Quoted(text) => self.identifiers(text),
                Part::Param(_) => {}
                _ => self.everything = true,
            }
        }
    }

    /// `${x:=…}` and `$((x = …))` inside words.
    fn word(&mut self, word: &'a Word) {
        self.parts(&word.parts);
    }

    fn parts(&mut self, parts: &'a [Part]) {
        for part in parts {
            match part {
                Part::Double(inner) => self.parts(inner),
                Part::Arith(word) => self.arithmetic(word),
                Part::Param(param) => self.param(param),
                Part::Hole(_) => self.everything = true,
                Part::Plain(_) | Part::Quoted(_) | Part::Command(_) | Part::Process { .. } => {}
            }
        }
    }

    fn param(&mut self, param: &'a Param) {
        if let Some(ParamOp::Default { kind, word, .. }) = &param.op {
            if *kind == b'=' {
                self.names.insert(&param.name);
            }
            self.parts(&word.parts);
        }
    }

    fn identifiers(&mut self, text: &'a str) {
        let names = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        self.names.extend(names.filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')));
    }
}
