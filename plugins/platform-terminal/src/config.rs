//! The settings of this plugin: there are none.

use schemars::JsonSchema;
use serde::Deserialize;

/// No settings.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub(crate) struct Config {}
