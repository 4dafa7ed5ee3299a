//! Builtins of the shell that change what later commands mean or run text: `eval`, `source`, `trap`,
//! `alias`, `set`, `read`, `declare`.

use super::env::{Space, Value};
use super::expand::is_loose;
use super::flow::Output;
use super::launch::{assignment_name, cut, launcher};
use super::run::{Reader, Scope};
use super::text::{self, Text};
use hermes_plugin_api::command::{How, Piece, Why, Word};
use std::rc::Rc;

/// Acts as the builtin of this name, if it is one of those that matter here.
pub(super) fn run(reader: &mut Reader, index: usize, program: &str, words: &[Word], scope: &Scope) -> Option<Output> {
    let arguments = &words[1..];
    match program {
        "eval" => reader.eval(index, arguments, scope),
        "source" | "." => reader.source_file(index, program, arguments, scope),
        "trap" => reader.trap(index, arguments, scope),
        "alias" => reader.alias(arguments),
        "set" => reader.set_positional(arguments),
        "shift" => reader.shift(arguments),
        "read" => reader.read(arguments, scope),
        "mapfile" | "readarray" | "getopts" => reader.assign_unknown(arguments),
        "declare" | "typeset" | "local" | "export" | "readonly" => reader.declare(index, program, arguments),
        "unset" => reader.unset(arguments),
        "let" => reader.let_arithmetic(arguments),
        "hash" => reader.hash(arguments),
        "exit" | "return" | "break" | "continue" => {
            for capture in &mut reader.captures {
                capture.certain = false;
            }
        }
        "exec" if arguments.is_empty() => {}
        "cd" | ":" | "true" | "false" | "test" | "[" | "shopt" | "unalias" | "umask" | "wait" | "pushd" | "popd"
        | "disown" | "bg" | "sleep" | "mkdir" | "touch" | "chmod" => {}
        _ => return None,
    }
    Some(match program {
        "eval" | "source" | "." => Output::Elsewhere,
        "alias" | "trap" | "declare" | "typeset" | "export" | "readonly" | "set" if arguments.is_empty() => {
            Output::Unknown
        }
        "pushd" | "popd" | "mkdir" | "chmod" => Output::Unknown,
        _ => Output::Text(Text::new()),
    })
}

impl Reader {
    fn eval(&mut self, index: usize, arguments: &[Word], scope: &Scope) {
        let mut code = Text::new();
        let dashes = usize::from(
            arguments.first().is_some_and(|word| text::known(&word.pieces).is_some_and(|word| word == "--")),
        );
        for (at, word) in arguments[dashes..].iter().enumerate() {
            if at > 0 {
                text::push_str(&mut code, " ");
            }
            text::push_all(&mut code, &word.pieces);
        }
        self.run_text(index, &code, launcher("eval", How::Text), scope);
    }

    fn source_file(&mut self, index: usize, program: &str, arguments: &[Word], scope: &Scope) {
        let Some((file, rest)) = arguments.split_first() else {
            return;
        };
        if !rest.is_empty() {
            self.positional(rest, None);
        }
        self.run_file(index, file, launcher(program, How::File), scope);
    }

    /// `trap TEXT SIGNAL…`: read where it is set, with the values of that point.
    fn trap(&mut self, index: usize, arguments: &[Word], scope: &Scope) {
        let Some((code, signals)) = arguments.split_first() else {
            return;
        };
        let known = text::known(&code.pieces);
        if signals.is_empty() || known.as_deref().is_some_and(|code| code.starts_with('-')) {
            return;
        }
        let code = code.pieces.clone();
        self.maybe(|reader| reader.run_text(index, &code, launcher("trap", How::Text), scope));
    }

    fn alias(&mut self, arguments: &[Word]) {
        for word in arguments {
            if let Some(name) = assignment_name(word) {
                let name = name.to_owned();
                let value = cut(word, name.len() + 1).pieces;
                self.charge(text::len(&value));
                self.env.set(Space::Alias, &name, Value::Text(value));
            }
        }
    }

