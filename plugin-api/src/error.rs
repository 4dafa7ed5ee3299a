//! The one error that crosses between host and plugins.

use std::time::Duration;

use hermes_plugin_abi::Fault;
use serde_json::{Map, Value};

/// A result with a [`PluginError`].
pub type Result<T, E = PluginError> = std::result::Result<T, E>;

/// What went wrong, flat: it crosses the ABI as is.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginError {
    /// The kind, by which callers decide.
    pub code: ErrorCode,
    /// One sentence: capital first, no full stop, values in backticks.
    pub message: String,
    /// Anything further; `hint` is what to do next.
    pub details: Map<String, Value>,
    /// When trying again makes sense, where the other side said so.
    pub retry_after: Option<Duration>,
}

/// The kind of an error. A number, so that old and new builds can exchange kinds the other does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ErrorCode(pub u32);

impl ErrorCode {
    /// A fault of host or plugin.
    pub const INTERNAL: Self = Self(1);
    /// The person asked for something that cannot be.
    pub const USER: Self = Self(2);
    /// A setting is wrong.
    pub const CONFIG: Self = Self(3);
    /// Policy or a person refused.
    pub const DENIED: Self = Self(4);
    /// What is needed is not there now.
    pub const UNAVAILABLE: Self = Self(5);
    /// It took too long.
    pub const TIMEOUT: Self = Self(6);
    /// Nobody wants the answer any more.
    pub const CANCELLED: Self = Self(7);
    /// The plugin panicked.
    pub const PANICKED: Self = Self(8);
    /// The other side does not know this method.
    pub const UNSUPPORTED: Self = Self(9);
    /// A message on the wire could not be read.
    pub const PROTOCOL: Self = Self(10);

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::UNAVAILABLE | Self::TIMEOUT)
    }
}

impl PluginError {
    /// Makes an error of a kind.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), details: Map::new(), retry_after: None }
    }

    /// A fault of host or plugin.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::INTERNAL, message)
    }

    /// A wrong setting.
    pub fn config(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::CONFIG, message)
    }

    /// A request that cannot be met as it is.
    pub fn user(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::USER, message)
    }

    /// Something that is not there now.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::new(ErrorCode::UNAVAILABLE, message)
    }

    /// Nobody wants the answer any more.
    #[must_use]
    pub fn cancelled() -> Self {
        Self::new(ErrorCode::CANCELLED, "Cancelled")
    }

    /// The other side does not know `what`.
    pub fn unsupported(what: impl std::fmt::Display) -> Self {
        Self::new(ErrorCode::UNSUPPORTED, format!("`{what}` is not supported"))
    }

    /// A message on the wire could not be read.
    pub fn protocol(what: &str, error: impl std::fmt::Display) -> Self {
        Self::new(ErrorCode::PROTOCOL, format!("Failed to read {what}: {error}"))
    }

    /// Adds what to do next.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        self.with("hint", hint.into())
    }

    /// Adds a detail.
    #[must_use]
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.details.insert(key.to_owned(), value.into());
        self
    }

    /// What to do next, where the error says so.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.details.get("hint").and_then(Value::as_str)
    }
}

impl std::fmt::Display for PluginError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for PluginError {}

impl From<std::io::Error> for PluginError {
    fn from(error: std::io::Error) -> Self {
        Self::internal(error.to_string())
    }
}

impl From<serde_json::Error> for PluginError {
    fn from(error: serde_json::Error) -> Self {
        Self::protocol("JSON", error)
    }
}

impl From<PluginError> for Fault {
    fn from(error: PluginError) -> Self {
        let details = match error.details.is_empty() {
            true => String::new(),
            false => Value::Object(error.details).to_string(),
        };
        Fault {
            code: error.code.0,
            message: error.message.into(),
            details: details.into(),
            retry_after_ms: error.retry_after.map_or(0, |wait| wait.as_millis().max(1) as u64),
        }
    }
}

impl From<Fault> for PluginError {
    fn from(fault: Fault) -> Self {
        Self {
            code: ErrorCode(fault.code),
            message: fault.message.into(),
            details: serde_json::from_str(&fault.details).unwrap_or_default(),
            retry_after: (fault.retry_after_ms > 0).then(|| Duration::from_millis(fault.retry_after_ms)),
        }
    }
}
