//! The engine: where its socket is, and what its answers mean to a person.
//!
//! One of two places in the project that bring a socket of their own: the engine speaks HTTP over a path of this
//! machine, upgraded to raw streams, which the host's door to the network cannot carry.

use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bollard::errors::Error;
use bollard::models::SystemVersion;
use bollard::{API_DEFAULT_VERSION, Docker};
use hermes_plugin_api::prelude::*;

/// How long the engine may take to answer.
const PATIENCE: u64 = 120;
/// How long it may take to answer at first.
const GREETING: Duration = Duration::from_secs(10);
/// What to do when no engine answers.
const START_IT: &str = "start the engine, or name its socket in `terminal.docker_host`";

/// The oldest API that has all that is asked of it; a directory for each command came last.
const OLDEST: (u32, u32) = (1, 35);

/// An engine that answered.
#[derive(Clone)]
pub(crate) struct Engine {
    /// The way to ask it.
    pub(crate) api: Docker,
    /// Its address, for messages and for what must not be mounted.
    pub(crate) address: String,
    /// What it is.
    pub(crate) kind: Kind,
}

/// What an engine says that it is.
#[derive(Clone, Debug)]
pub(crate) struct Kind {
    /// `Docker` or `Podman`.
    pub(crate) name: &'static str,
    /// Its own version.
    pub(crate) version: String,
    /// Whether it belongs to a person, as far as that is known.
    pub(crate) rootless: bool,
}

impl Kind {
    /// Reads what it says.
    fn of(told: &SystemVersion) -> Self {
        let podman = told.components.iter().flatten().any(|component| component.name.contains("Podman"));
        let version = told.version.as_deref().unwrap_or_default();
        // It is shown to people.
        let version = version.chars().filter(|c| c.is_ascii_graphic()).take(64).collect();
        Self { name: if podman { "Podman" } else { "Docker" }, version, rootless: false }
    }

    /// Whether it is Podman, which differs in what it takes.
    pub(crate) fn is_podman(&self) -> bool {
        self.name == "Podman"
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let rootless = if self.rootless { "rootless " } else { "" };
        write!(f, "{rootless}{} {}", self.name, self.version)
    }
}

impl Engine {
    /// Connects to the engine of the settings, or to the first one of this machine that lets us in.
    ///
    /// # Errors
    /// `UNAVAILABLE` when none answers or it is too old, `CONFIG` for an address that is none.
    pub(crate) async fn connect(host: &Host, address: &str) -> Result<Self> {
        if !address.is_empty() {
            return Self::at(address).await.map_err(|refused| refused.error);
        }
        let runtime = host.environment().await.ok().and_then(|mut env| env.remove("XDG_RUNTIME_DIR"));
        let mut first = None;
        for socket in usual(runtime.as_deref()).iter().filter(|socket| socket.exists()) {
            match Self::at(&format!("unix://{}", socket.display())).await {
                Ok(engine) => return Ok(engine),
                // There may be one that is ours.
                Err(refused) if refused.shut => first = first.or(Some(refused.error)),
                Err(refused) => return Err(refused.error),
            }
        }
        Err(first.unwrap_or_else(|| {
            let error = PluginError::unavailable("No container engine runs on this machine: no socket was found");
            error.with_hint("install and start Docker or Podman, or name its socket in `terminal.docker_host`")
        }))
    }

    /// Connects to the engine at an address.
    ///
    /// # Errors
    /// As [`Engine::connect`].
    pub(crate) async fn again(address: &str) -> Result<Self> {
        Self::at(address).await.map_err(|refused| refused.error)
    }

    async fn at(address: &str) -> std::result::Result<Self, Refused> {
        let api = match address.split_once("://") {
            Some(("unix", path)) => Docker::connect_with_unix(path, PATIENCE, API_DEFAULT_VERSION),
            Some(("tcp" | "http", _)) => Docker::connect_with_http(address, PATIENCE, API_DEFAULT_VERSION),
            _ => {
                let error = PluginError::config(format!("`{address}` is not the address of an engine"));
                let error = error.with_hint("write `terminal.docker_host: unix:///path` or `tcp://host:port`");
                return Err(Refused { error, shut: false });
            }
        };
        let api = api.map_err(|error| Refused::by(address, &error))?;
        // Requests name no version, so an engine answers in its own newest one: what matters is how old that is.
        let Ok(told) = tokio::time::timeout(GREETING, api.version()).await else {
            let error = PluginError::unavailable(format!("The engine at `{address}` takes too long to answer"));
            return Err(Refused { error: error.with_hint(START_IT), shut: false });
        };
        let told = told.map_err(|error| Refused::by(address, &error))?;
        let kind = Kind::of(&told);
        check(address, &kind, told.api_version.as_deref()).map_err(|error| Refused { error, shut: false })?;
        Ok(Self { api, address: address.to_owned(), kind })
    }

    /// Whether it belongs to a person, not to root: whoever is root in its containers is that person outside.
    /// `options` are its security options, where Podman does not tell.
    pub(crate) fn is_rootless(&self, options: &[String]) -> bool {
        let owner = self.socket().and_then(|socket| std::fs::metadata(socket).ok()).map(|socket| socket.uid());
        options.iter().any(|option| option.contains("rootless")) || owner.is_some_and(|owner| owner != 0)
    }

