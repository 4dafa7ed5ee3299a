//! What goes on beside the conversation: turns in sessions of their own (`/background`), and titles. None of it holds
//! the conversation up, and what fails is told and no more.

use std::sync::Arc;

use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use hermes_plugin_api::model::Role;

use super::{Conversation, begin, turn};
use crate::conversation::agent::Agent;
use crate::conversation::entitle;
use crate::conversation::line::Line;
use crate::conversation::recall::line;
use crate::flow::CancelSource;
use crate::host::scope::BoxFuture;
use crate::session::Session;
use crate::session::keep::Keeping;
use crate::session::store::find::short;
use crate::turn::Outcome;

/// Where such sessions come from, for those who look for them.
const SOURCE: &str = "background";
/// Most turns that go on beside the conversation.
const MOST: usize = 8;

/// What goes on.
#[derive(Default)]
pub(super) struct Beside {
    running: FuturesUnordered<BoxFuture<'static, Done>>,
    asides: Vec<Aside>,
}

/// A turn in a session of its own.
struct Aside {
    session: String,
    said: String,
    line: Arc<Line>,
    cancel: CancelSource,
}

/// What came to its end.
pub(super) enum Done {
    Aside { session: String, outcome: Outcome },
    Title { keeping: Arc<Keeping> },
}

impl Beside {
    /// The next thing that comes to its end; never, when nothing goes on.
    pub(super) async fn next(&mut self) -> Done {
        match self.running.next().await {
            Some(done) => done,
            None => std::future::pending().await,
        }
    }

    /// Whether turns go on. Titles are nobody's business.
    pub(super) fn is_busy(&self) -> bool {
        !self.asides.is_empty()
    }

    /// How many turns go on.
    pub(super) fn count(&self) -> usize {
        self.asides.len()
    }

    /// Answers a prompt of theirs, if it still stands.
    pub(super) fn answer(&self, prompt: &str, text: &str) -> bool {
        self.asides.iter().any(|aside| aside.line.answer(prompt, text.to_owned()))
    }

    /// Answers the prompt of theirs that asks for consent.
    pub(super) fn decide(&self, text: &str) -> bool {
        self.asides.iter().any(|aside| aside.line.decide(text))
    }

    /// Declines the prompt of theirs that stands.
    pub(super) fn decline(&self) -> bool {
        self.asides.iter().any(|aside| aside.line.decline())
    }

    /// Nobody answers their prompts any more.
    pub(super) fn leave(&self) {
        self.asides.iter().for_each(|aside| aside.line.leave());
    }

    /// Has them stop.
    pub(super) fn cancel(&self) {
        self.asides.iter().for_each(|aside| aside.cancel.cancel());
    }

    /// Does not wait for them.
    pub(super) fn abandon(&mut self) {
        self.running.clear();
        self.asides.clear();
    }
}

impl Conversation {
    pub(super) async fn background(&mut self, text: Option<String>) {
        let told = match text {
            None => self.listed_beside(),
            Some(_) if self.beside.count() >= MOST => {
                format!("{MOST} go on already: wait for one, or `/stop` them all")
            }
            Some(text) => self.start_beside(text),
        };
        self.notice(told).await;
    }

    fn listed_beside(&self) -> String {
        let lines: Vec<String> = self
            .beside
            .asides
            .iter()
            .map(|aside| format!("{}  {}", short(&aside.session), line(&aside.said, 60)))
            .collect();
        if lines.is_empty() { "Nothing goes on in the background".into() } else { lines.join("\n") }
    }

    fn start_beside(&mut self, text: String) -> String {
        let line = Arc::new(self.parts.line.aside());
        // A source of its own: the latest session of this one is still the one that people see.
        let parts = super::Parts { line: line.clone(), source: SOURCE.to_owned(), ..self.parts.clone() };
        let session = begin(&parts);
        let (id, cancel) = (session.id.clone(), CancelSource::new());
        let workspace = self.parts.workplace.open(&id, &line);
        workspace.begin(&text);
        let turn = turn(parts, workspace.clone(), session, text.clone(), cancel.clone());
        let done = async move {
            let (session, outcome) = turn.await;
            workspace.close().await;
            Done::Aside { session: session.id, outcome }
        };
        self.beside.running.push(done.boxed());
        let told = format!("In the background, as session `{}`: {}", short(&id), super::recall::line(&text, 60));
        self.beside.asides.push(Aside { session: id, said: text, line, cancel });
        told
    }

    /// Something beside the conversation came to its end.
    pub(super) async fn done_beside(&mut self, done: Done) {
        match done {
            Done::Title { keeping } => {
                if Arc::ptr_eq(&keeping, &self.keeping) && self.ending.is_none() {
                    self.show_status().await;
                }
            }
            Done::Aside { session, outcome } => {
                let Some(at) = self.beside.asides.iter().position(|aside| aside.session == session) else { return };
                let aside = self.beside.asides.remove(at);
                aside.line.tidy().await;
                let text = match outcome {
                    Outcome::Answered(text) | Outcome::GaveUp(text) => text,
                    Outcome::Interrupted => "Interrupted".to_owned(),
                    Outcome::Failed(error) => format!("The model failed: {error}"),
                };
                let id = short(&session);
                let said = line(&aside.said, 60);
                self.notice(format!("Done in the background: {said}\n{text}\nGo on with it by `/resume {id}`")).await;
                self.ready().await;
            }
        }
    }

    /// Has a title made after the first exchange, where somebody answers who can make one.
    pub(super) fn have_titled(&mut self, session: &Session) {
        let messages = session.transcript.messages();
        let first = messages.iter().filter(|message| message.role == Role::User).count() == 1;
        if !first || self.ending.is_some() || !self.parts.plugins_answer_for_real() {
            return;
        }
        let answer = messages.iter().rev().find(|message| message.role == Role::Assistant);
        let said = messages.first().map(|message| message.content.clone()).unwrap_or_default();
        let answer = answer.map(|message| message.content.clone()).unwrap_or_default();
        let (agent, keeping): (Arc<Agent>, Arc<Keeping>) = (self.parts.agent.clone(), session.keeping.clone());
        let title = async move {
            entitle::entitle(&agent, &keeping, &said, &answer).await;
            Done::Title { keeping }
        };
        self.beside.running.push(title.boxed());
    }
}
