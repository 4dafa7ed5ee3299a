//! A session: a task's container, opened for this process, used by its commands, and left or taken away.
//!
//! A container that is gone is made again before the next command; one that goes while a command runs is said to
//! have gone, and nothing is repeated.

use std::path::Path;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bollard::models::ContainerInspectResponse;
use hermes_plugin_api::backend::{ExecRequest, Exit, Keep, SessionFacts, SessionSpec};
use hermes_plugin_api::prelude::*;
use hermes_plugin_api::runtime::OwnRuntime;
use hermes_plugin_api::session::Report;
use tokio::sync::RwLock;

use crate::config::Config;
use crate::container::{self, Plan, ROOT, User, WORKSPACE};
use crate::engine::{Engine, is_missing};
use crate::exec::{Failed, Input, Place};
use crate::facts::{self, Inside};
use crate::files;
use crate::image::Told;
use crate::task::{self, Task};

/// How often a command is started again because its container was gone.
const TRIES: usize = 2;
/// The exit code of what was killed.
const KILLED: i32 = 137;
/// How often, and how far apart, it is looked whether the container was killed with the command.
const LOOKS: u32 = 6;
const LOOK: Duration = Duration::from_millis(50);

/// An open session, as the host sees it.
pub(crate) struct DockerSession {
    pub(crate) parts: Arc<Parts>,
    pub(crate) runtime: Arc<OwnRuntime>,
}

/// What it is made of. All of it is used on the plugin's own runtime.
pub(crate) struct Parts {
    host: Host,
    config: Arc<Config>,
    spec: SessionSpec,
    home: String,
    task: Task,
    plan: Plan,
    facts: SessionFacts,
    place: RwLock<Place>,
    /// Marks of commands whose engine went away while they ran.
    lost: Mutex<Vec<String>>,
}

/// Whoever waits for the session, if somebody does.
struct Waiting<'a> {
    host: &'a Host,
    token: &'a str,
}

impl Waiting<'_> {
    /// Tells something once for an engine, not whenever a session is opened.
    async fn once(&self, engine: &str, text: String) {
        let key = format!("told:{}", task::digest(&[engine, &text]));
        if matches!(self.host.kv_get::<bool>(&key).await, Ok(Some(true))) {
            return;
        }
        tracing::warn!("{text}.");
        self.tell(Report::Notice { text }).await;
        let _ = self.host.kv_set(&key, &true).await;
    }
}

impl Told for Waiting<'_> {
    fn tell(&self, report: Report) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let (Report::Progress { text } | Report::Notice { text }) = &report;
        tracing::info!("{text}.");
        Box::pin(async move {
            // Who is not there is not told.
            let _ = self.host.emit(self.token, report).await;
        })
    }
}

impl Parts {
    /// Opens the session.
    ///
    /// # Errors
    /// `UNAVAILABLE` when the engine, the image or the container is not to be had; `CONFIG` for wrong settings.
    pub(crate) async fn open(host: Host, config: Arc<Config>, spec: SessionSpec) -> Result<Self> {
        let home = host.describe().home;
        let mut engine = Engine::connect(&host, &config.host).await?;
        let info = engine.api.info().await.map_err(|error| engine.failed("ask what it can do", &error))?;
        let rootless = engine.is_rootless(info.security_options.as_deref().unwrap_or_default());
        engine.kind.rootless = rootless;
        let limits_disk = limits_disk(info.driver.as_deref(), info.driver_status.as_deref());
        let task = Task::take(&home, &spec.task)?;
        let disk = config.disk > 0 && limits_disk;
        let user = User::of(rootless, engine.kind.is_podman());
        let plan = Plan::new(&config, &home, &task, &spec.files, &user, disk)?;
        let waiting = Waiting { host: &host, token: &spec.token };
        let there = plan.run(&engine, &waiting).await?;
        if let Err(error) = container::reap(&engine, &home, host.now_ms()).await {
            tracing::warn!(%error, "Containers that nobody uses could not be looked for.");
        }
        let place = Place { engine, container: plan.name.clone() };
        let (facts, lost) = (SessionFacts::default(), Mutex::default());
        let parts = Self { facts, lost, place: RwLock::new(place), host, config, spec, home, task, plan };
        let (facts, lacking) = match parts.look(&there).await {
            Ok(seen) => seen,
            Err(error) => {
                let _ = parts.close(Keep::Files).await;
                return Err(error);
            }
        };
        let parts = Self { facts, ..parts };
        parts.warn(&lacking, disk).await;
        Ok(parts)
    }

