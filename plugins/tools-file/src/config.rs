//! The settings: there are none.

use schemars::JsonSchema;
use serde::Deserialize;

/// What may be read and written is the guard's to say.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {}
