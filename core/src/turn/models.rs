//! Who answers a turn: the model that was chosen, and those that answer when it cannot.
//!
//! It asks none of them and opens one only when its turn has come.

use std::sync::OnceLock;

use hermes_plugin_api::error::{ErrorCode, PluginError};
use hermes_plugin_api::model::Cause;

use crate::plugin::handle::ModelHandle;

/// Opens a model.
pub type Open = Box<dyn Fn() -> Result<ModelHandle, PluginError> + Send + Sync>;

/// A model that is opened when it is needed.
pub struct Standby {
    provider: String,
    name: String,
    open: Open,
    model: OnceLock<Result<ModelHandle, PluginError>>,
}

impl Standby {
    /// A model by its provider, and its name there.
    #[must_use]
    pub fn new(provider: String, name: String, open: Open) -> Self {
        Self { provider, name, open, model: OnceLock::new() }
    }

    /// The name that it has at its provider.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The model, opened now if it was not.
    ///
    /// # Errors
    /// Why it cannot be opened.
    pub fn model(&self) -> Result<&ModelHandle, PluginError> {
        self.model.get_or_init(&self.open).as_ref().map_err(Clone::clone)
    }
}

/// Who answers at the moment. It stays who it is for the rest of the turn.
pub(super) struct Answering<'a> {
    pub(super) model: &'a ModelHandle,
    pub(super) name: &'a str,
    left: &'a [Standby],
}

impl<'a> Answering<'a> {
    pub(super) fn new(model: &'a ModelHandle, name: &'a str, fallbacks: &'a [Standby]) -> Self {
        Self { model, name, left: fallbacks }
    }

    /// Who answers, for a person.
    pub(super) fn label(&self) -> String {
        label(&self.model.origin().name, self.name)
    }

    /// Goes on to the next one that can be opened; those that cannot are told. Returns whether there is one.
    pub(super) fn next(&mut self, troubles: &mut Vec<String>) -> bool {
        while let Some((next, left)) = self.left.split_first() {
            self.left = left;
            match next.model() {
                Ok(model) => {
                    (self.model, self.name) = (model, &next.name);
                    return true;
                }
                Err(error) => troubles.push(format!("{}: {error}", label(&next.provider, &next.name))),
            }
        }
        false
    }
}

/// A model, for a person.
#[must_use]
pub fn label(provider: &str, name: &str) -> String {
    if name.is_empty() { provider.to_owned() } else { format!("{name} ({provider})") }
}

/// Whether another model might answer where one failed so: when the fault is not in what was asked.
pub(crate) fn is_worth_another(error: &PluginError) -> bool {
    match Cause::of(error) {
        Some(Cause::ContextOverflow | Cause::Refused | Cause::Request) => false,
        Some(_) => true,
        None => ![ErrorCode::CANCELLED, ErrorCode::USER, ErrorCode::DENIED].contains(&error.code),
    }
}
