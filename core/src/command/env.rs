//! What a line has defined so far: variables, functions, aliases and files, each with all values that it
//! may have at this point. Must not expand or run anything.

use super::ast::Command;
use super::text::Text;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

/// More possible values than this count as unknown.
const MAX_VALUES: usize = 8;

/// Elements with their subscripts.
pub(super) type Items = Vec<(String, Text)>;

/// What a name is defined as.
#[derive(Clone, Debug)]
pub(super) enum Value {
    /// Whatever held before the line.
    Outer,
    Unset,
    Text(Text),
    /// An array, or the positional parameters.
    List(Rc<Items>),
    /// An associative array.
    Map(Rc<Items>),
    /// A name that stands for another variable, or a file that is another under this name.
    Reference(String),
    Function(Rc<Command>),
    Unknown,
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Value::Text(a), Value::Text(b)) => a == b,
            (Value::List(a), Value::List(b)) | (Value::Map(a), Value::Map(b)) => a == b,
            (Value::Reference(a), Value::Reference(b)) => a == b,
            (Value::Function(a), Value::Function(b)) => Rc::ptr_eq(a, b),
            (Value::Outer, Value::Outer) | (Value::Unset, Value::Unset) | (Value::Unknown, Value::Unknown) => true,
            _ => false,
        }
    }
}

/// The name spaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    Variable,
    /// Present when the variable is exported by this line.
    Export,
    Function,
    Alias,
    /// Contents of files that this line wrote, by path.
    File,
}

/// What is left early.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaves {
    Loop,
    /// A function, or a file that is read.
    Function,
    /// An error ends everything up to the end of a line of the text.
    Line,
}

/// A point in the history of an [`Env`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Mark(usize);

/// What changed in a branch: the last values.
pub(super) type Changes = Vec<(Space, String, Vec<Value>)>;

#[derive(Debug, Default)]
pub(super) struct Env {
    spaces: [HashMap<String, Vec<Value>>; 5],
    log: Vec<(Space, String, Option<Vec<Value>>)>,
    /// Since when all values matter, as something may run at any time.
    watched: Option<usize>,
    /// Changes gone over again, to be counted.
    work: usize,
    /// Where a loop, a function and a line may have been left: what follows may not run.
    left: [Option<usize>; 3],
    /// Names that may refuse what they are given: `readonly`.
    fixed: HashSet<(usize, String)>,
}

impl Env {
    /// All values that the name may have.
    pub(super) fn get(&self, space: Space, name: &str) -> &[Value] {
        self.direct(space, self.target(space, name))
    }

    /// The values of the name itself, also where it stands for another.
    pub(super) fn direct(&self, space: Space, name: &str) -> &[Value] {
        self.spaces[space as usize].get(name).map_or(&[Value::Outer], |values| &values[..])
    }

    /// The variable that a name stands for.
    fn target<'n>(&'n self, space: Space, name: &'n str) -> &'n str {
        /// References to references are followed so far.
        const MOST: usize = 8;
        let mut name = name;
        for _ in 0..MOST {
            match self.direct(space, name) {
                [Value::Reference(to)] if space == Space::Variable => name = to,
                _ => break,
            }
        }
        name
    }

    pub(super) fn is_empty(&self, space: Space) -> bool {
        self.spaces[space as usize].is_empty()
    }

    pub(super) fn set(&mut self, space: Space, name: &str, value: Value) {
        self.set_all(space, name, vec![value]);
    }

    pub(super) fn set_all(&mut self, space: Space, name: &str, values: Vec<Value>) {
        let name = self.target(space, name).to_owned();
        // What may be a reference may have been written through.
        let through: Vec<String> = self
            .direct(space, &name)
            .iter()
            .filter_map(|value| if let Value::Reference(to) = value { Some(to.clone()) } else { None })
            .collect();
        // So it is with a link to a file.
        for to in through {
            self.set_direct(space, &to, vec![Value::Unknown]);
        }
        self.set_direct(space, &name, values);
    }

    /// Sets the name itself, also where it stands for another.
    pub(super) fn set_direct(&mut self, space: Space, name: &str, mut values: Vec<Value>) {
        if !self.fixed.is_empty() && self.fixed.contains(&(space as usize, name.to_owned())) {
            unite(&mut values, self.direct(space, name));
        }
        let old = self.spaces[space as usize].insert(name.to_owned(), values);
        self.log.push((space, name.to_owned(), old));
    }

    /// From now on the name may keep what it has whenever it is given something else.
    pub(super) fn fix(&mut self, space: Space, name: &str) {
        self.fixed.insert((space as usize, self.target(space, name).to_owned()));
    }

    pub(super) fn mark(&self) -> Mark {
        Mark(self.log.len())
    }

    /// Notes that all values from now on matter to [`Env::join_watched`].
    pub(super) fn watch(&mut self) {
        self.watched.get_or_insert(self.log.len());
    }

    /// Makes every name have any of the values it has had since the watch began.
    pub(super) fn join_watched(&mut self) {
        if let Some(since) = self.watched {
            self.join_since(Mark(since));
        }
    }

    /// Changes gone over again since this was last asked.
    pub(super) fn take_work(&mut self) -> usize {
        std::mem::take(&mut self.work)
    }

    /// Notes that what surrounds this may be left here.
    pub(super) fn leave(&mut self, leaves: Leaves) {
        let here = self.log.len();
        self.left[leaves as usize].get_or_insert(here);
        if leaves == Leaves::Function {
            // And the loops in it.
            self.left[Leaves::Loop as usize].get_or_insert(here);
        }
    }

