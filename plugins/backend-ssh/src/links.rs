//! Connections to one machine: opened once, shared by all commands, opened anew when one was lost.
//!
//! A connection is a master of `ssh`, which lives on in the background for [`PERSIST`] seconds after its last
//! command, for this process and the next. A machine lets a connection have only so many commands at a time
//! (`MaxSessions`), so there may be several.

use std::fs::File;
use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, select};
use hermes_plugin_api::harness::Collected;
use hermes_plugin_api::host::SpawnRequest;
use hermes_plugin_api::prelude::*;
use hermes_plugin_api::remote::{NotThere, Place, Waiting};

use crate::said;
use crate::sockets::Sockets;
use crate::target::Target;

/// How many seconds a connection waits for another command.
const PERSIST: &str = "ControlPersist=300";
/// How many connections there may be.
const MOST: usize = 16;
/// How long opening a connection may take.
const OPENING: Duration = Duration::from_secs(30);
/// How long an open connection may take to give a shell.
const ENTERING: Duration = Duration::from_secs(20);
/// How long others are waited for who open the same connection.
const LOCKED: Duration = Duration::from_millis(50);

/// The connections to a machine.
pub(crate) struct Links {
    host: Host,
    target: Target,
    sockets: Sockets,
    /// How a key that is not known is met.
    strict: &'static str,
    name: String,
}

impl Links {
    /// Asks `ssh` how it is configured for this machine. Connects to nothing.
    ///
    /// # Errors
    /// `CONFIG` for a configuration that `ssh` does not take; `UNAVAILABLE` when there is no `ssh`.
    pub(crate) async fn new(host: Host, target: Target, sockets: Sockets) -> Result<Self> {
        let name = format!("`{}`", target.host);
        let mut links = Self { host, target, sockets, strict: "accept-new", name };
        let (code, text) = links.run(&["-G"]).await?;
        if code != 0 {
            return Err(PluginError::config(format!("`ssh` does not take its configuration: {}", said::last(&text))));
        }
        // Whoever wants every key to be known beforehand keeps that.
        if text.lines().any(|line| matches!(line.trim(), "stricthostkeychecking true" | "stricthostkeychecking yes")) {
            links.strict = "yes";
        }
        Ok(links)
    }

    /// Starts a shell over connection `index`, and over nothing else: `false` would lead anywhere else.
    async fn enter(&self, index: usize) -> std::result::Result<Waiting, NotThere> {
        let socket = self.socket(index);
        let only = ["-o", "ControlMaster=no", "-o", socket.as_str(), "-o", "ProxyCommand=false"];
        let start = Waiting::start(&self.host, |script| {
            self.request(self.target.argv(&only, Some(&format!("exec sh -c '{script}'"))))
        });
        match select(pin!(start), pin!(self.host.sleep(ENTERING))).await {
            Either::Left((started, _)) => started,
            Either::Right(_) => Err(NotThere::Ended("it does not answer".to_owned())),
        }
    }

    /// Opens connection `index`, unless somebody else has done so meanwhile.
    async fn open(&self, index: usize) -> Result<()> {
        let socket = self.socket(index);
        let _lock = self.lock(index).await?;
        let there = ["-o", socket.as_str(), "-O", "check"];
        if self.is_open(index) && self.run(&there).await?.0 == 0 {
            return Ok(());
        }
        let strict = format!("StrictHostKeyChecking={}", self.strict);
        let master = ["-o", "ControlMaster=auto", "-o", PERSIST, "-o", &socket, "-o", &strict, "-f", "-N"];
        let opened = pin!(self.run(&master));
        let (code, text) = match select(opened, pin!(self.host.sleep(OPENING))).await {
            Either::Left((ran, _)) => ran?,
            Either::Right(_) => (255, format!("it did not answer in {} seconds", OPENING.as_secs())),
        };
        if code == 0 { Ok(()) } else { Err(said::unreachable(&self.target.host, &text)) }
    }

    /// Gives a connection up that does not answer any more.
    async fn give_up(&self, index: usize) {
        let socket = self.socket(index);
        // It may be gone already.
        let _ = self.run(&["-o", &socket, "-O", "exit"]).await;
    }

    async fn lock(&self, index: usize) -> Result<File> {
        let lock = self.sockets.lock(&self.file(index))?;
        let mut waited = Duration::ZERO;
        while lock.try_lock().is_err() {
            if waited > OPENING {
                return Err(PluginError::unavailable(format!(
                    "Somebody else has been connecting to {} for long",
                    self.name
                )));
            }
            self.host.sleep(LOCKED).await;
            waited += LOCKED;
        }
        Ok(lock)
    }

    fn file(&self, index: usize) -> String {
        format!("{}-{index}", self.target.fingerprint())
    }

    /// Whether there is a socket; that somebody answers is another matter.
    fn is_open(&self, index: usize) -> bool {
        Path::new(&self.sockets.path(&self.file(index))).exists()
    }

    fn socket(&self, index: usize) -> String {
        format!("ControlPath={}", self.sockets.path(&self.file(index)))
    }

    fn request(&self, argv: Vec<String>) -> SpawnRequest {
        SpawnRequest { argv, env: self.target.env.clone(), merge_stderr: true, ..SpawnRequest::default() }
    }

    /// Runs `ssh` to its end; its exit code and what it said.
    async fn run(&self, arguments: &[&str]) -> Result<(i32, String)> {
        let said = Collected::default();
        let request = self.request(self.target.argv(arguments, None));
        let exit = self.host.run(&request, Channel::empty(), said.output(), Cancel::never()).await?;
        Ok((exit.shell_code(), String::from_utf8_lossy(&said.bytes()).into_owned()))
    }
}

impl Place for Links {
    fn host(&self) -> &Host {
        &self.host
    }

    fn name(&self) -> &str {
        &self.name
    }

    async fn shell(&self) -> Result<Waiting> {
        for index in 0..MOST {
            // Without a socket there is nothing to try.
            let mut opened = !self.is_open(index);
            if opened {
                self.open(index).await?;
            }
            loop {
                let why = match self.enter(index).await {
                    Ok(waiting) => return Ok(waiting),
                    Err(NotThere::Unstarted(error)) => return Err(error),
                    Err(NotThere::Ended(why)) => why,
                };
                if said::is_full(&why) {
                    break;
                }
                if opened {
                    return Err(said::unreachable(&self.target.host, &why));
                }
                if !said::is_gone(&why) {
                    self.give_up(index).await;
                }
                self.open(index).await?;
                opened = true;
            }
        }
        Err(PluginError::unavailable(format!("{} takes no more commands at a time", self.name)))
    }
}
