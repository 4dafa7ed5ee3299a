//! One simple command: its words, assignments and redirections, once for each value that decides them.

use super::ast::{self, Assign, AssignValue, SimpleCommand};
use super::env::{Changes, Items, Space, Value, unite};
use super::expand::is_loose;
use super::run::{Reader, Scope};
use super::text::{self, Text};
use hermes_plugin_api::command::{Assignment, Launcher, Redirect, Simple, Span, Stdin, Word};
use std::rc::Rc;

/// Most times that one command is walked for different values.
const MAX_WALKS: usize = 8;

/// Which of several possible values is taken where: a path through all combinations.
#[derive(Debug, Default)]
pub(super) struct Choice {
    /// For each point in order: the value taken and how many there are.
    path: Vec<(usize, usize)>,
    at: usize,
    /// Take none: everything undecided is unknown.
    exhausted: bool,
    /// Variables from outside the line that this walk takes as set (`true`) or unset.
    set: Vec<(String, bool)>,
}

/// What splits the results of expansions into words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Separators {
    /// Blank, tab and newline.
    Usual,
    These(String),
    Unknown,
}

/// A simple command with its words expanded, before it is told what it does.
pub(super) struct Expanded {
    pub(super) words: Vec<Word>,
    pub(super) assignments: Vec<Assignment>,
    pub(super) redirects: Vec<Redirect>,
    pub(super) span: Span,
}

impl Reader {
    /// Takes one of `n` possibilities; `None` where there were too many to take each.
    pub(super) fn choose(&mut self, n: usize) -> Option<usize> {
        if n <= 1 {
            return Some(0);
        }
        if self.choice.exhausted {
            self.choice.at += 1;
            return None;
        }
        if self.choice.at == self.choice.path.len() {
            self.choice.path.push((0, n));
        }
        let taken = self.choice.path[self.choice.at].0;
        self.choice.at += 1;
        Some(taken)
    }

    /// Whether a variable of which nothing is known is set, the same throughout a walk. `None`: read it as
    /// unknown.
    pub(super) fn choose_set(&mut self, name: &str) -> Option<bool> {
        if let Some((_, set)) = self.choice.set.iter().find(|(own, _)| own == name) {
            return Some(*set);
        }
        let set = self.choose(2)? == 0;
        self.choice.set.push((name.to_owned(), set));
        Some(set)
    }

    /// One of the values that a variable may have.
    pub(super) fn variable(&mut self, name: &str) -> Value {
        self.budget.step();
        if let Some(value) = self.special(name) {
            return value;
        }
        let count = self.env.get(Space::Variable, name).len();
        match self.choose(count) {
            Some(index) => self.env.get(Space::Variable, name).get(index).cloned().unwrap_or(Value::Unknown),
            None => Value::Unknown,
        }
    }

    fn special(&mut self, name: &str) -> Option<Value> {
        let positional = |reader: &mut Reader| match reader.variable("@") {
            Value::List(items) => Some(items),
            _ => None,
        };
        let known = |text: &str| Some(Value::Text(text::word(text, Span::default()).pieces));
        match name {
            "@" if self.env.get(Space::Variable, "@") == [Value::Outer] => Some(Value::List(Rc::default())),
            "#" => match positional(self) {
                Some(items) if items.iter().any(|(_, item)| is_loose(item)) => Some(Value::Unknown),
                Some(items) => known(&items.len().to_string()),
                None => Some(Value::Unknown),
            },
            "0" if self.env.get(Space::Variable, "0") == [Value::Outer] => known("bash"),
            "IFS" if self.env.get(Space::Variable, "IFS") == [Value::Outer] => known(" \t\n"),
            _ if name.starts_with(|c: char| c.is_ascii_digit()) && name != "0" => match positional(self) {
                Some(items) => {
                    let index = name.parse::<usize>().unwrap_or(usize::MAX).wrapping_sub(1);
                    let loose = items.iter().take(index.saturating_add(1)).any(|(_, item)| is_loose(item));
                    if loose {
                        return Some(Value::Unknown);
                    }
                    Some(items.get(index).map_or(Value::Unset, |(_, text)| Value::Text(text.clone())))
                }
                None => Some(Value::Unknown),
            },
            _ => None,
        }
    }

    /// The characters of `IFS`.
    pub(super) fn separators(&self) -> Separators {
        match self.env.get(Space::Variable, "IFS") {
            [Value::Unset] | [Value::Outer] => Separators::Usual,
            [Value::Text(text)] => match text::known(text) {
                Some(known) => Separators::These(known.into_owned()),
                None => Separators::Unknown,
            },
            _ => Separators::Unknown,
        }
    }

