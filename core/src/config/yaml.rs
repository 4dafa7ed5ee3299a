//! Reads YAML into a tree that knows where everything stands.
//!
//! One reader for values, messages and edits, so that they cannot disagree. Stricter than YAML: one document,
//! keys are plain text and stand once, nesting and size are bounded. It decides nothing about what a key means:
//! `off` is text here, and becomes a truth value only where a schema says so.

mod build;

use std::ops::Range;

use serde_json::{Map, Value};

/// The longest text that is read.
pub const MAX_BYTES: usize = 1024 * 1024;
/// The deepest nesting that is read.
pub const MAX_DEPTH: usize = 64;
/// The largest tree that aliases may unfold to.
pub const MAX_NODES: usize = 100_000;

/// A YAML text and its tree.
#[derive(Clone, Debug)]
pub struct Document {
    /// The text as it was read.
    pub text: String,
    /// The one document in it; a file of comments is an empty [`Form::Null`].
    pub root: Node,
    /// The comments, in order, each from its `#` to the end of its line.
    pub comments: Vec<Range<usize>>,
}

/// A value and its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub form: Form,
    /// How it is written.
    pub style: Style,
    /// The bytes it covers, anchors and tags included. For a block scalar: its content without the header.
    pub span: Range<usize>,
    /// The line it begins on, counted from 1.
    pub line: usize,
    /// Whether something else in the file refers to it.
    pub anchored: bool,
}

/// What a [`Node`] is.
#[derive(Clone, Debug)]
pub enum Form {
    /// Nothing, `~` or `null`.
    Null,
    /// A number or truth value as YAML 1.2 reads it, or text.
    Scalar(Value),
    /// A list.
    List(Vec<Node>),
    /// A mapping, in file order.
    Mapping(Vec<Entry>),
}

/// How a [`Node`] is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Indented lines.
    Block,
    /// `[a, b]` or `{a: b}`.
    Flow,
    /// A scalar without quotes; empty where nothing is written.
    Plain,
    /// `'text'`.
    SingleQuoted,
    /// `"text"`.
    DoubleQuoted,
    /// `|` or `>`.
    BlockScalar,
    /// `*name`: the tree of the anchor stands here, but belongs elsewhere.
    Alias,
}

/// One key of a mapping.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// The bytes of the key.
    pub key_span: Range<usize>,
    /// The line of the key, counted from 1.
    pub line: usize,
    /// Its value.
    pub value: Node,
}

/// A text that is not acceptable YAML.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct YamlError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

impl Document {
    /// Reads a text.
    ///
    /// # Errors
    /// The first thing in it that is not acceptable, with its line.
    pub fn parse(text: impl Into<String>) -> Result<Self, YamlError> {
        build::document(text.into())
    }

    /// Returns what the text means. An empty document is an empty mapping.
    pub fn value(&self) -> Value {
        match self.root.value() {
            Value::Null => Value::Object(Map::new()),
            value => value,
        }
    }

    /// Returns the entry at a path of keys.
    pub fn find(&self, path: &[String]) -> Option<&Entry> {
        let (last, parents) = path.split_last()?;
        let parent = parents.iter().try_fold(&self.root, |node, key| Some(&node.entry(key)?.value))?;
        parent.entry(last)
    }
}

impl Node {
    /// Returns what it means.
    pub fn value(&self) -> Value {
        match &self.form {
            Form::Null => Value::Null,
            Form::Scalar(value) => value.clone(),
            Form::List(items) => items.iter().map(Self::value).collect(),
            Form::Mapping(entries) => entries.iter().map(|entry| (entry.key.clone(), entry.value.value())).collect(),
        }
    }

    /// Returns the entry of a key; none where this is not a mapping.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|entry| entry.key == key)
    }

    /// Returns the entries; none where this is not a mapping.
    pub fn entries(&self) -> &[Entry] {
        match &self.form {
            Form::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// Names its form for a message.
    pub fn describe(&self) -> &'static str {
        match &self.form {
            Form::Null => "nothing",
            Form::List(_) => "a list",
            Form::Mapping(_) => "a section",
            Form::Scalar(value) => super::schema::describe(value),
        }
    }
}

#[cfg(test)]
mod tests;
