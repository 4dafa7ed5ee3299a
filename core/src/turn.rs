//! A turn: context, model, tool calls, results, and again, until there is an answer.
//!
//! It runs nothing itself and decides nothing: calls go to toolsets, whose effects go through the guard. However
//! a turn ends (answer, interruption, failure, no end), the transcript stays valid.

pub mod calls;
mod complete;
pub mod compress;
pub mod limits;
pub mod models;
mod text;
pub mod toolbox;

use std::sync::Arc;

use hermes_plugin_api::error::{ErrorCode, PluginError};
use hermes_plugin_api::flow::Cancel;
use hermes_plugin_api::model::{Image, Request};
use hermes_plugin_api::platform::Body;

use crate::host::scope::{BoxFuture, Scopes, ToolScope};
use crate::plugin::handle::ModelHandle;
use crate::session::spent::Spent;
use crate::session::transcript::{INTERRUPTED, Transcript};
use crate::turn::complete::{Stopped, Why};
use crate::turn::compress::{Compressor, Gauge};
use crate::turn::limits::Limits;
use crate::turn::models::{Answering, Standby};
use crate::turn::toolbox::Toolbox;

/// Who follows a turn.
pub trait Follower: Send + Sync {
    /// Shows something. Trouble with showing is not the turn's.
    fn show(&self, body: Body) -> BoxFuture<'_, ()>;
}

/// Who keeps what is said, as it is said.
pub trait Keeper: Send + Sync {
    /// Keeps what is new in a transcript, and what it cost. Returns what the person must know of it.
    fn keep<'a>(&'a self, transcript: &'a mut Transcript, spent: Spent) -> BoxFuture<'a, Option<String>>;
}

/// What a turn works with.
pub struct Turn<'a> {
    /// The model.
    pub model: &'a ModelHandle,
    /// The model's name, as its provider knows it.
    pub model_name: &'a str,
    /// Who answers when it cannot, one after another.
    pub fallbacks: &'a [Standby],
    /// The system prompt.
    pub system: &'a str,
    /// The tools.
    pub toolbox: &'a Toolbox,
    /// How much of anything it takes.
    pub limits: &'a Limits,
    /// Who follows it.
    pub follower: &'a dyn Follower,
    /// Who keeps what is said.
    pub keeper: &'a dyn Keeper,
    /// Who makes the conversation shorter when it is too long, where that is wanted.
    pub compressor: Option<&'a dyn Compressor>,
    /// From how many tokens on it is too long, where that is known.
    pub longest: Option<u64>,
    /// Where calls get their tokens.
    pub scopes: &'a Scopes,
    /// The session's services for the calls.
    pub scope: Arc<dyn ToolScope>,
    /// The session's id.
    pub session: &'a str,
}

/// What a person said.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// Their words.
    pub text: String,
    /// The pictures that go along.
    pub images: Vec<Image>,
}

/// How a turn ended.
#[derive(Debug)]
pub enum Outcome {
    /// With an answer, which has been shown.
    Answered(String),
    /// Without one, for the reason given, which has been shown.
    GaveUp(String),
    /// It was interrupted.
    Interrupted,
    /// The model failed.
    Failed(PluginError),
}