    /// What to say of limits that were asked for and do not hold.
    pub(crate) fn unlimited(&self, lacking: &[String]) -> String {
        let why = if self.kind.rootless {
            "An engine that is not root's needs control groups of version 2 that its user may manage"
        } else {
            "See what `docker info` or `podman info` warns of"
        };
        let so = if lacking.iter().any(|limit| limit.starts_with("processes")) {
            ". Without a limit of processes a fork bomb would take this machine, so commands are checked like those here"
        } else {
            ""
        };
        let (kind, lacking) = (&self.kind, lacking.join(", "));
        format!("These limits were asked for, but {kind} does not hold the container to them: {lacking}{so}. {why}")
    }

    /// Its socket on this machine.
    pub(crate) fn socket(&self) -> Option<&str> {
        self.address.strip_prefix("unix://")
    }

    /// What the engine refused, as an error.
    pub(crate) fn failed(&self, what: &str, error: &Error) -> PluginError {
        match error {
            Error::DockerResponseServerError { message, .. } => {
                let full = message.contains("no space left on device");
                let error = PluginError::unavailable(format!("Failed to {what}: {}", message.trim()));
                if full {
                    error.with_hint("make room on the disk of the engine")
                } else if message.contains("container-init binary not found") {
                    error.with_hint("install `catatonit`, by which Podman leaves no zombies in containers")
                } else {
                    error
                }
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

/// Why an engine cannot be used, and whether that is because its door is shut: another one's may be open.
struct Refused {
    error: PluginError,
    shut: bool,
}

impl Refused {
    fn by(address: &str, error: &Error) -> Self {
        let kind = io_kind(error);
        let text = format!("No container engine answers at `{address}`: {}", reason(error));
        let hint = match (kind, address.strip_prefix("unix://")) {
            (Some(io::ErrorKind::PermissionDenied), Some(socket)) => allowed(socket),
            _ => START_IT.to_owned(),
        };
        let shut = matches!(kind, Some(io::ErrorKind::PermissionDenied | io::ErrorKind::ConnectionRefused));
        Self { error: PluginError::unavailable(text).with_hint(hint), shut }
    }
}

/// How somebody comes to be let in.
fn allowed(socket: &str) -> String {
    const OWN: &str = "run an engine of your own (rootless Docker or Podman)";
    let group = std::fs::metadata(socket).ok().filter(|socket| socket.mode() & 0o060 == 0o060).and_then(|socket| {
        let groups = std::fs::read_to_string("/etc/group").ok()?;
        let fits = |line: &&str| line.split(':').nth(2) == Some(&socket.gid().to_string());
        groups.lines().find(fits).and_then(|line| line.split(':').next()).map(str::to_owned)
    });
    match group.filter(|group| group != "root") {
        Some(group) => format!(
            "{OWN}, or have yourself put into the group `{group}` (`sudo usermod -aG {group} \"$USER\"`, and log in \
             again), whose members are as good as root on this machine"
        ),
        None => format!(
            "its socket lets you in neither as owner nor by a group: {OWN}, or name it in `terminal.docker_host`"
        ),
    }
}

/// Whether what an engine speaks is new enough.
fn check(address: &str, kind: &Kind, api: Option<&str>) -> Result<()> {
    let number = |text: &str| text.parse::<u32>().ok();
    let spoken =
        api.and_then(|api| api.split_once('.')).and_then(|(major, minor)| Some((number(major)?, number(minor)?)));
    let (major, minor) = OLDEST;
    match spoken {
        Some(spoken) if spoken >= OLDEST => Ok(()),
        Some((old, older)) => {
            let text = format!(
                "The engine at `{address}` is too old: {kind} speaks version {old}.{older} of the API, and {major}.{minor} is needed"
            );
            Err(PluginError::unavailable(text)
                .with_hint("upgrade it: Docker 17.12, or Podman 3.0, is the oldest that does"))
        }
        None => {
            let text = format!("What answers at `{address}` does not say which version of the API it speaks");
            Err(PluginError::unavailable(text).with_hint("is it Docker, or Podman? See `terminal.docker_host`"))
        }
    }
}

/// What kind of trouble with a connection it is, if it is any.
pub(crate) fn io_kind(error: &Error) -> Option<io::ErrorKind> {
    if let Error::IOError { err } = error {
        return Some(err.kind());
    }
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes.filter_map(|cause| cause.downcast_ref::<io::Error>()).last().map(io::Error::kind)
}

/// Where engines listen on this machine: Docker's socket first, and the machine's own before a person's.
fn usual(runtime: Option<&str>) -> Vec<PathBuf> {
    let uid = std::fs::metadata("/proc/self").map(|own| own.uid()).unwrap_or_default();
    let runtime =
        runtime.filter(|path| path.starts_with('/')).map_or_else(|| format!("/run/user/{uid}"), str::to_owned);
    let own = |name: &str| Path::new(&runtime).join(name);
    vec!["/var/run/docker.sock".into(), own("docker.sock"), "/run/podman/podman.sock".into(), own("podman/podman.sock")]
}
