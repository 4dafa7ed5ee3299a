//! Builtins of the shell that change what later commands mean or run text: `eval`, `source`, `trap`,
//! `alias`, `set`, `read`, `declare`.

mod trap;
mod variables;

pub(super) use trap::Traps;

use super::env::{Leaves, Space, Value, unite};
use super::expand::is_loose;
use super::flow::Output;
use super::launch::{assignment_name, cut, launcher};
use super::run::{Reader, Scope};
use super::text::{self, Text};
use hermes_plugin_api::command::{How, Piece, Word};
use std::rc::Rc;

/// Acts as the builtin of this name, if it is one of those that matter here.
pub(super) fn run(reader: &mut Reader, index: usize, program: &str, words: &[Word], scope: &Scope) -> Option<Output> {
    let arguments = &words[1..];
    reader.subscripts(program, arguments);
    match program {
        "eval" => reader.eval(index, arguments, scope),
        "source" | "." => reader.source_file(index, program, arguments, scope),
        "trap" => reader.trap(index, arguments, scope),
        "alias" => reader.alias(arguments),
        "set" => reader.set_positional(arguments),
        "shift" => reader.shift(arguments),
        "read" => reader.read(arguments, scope),
        "mapfile" | "readarray" => reader.map_file(arguments, scope),
        "getopts" => reader.assign_unknown(arguments),
        "declare" | "typeset" | "local" | "export" | "readonly" => reader.declare(program, arguments),
        "unset" => reader.unset(arguments),
        "let" => reader.let_arithmetic(arguments),
        "hash" => reader.hash(arguments),
        "exit" | "return" | "break" | "continue" => {
            for capture in &mut reader.captures {
                capture.certain = false;
            }
            match program {
                "exit" => {}
                "return" => reader.env.leave(Leaves::Function),
                _ => reader.env.leave(Leaves::Loop),
            }
        }
        "exec" if arguments.is_empty() => reader.exec_input(index, scope),
        "shopt" => reader.last_pipe |= names_last_pipe(arguments),
        "cd" | "pushd" | "popd" => reader.moved = true,
        ":" | "true" | "false" | "test" | "[" | "unalias" | "umask" | "wait" | "disown" | "bg" | "sleep" | "mkdir"
        | "touch" | "chmod" => {}
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
    /// Names that builtins are given are evaluated: the subscript of `read 'a[$(date)]'` runs a command.
    fn subscripts(&mut self, program: &str, arguments: &[Word]) {
        let takes_names = match program {
            "read" | "unset" | "getopts" | "mapfile" | "readarray" | "declare" | "typeset" | "local" | "export"
            | "readonly" => true,
            "test" | "[" => has_option(arguments, &["-v", "-R"]),
            "printf" => has_option(arguments, &["-v"]),
            "wait" => has_option(arguments, &["-p"]),
            _ => false,
        };
        // With `-i` the value is a sum, in which a name may stand anywhere.
        let sums = matches!(program, "declare" | "typeset" | "local" | "export" | "readonly")
            && arguments.iter().any(|word| word.leading().starts_with('-') && word.leading().contains('i'));
        let runs_within = |known: &str| match sums {
            true => known.split_once('[').is_some_and(|(_, rest)| runs(rest)),
            false => runs_in_subscript(known),
        };
        let runs = |word: &&Word| text::known(&word.pieces).is_some_and(|known| runs_within(&known));
        if takes_names && let Some(word) = arguments.iter().find(runs) {
            self.opaque("A subscript may run a command", Some(word.span));
        }
    }

    /// `[[ … ]]`: what is compared as a number, or asked for by name, is evaluated.
    pub(super) fn test(&mut self, words: &[super::ast::Word], scope: &Scope) {
        const EVALUATE: &[&str] = &["-eq", "-ne", "-lt", "-le", "-gt", "-ge", "-v", "-R"];
        let words: Vec<Word> = words.iter().map(|word| self.single(word, scope)).collect();
        let known: Vec<_> = words.iter().filter_map(|word| text::known(&word.pieces)).collect();
        if known.iter().any(|word| EVALUATE.contains(&word.as_ref()))
            // Numbers are sums: the name need not stand first.
            && known.iter().any(|word| word.split_once('[').is_some_and(|(_, rest)| runs(rest)))
        {
            self.opaque("A subscript may run a command", None);
        }
    }

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
        self.leaving(Leaves::Function, |reader| {
            if rest.is_empty() {
                return reader.run_file(index, file, launcher(program, How::File), scope);
            }
            let before = reader.env.get(Space::Variable, "@").to_vec();
            reader.positional(rest, None);
            reader.run_file(index, file, launcher(program, How::File), scope);
            reader.env.set_all(Space::Variable, "@", before);
        });
    }

    fn alias(&mut self, arguments: &[Word]) {
        for word in arguments {
            if let Some(name) = assignment_name(word) {
                let name = name.to_owned();
                let value = cut(word, name.len() + 1).pieces;
                self.charge(text::len(&value));
                // A line that was parsed before still has what was there.
                let mut values = vec![Value::Text(value)];
                unite(&mut values, self.env.get(Space::Alias, &name));
                self.env.set_all(Space::Alias, &name, values);
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
                    let after = arguments.get(at + 1).and_then(|word| text::known(&word.pieces));
                    self.set_option(option, after.as_deref().unwrap_or_default());
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

    /// Options that change how what follows is read.
    fn set_option(&mut self, option: &str, name: &str) {
        let on = option.starts_with('-');
        let named = option.ends_with('o');
        if option.contains('B') || named && name == "braceexpand" {
            let value = if on { Value::Outer } else { Value::Unset };
            self.env.set(Space::Variable, super::expand::BRACES, value);
        }
        if on && (option.contains('k') || named && name == "keyword") {
            self.opaque("Assignments count wherever they stand (`set -k`)", None);
        }
        if option.contains(['E', 'T']) || named && matches!(name, "errtrace" | "functrace") {
            self.traps.inherited |= on;
        }
    }

    /// `exec < FILE`: what is read from now on comes from there. A file that this line wrote may hold commands.
    fn exec_input(&mut self, index: usize, scope: &Scope) {
        let own = self.simple[index].redirects.len() > scope.redirects.len();
        let Some(input) = scope.input.filter(|_| own) else {
            return;
        };
        let reads = self.simple[index].redirects[scope.redirects.len()..].iter().any(|redirect| redirect.fd == Some(0));
        let foreign = matches!(&self.inputs[input].text[..], [Piece::Unknown(unknown)] if unknown.from.is_empty());
        if reads && !foreign {
            self.opaque("`exec` changes where commands are read from", Some(self.simple[index].span));
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

fn has_option(words: &[Word], options: &[&str]) -> bool {
    words.iter().any(|word| text::known(&word.pieces).is_some_and(|known| options.contains(&&*known)))
}

/// `name[$(command)]`, in any part of an assignment or name.
fn runs_in_subscript(known: &str) -> bool {
    let Some((name, rest)) = known.split_once('[') else { return false };
    let is_name = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    is_name && runs(rest)
}

fn runs(subscript: &str) -> bool {
    subscript.contains("$(") || subscript.contains('`') || subscript.contains("${")
}

/// Whether options of the shell may make the last stage of a pipeline run in the shell itself.
pub(super) fn names_last_pipe(words: &[Word]) -> bool {
    words.iter().any(|word| text::known(&word.pieces).is_none_or(|known| known == "lastpipe"))
}
