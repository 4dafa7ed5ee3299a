//! The settings of this plugin.

use schemars::JsonSchema;
use serde::Deserialize;

/// Settings of its own.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
pub(crate) struct Config {
    /// The image that instances are made from: an address (`docker://…`), from which a SIF file is built once, or the path of a SIF file or of a folder.
    #[serde(default = "image", rename = "terminal.singularity_image")]
    pub(crate) image: String,
    /// Whether commands have the network of this machine; then the container is no boundary.
    #[serde(default, rename = "terminal.singularity_network")]
    pub(crate) network: bool,
}

fn image() -> String {
    "docker://nikolaik/python-nodejs:python3.11-nodejs20".to_owned()
}

/// Settings that all containers share.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Shared {
    /// Processor cores; 0 is no limit.
    #[serde(default = "one", rename = "terminal.container_cpu")]
    pub(crate) cpu: f64,
    /// Memory in MB; 0 is no limit.
    #[serde(default = "memory", rename = "terminal.container_memory")]
    pub(crate) memory: u64,
    /// Whether files stay for the next session of the same task.
    #[serde(default = "persistent", rename = "terminal.container_persistent")]
    pub(crate) persistent: bool,
    /// Files under the home that commands may read.
    #[serde(default, rename = "terminal.credential_files")]
    pub(crate) credential_files: Vec<String>,
}

fn one() -> f64 {
    1.0
}

fn memory() -> u64 {
    5120
}

fn persistent() -> bool {
    true
}
