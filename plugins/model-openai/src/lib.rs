//! Models behind the OpenAI chat completions interface, which many providers and most local servers speak.
//!
//! Each provider is a capability of its own, and its facts stand in the manifest. It keeps no conversation, tries
//! nothing twice and runs no calls.
#![forbid(unsafe_code)]

mod answer;
mod config;
mod request;

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use hermes_plugin_api::endpoint::{Answer, Endpoint};
use hermes_plugin_api::manifest::Manifest;
use hermes_plugin_api::model::{Cause, Completion, Delta, Finish, ModelInfo, Price, Request};
use hermes_plugin_api::prelude::*;
use hermes_plugin_api::provider::{self, Known, ProviderFacts};
use serde_json::Value;

use crate::answer::Assembly;
use crate::config::Config;

static MANIFEST: LazyLock<Result<Manifest>> = LazyLock::new(|| Manifest::parse(include_str!("../plugin.yaml")));

static MODELS: LazyLock<BTreeMap<String, Known>> =
    LazyLock::new(|| serde_yaml::from_str(include_str!("models.yaml")).expect("a test reads it too"));

/// The models of one provider.
struct Chat {
    host: Host,
    name: &'static str,
    facts: ProviderFacts,
    config: Config,
}

impl Chat {
    fn new(ctx: &Context, name: &'static str) -> Result<Self> {
        let facts = ProviderFacts::within(MANIFEST.as_ref().map_err(Clone::clone)?, name)?;
        Ok(Self { host: ctx.host.clone(), name, facts, config: ctx.config()? })
    }

    async fn endpoint(&self) -> Result<Endpoint> {
        let own = self.config.endpoints.get(self.name).filter(|url| !url.is_empty());
        let base_url = own.unwrap_or(&self.facts.base_url).clone();
        if base_url.is_empty() {
            let error = PluginError::config(format!("`{}` is not set", self.facts.base_url_key));
            return Err(error.with_hint("set it to the address of the server with `hermes model`"));
        }
        let key = self.facts.key(&self.host).await?;
        let bearer = key.iter().map(|(_, key)| ("authorization".to_owned(), format!("Bearer {}", key.expose())));
        Ok(Endpoint {
            host: self.host.clone(),
            title: self.facts.title.clone(),
            base_url,
            base_url_key: self.facts.base_url_key.clone(),
            headers: bearer.collect(),
            key,
            head: Duration::from_secs(self.config.timeout),
            idle: Duration::from_secs(self.config.idle_timeout),
        })
    }

    fn known(&self, name: &str) -> ModelInfo {
        provider::info(&self.facts, &MODELS, &self.config.models, name)
    }

    /// What the provider says of a model in its list, over what is known of it, and under what the user says.
    fn listed(&self, entry: &Value) -> Option<ModelInfo> {
        let name = entry["id"].as_str()?;
        let mut info = self.known(name);
        let per_million = |price: &Value| Some(price.as_str()?.parse::<f64>().ok()? * 1_000_000.0);
        let price = &entry["pricing"];
        let price = per_million(&price["prompt"]).zip(per_million(&price["completion"]));
        let modalities = entry["architecture"]["input_modalities"].as_array();
        let said = Known {
            context: entry["context_length"].as_u64().or_else(|| entry["max_model_len"].as_u64()),
            max_output: entry["top_provider"]["max_completion_tokens"].as_u64(),
            vision: modalities.map(|kinds| kinds.iter().any(|kind| kind == "image")),
            price: price.map(|(input, output)| Price { input, output, ..Price::default() }),
        };
        said.over(&mut info);
        if let Some(own) = self.config.models.get(name) {
            own.over(&mut info);
        }
        Some(info)
    }

    fn finished(&self, assembly: Assembly, model: &str) -> Result<Completion> {
        let mut completion = assembly.finish(self.name);
        let empty = completion.content.trim().is_empty() && completion.tool_calls.is_empty();
        if empty && completion.finish == Finish::Filter {
            let message = format!("The filter of {} let no answer through", self.facts.title);
            return Err(Cause::Refused.on(PluginError::user(message)));
        }
        if completion.usage.cost_nano_usd.is_none() {
            completion.usage.cost_nano_usd = self.known(model).price.map(|price| price.of(&completion.usage));
        }
        Ok(completion)
    }
}

impl Model for Chat {
    async fn complete(&self, request: Request, deltas: Sink<Delta>, cancel: Cancel) -> Result<Completion> {
        if request.model.is_empty() {
            let error = PluginError::config(format!("No model of {} is chosen", self.facts.title));
            return Err(error.with_hint("choose one with `hermes model`, or name one with `-m`"));
        }
        let endpoint = self.endpoint().await?;
        let body = request::body(&request, self.name, &self.facts.more);
        let mut assembly = Assembly::new(&self.facts.more);
        match endpoint.post("/chat/completions", &body, &cancel).await? {
            Answer::Whole(value) => {
                for delta in assembly.whole(&endpoint, &value)? {
                    cancel.run(deltas.push(&delta)).await??;
                }
            }
            Answer::Events(mut events) => {
                while let Some(event) = events.next(&cancel).await? {
                    if event.data.trim() == "[DONE]" {
                        assembly.done();
                        break;
                    }
                    for delta in assembly.chunk(&endpoint, &event.data)? {
                        cancel.run(deltas.push(&delta)).await??;
                    }
                }
                if !assembly.is_over() {
                    return Err(endpoint.cut());
                }
            }
        }
        self.finished(assembly, &request.model)
    }

    async fn models(&self, cancel: Cancel) -> Result<Vec<ModelInfo>> {
        let endpoint = self.endpoint().await?;
        let list = endpoint.get("/models", &cancel).await?;
        let entries = list["data"].as_array().or_else(|| list.as_array());
        let entries = entries.ok_or_else(|| endpoint.no_answer("it does not list its models"))?;
        Ok(entries.iter().filter_map(|entry| self.listed(entry)).collect())
    }

    async fn info(&self, model: String) -> Result<ModelInfo> {
        Ok(self.known(&model))
    }
}

macro_rules! providers {
    ($($name:literal),+ $(,)?) => {
        hermes_plugin_api::export_plugin!($(model $name => |ctx| Chat::new(ctx, $name)),+);

        #[cfg(test)]
        const NAMES: &[&str] = &[$($name),+];
    };
}

providers!(
    "openai",
    "openrouter",
    "deepseek",
    "groq",
    "mistral",
    "together",
    "fireworks",
    "xai",
    "gemini",
    "moonshot",
    "minimax",
    "zai",
    "nvidia",
    "cohere",
    "perplexity",
    "huggingface",
    "nous",
    "ollama",
    "vllm",
    "llama-cpp",
    "openai-compatible",
);

#[cfg(test)]
mod tests;
