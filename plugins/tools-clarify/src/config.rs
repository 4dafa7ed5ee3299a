//! The settings: there are none.

use schemars::JsonSchema;
use serde::Deserialize;

/// How a question is shown is the platform's, and how long one waits the host's.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {}
