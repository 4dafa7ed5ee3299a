//! The line to one chat of a platform: what a turn shows goes out here, and prompts find their answers.
//!
//! It neither judges answers nor keeps time. One prompt stands at a time: the guard has the others wait.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use hermes_plugin_api::error::{PluginError, Result};
use hermes_plugin_api::platform::{Body, Call, Ended, Outbound, Prompt};
use tokio::sync::oneshot;

use crate::flow::within;
use crate::guard::Approver;
use crate::host::clock;
use crate::host::scope::BoxFuture;
use crate::plugin::handle::PlatformHandle;
use crate::redact::{Stream, redact};
use crate::turn::Follower;

/// How long a platform may take to send one thing.
const SEND: Duration = Duration::from_secs(30);

/// The line.
pub struct Line {
    platform: PlatformHandle,
    chat: String,
    run: String,
    sent: AtomicU64,
    quiet: bool,
    whole: bool,
    hides: bool,
    stream: Mutex<Stream>,
    asking: Mutex<Asking>,
    /// Whose prompt stands: one at a time, those of turns beside the conversation included.
    turn: Arc<tokio::sync::Mutex<()>>,
}

#[derive(Default)]
struct Asking {
    /// The prompt that waits for its answer.
    standing: Option<Waiting>,
    /// The prompt that was shown and whose end was not.
    unsettled: Option<String>,
    /// Nobody is there any more.
    left: bool,
}

struct Waiting {
    id: String,
    /// It asks whether something may be done.
    consent: bool,
    answer: oneshot::Sender<Option<String>>,
}

impl Line {
    /// A line to a chat. A quiet one carries answers, prompts and notices, and not what is done meanwhile.
    #[must_use]
    pub fn new(platform: PlatformHandle, chat: impl Into<String>, quiet: bool) -> Self {
        Self {
            platform,
            chat: chat.into(),
            run: clock::random_id(),
            sent: AtomicU64::new(0),
            quiet,
            whole: false,
            hides: false,
            stream: Mutex::default(),
            asking: Mutex::default(),
            turn: Arc::default(),
        }
    }

    /// A line to the same chat that carries prompts and notices and nothing else, for what goes on beside.
    #[must_use]
    pub fn aside(&self) -> Self {
        let line = Self::new(self.platform.clone(), self.chat.clone(), true).hiding(self.hides).answers_only();
        Self { turn: self.turn.clone(), ..line }
    }

    /// Carries nothing but the last answer, once it is whole: for readers who want that alone.
    #[must_use]
    pub fn answers_only(mut self) -> Self {
        self.whole = true;
        self
    }

    /// What is typed can be hidden there.
    #[must_use]
    pub fn hiding(mut self, hides: bool) -> Self {
        self.hides = hides;
        self
    }

    /// Whether it leaves out what is not asked for.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Tells the last answer, where it was not told as it came.
    pub async fn conclude(&self, text: &str) {
        if self.whole {
            self.tell(Body::Message { text: redact(text).into_owned() }).await;
        }
    }

    /// Sends something.
    ///
    /// # Errors
    /// What the platform reports, or `TIMEOUT`.
    pub async fn send(&self, body: Body) -> Result<()> {
        let number = self.sent.fetch_add(1, Ordering::Relaxed);
        let outbound = Outbound { op: format!("{}-{number}", self.run), chat: self.chat.clone(), body };
        within(SEND, "The platform", self.platform.send(&outbound)).await.map(|_| ())
    }

    /// Answers a prompt, if it still stands. Returns whether it did.
    pub fn answer(&self, prompt: &str, text: String) -> bool {
        self.take_down(Some(prompt)).is_some_and(|answer| answer.send(Some(text)).is_ok())
    }

    /// Answers the prompt that stands, where it asks for consent. Returns whether there was one.
    pub fn decide(&self, text: &str) -> bool {
        let mut asking = self.asking();
        let standing = asking.standing.take_if(|standing| standing.consent);
        standing.is_some_and(|standing| standing.answer.send(Some(text.to_owned())).is_ok())
    }

    /// Declines the prompt that stands. Returns whether there was one.
    pub fn decline(&self) -> bool {
        self.take_down(None).is_some_and(|answer| answer.send(None).is_ok())
    }

    /// The person left: the prompt that stands and all that come are declined.
    pub fn leave(&self) {
        self.asking().left = true;
        self.decline();
    }

