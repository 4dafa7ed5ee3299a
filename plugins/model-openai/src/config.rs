//! The settings of this plugin.

use std::collections::BTreeMap;

use hermes_plugin_api::provider::Known;
use schemars::JsonSchema;
use serde::Deserialize;

/// Settings.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct Config {
    /// Addresses that take the place of a provider's own, by provider: `vllm: http://gpu.lan:8000/v1`.
    #[serde(default, rename = "openai.endpoints")]
    pub(crate) endpoints: BTreeMap<String, String>,
    /// What a model can do and costs, by its name, where hermes does not know it or knows it wrong.
    #[serde(default, rename = "openai.models")]
    pub(crate) models: BTreeMap<String, Known>,
    /// Seconds until an answer must have begun.
    #[serde(default = "timeout", rename = "openai.timeout")]
    #[schemars(range(min = 1, max = 3600))]
    pub(crate) timeout: u64,
    /// Seconds that an answer may pause.
    #[serde(default = "idle_timeout", rename = "openai.idle_timeout")]
    #[schemars(range(min = 1, max = 3600))]
    pub(crate) idle_timeout: u64,
}

fn timeout() -> u64 {
    300
}

fn idle_timeout() -> u64 {
    180
}
