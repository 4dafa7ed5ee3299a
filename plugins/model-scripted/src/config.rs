//! The settings of this plugin.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;

/// Settings.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub(crate) struct Config {
    /// The YAML script that the model `scripted` replays, relative to where the program is started.
    #[serde(default, rename = "model.script")]
    pub(crate) script: Option<PathBuf>,
}
