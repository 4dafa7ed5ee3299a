//! The settings of this plugin.

use std::collections::BTreeMap;

use hermes_plugin_api::provider::Known;
use schemars::JsonSchema;
use serde::Deserialize;

/// Settings.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct Config {
    /// An address that takes the place of Anthropic's own.
    #[serde(default, rename = "anthropic.base_url")]
    pub(crate) base_url: Option<String>,
    /// What a model can do and costs, by its name, where hermes does not know it or knows it wrong.
    #[serde(default, rename = "anthropic.models")]
    pub(crate) models: BTreeMap<String, Known>,
    /// Whether the beginning of a conversation is kept in the provider's cache, which makes the rest cheaper.
    #[serde(default = "yes", rename = "anthropic.prompt_caching")]
    pub(crate) prompt_caching: bool,
    /// Tokens that the model may think before it answers; 0 for no thinking, else at least 1024.
    #[serde(default, rename = "anthropic.thinking_budget")]
    #[schemars(range(max = 128_000))]
    pub(crate) thinking_budget: u32,
    /// Seconds until an answer must have begun.
    #[serde(default = "timeout", rename = "anthropic.timeout")]
    #[schemars(range(min = 1, max = 3600))]
    pub(crate) timeout: u64,
    /// Seconds that an answer may pause.
    #[serde(default = "idle_timeout", rename = "anthropic.idle_timeout")]
    #[schemars(range(min = 1, max = 3600))]
    pub(crate) idle_timeout: u64,
}

fn yes() -> bool {
    true
}

fn timeout() -> u64 {
    300
}

fn idle_timeout() -> u64 {
    180
}
