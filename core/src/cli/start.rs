//! What the commands that run something have in common: signals, the parts of the program, and the
//! way down again.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use hermes_plugin_api::backend::SharedFile;
use hermes_plugin_api::manifest::Kind;
use serde_json::Value;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

use crate::app::{App, Ground};
use crate::cli::{out, runtime};
use crate::config::keys::KeyPath;
use crate::conversation::Signal;
use crate::conversation::desk::Place;
use crate::env_policy::{self, Asking, Child, Passthrough, SUDO_PASSWORD};
use crate::error::Failure;
use crate::guard::{AllowList, Guard};
use crate::lent;
use crate::plugin::handle::PlatformHandle;
use crate::shell::Sudo;

/// How long plugins and their processes may take to end.
const FAREWELL: Duration = Duration::from_secs(10);

/// The parts of a running program.
pub(super) struct Started {
    pub(super) app: App,
    pub(super) guard: Arc<Guard>,
}

/// Runs `work` on a runtime, with the program started. Flags are settings.
pub(super) fn run<F: Future<Output = Result<u8, Failure>>>(
    ground: Ground,
    flags: Vec<(KeyPath, Value)>,
    yolo: bool,
    work: impl FnOnce(Arc<Started>) -> F,
) -> Result<u8, Failure> {
    runtime::block_on(async {
        let app = App::start(ground, flags)?;
        for warning in &app.config.warnings {
            out::note(&format!("warning: {warning}"));
        }
        let guard = Arc::new(app.guard(Arc::new(AllowList::new(app.home.clone())), yolo)?);
        let started = Arc::new(Started { app, guard });
        let result = work(started.clone()).await;
        let down = async {
            crate::plugin::attended::drained().await;
            started.app.plugins.stop().await;
            crate::host::process::drained().await;
        };
        if tokio::time::timeout(FAREWELL, down).await.is_err() {
            tracing::warn!("Not everything ended in time.");
        }
        result
    })?
}

impl Started {
    /// The platform of the person at the keyboard.
    pub(super) fn platform(&self) -> Result<PlatformHandle, Failure> {
        let name = self.app.plugins.default_name(Kind::Platform);
        let name = name.ok_or_else(|| Failure::new("No installed plugin talks to the person at the terminal"))?;
        Ok(self.app.plugins.platform(name)?)
    }

    /// Whether that platform's manifest says that it can hide what is typed.
    pub(super) fn hides_input(&self, platform: &PlatformHandle) -> bool {
        let name = &platform.origin().name;
        let mut offers = self.app.plugins.offers(Kind::Platform).filter(|(_, offer)| offer.name == *name);
        offers.any(|(_, offer)| offer.facts.get("hides_input").and_then(Value::as_bool) == Some(true))
    }

    /// Where commands run: on the backend `named`, or the one of the settings.
    pub(super) fn place(&self, named: Option<&str>, who: String) -> Result<Place, Failure> {
        let terminal = &self.app.config.settings.terminal;
        let name = named.or(terminal.backend.as_deref());
        let name =
            name.ok_or_else(|| Failure::new("No installed plugin runs commands: `terminal.backend` is not set"))?;
        // Its commands run in the environment of this process.
        let here = self.fact(name, "environment") == Some("process");
        let cwd = match terminal.cwd.as_str() {
            "." if here => std::env::current_dir().ok().and_then(|cwd| cwd.into_os_string().into_string().ok()),
            "." => None,
            cwd => Some(cwd.to_owned()),
        };
        Ok(Place {
            guard: self.guard.clone(),
            backend: self.app.plugins.backend(name)?,
            here,
            checkpoints: self.app.home.cache_dir().join("checkpoints"),
            cwd,
            env: self.environment(name, here),
            files: if here { Vec::new() } else { self.lent() },
            scopes: self.app.services.scopes.clone(),
            timeout: Duration::from_secs(terminal.timeout),
            sudo: self.app.config.secret(SUDO_PASSWORD).map(|password| Sudo::new(&password)),
            who,
        })
    }

    /// The files of the home that commands elsewhere may read.
    fn lent(&self) -> Vec<SharedFile> {
        let names = &self.app.config.settings.terminal.credential_files;
        let (files, refused) = lent::look_up(self.app.home.root(), names);
        for why in refused {
            out::note(&format!("warning: `terminal.credential_files`: {why}"));
        }
        files
    }

    /// A fact that a backend's manifest states.
    fn fact(&self, backend: &str, fact: &str) -> Option<&str> {
        let mut offers = self.app.plugins.offers(Kind::Backend).filter(|(_, offer)| offer.name == backend);
        offers.find_map(|(_, offer)| offer.facts.get(fact)?.as_str())
    }

    /// What every command sees on a backend.
    fn environment(&self, backend: &str, here: bool) -> BTreeMap<String, String> {
        let config = &self.app.config;
        let passthrough = Passthrough::default().configured(&config.settings.terminal.env_passthrough);
        for (name, _) in &passthrough.refused {
            out::note(&format!("warning: `terminal.env_passthrough`: `{name}` is no name of a variable; left out"));
        }
        let named = self.fact(backend, "forward_env").and_then(|key| config.get(key)).and_then(Value::as_array);
        let named = named.into_iter().flatten().filter_map(|name| name.as_str().map(str::to_owned)).collect::<Vec<_>>();
        let (secrets, child) = (config.secret_names(), if here { Child::Here } else { Child::Away });
        let asking = Asking { passthrough: &passthrough, named: &named, ..Asking::new(config.environment(), &secrets) };
        env_policy::texts(env_policy::of(child, asking))
    }
}

/// The signals that the program heeds, from now on.
pub(super) fn signals() -> Result<mpsc::Receiver<Signal>, Failure> {
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let (tx, rx) = mpsc::channel(8);
    // Ends with the runtime: a signal may come at any time until then.
    tokio::spawn(async move {
        loop {
            let signal = tokio::select! {
                _ = interrupt.recv() => Signal::Interrupt,
                _ = terminate.recv() => Signal::Terminate,
                _ = hangup.recv() => Signal::Terminate,
            };
            if tx.send(signal).await.is_err() {
                return;
            }
        }
    });
    Ok(rx)
}
