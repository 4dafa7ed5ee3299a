//! What a simple command writes to: its redirections, and the files its program writes because of its
//! arguments.
//!
//! The table of programs in `writers.rs` is the only place that says which operand of which program is a
//! destination. Rules, the floor and the protected paths all ask here.

use super::path::{PathShape, Root};
use super::targets::Targets;
use super::writers;
use crate::command::{RedirectOp, Simple, Word};

/// One file or directory that a simple command changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Write {
    /// In which way.
    pub kind: WriteKind,
    /// What is changed.
    pub path: PathShape,
}

/// The ways to change a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WriteKind {
    /// `>`, `>>`, `<>` and kin.
    Redirect,
    /// The program writes its output there: `tee`, `curl -o`, `dd of=`.
    Output,
    /// A file is copied, moved or linked there: `cp`, `mv`, `install`, `ln`, `rsync`.
    Copy,
    /// As `Copy`, if the destination is a directory: the source's name in it.
    CopyInto,
    /// The file is changed where it is: `sed -i`, `truncate`, `patch`.
    InPlace,
    /// An editor or shell is opened on it.
    Edit,
    /// It is removed, or moved away.
    Remove,
    /// Its permissions, owner or attributes are changed.
    Attributes,
}

impl Simple {
    /// Returns everything this changes, as far as the line tells, with paths relative to where it runs.
    ///
    /// ```
    /// use hermes_plugin_api::command::Simple;
    /// let copy = Simple::of(&["cp", "-t", "/etc", "hosts"]);
    /// assert!(copy.writes_to("/etc/hosts"));
    /// assert!(!Simple::of(&["cp", "/etc/hosts", "."]).writes_to("/etc"));
    /// ```
    pub fn writes(&self) -> Vec<Write> {
        self.writes_in(&PathShape::new(Root::Relative))
    }

    /// Like [`writes`](Self::writes), for a command that runs in this directory.
    pub fn writes_in(&self, dir: &PathShape) -> Vec<Write> {
        let mut writes = self.redirected_in(dir);
        if !self.only_asks_help() {
            for writer in writers::of(self) {
                let found = (writer.targets)(&Targets { simple: self, parsed: self.parse(&writer.syntax), dir });
                writes.extend(found.into_iter().map(|(kind, path)| Write { kind: kind.unwrap_or(writer.kind), path }));
            }
        }
        writes
    }

    /// Returns whether this changes something in the place, written as `/etc` or `~/.ssh`.
    pub fn writes_to(&self, place: &str) -> bool {
        self.writes().iter().any(|write| write.path.is_within(place))
    }

    /// Returns the files that redirections write.
    pub fn redirected(&self) -> impl Iterator<Item = &Word> {
        self.redirects
            .iter()
            .filter(|redirect| matches!(redirect.op, RedirectOp::Write | RedirectOp::Append | RedirectOp::ReadWrite))
            .map(|redirect| &redirect.target)
    }

    fn redirected_in(&self, dir: &PathShape) -> Vec<Write> {
        self.redirected().map(|word| Write { kind: WriteKind::Redirect, path: word.path_in(dir) }).collect()
    }
}
