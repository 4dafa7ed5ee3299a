//! `plugin.yaml`: what a plugin is, offers, needs and holds, read before any of its code runs.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{PluginError, Result};

/// A plugin's manifest.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Its id: lower-case words joined by `-`, the kind first.
    pub id: String,
    /// Its version, `major.minor.patch`.
    pub version: String,
    /// One sentence.
    pub description: String,
    /// SPDX expression.
    #[serde(default)]
    pub license: String,
    /// Where to read more.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub homepage: String,
    /// What it was built for.
    pub api: Api,
    /// The library's file name, beside the manifest.
    pub library: String,
    /// What it offers. The library may register nothing else.
    pub provides: Vec<Provide>,
    /// Command-line words that it runs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<CommandWord>,
    /// What it may use.
    #[serde(default)]
    pub permissions: Permissions,
    /// Names of environment variables that hold its secrets. They are kept from every child process.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
    /// Its settings: dotted key path to JSON Schema. `secret: true` marks one that is never shown.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settings: BTreeMap<String, Value>,
    /// Key paths of others whose values it is told beside its own; never a secret.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reads: Vec<String>,
    /// Things that must be there for it to work, which the host looks for by itself.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub probes: Vec<Probe>,
    /// For bundled plugins: whether it is on without the user asking. Ignored for all others.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub enabled_by_default: bool,
}

/// The wire a plugin was built for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Api {
    /// The epoch.
    pub epoch: u32,
    /// The oldest ABI version, `major.minor`, that the host must have.
    pub min: String,
}

/// One capability.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provide {
    /// The trait.
    pub kind: Kind,
    /// Its name, unique within the kind.
    pub name: String,
    /// For a scanner: the kinds of subject it judges.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subjects: Vec<String>,
    /// For a bundled plugin: the one of its kind that is used when the user names none.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub default: bool,
    /// For a bundled scanner: without it no command runs, unless the user says otherwise.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// For a bundled scanner: it computes its answer and never waits, so that it is asked on the caller's own thread.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_once: bool,
    /// Kind-specific facts: what a platform can do, how long its texts may be.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<String, Value>,
    /// For a toolset: how its tools are used well, where their descriptions do not say it. For a platform: how what
    /// is said there is shown. The model reads it before a conversation; at most 2,000 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub guidance: String,
}

/// The kinds of capability.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// [`crate::Scanner`]
    #[default]
    Scanner,
    /// [`crate::Backend`]
    Backend,
    /// [`crate::Platform`]
    Platform,
    /// [`crate::McpServer`]
    McpServer,
    /// [`crate::Model`]
    Model,
    /// [`crate::Gate`]
    Gate,
    /// [`crate::Commands`]
    Commands,
}

impl Kind {
    /// All kinds.
    pub const ALL: [Self; 7] =
        [Self::Scanner, Self::Backend, Self::Platform, Self::McpServer, Self::Model, Self::Gate, Self::Commands];

    /// The name as manifests write it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Scanner => "scanner",
            Self::Backend => "backend",
            Self::Platform => "platform",
            Self::McpServer => "mcp_server",
            Self::Model => "model",
            Self::Gate => "gate",
            Self::Commands => "commands",
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}

/// A command-line word.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CommandWord {
    /// The word: `hermes NAME …`.
    pub name: String,
    /// One line for `hermes --help`.
    pub about: String,
    /// It is a slash command of sessions too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub slash: bool,
}

/// What a plugin may use of the host. Advisory for plugins that run in process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Permissions {
    /// Hosts it may talk to, `configured` for endpoints that its settings name, `chosen` for what a model names
    /// and the guard for URLs lets through.
    pub network: Vec<String>,
    /// Programs it may start; `*` for any.
    pub exec: Vec<String>,
    /// Environment variables that the programs which it starts for itself see, besides `PATH`, `HOME` and their like.
    /// Secrets of any plugin and what makes a program run other code are left out.
    pub env: Vec<String>,
    /// Paths it may read or write.
    pub files: Vec<String>,
    /// Services that act in the session of a tool call: `shell` (run commands through the guard), `files` (read
    /// and write files through the guard), `ask` (ask its person), `emit` (tell them something), `model` (have its model answer), `notes` (read and
    /// write the notes of the home), `search` (look into what was said in kept sessions).
    pub session: Vec<String>,
}

/// Something that must be there. The host checks it without loading the plugin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Probe {
    /// A program on `PATH`.
    Program(String),
    /// A socket or file.
    Path(String),
}

impl Manifest {
    /// Reads a manifest and checks it by itself.
    ///
    /// # Errors
    /// `CONFIG`, naming key and line, for text that is not a manifest or says something impossible.
    pub fn parse(text: &str) -> Result<Self> {
        let manifest: Self = serde_yaml::from_str(text).map_err(|error| PluginError::config(error.to_string()))?;
        manifest.check()?;
        Ok(manifest)
    }

