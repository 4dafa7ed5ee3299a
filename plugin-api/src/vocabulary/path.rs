//! Paths as a command line spells them, made comparable without touching the file system.

mod spell;

use std::fmt;

use super::glob;
use crate::command::Word;

/// A path with its start kept symbolic and `.`, `..` and `//` resolved by their text.
///
/// Links are not followed: what a path leads to is not known when a command is judged.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PathShape {
    /// Where it starts.
    pub root: Root,
    /// The names below that.
    pub parts: Vec<Part>,
}

/// Where a path starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Root {
    /// `/`
    Absolute,
    /// `~`, `$HOME`; also `$HERMES_HOME` as `~/.hermes` and `$XDG_CONFIG_HOME` as `~/.config`.
    Home,
    /// The working directory, where it is not known.
    Relative,
    /// Something that is not known.
    Unknown,
}

/// One name in a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    /// A name.
    Name(String),
    /// A pattern that may stand for several names.
    Pattern(String),
    /// A name that is not known; known text around the unknown part is kept, with `*` in its place.
    Unknown(String),
}

impl PathShape {
    /// Returns the start itself.
    pub fn new(root: Root) -> PathShape {
        PathShape { root, parts: Vec::new() }
    }

    /// Reads a path that is plain text: `/…`, `~/…` or relative.
    pub fn parse(text: &str) -> PathShape {
        match text.strip_prefix('~') {
            Some(rest) if rest.is_empty() || rest.starts_with('/') => {
                let mut path = PathShape::new(Root::Home);
                path.push_text(rest);
                path
            }
            _ => Word::from(text).path(),
        }
    }

    /// Returns whether the path is this one or lies below it. `~` in the pattern is any user's home.
    ///
    /// Patterns in the path count as whatever they may stand for; an unknown name counts as none.
    ///
    /// ```
    /// use hermes_plugin_api::command::Word;
    /// assert!(Word::from("/home/ada/.ssh/config").path().is_within("~/.ssh"));
    /// assert!(!Word::from("/etc-backup/x").path().is_within("/etc"));
    /// ```
    pub fn is_within(&self, place: &str) -> bool {
        self.below(place).is_some()
    }

    /// Returns whether the path may be exactly this one.
    pub fn is(&self, place: &str) -> bool {
        self.below(place).is_some_and(<[Part]>::is_empty)
    }

    /// Returns what follows the place in the path, if the path is within it.
    pub fn below(&self, place: &str) -> Option<&[Part]> {
        let (mut parts, names) = match (place.strip_prefix('~'), self.root) {
            (Some(names), _) => (self.below_home()?, names),
            (None, Root::Absolute) => (self.parts.as_slice(), place),
            (None, _) => return None,
        };
        for name in names.split('/').filter(|name| !name.is_empty()) {
            let (first, rest) = parts.split_first()?;
            if !first.may_be(name) {
                return None;
            }
            parts = rest;
        }
        Some(parts)
    }

    /// Returns whether everything in this place, or the place itself, is covered: the path is the place, an
    /// ancestor of it, or a pattern for all that is in it (`/etc/*`).
    pub fn covers(&self, place: &str) -> bool {
        match self.parts.split_last() {
            Some((Part::Pattern(last), before)) if matches!(last.as_str(), "*" | ".*" | "?*") => {
                let parent = PathShape { root: self.root, parts: before.to_vec() };
                parent.is_or_holds(place)
            }
            _ => self.is_or_holds(place),
        }
    }

    /// Returns whether the path has a name like this one anywhere.
    pub fn has_part(&self, name: &str) -> bool {
        self.parts.iter().any(|part| part.may_be(name))
    }

    /// Returns the last name, if it is known.
    pub fn name(&self) -> Option<&str> {
        match self.parts.last()? {
            Part::Name(name) => Some(name),
            Part::Pattern(_) | Part::Unknown(_) => None,
        }
    }

    /// Returns the path with another one appended, as `cp` does with the name of a file.
    pub fn join(&self, text: &str) -> PathShape {
        let mut path = self.clone();
        path.push_text(text);
        path
    }

    /// The parts below a user's home, if the path lies in one.
    fn below_home(&self) -> Option<&[Part]> {
        match (self.root, self.parts.as_slice()) {
            (Root::Home, parts) => Some(parts),
            (Root::Absolute, [Part::Name(root), parts @ ..]) if root == "root" => Some(parts),
            (Root::Absolute, [Part::Name(homes), _, parts @ ..]) if homes == "home" || homes == "Users" => Some(parts),
            _ => None,
        }
    }

    fn is_or_holds(&self, place: &str) -> bool {
        let names: Vec<&str> = place.split('/').filter(|name| !name.is_empty()).collect();
        match (names.first(), self.root) {
            (Some(&"~"), Root::Home) => self.are_prefix_of(&names[1..]),
            (Some(&"~"), _) => false,
            (_, Root::Absolute) => self.are_prefix_of(&names),
            _ => false,
        }
    }

    fn are_prefix_of(&self, names: &[&str]) -> bool {
        self.parts.len() <= names.len() && self.parts.iter().zip(names).all(|(part, name)| part.may_be(name))
    }
}

impl Part {
    /// Returns whether the part may be this name. A part of which nothing is known is none.
    pub fn may_be(&self, name: &str) -> bool {
        match self {
            Part::Name(known) => known == name,
            Part::Pattern(pattern) => glob::may_match(pattern, name),
            Part::Unknown(pattern) => pattern.bytes().any(|c| c != b'*') && glob::may_match(pattern, name),
        }
    }

    /// Returns the name, or the pattern.
    pub fn text(&self) -> &str {
        match self {
            Part::Name(text) | Part::Pattern(text) | Part::Unknown(text) => text,
        }
    }
}

impl fmt::Display for PathShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.root {
            Root::Absolute => "/",
            Root::Home => "~/",
            Root::Relative => "./",
            Root::Unknown => "?/",
        })?;
        for (n, part) in self.parts.iter().enumerate() {
            if n > 0 {
                f.write_str("/")?;
            }
            f.write_str(part.text())?;
        }
        Ok(())
    }
}
