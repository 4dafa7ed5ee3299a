//! The settings of this plugin.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

/// Settings.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct Config {
    /// Whether tirith is asked.
    #[serde(rename = "security.tirith_enabled")]
    pub(crate) enabled: bool,
    /// Whether commands run when tirith is missing or fails.
    // The host's to follow: the manifest names it among the facts of the scanner.
    #[serde(rename = "security.tirith_fail_open")]
    pub(crate) fail_open: bool,
    /// Whether tirith may look things up on the network.
    #[serde(rename = "security.tirith_online")]
    pub(crate) online: bool,
    /// The program; a plain name is looked up on PATH.
    #[serde(rename = "security.tirith_path")]
    pub(crate) path: String,
    /// Where a release is downloaded from when there is no tirith; nothing is downloaded when it is empty.
    #[serde(rename = "security.tirith_release_url")]
    pub(crate) release_url: String,
    /// Seconds that it may take.
    #[serde(rename = "security.tirith_timeout")]
    #[schemars(extend("exclusiveMinimum" = 0, "maximum" = 3600, "default" = 5))]
    pub(crate) timeout: f64,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            enabled: true,
            fail_open: true,
            online: false,
            path: "tirith".to_owned(),
            release_url: "https://github.com/sheeki03/tirith/releases/latest/download".to_owned(),
            timeout: 5.0,
        }
    }
}

impl Config {
    /// How long one question may take.
    pub(crate) fn timeout(&self) -> Duration {
        Duration::try_from_secs_f64(self.timeout).unwrap_or(Duration::from_secs(5))
    }
}
