//! Which keys there are, whose they are, and what may stand at each.
//!
//! Built from core's own settings and the claims of plugins, installed or merely known. It compares and looks up;
//! it reads no file and decides nothing about plugins.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use serde_json::Value;

use super::settings::Settings;

/// One key, or one section of keys, that a plugin's manifest or the catalogue declares.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// The id of the plugin it belongs to.
    pub plugin: String,
    /// Whether that plugin is installed here.
    pub installed: bool,
    /// Whether it can be installed at all, and is not merely planned.
    pub available: bool,
    /// Where it stands; `*` for a name the user chooses.
    pub path: KeyPath,
    /// What may stand there. A schema with `properties` claims every key in it.
    pub schema: Value,
    /// What holds when nothing is set.
    pub default: Option<Value>,
    /// Whether its value must never be shown.
    pub secret: bool,
    /// The name of a variable that overrides it, besides `HERMES_<SECTION>_<KEY>`.
    pub env: Option<String>,
}

/// A dotted path of keys, such as `terminal.timeout`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyPath(Vec<String>);

/// A text that is not a path of keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a key: write names separated by dots, such as `terminal.timeout`")]
pub struct KeyPathError(String);

/// Two plugins, or a plugin and core, that claim the same key or variable.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Plugin `{plugin}` claims {} of {}", Claimed(self), Possessor(first))]
pub struct ClaimConflict {
    /// The key.
    pub path: KeyPath,
    /// The variable, where it is that and not the key.
    pub variable: Option<String>,
    /// The plugin that came later.
    pub plugin: String,
    /// Whose it already is.
    pub first: Owner,
}

/// Whose a key is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Core itself.
    Core,
    /// A plugin.
    Plugin {
        /// Its id.
        id: String,
        /// Whether it is installed here.
        installed: bool,
        /// Whether it can be installed at all.
        available: bool,
    },
}

/// What is known of one key.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// Where it stands, with `*` for names the user chooses.
    pub path: KeyPath,
    /// Whose it is.
    pub owner: Owner,
    /// What may stand there.
    pub schema: Value,
    /// Whether its value must never be shown.
    pub secret: bool,
    /// Variables that override it, the first one by rule.
    pub env: Vec<String>,
}

/// Every key there is.
#[derive(Clone, Debug)]
pub struct KeySpace {
    root: Section,
    keys: Vec<Key>,
}

/// A place in the tree of keys.
#[derive(Clone, Debug, Default)]
pub struct Section {
    names: BTreeMap<String, Section>,
    any: Option<Box<Section>>,
    key: Option<usize>,
}

impl KeySpace {
    /// Returns core's keys and those of the claims, in their order. An installed plugin's own claims take the place
    /// of what a catalogue knows of it.
    ///
    /// # Errors
    /// [`ClaimConflict`] where a plugin claims what is another's.
    pub fn new(claims: &[Claim]) -> Result<Self, ClaimConflict> {
        let mut space = Self { root: Section::default(), keys: Vec::new() };
        space.grow(KeyPath::default(), &Settings::schema(), &Owner::Core, None)?;
        let there: HashSet<&str> =
            claims.iter().filter(|claim| claim.installed).map(|claim| claim.plugin.as_str()).collect();
        for claim in claims.iter().filter(|claim| claim.installed || !there.contains(claim.plugin.as_str())) {
            let owner =
                Owner::Plugin { id: claim.plugin.clone(), installed: claim.installed, available: claim.available };
            space.grow(claim.path.clone(), &claim.schema, &owner, Some(claim))?;
        }
        Ok(space)
    }

    /// Returns the keys of all who claim only what is theirs, and what the others did. A plugin with one conflict
    /// has none of its keys.
    pub fn without_conflicts(claims: &[Claim]) -> (Self, Vec<ClaimConflict>) {
        let mut claims = claims.to_vec();
        let mut conflicts = Vec::new();
        loop {
            match Self::new(&claims) {
                Ok(space) => return (space, conflicts),
                Err(conflict) => {
                    claims.retain(|claim| claim.plugin != conflict.plugin);
                    conflicts.push(conflict);
                }
            }
        }
    }

