//! Makes a conversation shorter: a model summarises what was said first, the last turns stay as they are, and what
//! was summarised stays in the store. `/compress` takes its place among the turns.
//!
//! Where it is cut, and when that is due, is the turn's to say.

use futures_util::FutureExt as _;
use hermes_plugin_api::error::{PluginError, Result};
use hermes_plugin_api::flow::Cancel;
use hermes_plugin_api::model::{Message, ModelInfo, Request, Role};
use hermes_plugin_api::platform::Body;

use super::auxiliary::{self, Bounds};
use super::{Conversation, Running};
use crate::conversation::agent::Agent;
use crate::flow::CancelSource;
use crate::host::scope::BoxFuture;
use crate::redact::redact;
use crate::session::keep::Keeping;
use crate::session::spent::Spent;
use crate::session::transcript::Transcript;
use crate::turn::compress::{Compressor, INSTRUCTIONS, cut, rendered};
use crate::turn::{Follower as _, Outcome};

/// What a model is taken to read that says nothing of it, in tokens.
const UNKNOWN: u64 = 32_000;
/// How many bytes a token has, about.
const BYTES: u64 = 4;
/// Longest summary, in bytes.
const SUMMARY: usize = 64 << 10;
/// The most of a person's message that is repeated word for word, in bytes.
const REPEATED: usize = 4_000;

/// How many tokens the agent's model can read, where that is known.
pub(super) async fn room(agent: &Agent) -> Option<u64> {
    agent.compression.threshold?;
    agent.model.info(&agent.model_name).await.ok().and_then(|info| info.context)
}

/// Makes the conversation of one session shorter.
pub(super) struct Compressing<'a> {
    pub(super) agent: &'a Agent,
    pub(super) keeping: &'a Keeping,
    /// How many tokens the model can read.
    pub(super) room: Option<u64>,
}

impl Compressing<'_> {
    /// From how many tokens on a conversation is too long.
    pub(super) fn longest(&self) -> Option<u64> {
        Some((self.room? as f64 * self.agent.compression.threshold?) as u64)
    }

    async fn shorten(&self, transcript: &mut Transcript, cancel: &Cancel) -> Result<Option<String>> {
        let room = self.room.unwrap_or(UNKNOWN).saturating_mul(BYTES);
        let bytes = |part: u64| usize::try_from(room / part).unwrap_or(usize::MAX);
        let messages = transcript.messages();
        let Some(at) = cut(messages, transcript.summary(), bytes(4)) else { return Ok(None) };
        let (first, staying) = messages.split_at(at);
        let (mut summary, spent) = self.summarise(first, cancel).await?;
        if staying.first().is_some_and(|message| message.role == Role::Assistant) {
            summary.push_str(&asked(first));
        }
        let count = at - transcript.summary();
        let kept = self.keeping.fold(transcript, at, &summary, &spent).await;
        kept.map_err(|error| PluginError::unavailable(error.told()))?;
        Ok(Some(format!(
            "Compressed: {count} earlier messages are summarised. `/history` and searches still find them"
        )))
    }

    async fn summarise(&self, messages: &[Message], cancel: &Cancel) -> Result<(String, Spent)> {
        let (model, name) = match &self.agent.compression.own {
            Some(own) => (own.model()?, own.name()),
            None => (&self.agent.model, self.agent.model_name.as_str()),
        };
        let ModelInfo { context, .. } = model.info(name).await.unwrap_or_default();
        let context = context.or(self.room).unwrap_or(UNKNOWN);
        let room = usize::try_from(context.saturating_mul(BYTES) / 2).unwrap_or(usize::MAX).min(1 << 20);
        let content = format!(
            "The conversation, between lines of `=====`:\n\n=====\n{}=====\n\nWrite the notes.",
            redact(&rendered(messages, room))
        );
        let request = Request {
            model: name.to_owned(),
            system: INSTRUCTIONS.to_owned(),
            messages: vec![Message { role: Role::User, content, ..Message::default() }],
            max_tokens: u32::try_from((context / 8).clamp(256, 4_096)).ok(),
            ..Request::default()
        };
        let bounds = Bounds { time: self.agent.compression.time, size: SUMMARY };
        let answer = auxiliary::ask(model, &request, bounds, None, cancel).await?;
        if answer.content.trim().is_empty() {
            return Err(PluginError::unavailable("The model wrote no summary"));
        }
        Ok((answer.content, Spent::from(answer.usage)))
    }
}

/// What the person asked for last, for a cut in the middle of what came of it.
fn asked(messages: &[Message]) -> String {
    let last = messages.iter().rfind(|message| message.role == Role::User);
    let text = last.map(|message| message.content.trim()).unwrap_or_default();
    format!("\n\nThe person's last message, which is being worked on:\n{}", &text[..text.floor_char_boundary(REPEATED)])
}

impl Compressor for Compressing<'_> {
    fn compress<'a>(
        &'a self,
        transcript: &'a mut Transcript,
        cancel: &'a Cancel,
    ) -> BoxFuture<'a, Result<Option<String>>> {
        self.shorten(transcript, cancel).boxed()
    }
}

impl Conversation {
    /// Takes its place among the turns, so that it can be stopped.
    pub(super) fn compress(&mut self) {
        let Some(mut session) = self.session.take() else { return };
        let (agent, line, cancel) = (self.parts.agent.clone(), self.parts.line.clone(), CancelSource::new());
        let handle = cancel.handle();
        let turn = Box::pin(async move {
            let room = agent.model.info(&agent.model_name).await.ok().and_then(|info| info.context);
            let compressing = Compressing { agent: &agent, keeping: &session.keeping, room };
            line.show(Body::Activity { text: "compressing the conversation".into(), call: None }).await;
            let text = match compressing.shorten(&mut session.transcript, &handle).await {
                Ok(Some(text)) => text,
                Ok(None) => "There is nothing to compress yet".to_owned(),
                Err(_) if handle.is_cancelled() => return (session, Outcome::Interrupted),
                Err(error) => format!("Nothing was compressed: {error}"),
            };
            line.show(Body::Notice { text }).await;
            (session, Outcome::Answered(String::new()))
        });
        self.running = Some(Running { turn, cancel });
    }
}
