//! The settings of this plugin.

use schemars::JsonSchema;
use serde::Deserialize;

/// Settings.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub(crate) struct Config {
    /// Whether the list is in force.
    #[serde(default, rename = "security.website_blocklist.enabled")]
    pub(crate) enabled: bool,
    /// `example.com` with its subdomains, `*.example.com` for the subdomains alone.
    #[serde(default, rename = "security.website_blocklist.domains")]
    pub(crate) domains: Vec<String>,
    /// Files with one rule per line, relative to the home.
    #[serde(default, rename = "security.website_blocklist.shared_files")]
    pub(crate) shared_files: Vec<String>,
}
