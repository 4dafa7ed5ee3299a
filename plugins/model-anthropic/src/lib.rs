//! Models behind the Anthropic messages interface.
//!
//! It keeps no conversation, tries nothing twice and runs no calls.
#![forbid(unsafe_code)]

mod answer;
mod config;
mod request;

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use hermes_plugin_api::endpoint::{Answer, Endpoint};
use hermes_plugin_api::manifest::Manifest;
use hermes_plugin_api::model::{Cause, Completion, Delta, Finish, ModelInfo, Request};
use hermes_plugin_api::prelude::*;
use hermes_plugin_api::provider::{self, Known, ProviderFacts};

use crate::answer::Assembly;
use crate::config::Config;

/// The version of the interface that this plugin speaks.
const VERSION: &str = "2023-06-01";
/// How many models of the list are asked for: all, so far.
const LISTED: u32 = 1000;

static MODELS: LazyLock<BTreeMap<String, Known>> =
    LazyLock::new(|| serde_yaml::from_str(include_str!("models.yaml")).expect("a test reads it too"));

struct Messages {
    host: Host,
    facts: ProviderFacts,
    config: Config,
}

impl Messages {
    fn new(ctx: &Context) -> Result<Self> {
        let facts = ProviderFacts::within(&Manifest::parse(include_str!("../plugin.yaml"))?, "anthropic")?;
        let config: Config = ctx.config()?;
        if (1..1024).contains(&config.thinking_budget) {
            let message =
                format!("`anthropic.thinking_budget` is {}: expected 0, or 1024 and more", config.thinking_budget);
            return Err(PluginError::config(message));
        }
        Ok(Self { host: ctx.host.clone(), facts, config })
    }

    async fn endpoint(&self) -> Result<Endpoint> {
        let own = self.config.base_url.as_ref().filter(|url| !url.is_empty());
        let key = self.facts.key(&self.host).await?;
        let mut headers = vec![("anthropic-version".to_owned(), VERSION.to_owned())];
        match &key {
            Some((name, key)) if name == "ANTHROPIC_API_KEY" => {
                headers.push(("x-api-key".to_owned(), key.expose().to_owned()));
            }
            Some((_, token)) => {
                headers.push(("authorization".to_owned(), format!("Bearer {}", token.expose())));
                headers.push(("anthropic-beta".to_owned(), "oauth-2025-04-20".to_owned()));
            }
            None => {}
        }
        Ok(Endpoint {
            host: self.host.clone(),
            title: self.facts.title.clone(),
            base_url: own.unwrap_or(&self.facts.base_url).clone(),
            base_url_key: self.facts.base_url_key.clone(),
            headers,
            key,
            head: Duration::from_secs(self.config.timeout),
            idle: Duration::from_secs(self.config.idle_timeout),
        })
    }

    fn known(&self, name: &str) -> ModelInfo {
        provider::info(&self.facts, &MODELS, &self.config.models, name)
    }

    fn finished(&self, assembly: Assembly, known: &ModelInfo) -> Result<Completion> {
        let mut completion = assembly.finish();
        let empty = completion.content.trim().is_empty() && completion.tool_calls.is_empty();
        if empty && completion.finish == Finish::Filter {
            let message = format!("{} refused to answer this", self.facts.title);
            return Err(Cause::Refused.on(PluginError::user(message)));
        }
        completion.usage.cost_nano_usd = known.price.map(|price| price.of(&completion.usage));
        Ok(completion)
    }
}

impl Model for Messages {
    async fn complete(&self, request: Request, deltas: Sink<Delta>, cancel: Cancel) -> Result<Completion> {
        if request.model.is_empty() {
            let error = PluginError::config(format!("No model of {} is chosen", self.facts.title));
            return Err(error.with_hint("choose one with `hermes model`, or name one with `-m`"));
        }
        let endpoint = self.endpoint().await?;
        let known = self.known(&request.model);
        let body = request::body(&request, &self.config, &known);
        let mut assembly = Assembly::default();
        match endpoint.post("/v1/messages", &body, &cancel).await? {
            Answer::Whole(value) => {
                for delta in assembly.whole(&endpoint, &value)? {
                    cancel.run(deltas.push(&delta)).await??;
                }
            }
            Answer::Events(mut events) => {
                while let Some(event) = events.next(&cancel).await? {
                    if let Some(delta) = assembly.event(&endpoint, &event.data)? {
                        cancel.run(deltas.push(&delta)).await??;
                    }
                    if assembly.is_over() {
                        break;
                    }
                }
                if !assembly.is_over() {
                    return Err(endpoint.cut());
                }
            }
        }
        self.finished(assembly, &known)
    }

    async fn models(&self, cancel: Cancel) -> Result<Vec<ModelInfo>> {
        let endpoint = self.endpoint().await?;
        let list = endpoint.get(&format!("/v1/models?limit={LISTED}"), &cancel).await?;
        let entries = list["data"].as_array();
        let entries = entries.ok_or_else(|| endpoint.no_answer("it does not list its models"))?;
        Ok(entries.iter().filter_map(|entry| Some(self.known(entry["id"].as_str()?))).collect())
    }

    async fn info(&self, model: String) -> Result<ModelInfo> {
        Ok(self.known(&model))
    }
}

hermes_plugin_api::export_plugin!(model "anthropic" => Messages::new);

#[cfg(test)]
mod tests;
