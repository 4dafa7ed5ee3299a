//! A model asked before it is chosen: with a key and an address that are written nowhere yet.

use std::time::Duration;

use hermes_plugin_api::error::{ErrorCode, PluginError};
use hermes_plugin_api::model::{Completion, Delta, Message, ModelInfo, Request, Role};
use serde_json::Value;

use super::provider::Provider;
use crate::app::{App, Ground};
use crate::cli::runtime;
use crate::config::keys::KeyPath;
use crate::error::{Failure, INTERRUPTED};
use crate::flow::{CancelSource, messages};
use crate::plugin::handle::ModelHandle;

/// How long a server on this machine may take to say that it is one.
const KNOCK: Duration = Duration::from_secs(2);
/// How long a list may take.
const LIST: Duration = Duration::from_secs(30);
/// How long a first word may take: a local server may have to load the model first.
const WORD: Duration = Duration::from_secs(180);
/// How long plugins may take to return their resources.
const GRACE: Duration = Duration::from_secs(2);
/// Longest first answer, in tokens. Some models think before they say a word.
const TOKENS: u32 = 256;

/// Values that hold for a trial alone.
#[derive(Clone, Debug, Default)]
pub(super) struct Trial {
    /// Settings, as if by flags.
    pub(super) settings: Vec<(KeyPath, Value)>,
    /// The key, and the variable that it is for.
    pub(super) key: Option<(String, hermes_plugin_api::secret::Secret)>,
}

impl Trial {
    /// Lists the models of a provider; none where it has no list.
    pub(super) fn models(&self, ground: &Ground, provider: &str) -> Result<Option<Vec<ModelInfo>>, Failure> {
        self.ask(ground, provider, LIST, async |model, cancel| match model.models(&cancel).await {
            Err(error) if error.code == ErrorCode::UNSUPPORTED => Ok(None),
            listed => listed.map(Some),
        })
    }

    /// What is known of a model without asking anybody.
    pub(super) fn info(&self, ground: &Ground, provider: &str, name: &str) -> Result<ModelInfo, Failure> {
        self.ask(ground, provider, LIST, async |model, _| model.info(name).await)
    }

    /// Asks a model for a word.
    pub(super) fn word(&self, ground: &Ground, provider: &str, name: &str) -> Result<Completion, Failure> {
        let content = "Answer with the one word: ready".to_owned();
        let messages = vec![Message { role: Role::User, content, ..Message::default() }];
        let request = Request { model: name.to_owned(), messages, max_tokens: Some(TOKENS), ..Request::default() };
        self.ask(ground, provider, WORD, async |model, cancel| {
            let (deltas, mut pieces) = self::messages::<Delta>(16);
            let drain = async {
                while pieces.recv().await.is_some() {}
                std::future::pending().await
            };
            tokio::select! {
                answer = model.complete(&request, deltas, &cancel) => answer,
                never = drain => never,
            }
        })
    }

    fn ask<T>(
        &self,
        ground: &Ground,
        provider: &str,
        limit: Duration,
        ask: impl AsyncFnOnce(ModelHandle, hermes_plugin_api::flow::Cancel) -> Result<T, PluginError>,
    ) -> Result<T, Failure> {
        let mut ground = ground.clone();
        if let Some((name, key)) = &self.key {
            ground.env = ground.env.with(name, key.expose());
        }
        runtime::block_on(async {
            let app = App::start(ground, self.settings.clone())?;
            let model = app.plugins.model(provider)?;
            let cancel = CancelSource::new();
            let late = || {
                let message = format!("`{provider}` did not answer within {} s", limit.as_secs());
                Failure::from(PluginError::new(ErrorCode::TIMEOUT, message))
            };
            let answer = tokio::select! {
                answer = ask(model, cancel.handle()) => answer.map_err(Failure::from),
                () = tokio::time::sleep(limit) => Err(late()),
                _ = tokio::signal::ctrl_c() => Err(Failure::new("Interrupted").code(INTERRUPTED)),
            };
            cancel.cancel();
            farewell(&app).await;
            answer
        })?
    }
}

/// Looks for servers where they usually are on this machine. Returns those that answered, with their models.
pub(crate) fn search(ground: &Ground, among: &[Provider]) -> Result<Vec<(Provider, Vec<ModelInfo>)>, Failure> {
    runtime::block_on(async {
        let app = App::start(ground.clone(), Vec::new())?;
        let knock = |provider: &Provider| {
            let (provider, model) = (provider.clone(), app.plugins.model(&provider.name));
            async move {
                let cancel = CancelSource::new();
                let models = tokio::time::timeout(KNOCK, model.ok()?.models(&cancel.handle())).await.ok()?.ok()?;
                Some((provider, models))
            }
        };
        let usable = among.iter().filter(|provider| provider.enabled && provider.facts.local);
        let found = futures_util::future::join_all(usable.map(knock)).await;
        farewell(&app).await;
        Ok(found.into_iter().flatten().collect())
    })?
}

async fn farewell(app: &App) {
    if tokio::time::timeout(GRACE, app.plugins.stop()).await.is_err() {
        tracing::warn!("Plugins did not return their resources in time.");
    }
}