    /// `hash -p PATH NAME` makes a name run a path.
    fn hash(&mut self, arguments: &[Word]) {
        if let [option, path, names @ ..] = arguments
            && text::known(&option.pieces).is_some_and(|option| option == "-p")
        {
            for name in names {
                if let Some(name) = text::known(&name.pieces) {
                    self.env.set(Space::Alias, &name, Value::Text(path.pieces.clone()));
                }
            }
        }
    }

    /// `set -- ARG…` and `set ARG…`.
    fn set_positional(&mut self, arguments: &[Word]) {
        for (at, word) in arguments.iter().enumerate() {
            let known = text::known(&word.pieces);
            match known.as_deref() {
                Some("--" | "-") => return self.positional(&arguments[at + 1..], None),
                Some(option) if option.starts_with(['-', '+']) => {
                    for capture in &mut self.captures {
                        capture.certain &= !option.contains('e');
                    }
                    if option.ends_with('o') {
                        return;
                    }
                }
                _ => return self.positional(&arguments[at..], None),
            }
        }
    }

    fn shift(&mut self, arguments: &[Word]) {
        let count = match arguments.first() {
            None => Some(1),
            Some(word) => text::known(&word.pieces).and_then(|known| known.parse::<usize>().ok()),
        };
        let value = match (self.variable("@"), count) {
            (Value::List(items), Some(count))
                if count <= items.len() && !items.iter().any(|(_, item)| is_loose(item)) =>
            {
                self.budget.steps(items.len() * 4);
                let rest = items.iter().skip(count).enumerate();
                Value::List(Rc::new(rest.map(|(at, (_, text))| ((at + 1).to_string(), text.clone())).collect()))
            }
            _ => Value::Unknown,
        };
        self.env.set(Space::Variable, "@", value);
    }

    /// `read NAME…`: known where the input is one known line.
    fn read(&mut self, arguments: &[Word], scope: &Scope) {
        let names: Vec<String> = self.operands(arguments, "adinNptu");
        let line = self.known_input(scope).and_then(|input| input.lines().next().map(str::to_owned));
        let plain = arguments
            .iter()
            .all(|word| text::known(&word.pieces).is_some_and(|word| word == "-r" || !word.starts_with('-')));
        let usual = self.separators() == super::simple::Separators::Usual;
        self.read_input(scope);
        let names = if names.is_empty() { vec!["REPLY".to_owned()] } else { names };
        match line.filter(|line| plain && usual && !line.contains('\\')) {
            Some(line) => {
                let mut rest = line.trim_matches([' ', '\t']);
                for (at, name) in names.iter().enumerate() {
                    let end =
                        if at + 1 == names.len() { rest.len() } else { rest.find([' ', '\t']).unwrap_or(rest.len()) };
                    let value = text::word(&rest[..end], Default::default()).pieces;
                    self.assign_text(name, value);
                    rest = rest[end..].trim_start_matches([' ', '\t']);
                }
            }
            None => {
                for name in names {
                    self.env.set(Space::Variable, &name, Value::Unknown);
                }
            }
        }
    }

