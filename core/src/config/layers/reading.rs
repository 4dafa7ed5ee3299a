//! Lays the layers over one another, errors and all.
//!
//! Collects what is wrong and goes on, so that one look tells everything; whether that is too much is decided by
//! whoever asked.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;

use serde_json::Value;

use super::{Catalogue, Origin, Sources};
use crate::config::check::check;
use crate::config::dotenv::Dotenv;
use crate::config::environment::Environment;
use crate::config::home::is_exposed;
use crate::config::keys::{Claim, ClaimConflict, Key, KeyPath, KeySpace, Owner};
use crate::config::problem::{ConfigError, Problem};
use crate::config::schema;
use crate::config::settings::{DEFAULTS, Settings};

/// A configuration while it is laid together, errors and all.
pub(crate) struct Reading {
    pub(super) space: KeySpace,
    pub(super) env: Environment,
    pub(super) tree: Value,
    pub(super) origins: BTreeMap<KeyPath, Origin>,
    pub(super) problems: Vec<Problem>,
    /// What is set for plugins that are known but not installed.
    pub(super) absent: BTreeMap<KeyPath, Value>,
}

impl Reading {
    pub(crate) fn of(sources: &Sources) -> Result<Self, ConfigError> {
        let (space, conflicts) = KeySpace::without_conflicts(&sources.catalogue.claims);
        let mut reading = Self {
            space,
            env: sources.env.clone(),
            tree: defaults(&sources.catalogue, &conflicts),
            origins: BTreeMap::new(),
            problems: conflicts.iter().map(ignored).collect(),
            absent: BTreeMap::new(),
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
        self.absent.extend(checked.absent);
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
            let Some((name, origin)) = overriding(key, &self.env) else {
                continue;
            };
            if matches!(key.owner, Owner::Plugin { installed: false, .. }) {
                let text = self.env.text(name).unwrap_or_default();
                let value = schema::fit_text(text, &key.schema).unwrap_or_else(|_| text.into());
                self.absent.insert(key.path.clone(), value);
                continue;
            }
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

    pub(super) fn settings(&self) -> Result<Settings, ConfigError> {
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

fn ignored(conflict: &ClaimConflict) -> Problem {
    let problem = Problem::warning(format!("{conflict}; none of its keys are read"));
    problem.about(conflict.path.to_string()).hint(format!("`hermes plugins remove {}`", conflict.plugin))
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

fn defaults(catalogue: &Catalogue, conflicts: &[ClaimConflict]) -> Value {
    let mut tree: Value = serde_yaml::from_str(DEFAULTS).expect("the built-in defaults are YAML");
    merge(&mut tree, &catalogue.defaults);
    let sound = |claim: &&Claim| {
        claim.installed
            && !claim.path.keys().iter().any(|name| name == "*")
            && !conflicts.iter().any(|conflict| conflict.plugin == claim.plugin)
    };
    for claim in catalogue.claims.iter().filter(sound) {
        if let Some(value) = claim.default.as_ref().filter(|value| !value.is_null()) {
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
    let set = |value: Option<&OsStr>| value.is_some_and(|value| !value.is_empty());
    let process = key.env.iter().find(|name| set(env.process(name)));
    let file = || key.env.iter().find(|name| set(env.file_vars().get(*name).map(AsRef::as_ref)));
    process
        .map(|name| (name.as_str(), Origin::Process(name.clone())))
        .or_else(|| file().map(|name| (name.as_str(), Origin::Dotenv(name.clone()))))
}

/// Reads a file that need not exist.
fn read(path: &Path) -> Result<Option<Vec<u8>>, ConfigError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ConfigError::Read { path: path.to_owned(), source }),
    }
}