    /// Tells what was asked for and does not hold.
    async fn warn(&self, lacking: &[String], disk: bool) {
        let waiting = Waiting { host: &self.host, token: &self.spec.token };
        let engine = self.place.read().await.engine.address.clone();
        if !lacking.is_empty() {
            let text = self.place.read().await.engine.unlimited(lacking);
            waiting.once(&engine, text).await;
        }
        if self.config.disk > 0 && !disk {
            let text = "The storage driver of the engine cannot limit the disk: `terminal.container_disk` does nothing";
            waiting.once(&engine, text.to_owned()).await;
        }
    }

    /// What the container is, and which limits it lacks.
    async fn look(&self, there: &ContainerInspectResponse) -> Result<(SessionFacts, Vec<String>)> {
        let place = self.place.read().await.clone();
        let cwd = self.spec.cwd.clone().unwrap_or_else(|| WORKSPACE.to_owned());
        let (_, text) = match place.ask("sh", facts::PROBE, &[&cwd]).await {
            Ok(told) => told,
            Err(Failed::Error(error) | Failed::Lost(error)) => return Err(error),
            Err(Failed::NotRunning) => {
                return Err(PluginError::unavailable("The container ended as soon as it was started"));
            }
        };
        let inside = Inside::read(&text);
        if !inside.has_bash() {
            let image = self.plan.image();
            let error = PluginError::unavailable(format!("There is no `bash` in the image `{image}`: {}", text.trim()));
            return Err(error.with_hint("set `terminal.docker_image` to an image that has `bash`"));
        }
        if inside.lacks_directory() {
            let error = PluginError::config(format!("`{cwd}` is not a directory in the container"));
            return Err(error.with_hint("set `terminal.cwd`"));
        }
        let sandboxes = Path::new(&self.home).join("sandboxes");
        let ways = facts::ways_out(there, &inside, &sandboxes, place.engine.socket());
        let why = match ways.first() {
            None => format!("Commands run in the container `{}` of {}", self.plan.name, place.engine.kind),
            Some(_) => format!("The container `{}` is not closed: {}", self.plan.name, ways.join(", ")),
        };
        let facts = SessionFacts { boundary: ways.is_empty(), why, cwd, home: ROOT.to_owned() };
        Ok((facts, inside.lacking(&self.config)))
    }

    /// The container again, after it was gone. It must be what it was: the guard has judged by that.
    async fn again(&self) -> Result<()> {
        let mut place = self.place.write().await;
        // The same one: another has other containers.
        place.engine = Engine::again(&place.engine.address).await?;
        let there = self.plan.run(&place.engine, &Waiting { host: &self.host, token: "" }).await?;
        drop(place);
        let (facts, _) = self.look(&there).await?;
        if facts.boundary != self.facts.boundary {
            return Err(
                PluginError::unavailable("The container is not what it was any more").with_hint("begin a new session")
            );
        }
        Ok(())
    }

