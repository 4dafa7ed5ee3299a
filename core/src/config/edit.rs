//! Changes a configuration text and keeps everything a person wrote around the change.
//!
//! Comments, order and quoting stay. No edit is trusted: the new text is read again and must mean exactly what was
//! intended, with every comment still there, else nothing is changed and the user is told what to do by hand.

pub mod file;
mod plan;
mod render;

use std::ops::Range;
use std::path::PathBuf;

use serde_json::Value;

use super::dotenv::DotenvError;
use super::home::HomeError;
use super::keys::KeyPath;
use super::yaml::{Document, YamlError};

/// One change.
#[derive(Clone, Debug, PartialEq)]
pub enum Edit {
    /// Gives a key a value, making sections on the way.
    Set(KeyPath, Value),
    /// Removes a key.
    Unset(KeyPath),
    /// Adds an item to the end of a list that does not have it.
    ListAdd(KeyPath, Value),
    /// Removes an item from a list, wherever it stands.
    ListRemove(KeyPath, Value),
}

/// Why a change was not made. The file is as it was.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// The file cannot be read as it stands.
    #[error("{error} (`{}`, line {})", path.display(), error.line)]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: YamlError,
    },
    /// The file of variables cannot be read, or not hold the value.
    #[error("{error} (`{}`, line {})", path.display(), error.line)]
    Dotenv {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        error: DotenvError,
    },
    /// The change cannot be made without touching something else.
    #[error("Cannot change `{key}` in `{}` without touching something else: {reason}", path.display())]
    Refused {
        /// The file.
        path: PathBuf,
        /// The key.
        key: KeyPath,
        /// What stands in the way.
        reason: String,
        /// What to do by hand.
        by_hand: String,
    },
    /// Somebody else holds the lock.
    #[error("Another process is changing `{}`", .0.display())]
    Locked(PathBuf),
    /// The home is not usable.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// The file could not be read or written.
    #[error("Failed to change `{}`", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Why [`apply`] did not make a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The text cannot be read.
    Malformed(YamlError),
    /// What stands in the way.
    Refused(String),
}

/// Returns the text with the change made; none where it already says so.
///
/// # Errors
/// [`Obstacle`] where the change cannot be made exactly.
pub fn apply(text: &str, edit: &Edit) -> Result<Option<String>, Obstacle> {
    let before = Document::parse(text).map_err(Obstacle::Malformed)?;
    let intended = edit.applied_to(before.value()).map_err(Obstacle::Refused)?;
    if intended == before.value() {
        return Ok(None);
    }
    let mut document = before.clone();
    // A list may hold an item several times; each round removes one.
    for _ in 0..=before.text.len() {
        let plan = plan::plan(&document, edit).map_err(Obstacle::Refused)?;
        document = plan.carry_out(&document).map_err(Obstacle::Refused)?;
        let again = matches!(edit, Edit::ListRemove(..)) && document.value() != intended;
        if !again {
            break;
        }
    }
    match document.value() == intended {
        true => Ok(Some(document.text)),
        false => Err(Obstacle::Refused("its form is too unusual".to_owned())),
    }
}

impl Edit {
    /// Returns the key it changes.
    pub fn key(&self) -> &KeyPath {
        match self {
            Self::Set(key, _) | Self::Unset(key) | Self::ListAdd(key, _) | Self::ListRemove(key, _) => key,
        }
    }

    /// Says how a person makes the change.
    pub fn by_hand(&self) -> String {
        let change = match self {
            Self::Set(key, value) => format!("set `{key}` to `{}`", render::flow(value)),
            Self::Unset(key) => format!("remove `{key}`"),
            Self::ListAdd(key, value) => format!("add `{}` to the list `{key}`", render::flow(value)),
            Self::ListRemove(key, value) => format!("remove `{}` from the list `{key}`", render::flow(value)),
        };
        format!("nothing was written; {change} with `hermes config edit`")
    }

    /// Returns what a tree means after the change.
    fn applied_to(&self, mut tree: Value) -> Result<Value, String> {
        let key = self.key();
        let old = key.lookup(&tree).filter(|value| !value.is_null());
        match self {
            Self::Set(_, value) => key.put(&mut tree, value.clone()),
            Self::Unset(_) => {
                let (last, parents) = key.keys().split_last().ok_or("no key is named")?;
                let parent = parents.iter().try_fold(&mut tree, |place, key| place.get_mut(key));
                if let Some(section) = parent.and_then(Value::as_object_mut) {
                    section.remove(last);
                }
            }
            Self::ListAdd(_, item) => {
                let mut items = items(old)?;
                if !items.contains(item) {
                    items.push(item.clone());
                    key.put(&mut tree, Value::Array(items));
                }
            }
            Self::ListRemove(_, item) => {
                let mut items = items(old)?;
                if items.contains(item) {
                    items.retain(|other| other != item);
                    key.put(&mut tree, Value::Array(items));
                }
            }
        }
        Ok(tree)
    }
}

fn items(value: Option<&Value>) -> Result<Vec<Value>, String> {
    match value {
        None => Ok(Vec::new()),
        Some(Value::Array(items)) => Ok(items.clone()),
        Some(_) => Err("it is not a list".to_owned()),
    }
}

/// Replacements in a text, none of which overlap.
struct Plan {
    splices: Vec<Splice>,
    /// Where comments may go: they belong to what is removed.
    removed: Option<Range<usize>>,
}

struct Splice {
    range: Range<usize>,
    text: String,
}

impl Plan {
    fn carry_out(self, document: &Document) -> Result<Document, String> {
        let mut text = document.text.clone();
        let mut splices = self.splices;
        splices.sort_by_key(|splice| std::cmp::Reverse(splice.range.start));
        for splice in splices {
            text.replace_range(splice.range, &splice.text);
        }
        let after = Document::parse(text).map_err(|_| "its form is too unusual".to_owned())?;
        let goes = |span: &Range<usize>| self.removed.as_ref().is_some_and(|removed| removed.contains(&span.start));
        let kept = document.comments.iter().filter(|span| !goes(span)).map(|span| &document.text[span.clone()]);
        let found = after.comments.iter().map(|span| &after.text[span.clone()]);
        match kept.eq(found) {
            true => Ok(after),
            false => Err("a comment would be lost".to_owned()),
        }
    }
}

impl EditError {
    /// Returns what the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Malformed { .. } => Some("mend the file with `hermes config edit`".to_owned()),
            Self::Dotenv { path, .. } => Some(format!("edit `{}` by hand", path.display())),
            Self::Refused { by_hand, .. } => Some(by_hand.clone()),
            Self::Locked(_) => Some("try again in a moment".to_owned()),
            Self::Home(error) => error.hint(),
            Self::Io { source, .. } => match source.kind() {
                std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                    Some("free some space; the old file is unchanged".to_owned())
                }
                std::io::ErrorKind::PermissionDenied => {
                    Some("give yourself write access to the file and its directory".to_owned())
                }
                _ => Some("the old file is unchanged".to_owned()),
            },
        }
    }
}

#[cfg(test)]
mod tests;
