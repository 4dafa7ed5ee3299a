//! Reads a script. Everything wrong with one is an error that names file, line and key.

use std::path::Path;

use hermes_plugin_api::prelude::*;
use serde::Deserialize;
use serde_json::{Map, Value};

/// One answer of the model.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Step {
    /// What must hold before it; else the step fails.
    pub(crate) expect: Option<Expect>,
    /// Milliseconds to wait first.
    pub(crate) delay_ms: u64,
    /// What it thinks, streamed.
    pub(crate) thinking: String,
    /// What it says, streamed.
    pub(crate) text: String,
    /// The calls it asks for.
    pub(crate) tool_calls: Vec<ScriptedCall>,
    /// Fails after what it has said so far.
    pub(crate) error: Option<ScriptedError>,
    /// Never ends by itself.
    pub(crate) hang: bool,
    /// How often it is said, once when absent.
    pub(crate) repeat: Option<usize>,
}

/// What must hold before a step.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Expect {
    /// The last message contains this.
    pub(crate) last_contains: String,
}

/// A call.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScriptedCall {
    /// The tool.
    pub(crate) name: String,
    /// Its id; the host makes one when absent.
    #[serde(default)]
    pub(crate) id: String,
    /// The arguments.
    #[serde(default)]
    arguments: Map<String, Value>,
    /// The arguments as text, to write what is broken.
    raw: Option<String>,
}

/// A failure.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScriptedError {
    code: Code,
    message: String,
    retry_after_ms: Option<u64>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Code {
    Internal,
    User,
    Config,
    Denied,
    Unavailable,
    Timeout,
}

impl ScriptedCall {
    pub(crate) fn arguments(&self) -> String {
        self.raw.clone().unwrap_or_else(|| Value::Object(self.arguments.clone()).to_string())
    }
}

impl ScriptedError {
    pub(crate) fn error(&self) -> PluginError {
        let code = match self.code {
            Code::Internal => ErrorCode::INTERNAL,
            Code::User => ErrorCode::USER,
            Code::Config => ErrorCode::CONFIG,
            Code::Denied => ErrorCode::DENIED,
            Code::Unavailable => ErrorCode::UNAVAILABLE,
            Code::Timeout => ErrorCode::TIMEOUT,
        };
        let mut error = PluginError::new(code, self.message.clone());
        error.retry_after = self.retry_after_ms.map(std::time::Duration::from_millis);
        error
    }
}

/// Reads the script at `path`.
///
/// # Errors
/// `CONFIG`, naming file and line.
pub(crate) fn read(path: &Path) -> Result<Vec<Step>> {
    let wrong = |why: String| PluginError::config(format!("Script `{}`: {why}", path.display()));
    let text = std::fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    serde_yaml::from_str(&text).map_err(|error| wrong(error.to_string()))
}
