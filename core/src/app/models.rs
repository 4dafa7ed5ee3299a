//! The models that a configuration names besides the one that answers. None is opened before it is needed.

use std::sync::Arc;
use std::time::Duration;

use hermes_plugin_api::error::PluginError;

use super::App;
use crate::config::settings::{AuxiliaryModel, ModelChoice};
use crate::conversation::agent::Compression;
use crate::plugin::handle::ModelHandle;
use crate::plugin::refusal::Refusal;
use crate::turn::models::{Open, Standby};

impl App {
    /// The models that answer when the chosen one cannot; those that name no provider have that of the chosen one.
    #[must_use]
    pub fn fallbacks(&self, chosen: &str) -> Arc<[Standby]> {
        let choices = self.config.settings.fallback_models.iter();
        let fallback = |choice: &ModelChoice| {
            let provider = choice.provider.clone().unwrap_or_else(|| chosen.to_owned());
            Standby::new(provider.clone(), choice.name.clone().unwrap_or_default(), self.opening(provider))
        };
        choices.map(fallback).collect()
    }

    /// How long conversations become shorter.
    #[must_use]
    pub fn compression(&self, chosen: &str) -> Compression {
        let settings = &self.config.settings;
        let AuxiliaryModel { provider, name, timeout } = settings.auxiliary.compression.clone();
        let own = (provider.is_some() || name.is_some()).then(|| {
            let provider = provider.unwrap_or_else(|| chosen.to_owned());
            Arc::new(Standby::new(provider.clone(), name.unwrap_or_default(), self.opening(provider)))
        });
        let threshold = Some(settings.compression.threshold).filter(|_| settings.compression.enabled);
        Compression { own, time: Duration::from_secs(timeout), threshold }
    }

    /// What opens the models of a provider.
    fn opening(&self, provider: String) -> Open {
        let plugins = self.plugins.clone();
        Box::new(move || -> Result<ModelHandle, PluginError> {
            let refused = |refusal: Refusal| PluginError::config(refusal.to_string()).with_hint(refusal.hint);
            plugins.model(&provider).map_err(refused)
        })
    }
}
