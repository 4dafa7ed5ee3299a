//! The program: `apptainer`, or `singularity` where that is what is installed.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::pin::pin;
use std::sync::OnceLock;
use std::time::Duration;

use futures_util::future::{Either, select};
use hermes_plugin_api::harness::Collected;
use hermes_plugin_api::host::SpawnRequest;
use hermes_plugin_api::prelude::*;

/// How long a question to it may take.
pub(crate) const SOON: Duration = Duration::from_secs(60);

/// The program, as it is run.
#[derive(Clone)]
pub(crate) struct Engine {
    pub(crate) host: Host,
    program: &'static str,
    env: BTreeMap<String, String>,
    /// It is run by root, whose containers are root of this machine unless that is taken from them.
    pub(crate) root: bool,
}

/// What a run of it came to.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) said: String,
}

impl Engine {
    /// Looks for it; `found` keeps what was found for the next time.
    ///
    /// # Errors
    /// `UNAVAILABLE` when there is none.
    pub(crate) async fn find(host: Host, found: &OnceLock<&'static str>) -> Result<Self> {
        let env = host.environment().await?;
        let root = std::fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0);
        for program in ["apptainer", "singularity"] {
            let engine = Self { host: host.clone(), program, env: env.clone(), root };
            if found.get() == Some(&program) {
                return Ok(engine);
            }
            if engine.run(&["version"], SOON).await.is_ok_and(|ran| ran.code == 0) {
                let _ = found.set(program);
                return Ok(engine);
            }
        }
        Err(PluginError::unavailable("Neither `apptainer` nor `singularity` can be run on this machine")
            .with_hint("install Apptainer (https://apptainer.org), or choose another `terminal.backend`"))
    }

    /// Runs it to its end.
    ///
    /// # Errors
    /// `UNAVAILABLE` when it cannot be started, `TIMEOUT` when it takes longer.
    pub(crate) async fn run(&self, arguments: &[&str], limit: Duration) -> Result<Ran> {
        let said = Collected::default();
        let request = SpawnRequest { merge_stderr: true, ..self.request(arguments) };
        let ran = pin!(self.host.run(&request, Channel::empty(), said.output(), Cancel::never()));
        match select(ran, pin!(self.host.sleep(limit))).await {
            Either::Left((exit, _)) => {
                Ok(Ran { code: exit?.shell_code(), said: String::from_utf8_lossy(&said.bytes()).into_owned() })
            }
            Either::Right(_) => {
                let message =
                    format!("`{} {}` took longer than {} s", self.program, arguments.join(" "), limit.as_secs());
                Err(PluginError::new(ErrorCode::TIMEOUT, message))
            }
        }
    }

    /// What starts it.
    pub(crate) fn request(&self, arguments: &[&str]) -> SpawnRequest {
        let argv = [self.program].iter().chain(arguments).map(|&word| word.to_owned()).collect();
        SpawnRequest { argv, cwd: Some("/".to_owned()), env: self.env.clone(), ..SpawnRequest::default() }
    }

    /// Where its user's folder is.
    pub(crate) fn user_folder(&self) -> &str {
        self.env.get("HOME").map_or("/", String::as_str)
    }
}

impl Ran {
    /// The last thing it complained of, as text for a terminal.
    pub(crate) fn complaint(&self) -> String {
        let lines = || self.said.lines().map(str::trim).filter(|line| !line.is_empty());
        let line = lines()
            .find(|line| line.contains("FATAL"))
            .or_else(|| lines().next_back())
            .unwrap_or("it does not say why");
        let line = line.rsplit_once("FATAL:").map_or(line, |(_, rest)| rest.trim());
        line.chars().filter(|c| !c.is_control()).take(400).collect()
    }
}
