//! Which rules are on.

use std::collections::BTreeMap;

use serde::Deserialize;

/// The settings of this plugin.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// Rules switched off or on by id: `{disk-copy: false}`. A rule that is not named is on.
    #[serde(default, rename = "approvals.rules")]
    rules: BTreeMap<String, bool>,
}

impl Config {
    /// Returns whether the rule is on.
    pub(crate) fn is_on(&self, id: &str) -> bool {
        self.rules.get(id).copied().unwrap_or(true)
    }
}
