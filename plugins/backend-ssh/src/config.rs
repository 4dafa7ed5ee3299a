//! The settings of this plugin.

use schemars::JsonSchema;
use serde::Deserialize;

/// Settings.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
pub(crate) struct Config {
    /// The machine, by its name, address or alias in `~/.ssh/config`.
    #[serde(default, rename = "terminal.ssh_host")]
    pub(crate) host: String,
    /// The user there; without it what `~/.ssh/config` says, else the one who runs hermes.
    #[serde(default, rename = "terminal.ssh_user")]
    pub(crate) user: String,
    /// The port; without it what `~/.ssh/config` says, else 22.
    #[serde(default, rename = "terminal.ssh_port")]
    #[schemars(range(min = 1, max = 65535))]
    pub(crate) port: Option<u16>,
    /// The private key's file; without it those that `ssh` and its agent know. A passphrase is the agent's business.
    #[serde(default, rename = "terminal.ssh_key")]
    pub(crate) key: String,
}
