//! One simple command: its words, assignments and redirections, once for each value that decides them.

use super::ast::{self, Assign, AssignValue, SimpleCommand};
use super::env::{Changes, Items, Leaves, Space, Value, unite};
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
    /// Whether something walks each combination. Nothing is taken otherwise.
    walking: bool,
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
        if !self.choice.walking {
            return None;
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
        if self.unsteady.contains(name) {
            return Value::Unknown;
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
        let ways = self.each_way(|reader| reader.simple_once(simple, redirects, span, scope));
        if ways > 1
            && let Some(capture) = self.captures.last_mut()
        {
            capture.certain &= !scope.captured;
        }
    }

    /// Does the same for each combination of values that decide it, and returns how many there were.
    pub(super) fn each_way(&mut self, mut inner: impl FnMut(&mut Self)) -> usize {
        let outer = std::mem::replace(&mut self.choice, Choice { walking: true, ..Choice::default() });
        let mark = self.env.mark();
        let mut outcomes: Vec<Changes> = Vec::new();
        loop {
            self.choice.at = 0;
            self.choice.set.clear();
            inner(self);
            let points = self.choice.at;
            if points == 0 {
                break;
            }
            outcomes.push(self.env.take_since(mark));
            if self.choice.exhausted || self.budget.over().is_some() || !self.next_choice(outcomes.len()) {
                break;
            }
        }
        self.choice = outer;
        let ways = outcomes.len().max(1);
        if !outcomes.is_empty() {
            self.env.join(outcomes, true);
        }
        ways
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
        let mark = self.env.mark();
        let mut words = Vec::with_capacity(simple.words.len());
        let declares = simple.words.first().is_some_and(ast::Word::declares);
        for word in &simple.words {
            if declares && word.assigns() {
                self.declared(word, scope, &mut words);
            } else {
                self.fields(word, scope, &mut words);
            }
        }
        let mut declared = Vec::with_capacity(simple.declared.len());
        for assign in &simple.declared {
            let map = words
                .iter()
                .any(|word| text::known(&word.pieces).is_some_and(|word| word.starts_with('-') && word.contains('A')));
            declared.push((assign.name.clone(), assign.append, self.assigned_value(assign, map, scope).0));
        }
        self.declared = declared;
        let own = self.redirects(redirects, scope);
        let before = if words.is_empty() { Vec::new() } else { self.before(&simple.assignments) };
        let assignments = self.assignments(&simple.assignments, scope);
        self.charge(scope.redirects.iter().map(|redirect| 16 + text::len(&redirect.target.pieces)).sum());
        let mut all = Vec::with_capacity(scope.redirects.len() + own.len());
        all.extend(scope.redirects.iter().cloned());
        all.extend(own.iter().cloned());
        let scope = self.rewired(&own, scope);
        let expanded = Expanded { words, assignments, redirects: all, span: scope.origin.unwrap_or(span) };
        self.place(index, expanded, &scope);
        if !own.is_empty() {
            self.may_not_open(&own, mark);
        }
        self.finish_redirects(&own, index);
        for (space, name, values) in before {
            self.env.set_all(space, &name, values);
        }
    }

    /// What the variables are that a command gets assignments for: they are so again after it.
    fn before(&mut self, assigns: &[Assign]) -> Vec<(Space, String, Vec<Value>)> {
        let mut before = Vec::new();
        for name in assigns.iter().filter(|assign| assign.subscript.is_none()).map(|assign| &assign.name) {
            for space in [Space::Variable, Space::Export] {
                before.push((space, name.clone(), self.env.get(space, name).to_vec()));
            }
            self.env.set(Space::Export, name, Value::Unset);
        }
        before.reverse();
        before
    }

    /// Takes the next index, so that commands stand in the order of the text.
    pub(super) fn reserve(&mut self, span: Span) -> Option<usize> {
        if !self.budget.simples(self.simple.len()) {
            return None;
        }
        self.simple.push(Simple { span, shell: self.shell, ..Simple::default() });
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
            shell: self.simple[index].shell,
            reach: scope.reach,
            span: expanded.span,
            ..Simple::default()
        };
        self.dispatch(index, &expanded.words, scope);
    }

    /// Adds a command that another one runs, with the same input, output and redirections.
    pub(super) fn inner(&mut self, outer: usize, words: Vec<Word>, launcher: Launcher, scope: &Scope) {
        if words.is_empty() || !self.budget.steps(words.len()) {
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

    /// Expands and makes assignments.
    fn assignments(&mut self, assigns: &[Assign], scope: &Scope) -> Vec<Assignment> {
        let mut done = Vec::with_capacity(assigns.len());
        for assign in assigns {
            let map = matches!(self.env.get(Space::Variable, &assign.name), [Value::Map(_)]);
            let (value, shown) = self.assigned_value(assign, map, scope);
            done.push(Assignment { name: assign.name.clone(), value: shown });
            self.assign(assign, value, scope);
        }
        done
    }

    /// The value of an assignment and how it is shown. `map`: to an associative array.
    fn assigned_value(&mut self, assign: &Assign, map: bool, scope: &Scope) -> (Value, Word) {
        let elements = match &assign.value {
            AssignValue::Scalar(word) => {
                let shown = self.assigned(word, scope);
                return (Value::Text(shown.pieces.clone()), shown);
            }
            AssignValue::Array(elements) => elements,
        };
        let mut items: Vec<(String, Text)> = Vec::new();
        let mut next = 0usize;
        let mut known = true;
        for (subscript, word) in elements {
            let Some(subscript) = subscript else {
                let mut words = Vec::new();
                self.fields(word, scope, &mut words);
                for word in words {
                    items.push((next.to_string(), word.pieces));
                    next = next.wrapping_add(1);
                }
                continue;
            };
            let pieces = self.single_parts(&subscript.parts, scope, false);
            let key = match text::known(&pieces).map(|key| key.into_owned()) {
                Some(key) if map => (!key.contains(['"', '\'', '\\'])).then_some(key),
                Some(key) => self.compute(&key).filter(|key| *key >= 0).map(|key| key.to_string()),
                None => None,
            };
            let value = self.single(word, scope).pieces;
            known &= key.is_some();
            let key = key.unwrap_or_default();
            next = key.parse::<usize>().map_or(next, |n| n.wrapping_add(1));
            items.retain(|(own, _)| *own != key);
            items.push((key, value));
        }
        let texts: Vec<Text> = items.iter().map(|(_, text)| text.clone()).collect();
        let shown = Word { pieces: self.joined(&texts), span: Span::default() };
        if !known || map && items.iter().any(|(_, item)| is_loose(item)) {
            return (Value::Unknown, shown);
        }
        if !map {
            items.sort_by_key(|(key, _)| key.parse::<usize>().unwrap_or(usize::MAX));
            return (Value::List(Rc::new(items)), shown);
        }
        if elements.iter().any(|(subscript, _)| subscript.is_none()) {
            // Keys and values in turn.
            if elements.iter().any(|(subscript, _)| subscript.is_some()) {
                return (Value::Unknown, shown);
            }
            let mut pairs: Vec<(String, Text)> = Vec::new();
            for pair in texts.chunks(2) {
                let Some(key) = text::known(&pair[0]).map(|key| key.into_owned()) else {
                    return (Value::Unknown, shown);
                };
                pairs.retain(|(own, _)| *own != key);
                pairs.push((key, pair.get(1).cloned().unwrap_or_default()));
            }
            items = pairs;
        }
        (Value::Map(Rc::new(items)), shown)
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
            let old = self.env.get(Space::Variable, name).to_vec();
            let map = matches!(&old[..], [Value::Map(_)]);
            let plain = !old.iter().any(|value| matches!(value, Value::Map(_)));
            key = Some(match known {
                Some(known) if map => (!known.contains(['"', '\'', '\\'])).then_some(known),
                Some(known) if plain => self.index_of(&old, &known),
                _ => None,
            });
        }
        if self.numbers.contains(name)
            && let Value::Text(text) = &value
            && let Some(sum) = text::known(text).map(|sum| sum.into_owned())
        {
            self.compute(&sum);
        }
        let is_array = |old: &Value| matches!(old, Value::List(_) | Value::Map(_));
        if key.is_none()
            && !assign.append
            && matches!(value, Value::Text(_))
            && self.env.get(Space::Variable, name).iter().any(is_array)
        {
            // Of an array, `a=x` sets one element.
            key = Some(Some("0".to_owned()));
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
        if self.env.is_fixed(Space::Variable, name) {
            self.env.leave(Leaves::Line);
        }
        self.env.set_all(Space::Variable, name, values);
    }
}

impl Reader {
    /// A subscript of an indexed array as the number that it is.
    pub(super) fn index_of(&mut self, old: &[Value], subscript: &str) -> Option<String> {
        let index = self.compute(subscript)?;
        if index >= 0 {
            return Some(index.to_string());
        }
        match old {
            [value @ (Value::List(_) | Value::Text(_))] => {
                let after = items_of(value).last().and_then(|(key, _)| key.parse::<i64>().ok())? + 1;
                (after + index >= 0).then(|| (after + index).to_string())
            }
            _ => None,
        }
    }
}

fn value_len(value: &Value) -> usize {
    match value {
        Value::Text(text) => text::len(text),
        Value::List(items) | Value::Map(items) => items.iter().map(|(_, text)| 8 + text::len(text)).sum(),
        _ => 1,
    }
}

/// `a+=x`, `a[k]=x`, `a[k]+=x`, `a+=(…)`.
pub(super) fn combined(old: &Value, key: Option<Option<String>>, append: bool, value: &Value) -> Value {
    match (old, key, value) {
        (Value::Map(old), Some(Some(key)), Value::Text(text)) => {
            let mut items = old.to_vec();
            match items.iter_mut().find(|(own, _)| *own == key) {
                Some((_, own)) if append => text::push_all(own, text),
                Some((_, own)) => own.clone_from(text),
                None => items.push((key, text.clone())),
            }
            Value::Map(Rc::new(items))
        }
        (Value::Map(old), None, Value::Map(more)) if append => {
            let mut items = old.to_vec();
            items.retain(|(key, _)| !more.iter().any(|(own, _)| own == key));
            items.extend(more.iter().cloned());
            Value::Map(Rc::new(items))
        }
        (Value::Map(_) | Value::Unknown | Value::Function(_) | Value::Reference(_), Some(_), _) => Value::Unknown,
        (Value::Map(_), ..) => Value::Unknown,
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
            if more.iter().enumerate().any(|(at, (key, _))| *key != at.to_string()) {
                return Value::Unknown;
            }
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