    fn grow(
        &mut self,
        path: KeyPath,
        schema: &Value,
        owner: &Owner,
        claim: Option<&Claim>,
    ) -> Result<(), ClaimConflict> {
        let properties = schema["properties"].as_object();
        let rest = schema.get("additionalProperties").filter(|rest| rest.is_object());
        for (name, schema) in properties.into_iter().flatten() {
            self.grow(path.join(name), schema, owner, claim)?;
        }
        if let Some(schema) = rest {
            self.grow(path.join("*"), schema, owner, claim)?;
        }
        match properties.is_some() || rest.is_some() {
            true => Ok(()),
            false => self.add(path, schema, owner, claim),
        }
    }

    fn add(
        &mut self,
        path: KeyPath,
        schema: &Value,
        owner: &Owner,
        claim: Option<&Claim>,
    ) -> Result<(), ClaimConflict> {
        let place = path.0.iter().fold(&mut self.root, |section, name| match name.as_str() {
            "*" => section.any.get_or_insert_default().as_mut(),
            name => section.names.entry(name.to_owned()).or_default(),
        });
        let within = |key: &Key| key.path.covers(&path) || path.covers(&key.path);
        let mut core = self.keys.iter().filter(|key| key.owner == Owner::Core && claim.is_some());
        let taken = core.find(|key| within(key)).or_else(|| place.key.map(|at| &self.keys[at]));
        if let Some(first) = taken.map(|key| &key.owner) {
            return match (first, owner) {
                (Owner::Plugin { id: a, .. }, Owner::Plugin { id: b, .. }) if a == b => Ok(()),
                _ => Err(ClaimConflict {
                    path,
                    variable: None,
                    plugin: claim.map_or_else(String::new, |claim| claim.plugin.clone()),
                    first: first.clone(),
                }),
            };
        }
        place.key = Some(self.keys.len());
        let exact = claim.filter(|claim| claim.path == path);
        let secret = schema["secret"] == Value::Bool(true) || claim.is_some_and(|claim| claim.secret);
        let mut named = variables(schema);
        named.extend(exact.and_then(|claim| claim.env.clone()).filter(|name| !named.contains(name)));
        if let Some((variable, first)) = self.taken(&named, owner) {
            let plugin = claim.map_or_else(String::new, |claim| claim.plugin.clone());
            return Err(ClaimConflict { path, variable: Some(variable), plugin, first });
        }
        let env = path.env_name().into_iter().chain(named).collect();
        self.keys.push(Key { path, owner: owner.clone(), schema: schema.clone(), secret, env });
        Ok(())
    }

    /// Returns a variable among these that somebody else reads. What begins with `HERMES_` is made by rule, never
    /// claimed.
    fn taken(&self, variables: &[String], owner: &Owner) -> Option<(String, Owner)> {
        let theirs = |key: &&Key, name: &String| key.owner != *owner && key.env.contains(name);
        variables.iter().find_map(|name| {
            let reserved = name.starts_with("HERMES_").then_some(&Owner::Core);
            let first = reserved.or_else(|| self.keys.iter().find(|key| theirs(key, name)).map(|key| &key.owner));
            first.map(|first| (name.clone(), first.clone()))
        })
    }

    /// Returns every key, core's first.
    pub fn keys(&self) -> &[Key] {
        &self.keys
    }

    /// Returns what is known of the key at a path.
    pub fn key(&self, path: &KeyPath) -> Option<&Key> {
        self.section(path)?.own(self)
    }

    /// Returns the place of a path.
    pub fn section(&self, path: &KeyPath) -> Option<&Section> {
        path.0.iter().try_fold(&self.root, |section, name| section.child(name))
    }

    /// Returns the top of the tree.
    pub fn root(&self) -> &Section {
        &self.root
    }

    /// Returns the known path that looks most like an unknown one.
    pub fn nearest(&self, path: &KeyPath) -> Option<KeyPath> {
        let wanted = path.to_string();
        let within = path.0.split_last().and_then(|(last, parents)| {
            let parent = KeyPath(parents.to_vec());
            let names = self.section(&parent)?.names.keys();
            let name = best(last, names.map(String::as_str))?;
            Some(parent.join(&name))
        });
        let all = || best(&wanted, self.keys.iter().map(|key| key.path.to_string()));
        within.or_else(|| all().and_then(|path| path.parse().ok()))
    }
}

