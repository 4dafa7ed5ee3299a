//! From a word's pieces to a path: names split at slashes, `.` and `..` resolved by their text.

use super::{Part, PathShape, Root};
use crate::command::{Piece, Why, Word};

impl Word {
    /// Returns the word as a path, relative to the directory where the line runs.
    ///
    /// ```
    /// use hermes_plugin_api::command::Word;
    /// let path = Word::from("/tmp/..//etc/./hosts").path();
    /// assert!(path.is_within("/etc"));
    /// assert_eq!(path.to_string(), "/etc/hosts");
    /// ```
    pub fn path(&self) -> PathShape {
        self.path_in(&PathShape::new(Root::Relative))
    }

    /// Returns the word as a path, relative to this directory.
    pub fn path_in(&self, dir: &PathShape) -> PathShape {
        let mut pieces = self.pieces.as_slice();
        let mut path = dir.clone();
        match pieces.first() {
            Some(Piece::Home) => {
                path = PathShape::new(Root::Home);
                pieces = &pieces[1..];
            }
            Some(Piece::Unknown(unknown)) if unknown.why == Why::Variable => {
                path = PathShape::of_variable(&unknown.name, dir);
                pieces = &pieces[1..];
            }
            Some(Piece::Unknown(_)) if self.starts_whole_part() => {
                path = PathShape::new(Root::Unknown);
                pieces = &pieces[1..];
            }
            Some(Piece::Text(text)) if text.starts_with('/') => path = PathShape::new(Root::Absolute),
            Some(Piece::Text(text)) if is_home_of_another(text) => {
                path = PathShape::new(Root::Absolute).join("home");
                path.push_text(&text[1..]);
                pieces = &pieces[1..];
            }
            _ => {}
        }
        path.push_pieces(pieces);
        path.settle();
        path
    }

    /// Whether the part after the first piece starts a new name, or nothing follows.
    fn starts_whole_part(&self) -> bool {
        match self.pieces.get(1) {
            None => true,
            Some(Piece::Text(text)) => text.starts_with('/'),
            Some(_) => false,
        }
    }
}

impl PathShape {
    fn of_variable(name: &str, dir: &PathShape) -> PathShape {
        match name {
            "HOME" | "ZDOTDIR" => PathShape::new(Root::Home),
            "HERMES_HOME" => PathShape::new(Root::Home).join(".hermes"),
            "XDG_CONFIG_HOME" => PathShape::new(Root::Home).join(".config"),
            "PWD" => dir.clone(),
            _ => PathShape::new(Root::Unknown),
        }
    }

    pub(super) fn push_text(&mut self, text: &str) {
        self.push_pieces(&[Piece::Text(text.to_owned())]);
    }

    /// Appends pieces, splitting text at slashes. A name made of several pieces is one part.
    fn push_pieces(&mut self, pieces: &[Piece]) {
        let mut open = Open::default();
        for piece in pieces {
            match piece {
                Piece::Text(text) => {
                    for (n, name) in text.split('/').enumerate() {
                        if n > 0 {
                            self.push(std::mem::take(&mut open));
                        }
                        open.text.push_str(name);
                    }
                }
                Piece::Glob(pattern) => {
                    open.text.push_str(pattern);
                    open.pattern = true;
                }
                Piece::Home | Piece::Unknown(_) => {
                    open.text.push('*');
                    open.unknown = true;
                }
            }
        }
        self.push(open);
    }

    fn push(&mut self, open: Open) {
        match open {
            Open { text, unknown: true, .. } => self.parts.push(Part::Unknown(text)),
            Open { text, pattern: true, .. } => self.parts.push(Part::Pattern(text)),
            Open { text, .. } => match text.as_str() {
                "" | "." => {}
                ".." => self.pop(),
                _ => self.parts.push(Part::Name(text)),
            },
        }
    }

    fn pop(&mut self) {
        if self.parts.pop().is_none() {
            match self.root {
                // The parent of a home directory holds the homes; the name matters to no rule.
                Root::Home => {
                    self.root = Root::Absolute;
                    self.parts.push(Part::Name("home".to_owned()));
                }
                Root::Relative => self.root = Root::Unknown,
                Root::Absolute | Root::Unknown => {}
            }
        }
    }

    /// Takes away spellings that lead back to the root: `/proc/self/root/etc`, `/private/etc`.
    fn settle(&mut self) {
        if self.root != Root::Absolute {
            return;
        }
        let name = |at: usize| match self.parts.get(at) {
            Some(Part::Name(name)) => name.as_str(),
            _ => "",
        };
        let detour = match (name(0), name(1), name(2)) {
            ("proc", _, "root") => 3,
            ("private", "etc" | "var" | "tmp", _) => 1,
            _ => 0,
        };
        self.parts.drain(..detour);
    }
}

/// `~name/…`: the home directory of a named user.
fn is_home_of_another(text: &str) -> bool {
    text.strip_prefix('~').and_then(|rest| rest.split_once('/')).is_some_and(|(name, _)| {
        !name.is_empty() && name.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_.".contains(&c))
    })
}

#[derive(Default)]
struct Open {
    text: String,
    pattern: bool,
    unknown: bool,
}