    fn check(&self) -> Result<()> {
        if !is_id(&self.id) {
            return Err(wrong("id", &self.id, "lower-case words joined by `-`"));
        }
        if version(&self.version).is_none() {
            return Err(wrong("version", &self.version, "`major.minor.patch`"));
        }
        if version(&self.api.min).is_none() {
            return Err(wrong("api.min", &self.api.min, "`major.minor`"));
        }
        if self.library.is_empty() || self.library.contains(['/', '\\', '\0']) || self.library.starts_with('.') {
            return Err(wrong("library", &self.library, "the name of a file beside the manifest"));
        }
        if self.provides.is_empty() {
            return Err(PluginError::config("`provides` is empty: the plugin would offer nothing"));
        }
        let mut seen = std::collections::BTreeSet::new();
        for provide in &self.provides {
            if !is_id(&provide.name) {
                return Err(wrong("provides.name", &provide.name, "lower-case words joined by `-`"));
            }
            if !seen.insert((provide.kind, &provide.name)) {
                return Err(wrong("provides", &provide.name, "each kind and name once"));
            }
        }
        for word in &self.commands {
            if !is_id(&word.name) {
                return Err(wrong("commands.name", &word.name, "lower-case words joined by `-`"));
            }
        }
        for name in &self.secrets {
            let named = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if name.is_empty() || !named || name.starts_with(|c: char| c.is_ascii_digit()) {
                return Err(wrong("secrets", name, "the name of an environment variable"));
            }
        }
        Ok(())
    }

    /// Whether it declares a capability.
    #[must_use]
    pub fn declares(&self, kind: Kind, name: &str) -> bool {
        self.provides.iter().any(|provide| provide.kind == kind && provide.name == name)
    }
}

/// Whether `text` may be an id: lower-case letters and digits in words joined by `-`, a letter first.
#[must_use]
pub fn is_id(text: &str) -> bool {
    let allowed = text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    allowed
        && text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && !text.ends_with('-')
        && !text.contains("--")
}

/// A version's numbers: `1.2` is `[1, 2, 0]`.
#[must_use]
pub fn version(text: &str) -> Option<[u32; 3]> {
    let mut numbers = [0; 3];
    let mut parts = text.split('.');
    for (index, number) in numbers.iter_mut().enumerate() {
        match parts.next() {
            Some(part) if !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit()) => {
                *number = part.parse().ok()?
            }
            None if index == 2 => {}
            _ => return None,
        }
    }
    parts.next().is_none().then_some(numbers)
}

fn wrong(key: &str, value: &str, expected: &str) -> PluginError {
    PluginError::config(format!("`{key}` is `{}`: expected {expected}", value.escape_debug()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "
id: scanner-hello
version: 0.1.0
description: Says hello.
api: {epoch: 1, min: '1.0'}
library: libscanner_hello.so
provides:
  - {kind: scanner, name: hello, subjects: [command]}
";

    fn error(from: &str, to: &str) -> String {
        assert!(GOOD.contains(from), "the good manifest has no `{from}`");
        Manifest::parse(&GOOD.replace(from, to)).expect_err("must be refused").message
    }

    #[test]
    fn a_manifest_is_read() {
        let manifest = Manifest::parse(GOOD).expect("good");
        assert!(manifest.declares(Kind::Scanner, "hello"));
        assert!(!manifest.declares(Kind::Backend, "hello"));
    }

    #[test]
    fn what_cannot_be_is_named() {
        assert!(error("id: scanner-hello", "id: ../evil").contains("`id` is `../evil`"));
        assert!(error("libscanner_hello.so", "../../lib.so").contains("`library`"));
        assert!(error("version: 0.1.0", "version: new").contains("`version` is `new`"));
        assert!(error("kind: scanner", "kind: scaner").contains("scaner"));
        assert!(error("library:", "libary:").contains("libary"));
        assert!(
            error("provides:\n  - {kind: scanner, name: hello, subjects: [command]}", "provides: []").contains("empty")
        );
    }

    proptest::proptest! {
        /// Whatever is inserted wherever: a manifest is read or refused, and what is read keeps its promises.
        #[test]
        fn hostile_text_is_refused_or_sound(at in 0..GOOD.len(), text in "[a-z:{}\\[\\]'\"/.&*!|>\n -]{0,40}|\\PC{0,20}") {
            let mut manifest = GOOD.to_owned();
            manifest.insert_str(at, &text);
            if let Ok(manifest) = Manifest::parse(&manifest) {
                proptest::prop_assert!(is_id(&manifest.id));
                proptest::prop_assert!(!manifest.library.contains('/'));
                proptest::prop_assert!(!manifest.provides.is_empty());
            }
        }
    }

    #[test]
    fn versions_are_numbers() {
        assert_eq!(version("1.2.3"), Some([1, 2, 3]));
        assert_eq!(version("1.2"), Some([1, 2, 0]));
        for bad in ["", "1", "1.", "1.2.3.4", "1.x", "-1.2", "1.99999999999"] {
            assert_eq!(version(bad), None, "{bad}");
        }
    }
}