    /// After an error in the line: what was set since may also be as it was.
    pub(super) fn settle(&mut self) {
        if let Some(since) = self.left[Leaves::Line as usize] {
            self.join_definitions(Mark(since));
            self.left[Leaves::Line as usize] = Some(self.log.len());
        }
    }

    /// Whether the name is one that may refuse what it is given.
    pub(super) fn is_fixed(&self, space: Space, name: &str) -> bool {
        !self.fixed.is_empty() && self.fixed.contains(&(space as usize, self.target(space, name).to_owned()))
    }

    /// Begins what can be left early, and returns what [`Env::end`] takes.
    pub(super) fn begin(&mut self, leaves: Leaves) -> Option<usize> {
        self.left[leaves as usize].take()
    }

    /// Ends it: what was set after a point where it may have been left may also be as it was there.
    pub(super) fn end(&mut self, leaves: Leaves, outer: Option<usize>) {
        if let Some(since) = std::mem::replace(&mut self.left[leaves as usize], outer) {
            self.join_since(Mark(since));
        }
    }

    fn undo(&mut self, mark: Mark) -> Vec<(Space, String, Option<Vec<Value>>)> {
        for since in self.watched.iter_mut().chain(self.left.iter_mut().flatten()) {
            *since = mark.0.min(*since);
        }
        let undone = self.log.split_off(mark.0);
        self.work += undone.len();
        undone
    }

    /// Undoes everything since the mark, except that files stay written.
    pub(super) fn rollback(&mut self, mark: Mark) {
        let undone = self.undo(mark);
        let mut kept = Vec::new();
        for (space, name, old) in undone.into_iter().rev() {
            if space == Space::File {
                kept.push((space, name, old));
            } else {
                self.restore(space, name, old);
            }
        }
        self.log.extend(kept.into_iter().rev());
    }

    /// Undoes everything since the mark and returns what had been reached.
    pub(super) fn take_since(&mut self, mark: Mark) -> Changes {
        if self.watched.is_some() {
            self.join_since(mark);
        }
        let undone = self.undo(mark);
        let mut changes = Changes::new();
        let mut seen = HashSet::new();
        for (space, name, old) in undone.into_iter().rev() {
            let first = seen.insert((space as usize, name.clone()));
            if first && let Some(values) = self.spaces[space as usize].get(&name) {
                changes.push((space, name.clone(), values.clone()));
            }
            self.restore(space, name, old);
        }
        changes
    }

    /// Makes every name changed since the mark have any of the values it has had since then.
    pub(super) fn join_since(&mut self, mark: Mark) {
        self.join_spaces(mark, &SPACES);
    }

    /// Like [`Env::join_since`], but what files hold stays.
    pub(super) fn join_definitions(&mut self, mark: Mark) {
        self.join_spaces(mark, &SPACES[..4]);
    }

    fn join_spaces(&mut self, mark: Mark, spaces: &[Space]) {
        let recent = self.log.split_off(mark.0.min(self.log.len()));
        self.work += recent.len();
        let mut joined: HashMap<(usize, &str), Vec<Value>> = HashMap::new();
        for (space, name, old) in recent.iter().filter(|(space, ..)| spaces.contains(space)) {
            let values = joined.entry((*space as usize, name)).or_insert_with(|| {
                self.spaces[*space as usize].get(name).cloned().unwrap_or_else(|| vec![Value::Outer])
            });
            unite(values, old.as_deref().unwrap_or(&[Value::Outer]));
        }
        let joined: Vec<(usize, String, Vec<Value>)> =
            joined.into_iter().map(|((space, name), values)| (space, name.to_owned(), values)).collect();
        self.log.extend(recent);
        for (space, name, values) in joined {
            let old = self.spaces[space].insert(name.clone(), values);
            self.log.push((SPACES[space], name, old));
        }
    }

    /// Joins branches of which one or, unless `exhaustive`, none was taken.
    pub(super) fn join(&mut self, branches: Vec<Changes>, exhaustive: bool) {
        let total = branches.len();
        let mut joined: HashMap<(usize, String), (Vec<Value>, usize)> = HashMap::new();
        for (space, name, values) in branches.into_iter().flatten() {
            let entry = joined.entry((space as usize, name)).or_default();
            unite(&mut entry.0, &values);
            entry.1 += 1;
        }
        for ((space, name), (mut values, seen)) in joined {
            if !exhaustive || seen < total {
                unite(&mut values, self.direct(SPACES[space], &name));
            }
            self.set_direct(SPACES[space], &name, values);
        }
    }

    /// All names of a space.
    pub(super) fn names(&self, space: Space) -> Vec<String> {
        self.spaces[space as usize].keys().cloned().collect()
    }

    fn restore(&mut self, space: Space, name: String, old: Option<Vec<Value>>) {
        let map = &mut self.spaces[space as usize];
        match old {
            Some(values) => map.insert(name, values),
            None => map.remove(&name),
        };
    }
}

const SPACES: [Space; 5] = [Space::Variable, Space::Export, Space::Function, Space::Alias, Space::File];

/// Adds values that are not there yet; too many count as unknown.
pub(super) fn unite(values: &mut Vec<Value>, more: &[Value]) {
    for value in more {
        if !values.contains(value) {
            if values.len() >= MAX_VALUES {
                if !values.contains(&Value::Unknown) {
                    values.push(Value::Unknown);
                }
                return;
            }
            values.push(value.clone());
        }
    }
}
