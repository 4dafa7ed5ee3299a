//! What the home keeps, for the tools of a session: notes, and what was said in this session and others.
//!
//! The person at the terminal is the owner of the home: their tools may look into all of it.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};

use hermes_plugin_api::archive::{Excerpt, Found, Look, MOST, Said, Search};
use hermes_plugin_api::error::{PluginError, Result};
use hermes_plugin_api::notes::NotesWrite;
use serde_json::Value;

use crate::conversation::recall::line;
use crate::guard::content::Contents;
use crate::host::scope::KeptRequest;
use crate::notes::{self, Notebook};
use crate::session::sessions::Sessions;
use crate::session::store::search::{Hit, MARKS, Where};
use crate::session::store::{Store, StoreError, list};

/// How far a session is followed back to those that it goes on from.
const FOREBEARS: usize = 8;

/// As many findings are told to a tool, and as much of the text of each, in characters.
const SHOWN: usize = 3;
const EXCERPT: usize = 100;

/// Who judges texts, made when there is one to judge: a scanner is a library to open.
pub type LateContents = LazyLock<Contents, Box<dyn FnOnce() -> Contents + Send>>;

/// What a home keeps.
#[derive(Clone)]
pub struct Kept {
    /// The notes.
    pub notes: Notebook,
    /// What was said.
    pub sessions: Sessions,
    /// Who judges notes before they are kept.
    pub contents: Arc<LateContents>,
}

impl Kept {
    /// Does what a tool of a session wants.
    ///
    /// # Errors
    /// `USER` for what cannot be, `UNAVAILABLE` for what cannot be had now.
    pub(super) async fn serve(&self, session: &str, request: KeptRequest) -> Result<Value> {
        match request {
            KeptRequest::Notes(read) => Ok(self.notes.read(read.notes)?.into()),
            KeptRequest::Write(write) => {
                notes::check(write.notes, &write.was, &write.text)?;
                self.judge(&write).await?;
                Ok(serde_json::to_value(self.notes.write(write.notes, &write.was, &write.text)?)?)
            }
            KeptRequest::Search(search) => {
                let own = session.to_owned();
                Ok(serde_json::to_value(self.ask(move |store| found(store, &own, &search)).await?)?)
            }
            KeptRequest::Look(look) => {
                let own = session.to_owned();
                Ok(serde_json::to_value(self.ask(move |store| excerpt(store, own, &look)).await?)?)
            }
        }
    }

    /// Notes are given to the model with every session, so what a scanner objects to there is not kept at all. What is
    /// only taken away from notes may always be: they may have been written by hand.
    async fn judge(&self, write: &NotesWrite) -> Result<()> {
        let known: HashSet<&str> = write.was.lines().collect();
        if write.text.lines().all(|line| known.contains(line)) {
            return Ok(());
        }
        let Err(objection) = self.contents.judge(write.notes.file(), &write.text).await else { return Ok(()) };
        if let Some((plugin, why)) = objection.failed.first() {
            let message = format!("The notes could not be looked at by plugin `{plugin}` and are not kept: {why}");
            return Err(PluginError::unavailable(message));
        }
        let told = objection.found.iter().take(SHOWN).map(|(_, finding)| {
            let part = finding.span.and_then(|span| write.text.get(span.start..span.end)).unwrap_or_default();
            format!("{} ({}): {}", finding.title, finding.rule, line(part, EXCERPT))
        });
        let message = format!("Notes hold no such thing: {}", told.collect::<Vec<_>>().join("; "));
        Err(PluginError::user(message).with_hint("keep the fact and leave out what tells somebody what to do"))
    }

    async fn ask<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T> {
        self.sessions.with(move |store| work(store)).await.map_err(told)
    }
}

fn found(store: &Store, own: &str, search: &Search) -> Result<Vec<Found>, StoreError> {
    let place = match &search.session {
        Some(session) => Where::In(session.clone()),
        None => Where::NotIn(own.to_owned()),
    };
    let hits = store.search_where(&search.words, &place, search.limit.clamp(1, MOST))?;
    Ok(hits.into_iter().map(shown).collect())
}

fn shown(hit: Hit) -> Found {
    let Hit { session, title, place, role, at_ms, piece, .. } = hit;
    Found {
        session,
        title: title.unwrap_or_default(),
        place,
        role,
        at_ms,
        piece: piece.replace([MARKS.0, MARKS.1], "**"),
    }
}

fn excerpt(store: &Store, own: String, look: &Look) -> Result<Excerpt, StoreError> {
    let limit = look.limit.clamp(1, MOST);
    let summary = match &look.session {
        Some(name) => Some(store.find(name)?),
        // One that is not stored yet has said nothing.
        None => store.session(&own)?,
    };
    let Some(summary) = summary else { return Ok(Excerpt { session: own, ..Excerpt::default() }) };
    let said = match &look.tool {
        Some(tool) => results(store, &summary, tool, limit)?,
        None => store.excerpt(&summary.id, look.from, limit)?,
    };
    let said = said.into_iter().map(|list::Said { place, at_ms, message }| Said { place, at_ms, message });
    Ok(Excerpt {
        session: summary.id,
        title: summary.title.unwrap_or_default(),
        messages: summary.messages,
        said: said.collect(),
    })
}

/// The last results of a tool, in a session or the nearest that it goes on from.
fn results(store: &Store, summary: &list::Summary, tool: &str, limit: usize) -> Result<Vec<list::Said>, StoreError> {
    let (mut id, mut parent) = (summary.id.clone(), summary.parent.clone());
    for _ in 0..FOREBEARS {
        let found = store.results_of(&id, tool, limit)?;
        match parent.filter(|_| found.is_empty()) {
            Some(next) => {
                parent = store.session(&next)?.and_then(|summary| summary.parent);
                id = next;
            }
            None => return Ok(found),
        }
    }
    Ok(Vec::new())
}

/// What a tool is told of trouble with the store: the person's part of it is theirs to see.
fn told(error: StoreError) -> PluginError {
    let message = error.to_string();
    let fault = match &error {
        StoreError::Unknown { .. } | StoreError::Ambiguous { .. } => PluginError::user(message),
        StoreError::Closed => PluginError::cancelled(),
        _ => PluginError::unavailable(message),
    };
    match error {
        StoreError::Unknown { near, .. } if !near.is_empty() => {
            fault.with_hint(format!("near it: {}", near.join(", ")))
        }
        _ => fault,
    }
}
