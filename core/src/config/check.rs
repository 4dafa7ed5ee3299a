//! Holds a configuration file against the keys that exist.
//!
//! Finds every problem in one pass, each with its line, and types the values on the way. It never stops at the
//! first problem and never starts anything: whoever asks decides what an error means.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::keys::{Key, KeyPath, KeySpace, Owner, Section};
use super::problem::Problem;
use super::schema::{self, Mismatch, Source};
use super::yaml::{Document, Entry, Form, Node};

/// What a configuration file says, and what is wrong with it.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// The values, each fitted to its schema, with the line it stands on.
    pub values: Vec<(KeyPath, Value, usize)>,
    /// What is set for plugins that are known but not installed; it may not fit.
    pub absent: Vec<(KeyPath, Value)>,
    /// Everything wrong or worth knowing, in file order.
    pub problems: Vec<Problem>,
}

/// Checks the text of a configuration file. `file` is for messages only.
pub fn check(text: &str, file: &Path, space: &KeySpace) -> Checked {
    let document = match Document::parse(text) {
        Ok(document) => document,
        Err(error) => {
            let problem = Problem::error(error.message).at(file, error.line);
            return Checked { problems: vec![problem], ..Checked::default() };
        }
    };
    let mut walk = Walk { space, file, checked: Checked::default(), absent: BTreeMap::new() };
    match &document.root.form {
        Form::Mapping(entries) => walk.section(entries, space.root(), &KeyPath::default()),
        Form::Null => {}
        _ => {
            let message = format!("The file must be keys and values, but is {}", document.root.describe());
            walk.checked.problems.push(Problem::error(message).at(file, document.root.line));
        }
    }
    walk.finish()
}

struct Walk<'a> {
    space: &'a KeySpace,
    file: &'a Path,
    checked: Checked,
    /// Keys of plugins that are known but not installed.
    absent: BTreeMap<String, Absent>,
}

#[derive(Default)]
struct Absent {
    available: bool,
    keys: Vec<(KeyPath, usize)>,
}

impl Walk<'_> {
    fn section(&mut self, entries: &[Entry], section: &Section, path: &KeyPath) {
        for entry in entries {
            let path = path.join(&entry.key);
            match section.child(&entry.key) {
                Some(child) => self.entry(entry, child, &path),
                None => self.unknown(entry, section, &path),
            }
        }
    }

    fn entry(&mut self, entry: &Entry, section: &Section, path: &KeyPath) {
        if let Some(key) = section.own(self.space) {
            return self.value(entry, key, path);
        }
        match &entry.value.form {
            Form::Mapping(entries) => self.section(entries, section, path),
            Form::Null => {}
            _ => {
                let message = format!("`{path}` must be a section, but is {}", entry.value.describe());
                let hint = format!("write its keys below `{}:`, indented", entry.key);
                self.push(Problem::error(message).hint(hint), entry.line, path);
            }
        }
    }

    fn value(&mut self, entry: &Entry, key: &Key, path: &KeyPath) {
        if let Owner::Plugin { id, installed: false, available } = &key.owner {
            let absent = self.absent.entry(id.clone()).or_default();
            absent.available = *available;
            absent.keys.push((path.clone(), entry.line));
            let raw = entry.value.value();
            let value = schema::fit(&raw, &key.schema, Source::File).unwrap_or(raw);
            self.checked.absent.push((path.clone(), value));
            return;
        }
        if matches!(entry.value.form, Form::Null) {
            return;
        }
        match schema::fit(&entry.value.value(), &key.schema, Source::File) {
            Ok(value) => self.checked.values.push((path.clone(), value, entry.line)),
            Err(error) => {
                let (line, problem) = mistyped(&entry.value, path, &error);
                self.push(problem, line.unwrap_or(entry.line), path);
            }
        }
    }

    fn unknown(&mut self, entry: &Entry, section: &Section, path: &KeyPath) {
        let parents = &path.keys()[..path.keys().len() - 1];
        let place = match parents {
            [] => String::new(),
            parents => format!(" in `{}`", KeyPath::of(parents.to_vec())),
        };
        let problem = Problem::error(format!("Unknown key `{}`{place}", entry.key));
        let names: Vec<String> = section.names().map(|name| format!("`{name}`")).collect();
        let problem = match self.space.nearest(path) {
            Some(nearest) => problem.hint(format!("did you mean `{nearest}`?")),
            None => problem.hint(format!("known keys here are {}", names.join(", "))),
        };
        self.push(problem, entry.line, path);
    }

    fn push(&mut self, problem: Problem, line: usize, path: &KeyPath) {
        self.checked.problems.push(problem.at(self.file, line).about(path.to_string()));
    }

    fn finish(mut self) -> Checked {
        for (plugin, Absent { available, keys }) in std::mem::take(&mut self.absent) {
            let names: Vec<String> = keys.iter().map(|(path, _)| format!("`{path}`")).collect();
            let (first, line) = &keys[0];
            let verb = if keys.len() == 1 { "belongs" } else { "belong" };
            let message = format!("{} {verb} to plugin `{plugin}`, which is not installed", names.join(", "));
            let hint = match available {
                true => format!("`hermes plugins install {plugin}`"),
                false => "it is planned and not part of this release".to_owned(),
            };
            let problem = Problem::warning(message).hint(hint);
            self.push(problem, *line, first);
        }
        self.checked.problems.sort_by_key(|problem| problem.line);
        self.checked
    }
}

/// Says what does not fit, and on which line within the value.
fn mistyped(value: &Node, path: &KeyPath, error: &Mismatch) -> (Option<usize>, Problem) {
    let mut place = format!("`{path}`");
    let mut node = Some(value);
    let mut line = None;
    for step in &error.path {
        node = node.and_then(|node| match &node.form {
            Form::List(items) => step.parse::<usize>().ok().and_then(|at| items.get(at.checked_sub(1)?)),
            _ => {
                let entry = node.entry(step);
                line = entry.map(|entry| entry.line).or(line);
                entry.map(|entry| &entry.value)
            }
        });
        line = node.map(|node| node.line).or(line);
        place = match step.parse::<usize>() {
            Ok(at) => format!("Item {at} of {place}"),
            Err(_) => format!("`{step}` in {place}"),
        };
    }
    let message = match error.found.as_str() {
        "an unknown one" => format!("Unknown key {place}"),
        _ => error.about(&place),
    };
    (line, Problem::error(message))
}
