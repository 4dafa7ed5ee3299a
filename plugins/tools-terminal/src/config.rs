//! The settings: there are none.

use schemars::JsonSchema;
use serde::Deserialize;

/// What `terminal.*` says about commands is the host's, which runs them.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {}
