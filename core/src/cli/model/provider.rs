//! The providers of models that are installed, as their manifests describe them.

use hermes_plugin_api::manifest::Kind;
use hermes_plugin_api::provider::ProviderFacts;
use serde_json::Value;

use crate::app::Ground;
use crate::config::layers::Config;
use crate::error::Failure;
use crate::plugin::asks::plain;
use crate::plugin::state::State;

/// One provider.
#[derive(Clone, Debug)]
pub(crate) struct Provider {
    /// Its name.
    pub(crate) name: String,
    /// The plugin that offers it.
    pub(crate) plugin: String,
    /// That plugin may be used.
    pub(crate) enabled: bool,
    /// What its manifest says.
    pub(crate) facts: ProviderFacts,
}

/// Whether there is a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    /// In this variable.
    Set(String),
    /// In none, and it needs one.
    Missing,
    /// In none, and it can do without.
    Optional,
}

impl Provider {
    /// All of them, by manifests alone.
    pub(crate) fn all(ground: &Ground, config: &Config) -> Vec<Self> {
        let plugins = ground.clone().plugins(config, None);
        let mut all = Vec::new();
        for entry in plugins.entries() {
            let Ok(manifest) = &entry.found.manifest else { continue };
            for provide in manifest.provides.iter().filter(|provide| provide.kind == Kind::Model) {
                // Facts of a form that nobody knows are as good as none.
                let mut facts = ProviderFacts::of(provide).unwrap_or_default();
                if facts.title.is_empty() {
                    facts.title.clone_from(&manifest.description);
                }
                facts.title = plain(&facts.title);
                let enabled = entry.state == State::Enabled;
                all.push(Self { name: provide.name.clone(), plugin: entry.found.id.clone(), enabled, facts });
            }
        }
        all
    }

    /// The one of a name, which must be one that can be used.
    pub(crate) fn named(all: &[Self], name: &str) -> Result<Self, Failure> {
        let found = all.iter().find(|provider| provider.name == name && provider.enabled);
        if let Some(found) = found {
            return Ok(found.clone());
        }
        if let Some(disabled) = all.iter().find(|provider| provider.name == name) {
            let failure = Failure::new(format!("Provider `{name}` belongs to a plugin that is not enabled"));
            return Err(failure.hint(format!("`hermes plugins enable {}`", disabled.plugin)));
        }
        let near = |provider: &&Self| strsim::damerau_levenshtein(&provider.name, name) <= 2;
        let failure = Failure::new(format!("No installed plugin offers the provider `{}`", plain(name)));
        Err(match all.iter().find(near) {
            Some(near) => failure.hint(format!("did you mean `{}`?", near.name)),
            None => failure.hint("`hermes model list` shows which there are"),
        })
    }

    /// Where its key is.
    pub(crate) fn key(&self, config: &Config) -> Key {
        let set = self.facts.secrets.iter().find(|name| config.secret(name).is_some());
        match set {
            Some(name) => Key::Set(name.clone()),
            None if self.facts.secrets.is_empty() || self.facts.key_optional => Key::Optional,
            None => Key::Missing,
        }
    }

    /// Where its server is.
    pub(crate) fn base_url(&self, config: &Config) -> String {
        let own = config.get(&self.facts.base_url_key).and_then(Value::as_str).filter(|url| !url.is_empty());
        own.unwrap_or(&self.facts.base_url).to_owned()
    }
}
