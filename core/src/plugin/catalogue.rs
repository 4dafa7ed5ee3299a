//! The catalogue: what first-party plugins are called, claim and hold, whether they are installed or not.
//!
//! It is data, generated from their manifests and shipped in the prefix, so that core can say "install `x`"
//! about a key or word without naming any plugin in its code. Nobody else may claim what stands in it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use hermes_plugin_api::manifest::{CommandWord, Kind, Manifest, Provide};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::config::keys::{KeyPath, KeySpace};
use crate::env_policy;

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

/// The command-line words that are core's own, those of later releases among them.
pub const WORDS: [&str; 27] = [
    "approvals",
    "audit",
    "chat",
    "check",
    "completion",
    "config",
    "cron",
    "doctor",
    "exec",
    "gateway",
    "help",
    "man",
    "mcp",
    "model",
    "pairing",
    "plugin-host",
    "plugins",
    "profile",
    "redact",
    "sessions",
    "setup",
    "skills",
    "status",
    "tools",
    "uninstall",
    "update",
    "version",
];

/// What core itself claims, as if it were a plugin: its words, its secrets and its settings.
static CORE: LazyLock<Listed> = LazyLock::new(|| {
    let word = |name: &&str| CommandWord { name: (*name).to_owned(), ..CommandWord::default() };
    let keys = KeySpace::new(&[]).map(|space| space.keys().to_vec()).unwrap_or_default();
    Listed {
        id: "hermes".into(),
        commands: WORDS.iter().map(word).collect(),
        secrets: env_policy::OWN.iter().map(|&name| name.to_owned()).collect(),
        settings: keys.into_iter().map(|key| (key.path.to_string(), key.schema)).collect(),
        ..Listed::default()
    }
});

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
        self.plugins.iter().chain([&*CORE]).find_map(|listed| clash(manifest, listed))
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

/// What two plugins both offer or claim, in words that name the other.
#[must_use]
pub fn clash(manifest: &Manifest, other: &Listed) -> Option<String> {
    same_offer(manifest, other).or_else(|| same_claim(manifest, other))
}

/// What two plugins both offer. A user may choose between them.
#[must_use]
pub fn same_offer(manifest: &Manifest, other: &Listed) -> Option<String> {
    let theirs = |offer: &&Provide| other.provides.iter().any(|own| own.kind == offer.kind && own.name == offer.name);
    let offer = manifest.provides.iter().find(theirs)?;
    Some(format!("{} `{}` is also offered by `{}`", offer.kind, offer.name, other.id))
}

/// What two plugins both claim as their own: a word, a secret, a setting. Nobody can choose between them.
#[must_use]
pub fn same_claim(manifest: &Manifest, other: &Listed) -> Option<String> {
    let owner = &other.id;
    let word = manifest.commands.iter().find(|word| other.commands.iter().any(|theirs| theirs.name == word.name));
    if let Some(word) = word {
        return Some(format!("the command `{}` belongs to `{owner}`", word.name));
    }
    let theirs = variables(&other.secrets, &other.settings);
    if let Some(secret) = variables(&manifest.secrets, &manifest.settings).intersection(&theirs).next() {
        return Some(format!("the secret `{secret}` belongs to `{owner}`"));
    }
    let key = manifest.settings.keys().find(|key| other.settings.keys().any(|theirs| overlaps(key, theirs)));
    key.map(|key| format!("the setting `{key}` belongs to `{owner}`"))
}

/// The variables whose values a plugin gets: its secrets, and those that its settings read.
fn variables<'a>(secrets: &'a [String], settings: &'a BTreeMap<String, Value>) -> BTreeSet<&'a str> {
    secrets.iter().map(String::as_str).chain(settings.values().flat_map(read_by)).collect()
}

/// The variables that a schema reads, at any depth.
#[must_use]
pub fn read_by(schema: &Value) -> Vec<&str> {
    let own = match &schema["env"] {
        Value::String(name) => vec![name.as_str()],
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    let below = schema["properties"].as_object().into_iter().flat_map(serde_json::Map::values);
    own.into_iter().chain(below.flat_map(read_by)).collect()
}

/// Whether one key path is the other, or lies within it.
fn overlaps(one: &str, other: &str) -> bool {
    match (one.parse::<KeyPath>(), other.parse::<KeyPath>()) {
        (Ok(one), Ok(other)) => one.covers(&other) || other.covers(&one),
        _ => one == other,
    }
}

#[cfg(test)]
mod tests;
