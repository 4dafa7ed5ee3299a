//! The trait of toolsets, shaped like the Model Context Protocol.

use std::future::Future;

use hermes_plugin_abi::{self as abi, CLOSED, FULL, FfiFuture, FutureExt as _, PUSHED, RSlice, RVec, TD_Opaque};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{ErrorCode, PluginError, Result};
use crate::flow::{Cancel, Output, Pushed, Sink};

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
    /// It may undo or overwrite what is there.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub destructive: bool,
    /// What it returns comes from strangers, such as the text of a web page: scanners see it before the model does.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub open_world: bool,
    /// Calling it twice with the same arguments changes no more than calling it once.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub idempotent: bool,
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
    /// The message is a unified diff, whole.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub diff: bool,
}

impl Progress {
    /// Something that is going on.
    pub fn text(message: impl Into<String>) -> Self {
        Self { message: message.into(), diff: false }
    }

    /// A unified diff of what changed.
    pub fn diff(message: impl Into<String>) -> Self {
        Self { message: message.into(), diff: true }
    }

    /// An output whose text is shown as progress: for a call that passes on what a command prints.
    #[must_use]
    pub fn output(progress: Sink<Self>) -> Output {
        Output::from_wire(abi::Sink_TO::from_value(Shown(progress), TD_Opaque))
    }
}

struct Shown(Sink<Progress>);

impl abi::Sink for Shown {
    fn try_push(&self, text: RSlice<'_, u8>) -> u32 {
        match self.0.try_push(&Progress::text(String::from_utf8_lossy(&text))) {
            Pushed::Taken => PUSHED,
            Pushed::Full => FULL,
            Pushed::Closed => CLOSED,
        }
    }

    fn push(&self, text: RVec<u8>) -> FfiFuture<u32> {
        let sink = self.0.clone();
        async move {
            let progress = Progress::text(String::from_utf8_lossy(&text));
            if sink.push(&progress).await.is_ok() { PUSHED } else { CLOSED }
        }
        .into_ffi()
    }
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

    /// What the model should read, and can do something about, as a result.
    ///
    /// # Errors
    /// Anything else, as it is.
    pub fn telling(error: PluginError) -> Result<Self> {
        let telling = [ErrorCode::DENIED, ErrorCode::USER, ErrorCode::UNAVAILABLE, ErrorCode::TIMEOUT];
        if !telling.contains(&error.code) {
            return Err(error);
        }
        let hint = error.hint().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
        Ok(Self::error(format!("{}{hint}", error.message)))
    }

    /// All text of the content.
    #[must_use]
    pub fn joined(&self) -> String {
        let texts = self.content.iter().map(|Content::Text { text }| text.as_str());
        texts.collect::<Vec<_>>().join("\n")
    }
}

/// The arguments of a call as a type.
///
/// # Errors
/// `USER`, naming what does not fit: [`CallResult::telling`] tells the model.
pub fn arguments_of<T: DeserializeOwned>(arguments: Value) -> Result<T> {
    serde_json::from_value(arguments).map_err(|error| PluginError::user(format!("Arguments do not fit: {error}")))
}
