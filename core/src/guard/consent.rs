//! What a person already said yes to: for a session, in memory, and for good, in the allow-list.
//!
//! It only ever makes findings drop out that may be remembered. The floor, deny rules, self-disarm and what
//! could not be read do not pass through here.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use hermes_plugin_api::command::Command;
use hermes_plugin_api::error::{PluginError, Result};
use hermes_plugin_api::finding::{Action, Finding, Remember};

use super::entry::{Entry, is_rule_id};
use super::findings;
use super::policy::ConsentStore;

/// The consent of all sessions.
pub(super) struct Consent {
    sessions: Mutex<HashMap<String, BTreeSet<String>>>,
    store: Arc<dyn ConsentStore>,
}

/// What is remembered at one moment, for one session.
#[derive(Default)]
pub(super) struct Remembered {
    session: BTreeSet<String>,
    entries: Vec<Entry>,
}

impl Consent {
    pub(super) fn new(store: Arc<dyn ConsentStore>) -> Self {
        Self { sessions: Mutex::default(), store }
    }

    /// Returns what is remembered now, the additions of other processes included. An allow-list that cannot be
    /// read allows nothing.
    pub(super) fn remembered(&self, session: &str) -> Remembered {
        let entries = self.store.entries().unwrap_or_else(|error| {
            tracing::warn!(%error, "The allow-list cannot be read and counts as empty.");
            Vec::new()
        });
        let sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        Remembered {
            session: sessions.get(session).cloned().unwrap_or_default(),
            entries: entries.iter().map(|entry| Entry::parse(entry)).collect(),
        }
    }

    /// Remembers rules for the rest of a session.
    pub(super) fn remember<'a>(&self, session: &str, rules: impl Iterator<Item = &'a str>) {
        let mut sessions = self.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.entry(session.to_owned()).or_default().extend(rules.map(str::to_owned));
    }

    /// Adds rules to the allow-list, off the runtime: another process may hold the lock.
    ///
    /// # Errors
    /// When one cannot be written; those before it are.
    pub(super) async fn remember_always<'a>(&self, rules: impl Iterator<Item = &'a str>) -> Result<()> {
        let (store, rules) = (self.store.clone(), rules.map(str::to_owned).collect::<Vec<_>>());
        let write = move || rules.iter().try_for_each(|rule| store.add(rule));
        tokio::task::spawn_blocking(write).await.map_err(|error| PluginError::internal(error.to_string()))?
    }

    /// Forgets a session.
    pub(super) fn end(&self, session: &str) {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner).remove(session);
    }
}

impl Remembered {
    /// Returns what covers a finding of this line, as a person is told.
    pub(super) fn covering(&self, finding: &Finding, command: &Command) -> Option<String> {
        let longest = longest(finding);
        if finding.action == Action::Forbid || longest == Remember::Once {
            return None;
        }
        if self.session.contains(&finding.rule) {
            return Some("approved for this session".to_owned());
        }
        if longest < Remember::Always {
            return None;
        }
        let program = finding.program.as_deref();
        let entry = self.entries.iter().find(|entry| entry.covers(&finding.rule, program, command))?;
        Some(format!("`command_allowlist` entry `{}`", entry.text()))
    }
}

/// Returns how long a yes to a finding may last. What core says about reading and about its own things lasts
/// once, whoever says it; an id that the allow-list could not tell from a program lasts for the session.
pub(super) fn longest(finding: &Finding) -> Remember {
    if findings::is_reserved(&finding.rule) {
        return Remember::Once;
    }
    match is_rule_id(&finding.rule) {
        true => finding.remember,
        false => finding.remember.min(Remember::Session),
    }
}