    /// Walks a simple command for each combination of values that decide it.
    pub(super) fn simple(&mut self, simple: &SimpleCommand, redirects: &[ast::Redirect], span: Span, scope: &Scope) {
        let outer = std::mem::take(&mut self.choice);
        let mark = self.env.mark();
        let mut outcomes: Vec<Changes> = Vec::new();
        loop {
            self.choice.at = 0;
            self.choice.set.clear();
            self.simple_once(simple, redirects, span, scope);
            let points = self.choice.at;
            if points == 0 {
                break;
            }
            outcomes.push(self.env.take_since(mark));
            if let Some(capture) = self.captures.last_mut() {
                capture.certain &= !scope.captured;
            }
            if self.choice.exhausted || self.budget.over().is_some() || !self.next_choice(outcomes.len()) {
                break;
            }
        }
        self.choice = outer;
        if !outcomes.is_empty() {
            self.env.join(outcomes, true);
        }
    }

    /// Moves on to the next combination; false after the last.
    fn next_choice(&mut self, walks: usize) -> bool {
        while let Some((taken, of)) = self.choice.path.pop() {
            if taken + 1 < of {
                self.choice.path.push((taken + 1, of));
                self.choice.exhausted = walks >= MAX_WALKS;
                return true;
            }
        }
        false
    }

    fn simple_once(&mut self, simple: &SimpleCommand, redirects: &[ast::Redirect], span: Span, scope: &Scope) {
        let Some(index) = self.reserve(scope.origin.unwrap_or(span)) else {
            return;
        };
        let mut words = Vec::with_capacity(simple.words.len());
        let declares = simple.words.first().is_some_and(ast::Word::declares);
        for word in &simple.words {
            if declares && word.assigns() {
                self.declared(word, scope, &mut words);
            } else {
                self.fields(word, scope, &mut words);
            }
        }
        let own = self.redirects(redirects, scope);
        let assignments = self.assignments(&simple.assignments, words.is_empty(), scope);
        self.charge(scope.redirects.iter().map(|redirect| 16 + text::len(&redirect.target.pieces)).sum());
        let mut all = Vec::with_capacity(scope.redirects.len() + own.len());
        all.extend(scope.redirects.iter().cloned());
        all.extend(own.iter().cloned());
        let scope = self.rewired(&own, scope);
        let expanded = Expanded { words, assignments, redirects: all, span: scope.origin.unwrap_or(span) };
        self.place(index, expanded, &scope);
        self.finish_redirects(&own, index);
    }

    /// Takes the next index, so that commands stand in the order of the text.
    pub(super) fn reserve(&mut self, span: Span) -> Option<usize> {
        if !self.budget.simples(self.simple.len()) {
            return None;
        }
        self.simple.push(Simple { span, ..Simple::default() });
        Some(self.simple.len() - 1)
    }

    /// Fills in a reserved command and does what it does.
    pub(super) fn place(&mut self, index: usize, expanded: Expanded, scope: &Scope) {
        let stdin = match scope.input {
            Some(input) => self.inputs[input].stdin.clone(),
            None => Stdin::Inherited,
        };
        if let Stdin::Pipe(from) = &stdin {
            for producer in from.clone() {
                if self.budget.links(2) {
                    self.simple[producer].feeds.push(index);
                }
            }
        }
        let own = expanded.redirects.len() * 16 + scope.via.len() * 16 + expanded.words.len();
        self.budget.steps(own / 8);
        self.simple[index] = Simple {
            words: expanded.words.clone(),
            assignments: expanded.assignments,
            redirects: expanded.redirects,
            via: scope.via.to_vec(),
            stdin,
            feeds: std::mem::take(&mut self.simple[index].feeds),
            background: scope.background,
            reach: scope.reach,
            span: expanded.span,
            ..Simple::default()
        };
        self.dispatch(index, &expanded.words, scope);
    }

    /// Adds a command that another one runs, with the same input, output and redirections.
    pub(super) fn inner(&mut self, outer: usize, words: Vec<Word>, launcher: Launcher, scope: &Scope) {
        if words.is_empty() {
            return;
        }
        let span = self.simple[outer].span;
        let Some(index) = self.reserve(span) else {
            return;
        };
        let scope = self.through(launcher, scope);
        let redirects = self.simple[outer].redirects.clone();
        self.charge(words.iter().map(|word| 16 + text::len(&word.pieces)).sum());
        if self.budget.enter() {
            let assignments = std::mem::take(&mut self.given);
            self.place(index, Expanded { words, assignments, redirects, span }, &scope);
        }
        self.budget.leave();
    }

    /// The scope of what a launcher runs.
    pub(super) fn through(&self, launcher: Launcher, scope: &Scope) -> Scope {
        let mut via = scope.via.to_vec();
        via.push(launcher);
        Scope { via: Rc::new(via), ..scope.clone() }
    }

