//! The trait of toolsets, shaped like the Model Context Protocol.

use std::future::Future;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::Result;
use crate::flow::{Cancel, Sink};

/// A set of tools that a model may call.
pub trait McpServer: Send + Sync + 'static {
    /// The tools.
    ///
    /// # Errors
    /// Whatever kept it from knowing; the toolset is then not offered.
    fn tools(&self) -> impl Future<Output = Result<Vec<Tool>>> + Send;

    /// Calls a tool. The arguments have been checked against its schema.
    ///
    /// # Errors
    /// A fault of the toolset. A call that ran and failed is a [`CallResult`] with `is_error`.
    fn call(
        &self,
        call: ToolCall,
        progress: Sink<Progress>,
        cancel: Cancel,
    ) -> impl Future<Output = Result<CallResult>> + Send;

    /// Returns resources before the process ends. Called once, after the last call.
    ///
    /// # Errors
    /// Logged, and otherwise ignored.
    fn stop(&self) -> impl Future<Output = Result<()>> + Send {
        std::future::ready(Ok(()))
    }
}

/// A tool.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Tool {
    /// Its name.
    pub name: String,
    /// What it does, for the model.
    pub description: String,
    /// JSON Schema of its arguments.
    pub input_schema: Value,
    /// It changes nothing.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub read_only: bool,
    /// Several calls may run at once.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub parallel: bool,
}

/// A call.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ToolCall {
    /// The tool.
    pub name: String,
    /// Its arguments, a JSON object.
    pub arguments: Value,
    /// On whose behalf.
    pub context: CallContext,
}

/// On whose behalf a call is made.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CallContext {
    /// Names this call to host services that act in its session. Valid only while the call runs.
    pub token: String,
    /// The session's id.
    pub session: String,
}

/// Something to show while a call runs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// What is going on.
    pub message: String,
}

/// What a call yields.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CallResult {
    /// What the model reads.
    pub content: Vec<Content>,
    /// The call failed; the content says how.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_error: bool,
    /// The result as JSON, for programs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub structured: Option<Value>,
}

/// A piece of a result.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Content {
    /// Text.
    Text {
        /// The text.
        text: String,
    },
}

impl CallResult {
    /// A result of one text.
    pub fn text(text: impl Into<String>) -> Self {
        Self { content: vec![Content::Text { text: text.into() }], ..Self::default() }
    }

    /// A failure that the model should read.
    pub fn error(text: impl Into<String>) -> Self {
        Self { is_error: true, ..Self::text(text) }
    }

    /// All text of the content.
    #[must_use]
    pub fn joined(&self) -> String {
        let texts = self.content.iter().map(|Content::Text { text }| text.as_str());
        texts.collect::<Vec<_>>().join("\n")
    }
}
