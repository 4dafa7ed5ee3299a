//! The words about what is around a conversation: `/model`, `/tools`, `/plugins`, `/queue`.

use std::sync::Arc;

use hermes_plugin_api::manifest::{Kind, Manifest};
use hermes_plugin_api::provider::ProviderFacts;

use super::{Conversation, Parts, WAITING};
use crate::conversation::agent::Agent;
use crate::conversation::recall::line;
use crate::plugin::asks::plain;
use crate::plugin::state::State;

impl Parts {
    /// Whether a model answers that can do more than run what it is told: one with a provider behind it.
    pub(super) fn plugins_answer_for_real(&self) -> bool {
        let name = &self.agent.model.origin().name;
        let mut offers = self.plugins.offers(Kind::Model).filter(|(_, offer)| offer.name == *name);
        let is_served = |facts: ProviderFacts| !facts.base_url.is_empty() || !facts.base_url_key.is_empty();
        offers.any(|(_, offer)| ProviderFacts::of(offer).is_ok_and(is_served))
    }

    /// The manifests of the plugins that are on.
    fn manifests(&self) -> impl Iterator<Item = &Manifest> {
        let enabled = self.plugins.entries().iter().filter(|entry| entry.state == State::Enabled);
        enabled.filter_map(|entry| entry.found.manifest.as_ref().ok())
    }
}

impl Conversation {
    pub(super) async fn model(&mut self, wanted: Option<String>) {
        let text = match wanted.as_deref() {
            None => {
                let label = self.parts.agent.label();
                format!(
                    "{label} answers. `/model [PROVIDER] NAME` has another answer in this chat, `hermes model` for good"
                )
            }
            Some(wanted) => match self.choose(wanted) {
                Ok(agent) => {
                    self.parts.agent = Arc::new(agent);
                    self.show_status().await;
                    format!("{} answers from now on, in this chat", self.parts.agent.label())
                }
                Err(why) => why,
            },
        };
        self.notice(text).await;
    }

    /// The agent with another model: `NAME`, `PROVIDER`, or both.
    fn choose(&self, wanted: &str) -> Result<Agent, String> {
        let (first, rest) = wanted.split_once(char::is_whitespace).unwrap_or((wanted, ""));
        let agent = (*self.parts.agent).clone();
        if !self.parts.plugins.offers(Kind::Model).any(|(_, offer)| offer.name == first) {
            if !rest.is_empty() {
                let known: Vec<&str> =
                    self.parts.plugins.offers(Kind::Model).map(|(_, offer)| offer.name.as_str()).collect();
                return Err(format!(
                    "No plugin that is on offers the provider `{first}`. There are: {}",
                    known.join(", ")
                ));
            }
            return Ok(Agent { model_name: first.to_owned(), ..agent });
        }
        let model = self.parts.plugins.model(first).map_err(|refusal| format!("{refusal}\nhint: {}", refusal.hint))?;
        Ok(Agent { model, model_name: rest.trim().to_owned(), ..agent })
    }

    /// The tools that the model has, by plugin.
    pub(super) fn tools(&self) -> String {
        let mut plugins: Vec<(&str, Vec<&str>)> = Vec::new();
        for (tool, plugin) in self.parts.agent.toolbox.origins() {
            match plugins.iter_mut().find(|(known, _)| *known == plugin) {
                Some((_, tools)) => tools.push(tool),
                None => plugins.push((plugin, vec![tool])),
            }
        }
        let lines = plugins.iter().map(|(plugin, tools)| format!("{plugin:<20} {}", tools.join(", ")));
        let lines: Vec<String> = lines.collect();
        if lines.is_empty() { "The model has no tools".into() } else { lines.join("\n") }
    }

    pub(super) fn plugins(&self) -> String {
        let line = |manifest: &Manifest| {
            format!("{:<20} {}  {}", manifest.id, plain(&manifest.version), plain(&manifest.description))
        };
        let lines: Vec<String> = self.parts.manifests().map(line).collect();
        if lines.is_empty() { "No plugin is on".into() } else { lines.join("\n") }
    }

    pub(super) async fn queue(&mut self, text: Option<String>) {
        let told = match text {
            None if self.waiting.is_empty() => "Nothing waits".to_owned(),
            None => self.waiting.iter().map(|text| format!("› {}", line(text, 70))).collect::<Vec<_>>().join("\n"),
            Some(text) if self.running.is_none() => return self.start(text),
            Some(_) if self.waiting.len() >= WAITING => format!("{WAITING} messages wait already; this one is dropped"),
            Some(text) => {
                self.waiting.push_back(text);
                format!("It waits: {} before it", self.waiting.len() - 1)
            }
        };
        self.notice(told).await;
    }
}
