//! The trait of messaging platforms, the terminal among them.

use std::future::Future;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::flow::{Cancel, Output, Sink};
use crate::gate::Sender;

/// Carries messages between people and the host.
///
/// A platform translates: it holds no policy, no sessions and no timers but its protocol's heartbeats. What it
/// can do it declares in its manifest.
pub trait Platform: Send + Sync + 'static {
    /// Receives until cancelled or closed. `inbox.push` returns once the host has the event for good: only
    /// then may a platform acknowledge it to its server.
    ///
    /// # Errors
    /// `UNAVAILABLE` to be started again later, `CONFIG` to be left alone until the operator acts.
    fn run(&self, inbox: Sink<Inbound>, cancel: Cancel) -> impl Future<Output = Result<()>> + Send;

    /// Sends one thing.
    ///
    /// # Errors
    /// `UNAVAILABLE` when it may be tried again with the same `op`.
    fn send(&self, outbound: Outbound) -> impl Future<Output = Result<Receipt>> + Send;

    /// Fetches a media item of at most `limit` bytes. Called only after its sender was authorized.
    ///
    /// # Errors
    /// `UNSUPPORTED` where the platform has no media.
    fn fetch(&self, media: Media, limit: u64, output: Output) -> impl Future<Output = Result<()>> + Send {
        let _ = (media, limit, output);
        std::future::ready(Err(crate::error::PluginError::unsupported("media")))
    }

    /// Returns resources before the process ends. Called once, after the last call.
    ///
    /// # Errors
    /// Logged, and otherwise ignored.
    fn stop(&self) -> impl Future<Output = Result<()>> + Send {
        std::future::ready(Ok(()))
    }
}

/// Something that came in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Inbound {
    /// The platform's id of the event, by which repetitions are recognised.
    pub id: String,
    /// Where.
    pub chat: String,
    /// Who.
    pub sender: Sender,
    /// What.
    pub event: Event,
}

/// What came in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Event {
    /// A message.
    Message {
        /// Its text.
        text: String,
        /// What hangs on it.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        media: Vec<Media>,
    },
    /// An answer to a prompt, by button or as text.
    Answer {
        /// The prompt's id.
        prompt: String,
        /// What was pressed or typed; empty for end of input.
        text: String,
    },
    /// The person wants the running turn to stop.
    Interrupt,
    /// The person left: the conversation is over.
    Closed,
}

impl Default for Event {
    fn default() -> Self {
        Self::Message { text: String::new(), media: Vec::new() }
    }
}

/// A media item that can be fetched.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Media {
    /// How the platform finds it.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its media type.
    pub mime: String,
    /// Its size in bytes, where known.
    pub size: Option<u64>,
}

/// Something to send.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Outbound {
    /// Stable across retries and restarts, so that a platform can recognise a repetition.
    pub op: String,
    /// Where to.
    pub chat: String,
    /// What.
    pub body: Body,
}

/// What to send.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Body {
    /// A whole message of the agent, in Markdown.
    Message {
        /// The text.
        text: String,
    },
    /// A piece of a message that is being written.
    Delta {
        /// The text.
        text: String,
    },
    /// The message being written is complete; `text` is all of it.
    MessageEnd {
        /// The text.
        text: String,
    },
    /// Something the agent does: a tool call, a retry.
    Activity {
        /// One line: all of it, for where there is nothing better.
        text: String,
        /// The tool call that begins or ends here, for platforms that draw one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        call: Option<Call>,
    },
    /// Output of a running command, as it comes.
    ToolOutput {
        /// The text.
        text: String,
        /// It is a unified diff, whole.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        diff: bool,
    },
    /// Something the person must know: a warning, a banner.
    Notice {
        /// The text.
        text: String,
    },
    /// A question that waits for an [`Event::Answer`].
    Prompt(Prompt),
    /// The question is settled; nothing typed from now on belongs to it.
    PromptEnd {
        /// The prompt's id.
        prompt: String,
        /// How it ended, in a few words.
        outcome: String,
    },
    /// The turn is over: the person may write.
    TurnEnd,
    /// What stands in the status line.
    Status(Status),
}

impl Default for Body {
    fn default() -> Self {
        Self::Message { text: String::new() }
    }
}

/// A tool call, as it begins and as it ends.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Call {
    /// The same at the beginning and at the end, and different for calls side by side.
    pub id: String,
    /// The tool.
    pub name: String,
    /// What it is about, in a few words; may be empty.
    pub about: String,
    /// How it ended. Absent: it begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended: Option<Ended>,
}

/// How a tool call ended.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Ended {
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
    /// It was refused, broke off or could not be made.
    pub failed: bool,
    /// Why, in a few words; empty when it did not fail.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub why: String,
    /// The exit code of the command that it ran, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i64>,
}

impl Body {
    /// Something the agent does that is no tool call.
    pub fn activity(text: impl Into<String>) -> Self {
        Self::Activity { text: text.into(), call: None }
    }

    /// Output of a running command.
    pub fn tool_output(text: impl Into<String>) -> Self {
        Self::ToolOutput { text: text.into(), diff: false }
    }
}

/// What stands in the status line, and what a platform with a keyboard of its own needs to know.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Status {
    /// What must be seen before every message; empty when there is nothing.
    pub text: String,
    /// What may be seen where there is room: who answers, what was used.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub details: String,
    /// The words that a message may be, for completion. Empty: as before.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub words: Vec<SlashWord>,
    /// The file in which a keyboard of this host keeps what was typed. Absent: as before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub history: Option<String>,
}

/// A word that is for the program itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SlashWord {
    /// The word, without its `/`.
    pub name: String,
    /// What it does, in a few words.
    pub about: String,
}

/// A question to a person.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Prompt {
    /// Random, used once.
    pub id: String,
    /// All of it as text, for where there is nothing better. Control characters are already shown escaped.
    pub text: String,
    /// What may be answered, with a label each; the first letter of the label answers too.
    pub choices: Vec<Choice>,
    /// The question that stands last, before the answer is typed.
    pub question: String,
    /// What is typed must not be seen. Asked only of platforms whose manifest states the fact `hides_input: true`.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub hidden: bool,
}

/// An answer that may be given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Choice {
    /// What the answer carries.
    pub id: String,
    /// What the person sees.
    pub label: String,
}

/// What sending yields.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Receipt {
    /// The platform's id of what was sent.
    pub id: Option<String>,
}
