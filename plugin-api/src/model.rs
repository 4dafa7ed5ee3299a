//! The trait of models.

use std::future::Future;

use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::flow::{Cancel, Sink};
use crate::tools::Tool;

/// Answers a conversation.
pub trait Model: Send + Sync + 'static {
    /// Completes a conversation, pushing what it says into `deltas` as it comes.
    ///
    /// # Errors
    /// `UNAVAILABLE` and `TIMEOUT` are worth another try, `retry_after` says when; `CONFIG` for a wrong key.
    fn complete(
        &self,
        request: Request,
        deltas: Sink<Delta>,
        cancel: Cancel,
    ) -> impl Future<Output = Result<Completion>> + Send;

    /// Returns resources before the process ends. Called once, after the last call.
    ///
    /// # Errors
    /// Logged, and otherwise ignored.
    fn stop(&self) -> impl Future<Output = Result<()>> + Send {
        std::future::ready(Ok(()))
    }
}

/// A conversation to complete.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Request {
    /// The model's name, as the provider knows it.
    pub model: String,
    /// The system prompt.
    pub system: String,
    /// The conversation.
    pub messages: Vec<Message>,
    /// The tools that may be called.
    pub tools: Vec<Tool>,
    /// Sampling temperature; the provider's default when absent.
    pub temperature: Option<f64>,
    /// Longest answer in tokens; the provider's default when absent.
    pub max_tokens: Option<u32>,
}

/// One message of a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Message {
    /// Who said it.
    pub role: Role,
    /// Its text.
    pub content: String,
    /// Calls that an assistant asks for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tool_calls: Vec<CallRequest>,
    /// The call that a tool's message answers.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub tool_call_id: String,
    /// The call that a tool's message answers failed.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_error: bool,
}

/// Who said a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The person.
    #[default]
    User,
    /// The model.
    Assistant,
    /// A tool's result.
    Tool,
}

/// A call that the model asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CallRequest {
    /// Its id, unique in the conversation.
    pub id: String,
    /// The tool.
    pub name: String,
    /// The arguments as the model wrote them: JSON text, perhaps broken.
    pub arguments: String,
}

/// A piece of an answer while it comes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Delta {
    /// Text for the person.
    Text {
        /// The text.
        text: String,
    },
    /// Text that the model thinks with.
    Thinking {
        /// The text.
        text: String,
    },
}

/// A whole answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Completion {
    /// Its text.
    pub content: String,
    /// The calls it asks for.
    pub tool_calls: Vec<CallRequest>,
    /// Tokens read and written.
    pub usage: Usage,
}

/// Tokens of one completion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Read.
    pub input_tokens: u64,
    /// Written.
    pub output_tokens: u64,
}
