//! Lays the layers over one another: built-in defaults, `config.yaml`, `.env`, the process environment, flags.
//!
//! The result knows where each value comes from. It is read once and handed down; nothing here writes.

mod reading;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use hermes_plugin_api::secret::Secret;
use serde_json::Value;

use super::environment::Environment;
use super::home::Home;
use super::keys::{Claim, Key, KeyPath, KeySpace, Owner};
use super::problem::{ConfigError, Problem, Severity};
use super::settings::Settings;
use crate::env_policy::{SUDO_PASSWORD, is_marked};
pub(crate) use reading::Reading;

/// What stands for a secret.
const MASK: &str = "****";

/// What a configuration is made of.
#[derive(Clone, Debug)]
pub struct Sources {
    /// Where the files are.
    pub home: Home,
    /// The environment of the process.
    pub env: Environment,
    /// The keys of plugins.
    pub catalogue: Catalogue,
    /// Values from the command line, over everything.
    pub flags: Vec<(KeyPath, Value)>,
}

/// What is known of plugins without loading any.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    /// Keys that plugins claim.
    pub claims: Vec<Claim>,
    /// Defaults of core's keys that are the name of a plugin, as a tree.
    pub defaults: Value,
    /// Names of variables that hold secrets, of installed plugins and of known ones.
    pub secrets: BTreeSet<String>,
}

/// The configuration in force.
#[derive(Clone)]
pub struct Config {
    /// Core's own keys.
    pub settings: Settings,
    /// What is worth knowing, but stops nothing.
    pub warnings: Vec<Problem>,
    tree: Value,
    absent: BTreeMap<KeyPath, Value>,
    origins: BTreeMap<KeyPath, Origin>,
    space: KeySpace,
    env: Environment,
    secrets: BTreeSet<String>,
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// `config.yaml`, on this line.
    File(usize),
    /// A variable in `.env`.
    Dotenv(String),
    /// A variable of the process.
    Process(String),
    /// The command line.
    Flag,
}

/// One value, for a listing.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// Its key.
    pub path: KeyPath,
    /// Its value; `****` where it is a secret.
    pub value: Value,
    /// Where it comes from.
    pub origin: Origin,
}

impl Sources {
    /// Returns sources without flags.
    pub fn new(home: Home, env: Environment, catalogue: Catalogue) -> Self {
        Self { home, env, catalogue, flags: Vec::new() }
    }

    /// Returns every key there is. A plugin that claims what is another's has none.
    pub fn key_space(&self) -> KeySpace {
        KeySpace::without_conflicts(&self.catalogue.claims).0
    }

    /// Returns every problem of the configuration, warnings included.
    ///
    /// # Errors
    /// [`ConfigError`] where a file cannot be read at all.
    pub fn problems(&self) -> Result<Vec<Problem>, ConfigError> {
        self.home.check()?;
        Ok(Reading::of(self)?.problems)
    }
}

impl Config {
    /// Reads and lays over one another all sources.
    ///
    /// # Errors
    /// [`ConfigError`]; a configuration with any error is refused as a whole.
    pub fn load(sources: &Sources) -> Result<Self, ConfigError> {
        sources.home.check()?;
        let reading = Reading::of(sources)?;
        if reading.problems.iter().any(|problem| problem.severity == Severity::Error) {
            return Err(ConfigError::Invalid { problems: reading.problems });
        }
        let settings = reading.settings()?;
        Ok(Self {
            settings,
            warnings: reading.problems,
            tree: reading.tree,
            absent: reading.absent,
            origins: reading.origins,
            space: reading.space,
            env: reading.env,
            secrets: sources.catalogue.secrets.clone(),
        })
    }

    /// Returns the value at a dotted key, such as `approvals.timeout`. It may be a secret.
    pub fn get(&self, path: &str) -> Option<&Value> {
        path.parse::<KeyPath>().ok()?.lookup(&self.tree)
    }

    /// As [`Self::get`], for keys of plugins that are not installed too: what the user wants of them. It may not fit
    /// the key.
    pub fn wanted(&self, path: &str) -> Option<&Value> {
        self.get(path).or_else(|| self.absent.get(&path.parse::<KeyPath>().ok()?))
    }

    /// As [`Self::wanted`], for those who may be told no secret.
    pub fn told(&self, path: &str) -> Option<&Value> {
        let key = self.space.key(&path.parse().ok()?)?;
        if key.secret { None } else { self.wanted(path) }
    }

    /// Returns where the value at a key comes from.
    pub fn origin(&self, path: &str) -> Origin {
        let origin = path.parse::<KeyPath>().ok().and_then(|path| self.origins.get(&path).cloned());
        origin.unwrap_or(Origin::Default)
    }