    /// Takes a prompt off the screen whose asker is gone without a word.
    pub async fn tidy(&self) {
        let unsettled = self.asking().unsettled.take();
        if let Some(prompt) = unsettled {
            self.tell(Body::PromptEnd { prompt, outcome: "withdrawn".into() }).await;
        }
    }

    fn asking(&self) -> MutexGuard<'_, Asking> {
        self.asking.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a prompt the one that stands, unless the person left.
    fn stand(&self, prompt: &Prompt) -> Option<Standing<'_>> {
        let mut asking = self.asking();
        if asking.left {
            return None;
        }
        let (answer, answered) = oneshot::channel();
        let id = prompt.id.clone();
        let consent = prompt.choices.iter().any(|choice| choice.id == "once");
        asking.standing = Some(Waiting { id: id.clone(), consent, answer });
        asking.unsettled = Some(id.clone());
        Some(Standing { line: self, id, answered })
    }

    /// Takes down this prompt, or whichever stands.
    fn take_down(&self, prompt: Option<&str>) -> Option<oneshot::Sender<Option<String>>> {
        let mut asking = self.asking();
        let standing = asking.standing.take_if(|standing| prompt.is_none_or(|prompt| prompt == standing.id));
        standing.map(|standing| standing.answer)
    }

    /// Without secrets. Of a message that is being written, what may hide the beginning of one is held back until
    /// it is clear, or until the message is told whole.
    fn redacted(&self, body: Body) -> Option<Body> {
        let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        let clean = |text: String| redact(&text).into_owned();
        Some(match body {
            Body::Delta { text } => {
                let text = Some(stream.push(&text)).filter(|text| !text.is_empty())?;
                Body::Delta { text }
            }
            Body::MessageEnd { text } => {
                *stream = Stream::default();
                Body::MessageEnd { text: clean(text) }
            }
            Body::Activity { text, call } => {
                *stream = Stream::default();
                let ended = |ended: Ended| Ended { why: clean(ended.why), ..ended };
                let call = call.map(|call| Call { about: clean(call.about), ended: call.ended.map(ended), ..call });
                Body::Activity { text: clean(text), call }
            }
            Body::ToolOutput { text, diff } => Body::ToolOutput { text: clean(text), diff },
            Body::Notice { text } => Body::Notice { text: clean(text) },
            other => other,
        })
    }

    async fn tell(&self, body: Body) {
        if let Err(error) = self.send(body).await {
            tracing::warn!(%error, "Something could not be shown.");
        }
    }
}

/// A prompt that stands as long as somebody waits for its answer.
struct Standing<'a> {
    line: &'a Line,
    id: String,
    answered: oneshot::Receiver<Option<String>>,
}

impl Drop for Standing<'_> {
    fn drop(&mut self) {
        self.line.take_down(Some(&self.id));
    }
}

impl Follower for Line {
    fn show(&self, body: Body) -> BoxFuture<'_, ()> {
        let left_out = match &body {
            Body::Activity { .. } | Body::ToolOutput { .. } => self.quiet,
            Body::Delta { .. } | Body::MessageEnd { .. } => self.whole,
            _ => false,
        };
        async move {
            if let Some(body) = self.redacted(body).filter(|_| !left_out) {
                self.tell(body).await;
            }
        }
        .boxed()
    }
}

impl Approver for Line {
    fn ask<'a>(&'a self, prompt: &'a Prompt) -> BoxFuture<'a, Result<Option<String>>> {
        async move {
            let _turn = self.turn.lock().await;
            let Some(mut standing) = self.stand(prompt) else { return Ok(None) };
            self.send(Body::Prompt(prompt.clone())).await?;
            (&mut standing.answered).await.map_err(|_| PluginError::cancelled())
        }
        .boxed()
    }

    fn settled<'a>(&'a self, prompt: &'a Prompt, outcome: &'a str) -> BoxFuture<'a, ()> {
        async move {
            let shown = self.asking().unsettled.take_if(|id| *id == prompt.id).is_some();
            if shown {
                self.tell(Body::PromptEnd { prompt: prompt.id.clone(), outcome: outcome.to_owned() }).await;
            }
        }
        .boxed()
    }

    fn can_hide(&self) -> bool {
        self.hides
    }

    fn notice<'a>(&'a self, text: &'a str) -> BoxFuture<'a, ()> {
        self.tell(Body::Notice { text: text.to_owned() }).boxed()
    }
}
