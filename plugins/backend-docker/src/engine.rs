//! The engine: where its socket is, and what its answers mean to a person.
//!
//! One of two places in the project that bring a socket of their own: the engine speaks HTTP over a path of this
//! machine, upgraded to raw streams, which the host's door to the network cannot carry.

use std::path::Path;
use std::time::Duration;

use bollard::errors::Error;
use bollard::{API_DEFAULT_VERSION, Docker};
use hermes_plugin_api::prelude::*;

/// How long the engine may take to answer.
const PATIENCE: u64 = 120;
/// How long it may take to answer at first.
const GREETING: Duration = Duration::from_secs(10);
/// What to do when no engine answers.
const START_IT: &str = "start the engine, or name its socket in `terminal.docker_host`";

/// Where an engine usually listens on this machine.
const SOCKETS: [&str; 2] = ["/var/run/docker.sock", "/run/podman/podman.sock"];

/// An engine that answered.
#[derive(Clone)]
pub(crate) struct Engine {
    /// The way to ask it.
    pub(crate) api: Docker,
    /// Its address, for messages and for what must not be mounted.
    pub(crate) address: String,
}

impl Engine {
    /// Connects to the engine of the settings, or to the one of this machine.
    ///
    /// # Errors
    /// `UNAVAILABLE` when none answers, `CONFIG` for an address that is none.
    pub(crate) async fn connect(host: &str) -> Result<Self> {
        let address = if host.is_empty() { usual()? } else { host.to_owned() };
        let api = match address.split_once("://") {
            Some(("unix", path)) => Docker::connect_with_unix(path, PATIENCE, API_DEFAULT_VERSION),
            Some(("tcp" | "http", _)) => Docker::connect_with_http(&address, PATIENCE, API_DEFAULT_VERSION),
            _ => {
                let error = PluginError::config(format!("`{address}` is not the address of an engine"));
                return Err(error.with_hint("write `terminal.docker_host: unix:///path` or `tcp://host:port`"));
            }
        };
        let none = |why: String| {
            let error = PluginError::unavailable(format!("No container engine answers at `{address}`: {why}"));
            error.with_hint(START_IT)
        };
        let api = api.map_err(|error| none(reason(&error)))?;
        // Without this it would speak its own newest version, which older engines refuse.
        let greeting = tokio::time::timeout(GREETING, api.negotiate_version()).await;
        let api = greeting.map_err(|_| none("it takes too long".to_owned()))?.map_err(|error| none(reason(&error)))?;
        Ok(Self { api, address })
    }

    /// What the engine refused, as an error.
    pub(crate) fn failed(&self, what: &str, error: &Error) -> PluginError {
        match error {
            Error::DockerResponseServerError { message, .. } => {
                let full = message.contains("no space left on device");
                let error = PluginError::unavailable(format!("Failed to {what}: {}", message.trim()));
                if full { error.with_hint("make room on the disk of the engine") } else { error }
            }
            error => {
                let text =
                    format!("Failed to {what}: the engine at `{}` does not answer: {}", self.address, reason(error));
                PluginError::unavailable(text).with_hint(START_IT)
            }
        }
    }
}

/// Whether an answer says that something is not there.
pub(crate) fn is_missing(error: &Error) -> bool {
    status(error) == Some(404)
}

/// Whether an answer says that something is in the way of another.
pub(crate) fn is_conflict(error: &Error) -> bool {
    status(error) == Some(409)
}

/// The status of an answer.
pub(crate) fn status(error: &Error) -> Option<u16> {
    match error {
        Error::DockerResponseServerError { status_code, .. } => Some(*status_code),
        _ => None,
    }
}

/// The innermost cause: what is around it says nothing to a person.
pub(crate) fn reason(error: &Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

fn usual() -> Result<String> {
    use std::os::unix::fs::MetadataExt as _;
    let uid = std::fs::metadata("/proc/self").map(|own| own.uid()).unwrap_or_default();
    let own = [format!("/run/user/{uid}/docker.sock"), format!("/run/user/{uid}/podman/podman.sock")];
    let mut sockets = SOCKETS.into_iter().chain(own.iter().map(String::as_str));
    let found = sockets.find(|path| Path::new(path).exists());
    found.map(|path| format!("unix://{path}")).ok_or_else(|| {
        let error = PluginError::unavailable("No container engine runs on this machine: no socket was found");
        error.with_hint("install and start Docker or Podman, or name its socket in `terminal.docker_host`")
    })
}