impl Turn<'_> {
    /// Answers what a person said.
    ///
    /// # Cancellation
    /// When `cancel` fires the turn ends soon; what was said and done by then is in the transcript.
    pub async fn run(&self, transcript: &mut Transcript, said: Said, cancel: &Cancel) -> Outcome {
        transcript.user(said.text);
        transcript.show(said.images);
        self.keep(transcript, Spent::default()).await;
        let outcome = self.rounds(transcript, cancel).await;
        self.keep(transcript, Spent::default()).await;
        outcome
    }

    async fn rounds(&self, transcript: &mut Transcript, cancel: &Cancel) -> Outcome {
        let mut empty = 0;
        let mut answering = Answering::new(self.model, self.model_name, self.fallbacks);
        let (mut gauge, mut compressor) = (Gauge::default(), self.compressor);
        for _round in 0..self.limits.rounds {
            let mut request = self.request(transcript);
            if self.longest.is_some_and(|longest| gauge.tokens(&request) > longest)
                && self.compress(&mut compressor, transcript, cancel).await
            {
                gauge = Gauge::default();
                request = self.request(transcript);
            }
            let answer = match complete::complete(self, &mut answering, request, cancel).await {
                Ok(answer) => answer,
                Err(stopped) if stopped.is_overflow() && self.compress(&mut compressor, transcript, cancel).await => {
                    gauge = Gauge::default();
                    continue;
                }
                Err(stopped) => return self.stopped(transcript, stopped).await,
            };
            let usage = answer.usage;
            let spent = Spent::from(answer.usage);
            let said = answer.content;
            let (calls, note) = calls::at_most(answer.tool_calls);
            if said.trim().is_empty() && calls.is_empty() {
                empty += 1;
                self.keep(transcript, spent).await;
                if empty < limits::EMPTY {
                    continue;
                }
                return self.give_up(transcript, format!("The model gave {empty} empty answers in a row")).await;
            }
            empty = 0;
            let calls = transcript.assistant(said.clone(), calls);
            transcript.keep(answer.keep);
            gauge.note(transcript.messages().len(), &usage);
            self.keep(transcript, spent).await;
            if !said.trim().is_empty() {
                self.follower.show(Body::MessageEnd { text: said.clone() }).await;
            }
            if calls.is_empty() {
                return Outcome::Answered(said);
            }
            calls::run(self, transcript, &calls, note, cancel).await;
            if cancel.is_cancelled() {
                transcript.settle(INTERRUPTED);
                return Outcome::Interrupted;
            }
        }
        let rounds = self.limits.rounds;
        self.give_up(transcript, format!("Stopped after {rounds} rounds without an answer (`agent.max_rounds`)")).await
    }

    /// Makes the conversation shorter. Returns whether it is; what failed once is not tried again in this turn.
    async fn compress(
        &self,
        compressor: &mut Option<&dyn Compressor>,
        transcript: &mut Transcript,
        cancel: &Cancel,
    ) -> bool {
        let Some(by) = *compressor else { return false };
        self.follower.show(Body::Activity { text: "compressing the conversation".into(), call: None }).await;
        let (text, done) = match by.compress(transcript, cancel).await {
            Ok(Some(text)) => (text, true),
            Ok(None) => ("⚠ The conversation is too long, and nothing can be left out of it".to_owned(), false),
            Err(error) if error.code == ErrorCode::CANCELLED => return false,
            Err(error) => (format!("⚠ The conversation could not be compressed: {error}"), false),
        };
        self.follower.show(Body::Notice { text }).await;
        if !done {
            *compressor = None;
        }
        done
    }

    async fn keep(&self, transcript: &mut Transcript, spent: Spent) {
        if let Some(text) = self.keeper.keep(transcript, spent).await {
            self.follower.show(Body::Notice { text }).await;
        }
    }

    fn request(&self, transcript: &Transcript) -> Request {
        Request {
            system: self.system.to_owned(),
            messages: transcript.messages().to_vec(),
            tools: self.toolbox.tools(),
            ..Request::default()
        }
    }

    /// Keeps a cut answer as far as it came.
    async fn stopped(&self, transcript: &mut Transcript, stopped: Stopped) -> Outcome {
        let Stopped { said, why } = stopped;
        let mark = match &why {
            Why::Interrupted => "[Interrupted]".to_owned(),
            Why::TooLong => format!("[Cut: longer than {} bytes]", self.limits.answer),
            Why::Failed(error) => format!("[Cut: {error}]"),
        };
        let marked = format!("{}\n\n{mark}", said.trim_end());
        if !said.trim().is_empty() {
            transcript.assistant(marked.clone(), Vec::new());
            self.follower.show(Body::MessageEnd { text: marked.clone() }).await;
        }
        match why {
            Why::Interrupted => Outcome::Interrupted,
            Why::TooLong => Outcome::GaveUp(marked),
            Why::Failed(error) => Outcome::Failed(error),
        }
    }

    async fn give_up(&self, transcript: &mut Transcript, why: String) -> Outcome {
        transcript.assistant(format!("[{why}]"), Vec::new());
        self.follower.show(Body::MessageEnd { text: why.clone() }).await;
        Outcome::GaveUp(why)
    }
}

#[cfg(test)]
mod tests;
