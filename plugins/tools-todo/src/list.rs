//! The list: its items, what changes them, and how the model reads it. Pure.

use hermes_plugin_api::error::{PluginError, Result};
use serde::{Deserialize, Serialize};

/// Most items.
pub(crate) const ITEMS: usize = 100;
/// Longest id, in characters.
pub(crate) const ID: usize = 40;
/// Longest content, in characters.
pub(crate) const CONTENT: usize = 500;

/// A list, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct List {
    todos: Vec<Item>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    id: String,
    content: String,
    status: Status,
}

/// How far an item is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Status {
    #[default]
    Pending,
    InProgress,
    Completed,
    Cancelled,
}

/// An item as the model gives it: what is left out stays as it is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    id: String,
    content: Option<String>,
    status: Option<Status>,
}

impl List {
    /// The list with these changes: items with known ids are changed, the others come last.
    ///
    /// # Errors
    /// `USER`, naming the item; the list is then as before.
    pub(crate) fn merged(mut self, changes: Vec<Change>) -> Result<Self> {
        let mut seen = std::collections::HashSet::new();
        for change in changes {
            if !seen.insert(change.id.clone()) {
                return Err(PluginError::user(format!("Item `{}` stands there twice", change.id)));
            }
            self.apply(change)?;
        }
        match self.todos.len() {
            0..=ITEMS => Ok(self),
            n => Err(PluginError::user(format!("The list would have {n} items, and {ITEMS} is the most"))),
        }
    }

    fn apply(&mut self, change: Change) -> Result<()> {
        let Change { id, content, status } = change;
        let content = content.map(|content| content.trim().to_owned()).filter(|content| !content.is_empty());
        match (self.todos.iter_mut().find(|item| item.id == id), content) {
            (Some(item), content) => {
                item.content = content.unwrap_or_else(|| std::mem::take(&mut item.content));
                item.status = status.unwrap_or(item.status);
            }
            (None, Some(content)) => self.todos.push(Item { id, content, status: status.unwrap_or_default() }),
            (None, None) => return Err(PluginError::user(format!("Item `{id}` is new and has no `content`"))),
        }
        Ok(())
    }

    /// Reads what [`List::told`] said.
    pub(crate) fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// The list as the model reads it: JSON, an item a line.
    pub(crate) fn told(&self) -> String {
        let items: Vec<String> =
            self.todos.iter().map(|item| serde_json::to_string(item).unwrap_or_default()).collect();
        format!("{{\"todos\":[\n{}\n]}}", items.join(",\n"))
    }
}
