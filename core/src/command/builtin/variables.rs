//! Builtins that give variables values and attributes: `declare` and its kin, `unset`, `read`, `mapfile`,
//! `getopts`.

use crate::command::env::{Items, Space, Value, unite};
use crate::command::launch::{assignment_name, cut};
use crate::command::run::{Reader, Scope};
use crate::command::simple::{Separators, combined};
use crate::command::text;
use hermes_plugin_api::command::{Why, Word};
use std::rc::Rc;

impl Reader {
    /// Makes every variable unknown.
    pub(in crate::command) fn forget_variables(&mut self) {
        for name in self.env.names(Space::Variable) {
            self.budget.step();
            self.env.set(Space::Variable, &name, Value::Unknown);
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

    pub(super) fn assign_unknown(&mut self, arguments: &[Word]) {
        let names = self.operands(arguments, "CcdnOsu");
        for name in names.iter().map(String::as_str).chain(["OPTARG", "OPTIND"]) {
            self.env.set(Space::Variable, name, Value::Unknown);
        }
    }

    /// `mapfile -t NAME`: known where the input is.
    pub(super) fn map_file(&mut self, arguments: &[Word], scope: &Scope) {
        let names = self.operands(arguments, "CcdnOsu");
        let input = self.known_input(scope);
        self.read_input(scope);
        let options: Vec<_> = arguments.iter().filter_map(|word| text::known(&word.pieces)).collect();
        let plain = options.len() == arguments.len()
            && options.iter().all(|word| word == "-t" || !word.starts_with('-'))
            && names.len() <= 1;
        let keeps = !options.iter().any(|word| word == "-t");
        let value = match input.filter(|_| plain) {
            Some(input) => {
                let lines =
                    input.split_inclusive('\n').map(|line| if keeps { line } else { line.trim_end_matches('\n') });
                let items: Items = lines
                    .enumerate()
                    .map(|(at, line)| (at.to_string(), text::word(line, Default::default()).pieces))
                    .collect();
                self.charge(input.len());
                Value::List(Rc::new(items))
            }
            None => Value::Unknown,
        };
        let name = names.first().map_or("MAPFILE", String::as_str);
        self.env.set(Space::Variable, name, value);
        for name in names.iter().skip(1) {
            self.env.set(Space::Variable, name, Value::Unknown);
        }
    }

    /// `read NAME…`: known where the input is one known line.
    pub(super) fn read(&mut self, arguments: &[Word], scope: &Scope) {
        let names: Vec<String> = self.operands(arguments, "adinNptu");
        let line = self.known_input(scope).and_then(|input| input.lines().next().map(str::to_owned));
        let plain = arguments.iter().all(|word| {
            text::known(&word.pieces)
                .is_some_and(|word| matches!(&*word, "-r" | "-a" | "-ra") || !word.starts_with('-'))
        });
        let array = arguments
            .iter()
            .any(|word| text::known(&word.pieces).is_some_and(|word| word.starts_with('-') && word.contains('a')));
        self.read_input(scope);
        let separators = match self.separators() {
            Separators::Usual => Some(" \t\n".to_owned()),
            Separators::These(these) => Some(these),
            Separators::Unknown => None,
        };
        let names = if names.is_empty() { vec!["REPLY".to_owned()] } else { names };
        let Some((line, separators)) = line.filter(|line| plain && !line.contains('\\')).zip(separators) else {
            for name in names {
                self.env.set(Space::Variable, &name, Value::Unknown);
            }
            return;
        };
        if array {
            let fields = split(&line, &separators, usize::MAX);
            let items: Items = fields
                .iter()
                .enumerate()
                .map(|(at, field)| (at.to_string(), text::word(field, Default::default()).pieces))
                .collect();
            self.charge(line.len());
            self.env.set(Space::Variable, &names[0], Value::List(Rc::new(items)));
            return;
        }
        if names.len() == 1
            && names[0] == "REPLY"
            && arguments.iter().all(|word| text::known(&word.pieces).is_some_and(|word| word.starts_with('-')))
        {
            return self.assign_text("REPLY", text::word(&line, Default::default()).pieces);
        }
        let fields = split(&line, &separators, names.len());
        for (at, name) in names.iter().enumerate() {
            let field = fields.get(at).copied().unwrap_or_default();
            self.assign_text(name, text::word(field, Default::default()).pieces);
        }
    }

    /// `declare`, `typeset`, `local`, `export`, `readonly`.
    pub(super) fn declare(&mut self, program: &str, arguments: &[Word]) {
        if program == "local" && self.calls.is_empty() {
            // Outside a function it fails.
            return self.maybe(|reader| reader.declare_all(program, arguments));
        }
        self.declare_all(program, arguments);
    }

    fn declare_all(&mut self, program: &str, arguments: &[Word]) {
        let mut flags = String::new();
        let mut loose = false;
        for word in arguments {
            match text::known(&word.pieces) {
                Some(known) if known.starts_with(['-', '+']) => flags.push_str(&known),
                Some(_) => {}
                None => loose |= assignment_name(word).is_none(),
            }
        }
        let has = |flag: char| flags.contains(flag);
        if loose {
            self.forget_variables();
        }
        let exports = program == "export" && !has('n') || has('x');
        let fixes = program == "readonly" || has('r');
        let arrays = std::mem::take(&mut self.declared);
        for word in arguments {
            let name = assignment_name(word).map(str::to_owned);
            let known = text::known(&word.pieces).map(|known| known.into_owned());
            match (name, known) {
                (Some(name), _) => {
                    self.declare_value(program, &name, word, &flags);
                    if fixes {
                        self.env.fix(Space::Variable, name.split(['[', '+']).next().unwrap_or_default());
                    }
                }
                (None, Some(known)) if !known.starts_with(['-', '+']) => {
                    if has('f') || has('F') {
                        if fixes {
                            self.env.fix(Space::Function, &known);
                        }
                        if exports {
                            self.env.set(Space::Export, &format!("{known}()"), Value::Unset);
                        }
                        continue;
                    }
                    match arrays.iter().find(|(name, ..)| *name == known) {
                        Some((name, append, value)) => self.declare_array(program, name, *append, value),
                        None => self.declare_name(program, &known, &flags),
                    }
                    if fixes {
                        self.env.fix(Space::Variable, &known);
                    }
                    if exports {
                        self.env.set(Space::Export, &known, Value::Unset);
                    }
                }
                _ => {}
            }
        }
    }

    fn declare_array(&mut self, program: &str, name: &str, append: bool, value: &Value) {
        self.local(program, name);
        let mut values = Vec::new();
        for old in self.env.get(Space::Variable, name).to_vec() {
            let new = if append { combined(&old, None, true, value) } else { value.clone() };
            unite(&mut values, &[new]);
        }
        self.env.set_all(Space::Variable, name, values);
    }

    fn declare_value(&mut self, program: &str, name: &str, word: &Word, flags: &str) {
        let (name, append) = match name.strip_suffix('+') {
            Some(name) => (name, true),
            None => (name, false),
        };
        let value = cut(word, name.len() + 1 + usize::from(append)).pieces;
        let base = name.split('[').next().unwrap_or_default();
        if flags.contains('n') && program != "export" {
            self.local(program, base);
            let target = text::known(&value).filter(|target| is_name(target) && *target != base);
            let value = target.map_or(Value::Unknown, |target| Value::Reference(target.into_owned()));
            if value == Value::Unknown {
                self.forget_variables();
            }
            return self.env.set_direct(Space::Variable, base, vec![value]);
        }
        self.local(program, base);
        if flags.contains(['i', 'u', 'l', 'c']) {
            self.unsteady.insert(base.to_owned());
        }
        if flags.contains('i') {
            self.numbers.insert(base.to_owned());
            if let Some(sum) = text::known(&value).map(|sum| sum.into_owned()) {
                self.compute(&sum);
            }
        }
        if flags.contains(['A', 'a']) || append || base.len() < name.len() {
            self.env.set(Space::Variable, base, Value::Unknown);
        } else {
            self.assign_text(base, value);
        }
        if program == "export" && !flags.contains('n') || flags.contains('x') {
            self.env.set(Space::Export, base, Value::Unset);
        }
    }

    fn declare_name(&mut self, program: &str, name: &str, flags: &str) {
        self.local(program, name);
        let local =
            matches!(program, "local" | "declare" | "typeset") && !self.calls.is_empty() && !flags.contains(['g', 'p']);
        if flags.contains(['i', 'u', 'l', 'c']) {
            self.unsteady.insert(name.to_owned());
        }
        if flags.contains('i') {
            self.numbers.insert(name.to_owned());
        }
        if flags.contains('n') && program != "export" {
            // The value that it has is the name it stands for.
            self.forget_variables();
            self.env.set_direct(Space::Variable, name, vec![Value::Unknown]);
        } else if flags.contains('A') {
            if local || !matches!(self.env.get(Space::Variable, name), [Value::Map(_)]) {
                self.env.set(Space::Variable, name, Value::Map(Rc::default()));
            }
        } else if local {
            self.env.set(Space::Variable, name, Value::Unset);
        }
    }

    /// Remembers what a local variable hides.
    fn local(&mut self, program: &str, name: &str) {
        if matches!(program, "local" | "declare" | "typeset") && !self.calls.is_empty() {
            let values = self.env.direct(Space::Variable, name).to_vec();
            self.locals.push((name.to_owned(), values));
            if matches!(self.env.direct(Space::Variable, name), [Value::Reference(_)]) {
                self.env.set_direct(Space::Variable, name, vec![Value::Unset]);
            }
        }
    }

    pub(super) fn unset(&mut self, arguments: &[Word]) {
        let mut functions = None;
        for word in arguments {
            match text::known(&word.pieces).map(|known| known.into_owned()) {
                Some(known) if known.starts_with('-') => {
                    functions = Some(known.contains('f'));
                    if known.contains('n') {
                        self.forget_variables();
                    }
                }
                Some(known) => self.unset_name(&known, functions),
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

    fn unset_name(&mut self, known: &str, functions: Option<bool>) {
        let (name, subscript) = match known.split_once('[') {
            Some((name, rest)) => (name, rest.strip_suffix(']')),
            None => (known, None),
        };
        if functions == Some(true) {
            return self.env.set(Space::Function, name, Value::Outer);
        }
        if name.len() == known.len() {
            if functions.is_none() && matches!(self.env.get(Space::Variable, name), [Value::Outer]) {
                // Without a variable of this name it is the function that goes.
                let mut values = self.env.get(Space::Function, name).to_vec();
                unite(&mut values, &[Value::Outer]);
                self.env.set_all(Space::Function, name, values);
            }
            return self.env.set(Space::Variable, name, Value::Unset);
        }
        let value = match (self.env.get(Space::Variable, name).to_vec().as_slice(), subscript) {
            ([old @ Value::List(items)], Some(subscript)) if subscript != "@" && subscript != "*" => {
                let items = items.clone();
                match self.index_of(std::slice::from_ref(old), subscript) {
                    Some(index) => {
                        Value::List(Rc::new(items.iter().filter(|(key, _)| *key != index).cloned().collect()))
                    }
                    None => Value::Unknown,
                }
            }
            ([Value::Map(items)], Some(key)) if key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') => {
                Value::Map(Rc::new(items.iter().filter(|(own, _)| own != key).cloned().collect()))
            }
            _ => Value::Unknown,
        };
        self.env.set(Space::Variable, name, value);
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Splits a line as `read` does for so many names; the last takes what is left.
fn split<'l>(line: &'l str, separators: &str, most: usize) -> Vec<&'l str> {
    let blank = |c: char| matches!(c, ' ' | '\t' | '\n') && separators.contains(c);
    let mut fields = Vec::new();
    let mut rest = line.trim_start_matches(blank);
    while !rest.is_empty() && fields.len() < most {
        let end = rest.find(|c| separators.contains(c)).unwrap_or(rest.len());
        let after = rest[end..].trim_start_matches(blank);
        let after = match after.chars().next() {
            Some(c) if separators.contains(c) => after[c.len_utf8()..].trim_start_matches(blank),
            _ => after,
        };
        if fields.len() + 1 == most && !after.is_empty() {
            // What is left, with its separators but without blanks at its end.
            fields.push(rest.trim_end_matches(blank));
            return fields;
        }
        fields.push(&rest[..end]);
        rest = after;
    }
    fields
}
