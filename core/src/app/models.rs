//! The models that a configuration names besides the one that answers. None is opened before it is needed.

use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt as _;
use hermes_plugin_api::error::PluginError;
use hermes_plugin_api::flow::Cancel;
use hermes_plugin_api::manifest::Kind;
use hermes_plugin_api::model::{Completion, Message, Request, Role};

use super::App;
use crate::config::settings::{AuxiliaryModel, ModelChoice};
use crate::conversation::agent::{Compression, Side};
use crate::conversation::auxiliary::{self, Bounds};
use crate::guard::{Adviser, Question};
use crate::host::scope::BoxFuture;
use crate::plugin::handle::ModelHandle;
use crate::plugin::refusal::Refusal;
use crate::turn::models::{Open, Standby};

/// Longest answer of a model that judges commands, in tokens: some think before they answer.
const JUDGING_TOKENS: u32 = 1_024;
/// The same in bytes.
const JUDGEMENT: usize = 8 << 10;

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
        let Side { own, time } = self.side(&settings.auxiliary.compression, chosen);
        let threshold = Some(settings.compression.threshold).filter(|_| settings.compression.enabled);
        Compression { own, time, threshold }
    }

    /// The model of a side task; one that names no provider has the chosen one's.
    #[must_use]
    pub fn side(&self, task: &AuxiliaryModel, chosen: &str) -> Side {
        let AuxiliaryModel { provider, name, timeout } = task.clone();
        let own = (provider.is_some() || name.is_some()).then(|| {
            let provider = provider.unwrap_or_else(|| chosen.to_owned());
            Arc::new(Standby::new(provider.clone(), name.unwrap_or_default(), self.opening(provider)))
        });
        Side { own, time: Duration::from_secs(timeout) }
    }

    /// The model that judges commands in smart mode, or why there is none.
    ///
    /// # Errors
    /// When no model was chosen that could.
    pub(super) fn adviser(&self) -> Result<Arc<dyn Adviser>, String> {
        let settings = &self.config.settings;
        let AuxiliaryModel { provider, name, timeout } = settings.auxiliary.approval.clone();
        let main = &settings.model;
        let name = match (&provider, name) {
            (_, Some(name)) => Some(name),
            // The main model's name means something to its own provider alone.
            (Some(own), None) if main.provider.as_ref() != Some(own) => None,
            _ => main.name.clone(),
        };
        let stand_in = self.plugins.default_name(Kind::Model);
        let provider = provider.or_else(|| main.provider.clone()).filter(|provider| stand_in != Some(provider));
        let provider = provider.ok_or_else(|| {
            "no model is chosen that could judge commands; set `model.provider` or `auxiliary.approval.provider`"
                .to_owned()
        })?;
        let model = Standby::new(provider.clone(), name.unwrap_or_default(), self.opening(provider));
        Ok(Arc::new(Judging { model, time: Duration::from_secs(timeout) }))
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

/// The model that judges commands.
struct Judging {
    model: Standby,
    time: Duration,
}

impl Adviser for Judging {
    fn answer<'a>(&'a self, question: Question, cancel: &'a Cancel) -> BoxFuture<'a, Result<Completion, PluginError>> {
        async move {
            let request = Request {
                model: self.model.name().to_owned(),
                system: question.system.to_owned(),
                messages: vec![Message { role: Role::User, content: question.message, ..Message::default() }],
                temperature: Some(0.0),
                max_tokens: Some(JUDGING_TOKENS),
                ..Request::default()
            };
            let bounds = Bounds { time: self.time, size: JUDGEMENT };
            auxiliary::ask(self.model.model()?, &request, bounds, None, cancel).await
        }
        .boxed()
    }
}
