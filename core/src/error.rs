//! The one final error: what `main` prints, and the code it exits with.

use std::error::Error;
use std::fmt::Write as _;

use hermes_plugin_api::error::PluginError;

use crate::config::edit::EditError;
use crate::config::home::HomeError;
use crate::config::problem::ConfigError;
use crate::plugin::catalogue::CatalogueError;
use crate::plugin::install::InstallError;
use crate::plugin::lock::LockError;
use crate::plugin::refusal::Refusal;
use crate::session::store::StoreError;

/// Success.
pub const OK: u8 = 0;
/// It failed.
pub const FAILED: u8 = 1;
/// The words were wrong.
pub const USAGE: u8 = 2;
/// The person interrupted it.
pub const INTERRUPTED: u8 = 130;

/// Why the program ends without having done what it was asked.
#[derive(Debug)]
pub struct Failure {
    error: Box<dyn Error + Send + Sync>,
    hint: Option<String>,
    code: u8,
}

impl Failure {
    /// A failure with a message of its own.
    pub fn new(message: impl Into<String>) -> Self {
        Self::of(Box::<dyn Error + Send + Sync>::from(message.into()))
    }

    fn of(error: Box<dyn Error + Send + Sync>) -> Self {
        Self { error, hint: None, code: FAILED }
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Sets the code to exit with.
    #[must_use]
    pub fn code(mut self, code: u8) -> Self {
        self.code = code;
        self
    }

    /// The code to exit with.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        self.code
    }

    /// What a plugin is told when a configuration is the reason.
    #[must_use]
    pub fn of_configuration(&self) -> PluginError {
        let mut message = self.error.to_string();
        let mut source = self.error.source();
        while let Some(cause) = source {
            let _ = write!(message, ": {cause}");
            source = cause.source();
        }
        let error = PluginError::config(message);
        match &self.hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }

    /// The text for a person: the error, its causes, the hint.
    #[must_use]
    pub fn render(&self) -> String {
        let mut text = format!("error: {}", self.error);
        let mut source = self.error.source();
        while let Some(cause) = source {
            let _ = write!(text, "\n  Caused by: {cause}");
            source = cause.source();
        }
        if let Some(hint) = &self.hint {
            let _ = write!(text, "\nhint: {hint}");
        }
        text
    }
}

impl From<PluginError> for Failure {
    fn from(error: PluginError) -> Self {
        let hint = error.hint().map(str::to_owned);
        Self { hint, ..Self::of(error.into()) }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let hint = Some(refusal.hint.clone());
        Self { hint, ..Self::of(refusal.into()) }
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let hint = error.hint();
        Self { hint, ..Self::of(error.into()) }
    }
}

impl From<HomeError> for Failure {
    fn from(error: HomeError) -> Self {
        let hint = error.hint();
        Self { hint, ..Self::of(error.into()) }
    }
}

impl From<InstallError> for Failure {
    fn from(error: InstallError) -> Self {
        let hint = error.hint();
        Self { hint, ..Self::of(error.into()) }
    }
}

impl From<EditError> for Failure {
    fn from(error: EditError) -> Self {
        let hint = error.hint();
        Self { hint, ..Self::of(error.into()) }
    }
}

impl From<LockError> for Failure {
    fn from(error: LockError) -> Self {
        Self::of(error.into()).hint("move the file away and install the plugins again")
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        let hint = error.hint();
        Self { hint, ..Self::of(error.into()) }
    }
}

impl From<CatalogueError> for Failure {
    fn from(error: CatalogueError) -> Self {
        Self::of(error.into()).hint("install the program again")
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self::of(error.into())
    }
}
