//! Lays the layers over one another: built-in defaults, `config.yaml`, `.env`, the process environment, flags.
//!
//! The result knows where each value comes from. It is read once and handed down; nothing here writes.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use hermes_plugin_api::secret::Secret;
use serde_json::Value;

use super::check::check;
use super::dotenv::Dotenv;
use super::environment::Environment;
use super::home::{Home, is_exposed};
use super::keys::{Claim, Key, KeyPath, KeySpace, Owner};
use super::problem::{ConfigError, Problem, Severity};
use super::schema;
use super::settings::{DEFAULTS, Settings};

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
}

/// The configuration in force.
#[derive(Clone)]
pub struct Config {
    /// Core's own keys.
    pub settings: Settings,
    /// What is worth knowing, but stops nothing.
    pub warnings: Vec<Problem>,
    tree: Value,
    origins: BTreeMap<KeyPath, Origin>,
    space: KeySpace,
    env: Environment,
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

    /// Returns every key there is.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`] where two plugins claim the same key.
    pub fn key_space(&self) -> Result<KeySpace, ConfigError> {
        KeySpace::new(&self.catalogue.claims).map_err(|conflict| {
            let problem = Problem::error(conflict.to_string()).about(conflict.path.to_string());
            let hint = format!("`hermes plugins disable {}`", conflict.plugin);
            ConfigError::Invalid { problems: vec![problem.hint(hint)] }
        })
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
            origins: reading.origins,
            space: reading.space,
            env: reading.env,
        })
    }

    /// Returns the value at a dotted key, such as `approvals.timeout`. It may be a secret.
    pub fn get(&self, path: &str) -> Option<&Value> {
        path.parse::<KeyPath>().ok()?.lookup(&self.tree)
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

    /// Returns every value that is set or has a default, secrets masked, sorted by key.
    pub fn shown(&self) -> Vec<Shown> {
        let mut rows = BTreeMap::new();
        for key in self.space.keys() {
            for path in expand(&key.path, &self.tree) {
                let Some(value) = path.lookup(&self.tree) else {
                    continue;
                };
                let value = if key.secret { Value::from("****") } else { value.clone() };
                let origin = self.origins.get(&path).cloned().unwrap_or(Origin::Default);
                rows.insert(path.clone(), Shown { path, value, origin });
            }
        }
        rows.into_values().collect()
    }

    /// Returns a secret by the name of its variable, from the process or `.env`.
    pub fn secret(&self, name: &str) -> Option<Secret> {
        self.env.text(name).filter(|text| !text.is_empty()).map(Secret::new)
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

/// A configuration while it is laid together, errors and all.
pub(crate) struct Reading {
    space: KeySpace,
    env: Environment,
    tree: Value,
    origins: BTreeMap<KeyPath, Origin>,
    problems: Vec<Problem>,
}

impl Reading {
    pub(crate) fn of(sources: &Sources) -> Result<Self, ConfigError> {
        let mut reading = Self {
            space: sources.key_space()?,
            env: sources.env.clone(),
            tree: defaults(&sources.catalogue),
            origins: BTreeMap::new(),
            problems: Vec::new(),
        };
        reading.schema_defaults();
        reading.file(&sources.home.config_file())?;
        reading.dotenv(&sources.home.env_file())?;
        reading.variables();
        for (path, value) in &sources.flags {
            reading.set(path.clone(), value.clone(), Origin::Flag);
        }
        Ok(reading)
    }

    /// Returns where a value comes from; none for a default.
    pub(crate) fn origin(&self, path: &KeyPath) -> Option<&Origin> {
        self.origins.get(path)
    }

    fn set(&mut self, path: KeyPath, value: Value, origin: Origin) {
        path.put(&mut self.tree, value);
        self.origins.insert(path, origin);
    }

    /// The defaults that schemas of installed plugins carry.
    fn schema_defaults(&mut self) {
        for key in self.space.keys() {
            let fixed = !key.path.keys().iter().any(|name| name == "*");
            let there = matches!(key.owner, Owner::Plugin { installed: true, .. });
            let value = key.schema.get("default").filter(|value| !value.is_null());
            if let Some(value) = value.filter(|_| fixed && there)
                && key.path.lookup(&self.tree).is_none()
            {
                key.path.put(&mut self.tree, value.clone());
            }
        }
    }

    fn file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let Some(text) = self.text(path)? else {
            return Ok(());
        };
        let checked = check(&text, path, &self.space);
        self.problems.extend(checked.problems);
        for (key, value, line) in checked.values {
            self.set(key, value, Origin::File(line));
        }
        Ok(())
    }

    fn dotenv(&mut self, path: &Path) -> Result<(), ConfigError> {
        let Some(text) = self.text(path)? else {
            return Ok(());
        };
        match Dotenv::parse(&text) {
            Ok(file) => {
                for (name, line) in file.repeated() {
                    let message = format!("`{name}` is set more than once; this line counts");
                    self.problems.push(Problem::warning(message).at(path, *line));
                }
                self.env = std::mem::take(&mut self.env).with_file(&file);
            }
            Err(error) => self.problems.push(Problem::error(error.message).at(path, error.line)),
        }
        if is_exposed(path) {
            let message = format!("`{}` can be read by others than you", path.display());
            let hint = format!("`chmod 600 {}`", path.display());
            self.problems.push(Problem::warning(message).hint(hint));
        }
        Ok(())
    }

    fn text(&mut self, path: &Path) -> Result<Option<String>, ConfigError> {
        match read(path)? {
            None => Ok(None),
            Some(bytes) => match String::from_utf8(bytes) {
                Ok(text) => Ok(Some(text)),
                Err(error) => {
                    let valid = &error.as_bytes()[..error.utf8_error().valid_up_to()];
                    let line = 1 + valid.iter().filter(|byte| **byte == b'\n').count();
                    self.problems.push(Problem::error("The file is not UTF-8 text").at(path, line));
                    Ok(None)
                }
            },
        }
    }

    fn variables(&mut self) {
        let mut found = Vec::new();
        for key in self.space.keys() {
            if matches!(key.owner, Owner::Plugin { installed: false, .. }) {
                continue;
            }
            let Some((name, origin)) = overriding(key, &self.env) else {
                continue;
            };
            let Some(text) = self.env.text(name) else {
                self.problems.push(Problem::error(format!("Variable `{name}` is not UTF-8 text")));
                continue;
            };
            match schema::fit_text(text, &key.schema) {
                Ok(value) => found.push((key.path.clone(), value, origin)),
                Err(error) => {
                    let message = error.about(&format!("Variable `{name}`"));
                    self.problems.push(Problem::error(message).about(key.path.to_string()));
                }
            }
        }
        for (path, value, origin) in found {
            self.set(path, value, origin);
        }
    }

    fn settings(&self) -> Result<Settings, ConfigError> {
        let own = Settings::schema();
        let own = own["properties"].as_object().into_iter().flatten();
        let tree: serde_json::Map<String, Value> = own
            .filter_map(|(section, schema)| {
                let mut value = self.tree.get(section)?.clone();
                retain_known(&mut value, schema);
                Some((section.clone(), value))
            })
            .collect();
        serde_json::from_value(Value::Object(tree)).map_err(|error| {
            let problem = Problem::error(format!("The configuration does not fit together: {error}"));
            ConfigError::Invalid { problems: vec![problem] }
        })
    }
}

/// Drops what plugins keep in a section of core's.
fn retain_known(value: &mut Value, schema: &Value) {
    let (Some(map), Some(properties)) = (value.as_object_mut(), schema["properties"].as_object()) else {
        return;
    };
    map.retain(|key, _| properties.contains_key(key));
    for (key, value) in map {
        retain_known(value, &properties[key]);
    }
}

fn defaults(catalogue: &Catalogue) -> Value {
    let mut tree: Value = serde_yaml::from_str(DEFAULTS).expect("the built-in defaults are YAML");
    merge(&mut tree, &catalogue.defaults);
    for claim in catalogue.claims.iter().filter(|claim| claim.installed) {
        if let Some(value) = &claim.default {
            claim.path.put(&mut tree, value.clone());
        }
    }
    tree
}

fn merge(under: &mut Value, over: &Value) {
    match (under, over) {
        (_, Value::Null) => {}
        (Value::Object(under), Value::Object(over)) => {
            for (key, value) in over {
                merge(under.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (under, over) => *under = over.clone(),
    }
}

fn overriding<'a>(key: &'a Key, env: &Environment) -> Option<(&'a str, Origin)> {
    let set = |value: Option<&std::ffi::OsStr>| value.is_some_and(|value| !value.is_empty());
    let process = key.env.iter().find(|name| set(env.process(name)));
    let file = || key.env.iter().find(|name| set(env.file_vars().get(*name).map(AsRef::as_ref)));
    process
        .map(|name| (name.as_str(), Origin::Process(name.clone())))
        .or_else(|| file().map(|name| (name.as_str(), Origin::Dotenv(name.clone()))))
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

/// Reads a file that need not exist.
fn read(path: &Path) -> Result<Option<Vec<u8>>, ConfigError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ConfigError::Read { path: PathBuf::from(path), source }),
    }
}

#[cfg(test)]
mod tests;
