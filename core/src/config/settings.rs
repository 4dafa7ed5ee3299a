//! The keys that core itself owns, as types. Their comments are the reference users read.
//!
//! Only plain data: no defaults in code (they stand in `core/defaults.yaml`), no reading of files, and no key of
//! a plugin.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The built-in defaults, as text.
pub const DEFAULTS: &str = include_str!("../../defaults.yaml");

/// Everything core reads from the configuration.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The form of this file; `hermes config migrate` brings an older one up to date.
    #[schemars(range(min = 1))]
    pub config_version: u32,
    /// When and how a person is asked before something runs.
    pub approvals: Approvals,
    /// What runs without asking: rule ids, program names, or globs over whole commands. "always" adds to it.
    pub command_allowlist: Vec<String>,
    /// What happens to direct messages of people who are not authorized.
    pub unauthorized_dm_behavior: DmBehavior,
    /// Where and how commands run.
    pub terminal: Terminal,
    /// Scanners and content policies.
    pub security: Security,
    /// Which plugins are in use.
    pub plugins: Plugins,
    /// The model that answers.
    pub model: ModelChoice,
    /// Models that answer when it cannot, one after another: `{provider, name}` each.
    pub fallback_models: Vec<ModelChoice>,
    /// Models for side tasks.
    pub auxiliary: Auxiliary,
    /// What happens to conversations that become too long for their model.
    pub compression: Compression,
    /// Limits of a turn.
    pub agent: Agent,
}

/// When and how a person is asked before something runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Approvals {
    /// Who decides about a command with findings.
    pub mode: ApprovalMode,
    /// Seconds to wait for an answer; no answer means no.
    #[schemars(range(min = 1, max = 86_400))]
    pub timeout: u64,
    /// Globs of commands that never run, on any backend and in any mode.
    pub deny: Vec<String>,
    /// Command rules switched on or off by id.
    pub rules: BTreeMap<String, bool>,
    /// Commands that would ask, in a scheduled job.
    pub cron_mode: Unattended,
    /// Commands that would ask, in a single query (`-q`).
    pub single_query_mode: Unattended,
    /// Commands that would ask, where else nobody can be asked: webhooks, API.
    pub unattended_mode: Unattended,
    /// Who may answer a prompt besides the person who caused it: `platform:id`.
    pub approvers: Vec<String>,
    /// Where prompts go instead of the chat they come from: `platform:chat`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route: Option<String>,
}

/// Who decides about a command with findings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ApprovalMode {
    /// A person is asked.
    Manual,
    /// The auxiliary model is asked first.
    Smart,
    /// Nobody is asked: everything runs.
    Off,
}

/// What happens to a command that would ask where nobody can be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Unattended {
    /// It does not run.
    Deny,
    /// It runs unasked.
    Approve,
}

/// What happens to direct messages of people who are not authorized.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DmBehavior {
    /// They get a pairing code.
    Pair,
    /// They get nothing.
    Ignore,
}

/// Where and how commands run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Terminal {
    /// The backend commands run on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("env" = ["TERMINAL_ENV"]))]
    pub backend: Option<String>,
    /// The directory a session begins in; `.` is where hermes was started.
    #[schemars(length(min = 1), extend("env" = ["TERMINAL_CWD"]))]
    pub cwd: String,
    /// Seconds until a command is ended.
    #[schemars(range(min = 1), extend("env" = ["TERMINAL_TIMEOUT"]))]
    pub timeout: u64,
    /// Variables that reach commands although they look like secrets.
    pub env_passthrough: Vec<String>,
    /// Files under the home that containers see read-only.
    pub credential_files: Vec<String>,
}

/// Scanners and content policies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Security {
    /// Scanners without which no command runs.
    pub required_scanners: Vec<String>,
    /// Time and failure policy of scanners, by id.
    pub scanners: BTreeMap<String, ScannerPolicy>,
    /// Context files that are loaded although a scanner objects, each one exact content.
    pub context_allow: Vec<ContextAllow>,
}

/// Time and failure policy of one scanner.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScannerPolicy {
    /// Seconds until it counts as failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0.001, max = 3600.0))]
    pub timeout: Option<f64>,
    /// What its failure means.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_failure: Option<OnFailure>,
}

/// What the failure of a scanner means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum OnFailure {
    /// A finding that asks.
    Closed,
    /// Nothing but a line in the log.
    Open,
}

/// One context file that is loaded although a scanner objects.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ContextAllow {
    /// The file.
    pub path: String,
    /// The SHA-256 of its content, in hexadecimal.
    #[schemars(length(min = 64, max = 64))]
    pub sha256: String,
}

/// Which plugins are in use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Plugins {
    /// Plugins switched on besides those that are on from the start.
    pub enabled: Vec<String>,
    /// Plugins switched off.
    pub disabled: Vec<String>,
    /// Plugins of others that may run inside this process.
    pub trusted: Vec<String>,
    /// Which plugin serves a name that several offer.
    pub choose: BTreeMap<String, String>,
}

/// A model, by the provider that a plugin offers and the name it has there.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelChoice {
    /// The provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The name of the model at the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// Models for side tasks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Auxiliary {
    /// Judges commands in `smart` mode; the main model where nothing is set.
    pub approval: AuxiliaryModel,
    /// Summarises what was said first in long conversations; the main model where nothing is set.
    pub compression: AuxiliaryModel,
    /// Names sessions after their first exchange; the chat's model where nothing is set.
    pub title: AuxiliaryModel,
    /// Looks at pictures for tools; the chat's model where nothing is set.
    pub vision: AuxiliaryModel,
}

/// What happens to conversations that become too long for their model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Compression {
    /// Whether they are compressed unasked; `/compress` does it in any case.
    pub enabled: bool,
    /// From which part of what the model can read they are too long.
    #[schemars(range(min = 0.1, max = 0.95))]
    pub threshold: f64,
}

/// The model of one side task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuxiliaryModel {
    /// The provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// The name of the model at the provider.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Seconds to wait for its answer.
    #[schemars(range(min = 1))]
    pub timeout: u64,
}

/// Limits of a turn.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Agent {
    /// How often the model may be asked again within one turn.
    #[schemars(range(min = 1))]
    pub max_rounds: u32,
}

impl Settings {
    /// Returns the JSON Schema of core's own keys.
    pub fn schema() -> serde_json::Value {
        let settings = schemars::generate::SchemaSettings::draft2020_12().with(|s| s.inline_subschemas = true);
        settings.into_generator().into_root_schema_for::<Self>().to_value()
    }
}

impl Default for Settings {
    fn default() -> Self {
        serde_yaml::from_str(DEFAULTS).expect("the built-in defaults are complete")
    }
}
