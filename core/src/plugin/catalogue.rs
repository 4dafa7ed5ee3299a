//! The catalogue: what first-party plugins are called, claim and hold, whether they are installed or not.
//!
//! It is data, generated from their manifests and shipped in the prefix, so that core can say "install `x`"
//! about a key or word without naming any plugin in its code. Nobody else may claim what stands in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hermes_plugin_api::manifest::{CommandWord, Kind, Manifest, Provide};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The catalogue.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalogue {
    /// The format: 1.
    pub version: u32,
    /// All first-party plugins.
    pub plugins: Vec<Listed>,
}

/// One first-party plugin. The fields are those of a [`Manifest`] that matter without having it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Listed {
    /// Its id.
    pub id: String,
    /// One sentence.
    pub description: String,
    /// There is such a plugin; `false` for one whose names are only reserved.
    #[serde(default = "yes")]
    pub available: bool,
    /// What it offers.
    pub provides: Vec<Provide>,
    /// Its command-line words.
    pub commands: Vec<CommandWord>,
    /// Its secrets.
    pub secrets: Vec<String>,
    /// Its settings.
    pub settings: BTreeMap<String, Value>,
    /// It is on unless switched off.
    pub enabled_by_default: bool,
}

fn yes() -> bool {
    true
}

/// A catalogue that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("Failed to read the plugin catalogue `{}`: {message}", path.display())]
pub struct CatalogueError {
    path: PathBuf,
    message: String,
}

impl Catalogue {
    /// Reads a catalogue. One that is not there lists nothing: a program that was not installed has no plugins.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn read(path: &Path) -> Result<Self, CatalogueError> {
        let wrong = |message: String| CatalogueError { path: path.to_owned(), message };
        match std::fs::read_to_string(path) {
            Ok(text) => serde_yaml::from_str(&text).map_err(|error| wrong(error.to_string())),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(wrong(error.to_string())),
        }
    }

    /// The entry of an id.
    #[must_use]
    pub fn find(&self, id: &str) -> Option<&Listed> {
        self.plugins.iter().find(|listed| listed.id == id)
    }

    /// The plugin that has a command-line word.
    #[must_use]
    pub fn owner_of_word(&self, word: &str) -> Option<&Listed> {
        self.plugins.iter().find(|listed| listed.commands.iter().any(|command| command.name == word))
    }

    /// The plugin that offers a capability.
    #[must_use]
    pub fn owner_of(&self, kind: Kind, name: &str) -> Option<&Listed> {
        let offers = |listed: &&Listed| listed.provides.iter().any(|offer| offer.kind == kind && offer.name == name);
        self.plugins.iter().find(offers)
    }

    /// All capabilities of a kind, each with its plugin.
    pub fn provides(&self, kind: Kind) -> impl Iterator<Item = (&Listed, &Provide)> {
        self.plugins.iter().flat_map(move |listed| {
            listed.provides.iter().filter(move |offer| offer.kind == kind).map(move |offer| (listed, offer))
        })
    }

    /// The first-party claim that a manifest of somebody else violates, in words.
    #[must_use]
    pub fn violated_by(&self, manifest: &Manifest) -> Option<String> {
        if self.find(&manifest.id).is_some() {
            return Some(format!("the id `{}` belongs to a first-party plugin", manifest.id));
        }
        self.plugins.iter().find_map(|listed| clash(manifest, listed))
    }
}

impl From<&Manifest> for Listed {
    fn from(manifest: &Manifest) -> Self {
        Self {
            id: manifest.id.clone(),
            description: manifest.description.clone(),
            available: true,
            provides: manifest.provides.clone(),
            commands: manifest.commands.clone(),
            secrets: manifest.secrets.clone(),
            settings: manifest.settings.clone(),
            enabled_by_default: manifest.enabled_by_default,
        }
    }
}

/// What two plugins both claim, in words that name the other.
#[must_use]
pub fn clash(manifest: &Manifest, other: &Listed) -> Option<String> {
    let owner = &other.id;
    let offers = manifest
        .provides
        .iter()
        .find(|offer| other.provides.iter().any(|theirs| theirs.kind == offer.kind && theirs.name == offer.name));
    if let Some(offer) = offers {
        return Some(format!("{} `{}` is also offered by `{owner}`", offer.kind, offer.name));
    }
    let word = manifest.commands.iter().find(|word| other.commands.iter().any(|theirs| theirs.name == word.name));
    if let Some(word) = word {
        return Some(format!("the command `{}` belongs to `{owner}`", word.name));
    }
    if let Some(secret) = manifest.secrets.iter().find(|name| other.secrets.contains(name)) {
        return Some(format!("the secret `{secret}` belongs to `{owner}`"));
    }
    let read: Vec<&str> = manifest.settings.values().flat_map(variables).collect();
    if let Some(secret) = other.secrets.iter().find(|secret| read.contains(&secret.as_str())) {
        return Some(format!("a setting reads the secret `{secret}` of `{owner}`"));
    }
    let key = manifest.settings.keys().find(|key| other.settings.keys().any(|theirs| overlaps(key, theirs)));
    key.map(|key| format!("the setting `{key}` belongs to `{owner}`"))
}

/// The variables that a schema reads, at any depth.
fn variables(schema: &Value) -> Vec<&str> {
    let own = match &schema["env"] {
        Value::String(name) => vec![name.as_str()],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let below = schema["properties"].as_object().into_iter().flat_map(serde_json::Map::values);
    own.into_iter().chain(below.flat_map(variables)).collect()
}

/// Whether one key path is the other, or lies within it.
fn overlaps(one: &str, other: &str) -> bool {
    let within = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    within(one, other) || within(other, one)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Listed, clash};
    use hermes_plugin_api::manifest::Manifest;

    #[test]
    fn a_setting_reads_no_secret_of_anothers() {
        let other = Listed { id: "model-acme".into(), secrets: vec!["ACME_KEY".into()], ..Listed::default() };
        for schema in [json!({"env": "ACME_KEY"}), json!({"properties": {"key": {"env": ["MY_KEY", "ACME_KEY"]}}})] {
            let settings = [("mine".to_owned(), schema)].into();
            let manifest = Manifest { settings, ..Manifest::default() };
            let words = clash(&manifest, &other).expect("a clash");
            assert_eq!(words, "a setting reads the secret `ACME_KEY` of `model-acme`");
        }
        assert_eq!(clash(&Manifest::default(), &other), None);
    }
}
