//! What a session's shell carries from one command to the next: the working directory and exported variables.
//!
//! Only what a command changed is carried, in bounds, and never what would make the loader or the shell run
//! something of its own accord.

use std::collections::{BTreeMap, BTreeSet};

use super::export::Variables;
use super::wrap::Report;
use crate::config::dotenv::is_name;
use crate::env_policy::injects;

/// How many variables are carried at most.
const MOST: usize = 256;
/// How many bytes of names and values are carried at most.
const LARGEST: usize = 64 * 1024;

/// Variables that the shell keeps for itself.
const OWN: [&str; 7] = ["_", "PWD", "OLDPWD", "SHLVL", "IFS", "POSIXLY_CORRECT", crate::host::process::MARK];

/// The state between commands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    /// The working directory.
    pub(super) cwd: String,
    /// Variables that commands set.
    pub(super) set: BTreeMap<String, String>,
    /// Variables of the place that commands unset.
    pub(super) unset: BTreeSet<String>,
    /// The names of those that the place itself gives its shells, as far as commands began with them.
    pub(super) base: BTreeSet<String>,
}

impl State {
    /// Takes over what a command that began with `before` changed, so that commands side by side do not undo each
    /// other's changes.
    pub(super) fn merge(&mut self, before: &Self, report: Report) {
        if let (Some(had), Some(has)) = (&report.began, &report.variables) {
            let base = had.keys().filter(|name| !before.set.contains_key(*name) && may_carry(name));
            self.base.extend(base.cloned());
            self.merge_variables(had, has);
        }
        if report.cwd != before.cwd {
            self.cwd = report.cwd;
        }
    }

    fn merge_variables(&mut self, had: &Variables, has: &Variables) {
        for (name, value) in has.iter().filter(|(name, value)| had.get(*name) != Some(*value)) {
            if let Some(value) = value {
                self.carry(name, value);
            }
        }
        for name in had.keys().filter(|name| !has.contains_key(*name) && may_carry(name)) {
            self.set.remove(name);
            if self.base.contains(name) {
                self.unset.insert(name.clone());
            }
        }
    }

    fn carry(&mut self, name: &str, value: &str) {
        if !may_carry(name) {
            return;
        }
        let others = self.set.iter().filter(|(other, _)| *other != name);
        let (count, size) = others.fold((0, 0), |(n, size), (name, value)| (n + 1, size + name.len() + value.len()));
        if count >= MOST || size + name.len() + value.len() > LARGEST {
            tracing::debug!(name, "An exported variable is not carried on: there are too many.");
            return;
        }
        self.unset.remove(name);
        self.set.insert(name.to_owned(), value.to_owned());
    }
}

fn may_carry(name: &str) -> bool {
    is_name(name) && !OWN.contains(&name) && !name.starts_with("__hermes_") && !injects(name)
}
