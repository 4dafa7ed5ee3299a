//! The settings: there are none.

use schemars::JsonSchema;
use serde::Deserialize;

/// How much is kept, and where, is the host's.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {}