impl Section {
    /// Returns the place of a name in this section.
    pub fn child(&self, name: &str) -> Option<&Self> {
        self.names.get(name).or(self.any.as_deref())
    }

    /// Returns the key that stands exactly here.
    pub fn own<'a>(&self, space: &'a KeySpace) -> Option<&'a Key> {
        self.key.map(|at| &space.keys[at])
    }

    /// Returns any key at or below this place.
    pub fn first<'a>(&self, space: &'a KeySpace) -> Option<&'a Key> {
        let below = || self.names.values().chain(self.any.as_deref()).find_map(|child| child.first(space));
        self.own(space).or_else(below)
    }

    /// Returns the fixed names in this section.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.keys().map(String::as_str)
    }
}

impl KeyPath {
    /// Returns a path of the given keys.
    pub fn of<S: Into<String>>(keys: impl IntoIterator<Item = S>) -> Self {
        Self(keys.into_iter().map(Into::into).collect())
    }

    /// Returns the path of a key below this one.
    #[must_use]
    pub fn join(&self, key: &str) -> Self {
        let mut keys = self.0.clone();
        keys.push(key.to_owned());
        Self(keys)
    }

    /// Returns the keys.
    pub fn keys(&self) -> &[String] {
        &self.0
    }

    /// Returns whether the path is this one or below it.
    pub fn covers(&self, path: &Self) -> bool {
        path.0.len() >= self.0.len() && self.0.iter().zip(&path.0).all(|(own, other)| own == "*" || own == other)
    }

    /// Returns the value at this path in a tree.
    pub fn lookup<'a>(&self, tree: &'a Value) -> Option<&'a Value> {
        self.0.iter().try_fold(tree, |value, key| value.get(key))
    }

    /// Puts a value at this path of a tree, making sections on the way.
    pub fn put(&self, tree: &mut Value, value: Value) {
        let Some((last, parents)) = self.0.split_last() else {
            *tree = value;
            return;
        };
        let mut place = tree;
        for key in parents.iter().map(Some).chain([None]) {
            if !place.is_object() {
                *place = Value::Object(serde_json::Map::new());
            }
            match key {
                Some(key) => place = &mut place[key.as_str()],
                None => break,
            }
        }
        place[last.as_str()] = value;
    }

    fn env_name(&self) -> Option<String> {
        let fixed = self.0.iter().all(|key| key != "*");
        let name = || self.0.join("_").to_ascii_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_");
        fixed.then(|| format!("HERMES_{}", name()))
    }
}

impl std::str::FromStr for KeyPath {
    type Err = KeyPathError;

    fn from_str(text: &str) -> Result<Self, KeyPathError> {
        let keys: Vec<String> = text.split('.').map(str::to_owned).collect();
        let bad = |key: &String| key.is_empty() || key.chars().any(|c| c.is_control() || c.is_whitespace());
        match keys.iter().any(bad) {
            true => Err(KeyPathError(text.to_owned())),
            false => Ok(Self(keys)),
        }
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

struct Claimed<'a>(&'a ClaimConflict);

impl fmt::Display for Claimed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0.variable {
            Some(name) => write!(f, "the variable `{name}`"),
            None => write!(f, "the key `{}`", self.0.path),
        }
    }
}

struct Possessor<'a>(&'a Owner);

impl fmt::Display for Possessor<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Owner::Core => f.write_str("hermes itself"),
            Owner::Plugin { id, .. } => write!(f, "plugin `{id}`"),
        }
    }
}

/// The variables that a schema names, one or several.
fn variables(schema: &Value) -> Vec<String> {
    match &schema["env"] {
        Value::String(name) => vec![name.clone()],
        Value::Array(names) => names.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

fn best<S: AsRef<str>>(wanted: &str, names: impl Iterator<Item = S>) -> Option<String> {
    let limit = (wanted.chars().count() / 3).clamp(1, 4);
    let scored = names.map(|name| (strsim::damerau_levenshtein(wanted, name.as_ref()), name));
    let near = scored.filter(|(distance, _)| *distance <= limit).min_by_key(|(distance, _)| *distance);
    near.map(|(_, name)| name.as_ref().to_owned())
}

#[cfg(test)]
pub(super) mod tests;