    /// Returns what a plugin may see: the values of its own keys, each at its full path.
    pub fn for_plugin(&self, id: &str) -> Value {
        let mut tree = Value::Object(serde_json::Map::new());
        let own = |key: &&Key| matches!(&key.owner, Owner::Plugin { id: owner, .. } if owner == id);
        for key in self.space.keys().iter().filter(own) {
            for path in expand(&key.path, &self.tree) {
                if let Some(value) = path.lookup(&self.tree) {
                    path.put(&mut tree, value.clone());
                }
            }
        }
        tree
    }

    /// Returns whose a key or section is.
    pub fn owner(&self, path: &KeyPath) -> Option<&Owner> {
        self.space.section(path)?.first(&self.space).map(|key| &key.owner)
    }

    /// Returns every value that is set or has a default, secrets masked, sorted by key.
    pub fn shown(&self) -> Vec<Shown> {
        let mut rows = BTreeMap::new();
        for key in self.space.keys() {
            for path in expand(&key.path, &self.tree) {
                let Some(value) = path.lookup(&self.tree) else {
                    continue;
                };
                let origin = self.origins.get(&path).cloned().unwrap_or(Origin::Default);
                let value = masked(key, &path, value, &origin);
                rows.insert(path.clone(), Shown { path, value, origin });
            }
        }
        rows.into_values().collect()
    }

    /// Returns a secret by the name of its variable, from the process or `.env`.
    pub fn secret(&self, name: &str) -> Option<Secret> {
        self.env.text(name).filter(|text| !text.is_empty()).map(Secret::new)
    }

    /// Returns the names of variables that hold secrets: those that plugins declare, and those of secret keys.
    pub fn secret_names(&self) -> BTreeSet<String> {
        let keys = self.space.keys().iter().filter(|key| key.secret);
        keys.flat_map(|key| key.env.iter().cloned()).chain(self.secrets.iter().cloned()).collect()
    }

    /// Returns every secret that is set, so that it can be kept out of what is shown: the variables of
    /// [`Self::secret_names`], the password for `sudo`, those of `.env` that are named like one, and secret keys.
    pub fn secret_values(&self) -> Vec<Secret> {
        let file = self.env.file_vars().keys().filter(|name| is_marked(name)).cloned();
        let names: BTreeSet<String> =
            self.secret_names().into_iter().chain(file).chain([SUDO_PASSWORD.to_owned()]).collect();
        let keys = self.space.keys().iter().filter(|key| key.secret).flat_map(|key| expand(&key.path, &self.tree));
        let keys = keys.filter_map(|path| path.lookup(&self.tree)?.as_str().map(Secret::new));
        names.iter().filter_map(|name| self.secret(name)).chain(keys).collect()
    }

    /// Returns the environment, with `.env` under it.
    pub fn environment(&self) -> &Environment {
        &self.env
    }

    /// Returns every key there is.
    pub fn key_space(&self) -> &KeySpace {
        &self.space
    }
}

/// Shows no value: any may be a secret.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(line) => write!(f, "config.yaml:{line}"),
            Self::Dotenv(name) => write!(f, ".env {name}"),
            Self::Process(name) => write!(f, "env {name}"),
            Self::Flag => f.write_str("flag"),
        }
    }
}

/// Hides secrets: what a schema says is one, what comes from a variable named like one, and, where the user chooses
/// the names, what is named like one.
fn masked(key: &Key, path: &KeyPath, value: &Value, origin: &Origin) -> Value {
    let variable = match origin {
        Origin::Dotenv(name) | Origin::Process(name) => is_marked(name),
        _ => false,
    };
    let chosen = key.path.keys().last().is_some_and(|name| name == "*");
    let named = chosen && path.keys().last().is_some_and(|name| is_marked(name));
    match key.secret || variable || named {
        true => Value::from(MASK),
        false => masked_within(value),
    }
}

fn masked_within(value: &Value) -> Value {
    match value {
        Value::Object(entries) => entries
            .iter()
            .map(|(name, value)| match value {
                Value::String(_) if is_marked(name) => (name.clone(), Value::from(MASK)),
                value => (name.clone(), masked_within(value)),
            })
            .collect(),
        Value::Array(items) => items.iter().map(masked_within).collect(),
        other => other.clone(),
    }
}

/// Returns the paths in a tree that a path with `*` stands for.
fn expand(path: &KeyPath, tree: &Value) -> Vec<KeyPath> {
    let mut paths = vec![KeyPath::default()];
    for name in path.keys() {
        paths = match name.as_str() {
            "*" => paths
                .iter()
                .flat_map(|path| {
                    let section = path.lookup(tree).and_then(Value::as_object);
                    let names = section.into_iter().flat_map(serde_json::Map::keys);
                    names.map(|name| path.join(name)).collect::<Vec<_>>()
                })
                .collect(),
            name => paths.iter().map(|path| path.join(name)).collect(),
        };
    }
    paths
}

#[cfg(test)]
mod tests;
