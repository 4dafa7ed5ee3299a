//! The settings, at the key paths that users of the original know.

use schemars::JsonSchema;
use serde::Deserialize;

/// Settings.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The image that containers are made from; `name@sha256:…` pins one.
    #[serde(default = "image", rename = "terminal.docker_image")]
    #[schemars(length(min = 1), extend("env" = ["TERMINAL_DOCKER_IMAGE"]))]
    pub(crate) image: String,
    /// The engine: `unix:///path`, or `tcp://host:port` without encryption. Empty: the socket of Docker, else that of Podman.
    #[serde(default, rename = "terminal.docker_host")]
    #[schemars(extend("env" = ["DOCKER_HOST"]))]
    pub(crate) host: String,
    /// Names of variables that are set inside the container.
    // The host reads it: the names are those of its own environment.
    #[serde(default, rename = "terminal.docker_forward_env")]
    #[expect(dead_code, reason = "the host reads it")]
    pub(crate) forward_env: Vec<String>,
    /// Capabilities that the container keeps.
    #[serde(default, rename = "terminal.docker_cap_add")]
    pub(crate) cap_add: Vec<String>,
    /// Further mounts, as `host:container[:ro]`.
    #[serde(default, rename = "terminal.docker_volumes")]
    pub(crate) volumes: Vec<String>,
    /// Whether the container has a network.
    #[serde(default = "yes", rename = "terminal.docker_network")]
    pub(crate) network: bool,
    /// Whether the working directory is mounted at `/workspace`.
    #[serde(default, rename = "terminal.docker_mount_cwd_to_workspace")]
    pub(crate) mount_cwd: bool,
    /// Processor cores.
    #[serde(default = "cpu", rename = "terminal.container_cpu")]
    #[schemars(extend("exclusiveMinimum" = 0))]
    pub(crate) cpu: f64,
    /// Memory in MB; 0 is no limit.
    #[serde(default = "memory", rename = "terminal.container_memory")]
    #[schemars(range(min = 0, max = 1_000_000_000))]
    pub(crate) memory: u32,
    /// Disk space in MB, where the storage driver can limit it; 0 is no limit.
    #[serde(default = "disk", rename = "terminal.container_disk")]
    #[schemars(range(min = 0, max = 1_000_000_000))]
    pub(crate) disk: u32,
    /// Whether files stay for the next session of the same task.
    #[serde(default = "yes", rename = "terminal.container_persistent")]
    pub(crate) persistent: bool,
}

fn image() -> String {
    "nikolaik/python-nodejs:python3.11-nodejs20".to_owned()
}

fn yes() -> bool {
    true
}

fn cpu() -> f64 {
    1.0
}

fn memory() -> u32 {
    5120
}

fn disk() -> u32 {
    51_200
}