    /// Expands assignments; where no program follows they stay.
    fn assignments(&mut self, assigns: &[Assign], stay: bool, scope: &Scope) -> Vec<Assignment> {
        let mut done = Vec::with_capacity(assigns.len());
        for assign in assigns {
            let (value, shown) = self.assigned_value(assign, scope);
            done.push(Assignment { name: assign.name.clone(), value: shown });
            if stay || assign.subscript.is_some() {
                self.assign(assign, value, scope);
            }
        }
        done
    }

    fn assigned_value(&mut self, assign: &Assign, scope: &Scope) -> (Value, Word) {
        match &assign.value {
            AssignValue::Scalar(word) => {
                let shown = self.assigned(word, scope);
                (Value::Text(shown.pieces.clone()), shown)
            }
            AssignValue::Array(elements) => {
                let mut items: Vec<(String, Text)> = Vec::new();
                let mut next = 0usize;
                for (subscript, word) in elements {
                    let mut words = Vec::new();
                    match subscript {
                        Some(subscript) => {
                            let key = self.single_parts(&subscript.parts, scope, false);
                            let key = text::known(&key).map(|key| key.into_owned()).unwrap_or_default();
                            next = key.parse::<usize>().map_or(next, |n| n.wrapping_add(1));
                            items.push((key, self.single(word, scope).pieces));
                        }
                        None => self.fields(word, scope, &mut words),
                    }
                    for word in words {
                        items.push((next.to_string(), word.pieces));
                        next = next.wrapping_add(1);
                    }
                }
                let texts: Vec<Text> = items.iter().map(|(_, text)| text.clone()).collect();
                let shown = Word { pieces: self.joined(&texts), span: Span::default() };
                (Value::List(Rc::new(items)), shown)
            }
        }
    }

    fn assign(&mut self, assign: &Assign, value: Value, scope: &Scope) {
        let name = &assign.name;
        let mut key = None;
        if let Some(subscript) = &assign.subscript {
            let pieces = self.single_parts(&subscript.parts, scope, false);
            let known = text::known(&pieces).map(|known| known.into_owned());
            if known.as_deref().is_some_and(|known| known.contains("$(") || known.contains('`')) {
                self.opaque("A subscript may run a command", Some(subscript.span));
            }
            key = Some(known);
        }
        let values = match (key, assign.append, value) {
            (None, false, value) => vec![value],
            (key, append, value) => {
                let old = self.env.get(Space::Variable, name).to_vec();
                let mut values = Vec::new();
                for old in &old {
                    unite(&mut values, &[combined(old, key.clone(), append, &value)]);
                }
                values
            }
        };
        let size = values.iter().map(value_len).sum();
        self.charge(size);
        self.env.set_all(Space::Variable, name, values);
    }
}

fn value_len(value: &Value) -> usize {
    match value {
        Value::Text(text) => text::len(text),
        Value::List(items) => items.iter().map(|(_, text)| 8 + text::len(text)).sum(),
        _ => 1,
    }
}

/// `a+=x`, `a[k]=x`, `a[k]+=x`, `a+=(…)`.
fn combined(old: &Value, key: Option<Option<String>>, append: bool, value: &Value) -> Value {
    match (old, key, value) {
        (_, Some(None), _) | (Value::Outer | Value::Unknown | Value::Function(_), _, _) if append => Value::Unknown,
        (_, Some(None), _) => Value::Unknown,
        (Value::Text(old), None, Value::Text(more)) => {
            let mut text = old.clone();
            text::push_all(&mut text, more);
            Value::Text(text)
        }
        (Value::Unset, None, value) => value.clone(),
        (old, None, Value::List(more)) => {
            let mut items = items_of(old);
            let next: usize = items.last().and_then(|(key, _)| key.parse::<usize>().ok()).map_or(0, |last| last + 1);
            items.extend(more.iter().enumerate().map(|(at, (_, text))| ((next + at).to_string(), text.clone())));
            Value::List(Rc::new(items))
        }
        (old, Some(Some(key)), Value::Text(text)) => {
            let mut items = items_of(old);
            let Ok(at) = key.parse::<usize>() else {
                return Value::Unknown;
            };
            if items.iter().any(|(_, item)| is_loose(item)) {
                return Value::Unknown;
            }
            match items.iter_mut().find(|(own, _)| *own == key) {
                Some((_, own)) if append => text::push_all(own, text),
                Some((_, own)) => own.clone_from(text),
                None => {
                    let after = items.iter().position(|(own, _)| own.parse::<usize>().is_ok_and(|own| own > at));
                    items.insert(after.unwrap_or(items.len()), (key, text.clone()));
                }
            }
            Value::List(Rc::new(items))
        }
        _ => Value::Unknown,
    }
}

fn items_of(value: &Value) -> Items {
    match value {
        Value::List(items) => items.to_vec(),
        Value::Text(text) => vec![("0".to_owned(), text.clone())],
        _ => Vec::new(),
    }
}