    fn mark(&self) -> String {
        self.host.random(16).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    async fn exec(&self, request: ExecRequest, input: Channel, output: Output, cancel: Cancel) -> Result<Exit> {
        if cancel.is_cancelled() {
            return Err(PluginError::cancelled());
        }
        let request = self.settled(request);
        for _ in 0..TRIES {
            let place = self.place.read().await.clone();
            let (mark, lost) = (self.mark(), self.lost().clone());
            for lost in &lost {
                // Nobody can look after it any more: it must not go on beside the next one.
                place.bury(lost.clone()).await;
            }
            let ran = place.run(request.clone(), mark.clone(), input.clone(), output.clone(), cancel.clone()).await;
            if ran.is_ok() {
                self.lost().retain(|mark| !lost.contains(mark));
            }
            match ran {
                Ok(exit) if exit.shell_code() <= 128 => return Ok(exit),
                Ok(exit) => return self.after(&place, exit.code == Some(KILLED)).await.map_or(Ok(exit), Err),
                Err(Failed::Error(error)) => return Err(self.after(&place, false).await.unwrap_or(error)),
                Err(Failed::Lost(error)) => {
                    self.lost().push(mark);
                    return Err(error);
                }
                Err(Failed::NotRunning) => cancel.run(self.again()).await??,
            }
        }
        Err(PluginError::unavailable("The container does not keep running"))
    }

    fn lost(&self) -> MutexGuard<'_, Vec<String>> {
        self.lost.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What became of the container, if it does not run any more. An engine sees the end of a command first.
    async fn after(&self, place: &Place, killed: bool) -> Option<PluginError> {
        for _ in 0..if killed { LOOKS } else { 1 } {
            if let Some(error) = self.ended(place).await {
                return Some(error);
            }
            tokio::time::sleep(LOOK).await;
        }
        None
    }

    async fn ended(&self, place: &Place) -> Option<PluginError> {
        let there = match place.engine.api.inspect_container(&self.plan.name, None).await {
            Ok(there) => there,
            Err(error) if is_missing(&error) => ContainerInspectResponse::default(),
            Err(_) => return None,
        };
        if container::is_running(&there) {
            return None;
        }
        let killed = there.state.as_ref().and_then(|state| state.oom_killed).unwrap_or_default();
        let why = if killed { "it had no memory left" } else { "it was stopped or removed" };
        let text = format!("The container ended while the command ran: {why}. How far the command came is not known");
        Some(
            PluginError::unavailable(text)
                .with_hint("the next command gets a new container; look at what is there before it is repeated"),
        )
    }

    /// The request with the session's variables and directory.
    fn settled(&self, request: ExecRequest) -> ExecRequest {
        let mut env = self.spec.env.clone();
        env.insert("HOME".to_owned(), ROOT.to_owned());
        env.extend(request.env);
        let cwd = request.cwd.or_else(|| Some(self.facts.cwd.clone()));
        ExecRequest { argv: request.argv, cwd, env }
    }

    /// Runs a script of ours for a file.
    async fn file(
        &self,
        what: &str,
        path: &str,
        request: ExecRequest,
        input: Input,
        output: Option<Output>,
    ) -> Result<()> {
        let request = self.settled(request);
        for _ in 0..TRIES {
            let place = self.place.read().await.clone();
            let (request, cancel) = (request.clone(), Cancel::never());
            match place.run_apart(request, self.mark(), input.clone(), output.clone(), cancel).await {
                Ok((0, _)) => return Ok(()),
                Ok((_, said)) => {
                    let why = said.lines().next().unwrap_or("it failed");
                    return Err(PluginError::user(format!("Failed to {what} `{path}`: {why}")));
                }
                Err(Failed::Error(error) | Failed::Lost(error)) => return Err(error),
                Err(Failed::NotRunning) => self.again().await?,
            }
        }
        Err(PluginError::unavailable("The container does not keep running"))
    }

    /// Leaves the container; the last one to leave takes it away.
    async fn close(&self, keep: Keep) -> Result<()> {
        let place = self.place.read().await.clone();
        let removed = self.task.leave(|| async {
            let removed = self.plan.remove(&place.engine).await;
            if keep == Keep::Nothing || !self.config.persistent {
                let _ = std::fs::remove_dir_all(&self.task.folder);
            }
            removed
        });
        match removed.await.flatten() {
            Some(error) => Err(place.engine.failed("remove the container", &error)),
            None => Ok(()),
        }
    }
}

/// Whether the storage driver can limit how much a container writes.
fn limits_disk(driver: Option<&str>, status: Option<&[Vec<String>]>) -> bool {
    let backing = status.into_iter().flatten().find(|row| row.first().is_some_and(|name| name == "Backing Filesystem"));
    match driver {
        Some("btrfs" | "zfs" | "devicemapper" | "windowsfilter") => true,
        Some("overlay2" | "overlay") => backing.and_then(|row| row.get(1)).is_some_and(|name| name == "xfs"),
        _ => false,
    }
}

impl BackendSession for DockerSession {
    fn facts(&self) -> SessionFacts {
        self.parts.facts.clone()
    }

    async fn exec(&self, request: ExecRequest, input: Channel, output: Output, cancel: Cancel) -> Result<Exit> {
        let parts = self.parts.clone();
        self.runtime.run(async move { parts.exec(request, input, output, cancel).await }).await
    }

    async fn read_file(&self, path: &str, output: Output) -> Result<()> {
        let (parts, path) = (self.parts.clone(), path.to_owned());
        let read =
            async move { parts.file("read", &path, files::read(&path), Input::All(Vec::new()), Some(output)).await };
        self.runtime.run(read).await
    }

    async fn write_file(&self, path: &str, data: Vec<u8>) -> Result<()> {
        let (parts, path) = (self.parts.clone(), path.to_owned());
        let write = async move {
            let request = files::write(&path, &parts.mark());
            parts.file("write", &path, request, Input::All(data), None).await
        };
        self.runtime.run(write).await
    }

    async fn close(&self, keep: Keep) -> Result<()> {
        let parts = self.parts.clone();
        self.runtime.run(async move { parts.close(keep).await }).await
    }
}