    /// The operands of a builtin that are names.
    fn operands(&mut self, arguments: &[Word], with_value: &str) -> Vec<String> {
        let mut names = Vec::new();
        let mut skip = false;
        for word in arguments {
            let Some(known) = text::known(&word.pieces) else {
                continue;
            };
            if std::mem::take(&mut skip) {
                // `read -a NAME`: the value of an option may be a name too.
                names.push(known.into_owned());
                continue;
            }
            match known.strip_prefix('-') {
                Some(cluster) => skip = cluster.chars().last().is_some_and(|c| with_value.contains(c)),
                None => names.push(known.into_owned()),
            }
        }
        names.retain(|name| name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_'));
        names
    }

    fn assign_unknown(&mut self, arguments: &[Word]) {
        let names = self.operands(arguments, "CcdnOsu");
        for name in names.iter().map(String::as_str).chain(["MAPFILE", "OPTARG", "OPTIND"]) {
            self.env.set(Space::Variable, name, Value::Unknown);
        }
    }

    fn declare(&mut self, index: usize, program: &str, arguments: &[Word]) {
        let exports = program == "export"
            || arguments
                .iter()
                .any(|word| text::known(&word.pieces).is_some_and(|word| word.starts_with('-') && word.contains('x')));
        let odd = arguments.iter().any(|word| {
            text::known(&word.pieces)
                .is_some_and(|word| word.starts_with('-') && word.contains(['n', 'i', 'u', 'l', 'c']))
        });
        let arrays: Vec<String> =
            self.simple[index].assignments.iter().map(|assignment| assignment.name.clone()).collect();
        for name in arrays {
            self.local(program, &name);
            self.env.set(Space::Variable, &name, Value::Unknown);
        }
        for word in arguments {
            if let Some(name) = assignment_name(word) {
                let (name, append) = match name.strip_suffix('+') {
                    Some(name) => (name.to_owned(), true),
                    None => (name.to_owned(), false),
                };
                let value = cut(word, name.len() + 1 + usize::from(append)).pieces;
                self.local(program, &name);
                if append || odd || name.contains('[') {
                    let name = name.split('[').next().unwrap_or_default().to_owned();
                    self.env.set(Space::Variable, &name, Value::Unknown);
                } else {
                    self.assign_text(&name, value);
                }
                self.export(&name, exports);
            } else if let Some(known) = text::known(&word.pieces)
                && !known.starts_with('-')
            {
                let name = known.into_owned();
                self.local(program, &name);
                if odd {
                    self.env.set(Space::Variable, &name, Value::Unknown);
                } else if program == "local" {
                    self.env.set(Space::Variable, &name, Value::Unset);
                }
                self.export(&name, exports);
            } else if text::known(&word.pieces).is_none() {
                for name in self.env.names(Space::Variable) {
                    self.budget.step();
                    self.env.set(Space::Variable, &name, Value::Unknown);
                }
            }
        }
    }

    fn export(&mut self, name: &str, exports: bool) {
        if exports {
            self.env.set(Space::Export, name, Value::Unset);
        }
    }

    /// Remembers what a local variable hides.
    fn local(&mut self, program: &str, name: &str) {
        if matches!(program, "local" | "declare" | "typeset") && !self.calls.is_empty() {
            let values = self.env.get(Space::Variable, name).to_vec();
            self.locals.push((name.to_owned(), values));
        }
    }

    fn unset(&mut self, arguments: &[Word]) {
        for word in arguments {
            match text::known(&word.pieces).map(|known| known.into_owned()) {
                Some(known) if known.starts_with('-') => {}
                Some(known) => {
                    let name = known.split('[').next().unwrap_or_default();
                    let value = if name.len() == known.len() { Value::Unset } else { Value::Unknown };
                    if known.contains("$(") || known.contains('`') {
                        self.opaque("A subscript may run a command", Some(word.span));
                    }
                    self.env.set(Space::Variable, name, value);
                }
                None => {
                    let shown = vec![text::unknown(Why::Variable, "")];
                    for name in self.env.names(Space::Variable) {
                        self.budget.step();
                        self.env.set(Space::Variable, &name, Value::Text(shown.clone()));
                    }
                }
            }
        }
    }

    fn let_arithmetic(&mut self, arguments: &[Word]) {
        for word in arguments {
            if let Some(known) = text::known(&word.pieces).map(|known| known.into_owned()) {
                self.compute(&known);
            } else if let Some(Piece::Text(start)) = word.pieces.first() {
                let name: String = start.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                self.env.set(Space::Variable, &name, Value::Unknown);
            }
        }
    }
}
