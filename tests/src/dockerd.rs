//! A container engine of one story alone, which may stop, die and run out of room without disturbing anybody.
//!
//! Its mounts and its network are in namespaces of its own and go with it: what is not there cannot be disturbed, not
//! even the bridge that all engines of a machine share.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;
use tokio::time::Instant;

use crate::docker::{Engine, IMAGE, command};
use crate::hermes::{run, text};

/// How long it may take to come up or to end.
const PATIENCE: Duration = Duration::from_secs(60);

/// The engine. It ends, with its containers, when this is dropped.
pub struct Dockerd {
    engine: Engine,
    folder: TempDir,
    /// Further words of its command line.
    more: Vec<String>,
    /// Holds the namespaces.
    holder: Child,
    server: Mutex<Option<Child>>,
}

impl Dockerd {
    /// Starts one that has the image of stories; `None` where this machine can have none, which is noted.
    #[must_use]
    pub fn start() -> Option<Self> {
        Self::with(&[], None)
    }

    /// As [`Dockerd::start`], with more words on its command line, and so many megabytes of room on a disk of its own.
    ///
    /// # Panics
    /// When it does not come up.
    #[must_use]
    pub fn with(more: &[&str], room: Option<u32>) -> Option<Self> {
        let archive = Engine::get()?.archive();
        let folder = TempDir::new().expect("a folder");
        let (data, ready) = (folder.path().join("data"), folder.path().join("ready"));
        let script = r#"set -e; mkdir -p "$1"; [ -z "$2" ] || mount -t tmpfs -o "size=$2m" tmpfs "$1"
            ip link set lo up; : >"$3"; exec sleep 2147483647"#;
        let mut holder = command("unshare");
        holder.args(["--mount", "--net", "--propagation", "private", "sh", "-c", script, "sh", text(&data)]);
        holder.arg(room.map(|room| room.to_string()).unwrap_or_default()).arg(&ready);
        let holder = holder.stdin(Stdio::null()).spawn().expect("started");
        until("the namespaces", || ready.exists());
        let engine = Engine::at(&format!("unix://{}", text(&folder.path().join("sock"))));
        let more = more.iter().map(|&word| word.to_owned()).collect();
        let dockerd = Self { engine, folder, more, holder, server: Mutex::default() };
        dockerd.resume();
        let _id = dockerd.engine.ask(&["import", "--change", "ENV PATH=/bin", text(&archive), IMAGE]);
        Some(dockerd)
    }

    /// The way to ask it.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Starts it again after [`Dockerd::stop`] or [`Dockerd::kill`].
    ///
    /// # Panics
    /// When it does not come up.
    pub fn resume(&self) {
        let path = |name: &str| text(&self.folder.path().join(name)).to_owned();
        let _ = fs::remove_file(path("pid"));
        let log = fs::File::create(path("log")).expect("a log");
        let mut server = self.inside("dockerd");
        server.args(["--data-root", &path("data"), "--exec-root", &path("exec"), "--pidfile", &path("pid")]);
        server.args(["-H", self.engine.host(), "--iptables=false"]).args(&self.more);
        server.stdin(Stdio::null()).stdout(log.try_clone().expect("a log")).stderr(log);
        *self.server() = Some(server.spawn().expect("started"));
        until("dockerd", || {
            let runs = self.server().as_mut().is_some_and(|server| matches!(server.try_wait(), Ok(None)));
            assert!(runs, "dockerd ended: {}", fs::read_to_string(path("log")).unwrap_or_default());
            self.engine.answers()
        });
    }

    /// A program in the namespaces of the engine.
    #[must_use]
    pub fn inside(&self, program: &str) -> Command {
        let mut command = command("nsenter");
        command.args(["--mount", "--net", "--target", &self.holder.id().to_string(), program]);
        command
    }

    /// Stops it as a system does.
    pub fn stop(&self) {
        self.end(Signal::TERM);
    }

    /// Kills it, so that it can clean up nothing.
    pub fn kill(&self) {
        self.end(Signal::KILL);
        // What it started goes with it, but an engine that comes up may take it for alive.
        let pid = self.folder.path().join("exec/containerd/containerd.pid");
        let started = fs::read_to_string(&pid).ok().and_then(|pid| Pid::from_raw(pid.trim().parse().ok()?));
        let _ = started.map(|started| kill_process(started, Signal::KILL));
        let _ = fs::remove_file(pid);
    }

    /// Where it keeps images and containers, on its own disk if it has one.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{}", self.holder.id(), text(&self.folder.path().join("data"))))
    }

    fn server(&self) -> MutexGuard<'_, Option<Child>> {
        self.server.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn end(&self, signal: Signal) {
        let Some(mut server) = self.server().take() else { return };
        let _ = kill_process(Pid::from_child(&server), signal);
        until("the end of dockerd", || server.try_wait().is_ok_and(|status| status.is_some()));
    }
}

impl Drop for Dockerd {
    fn drop(&mut self) {
        // Containers outlive an engine that was killed.
        if self.server().is_none() && !std::thread::panicking() {
            self.resume();
        }
        let containers = run(self.engine.docker(&["ps", "-aq"])).out;
        let ids: Vec<&str> = containers.lines().collect();
        if !ids.is_empty() {
            let _ = run(self.engine.docker(&[&["rm", "-f"], &ids[..]].concat()));
        }
        self.stop();
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}

/// Waits until something is so.
fn until(what: &str, mut is: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is() {
        assert!(begun.elapsed() < PATIENCE, "{what} did not come");
        std::thread::sleep(Duration::from_millis(20));
    }
}
