//! The trait of models.

use std::future::Future;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{PluginError, Result};
use crate::flow::{Cancel, Sink};
use crate::tools::Tool;

/// Answers a conversation.
pub trait Model: Send + Sync + 'static {
    /// Completes a conversation, pushing what it says into `deltas` as it comes.
    ///
    /// # Errors
    /// `UNAVAILABLE` and `TIMEOUT` are worth another try, `retry_after` says when; `CONFIG` for a wrong key. Where
    /// the cause is one of [`Cause`], the error carries it.
    fn complete(
        &self,
        request: Request,
        deltas: Sink<Delta>,
        cancel: Cancel,
    ) -> impl Future<Output = Result<Completion>> + Send;

    /// Lists the models that can be named in a request, as far as the provider tells.
    ///
    /// # Errors
    /// As [`Model::complete`]; `UNSUPPORTED` where there is no such list.
    fn models(&self, cancel: Cancel) -> impl Future<Output = Result<Vec<ModelInfo>>> + Send {
        drop(cancel);
        std::future::ready(Err(PluginError::unsupported("models")))
    }

    /// Returns what is known of a model without asking anybody: what nothing is known of has defaults.
    ///
    /// # Errors
    /// When even that cannot be said.
    fn info(&self, model: String) -> impl Future<Output = Result<ModelInfo>> + Send {
        std::future::ready(Ok(ModelInfo { name: model, ..ModelInfo::default() }))
    }

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
    /// Pictures that belong to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<Image>,
    /// What the model's plugin wants back with this message, unchanged: [`Completion::keep`].
    #[serde(skip_serializing_if = "Value::is_null")]
    pub keep: Value,
}

/// A picture.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Image {
    /// Its media type, such as `image/png`.
    pub media_type: String,
    /// Its bytes in base64.
    pub data: String,
}

impl Image {
    /// Returns the media type of a picture of a kind that models see (PNG, JPEG, GIF, WebP), by what its bytes hold.
    #[must_use]
    pub fn media_type_of(bytes: &[u8]) -> Option<&'static str> {
        match bytes {
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Some("image/png"),
            [0xff, 0xd8, 0xff, ..] => Some("image/jpeg"),
            [b'G', b'I', b'F', b'8', b'7' | b'9', b'a', ..] => Some("image/gif"),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
            _ => None,
        }
    }
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
    /// Why it ended.
    pub finish: Finish,
    /// What the plugin wants back with this answer, unchanged, when the conversation goes on: signed thinking, for
    /// example. Nobody but the plugin reads it.
    #[serde(skip_serializing_if = "Value::is_null")]
    pub keep: Value,
}

/// Why an answer ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Finish {
    /// It was complete, or asks for calls.
    #[default]
    Stop,
    /// It became too long: its end is missing.
    Length,
    /// The provider's filter cut it.
    Filter,
}

/// Tokens of one completion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Read, those from a cache included.
    pub input_tokens: u64,
    /// Written, those of thinking included.
    pub output_tokens: u64,
    /// Of those read: taken from the provider's cache.
    pub cached_tokens: u64,
    /// Of those read: put into the provider's cache.
    pub cache_written_tokens: u64,
    /// Of those written: thinking.
    pub thinking_tokens: u64,
    /// What it cost in billionths of a US dollar, where the provider tells it or the model's price is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_nano_usd: Option<u64>,
}

/// What is known of a model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ModelInfo {
    /// Its name, as requests have it.
    pub name: String,
    /// How many tokens a conversation may have, the answer included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<u64>,
    /// How many tokens an answer may have.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_output: Option<u64>,
    /// Whether it sees pictures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vision: Option<bool>,
    /// What it costs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
}

/// What a model costs, in US dollars for a million tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Price {
    /// Read.
    pub input: f64,
    /// Written.
    pub output: f64,
    /// Read from a cache; as `input` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cached: Option<f64>,
    /// Put into a cache; as `input` when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_write: Option<f64>,
}

impl Price {
    /// Returns what a completion cost, in billionths of a US dollar.
    #[must_use]
    pub fn of(&self, usage: &Usage) -> u64 {
        let fresh = usage.input_tokens.saturating_sub(usage.cached_tokens).saturating_sub(usage.cache_written_tokens);
        let parts = [
            (fresh, self.input),
            (usage.cached_tokens, self.cached.unwrap_or(self.input)),
            (usage.cache_written_tokens, self.cache_write.unwrap_or(self.input)),
            (usage.output_tokens, self.output),
        ];
        // A dollar a million tokens is a thousand billionths a token.
        parts.iter().map(|(tokens, price)| (*tokens as f64 * price * 1000.0).max(0.0) as u64).sum()
    }
}

/// Why a model did not answer, where that decides what to do about it. It travels in the error's details.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The key is missing or refused.
    Key,
    /// The provider does not know the model.
    Model,
    /// The provider wants no more requests for now.
    RateLimit,
    /// The account has nothing left.
    Quota,
    /// The provider has trouble of its own.
    Overloaded,
    /// The conversation is longer than the model can read.
    ContextOverflow,
    /// The provider's filter let no answer through.
    Refused,
    /// The request is not to the provider's liking.
    Request,
    /// The answer broke off.
    Cut,
    /// What came is not what the interface says.
    Malformed,
}

impl Cause {
    /// Returns the cause that an error carries.
    #[must_use]
    pub fn of(error: &PluginError) -> Option<Self> {
        serde_json::from_value(error.details.get("cause")?.clone()).ok()
    }

    /// Has an error carry this cause.
    #[must_use]
    pub fn on(self, error: PluginError) -> PluginError {
        error.with("cause", serde_json::to_value(self).unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_counts_every_token_once() {
        let price = Price { input: 3.0, output: 15.0, cached: Some(0.3), cache_write: None };
        let usage = Usage { input_tokens: 1000, cached_tokens: 600, cache_written_tokens: 100, ..Usage::default() };
        assert_eq!(price.of(&Usage { output_tokens: 10, ..usage }), 300_000 * 3 + 180_000 + 300_000 + 150_000);
    }

    #[test]
    fn a_cause_travels_with_its_error() {
        let error = Cause::ContextOverflow.on(PluginError::user("Too long"));
        assert_eq!(Cause::of(&error), Some(Cause::ContextOverflow));
        assert_eq!(Cause::of(&PluginError::user("Too long")), None);
    }

    #[test]
    fn an_older_message_is_read() {
        let message: Message = serde_json::from_str(r#"{"role": "user", "content": "x"}"#).expect("read");
        assert_eq!(serde_json::to_string(&message).expect("written"), r#"{"role":"user","content":"x"}"#);
    }
}
