//! Backends against the plain tool that each stands on, in one run: a command there and back, a session opened for
//! the first time and again, many sessions side by side, and what an open session costs in memory.
//!
//! Each has real peers of its own; where there are none, one line says what would enable its rows.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use hermes_core::app::App;
use hermes_core::guard::Guard;
use hermes_core::shell::{RunOptions, Shell};
use hermes_plugin_api::backend::{Keep, SessionSpec};
use hermes_plugin_api::flow::Cancel;
use hermes_tests::apptainer;
use hermes_tests::docker::{self, Engine};
use hermes_tests::hermes::{Hermes, text};
use hermes_tests::sshd::Sshd;

use crate::rows::{Rows, quantile};
use crate::verdict::{guard, request};
use crate::{Result, app_with, runtime};

/// Sessions that are open side by side.
const MANY: usize = 50;
/// Commands that are run one after the other.
const COMMANDS: usize = 25;
/// Sessions that are opened one after the other, each for the first time in a home of its own; and again.
const OPENED: usize = 3;

/// Makes a call of a tool.
type Call = Box<dyn Fn() -> Command>;

/// A tool, and what is done with it without hermes.
struct Tool {
    backend: &'static str,
    /// How a command is called that is run by the tool alone.
    called: &'static str,
    /// The settings.
    config: String,
    /// Further variables of the program.
    variables: Vec<(&'static str, OsString)>,
    /// Runs `true` where commands run.
    plain: Call,
    /// How many sessions share a task, and with it a container: a container may have so many processes.
    shared: usize,
    /// What a first session is to be compared with: begins a place like it, and takes it away unmeasured.
    begin: Option<(&'static str, Call, Call)>,
}

/// Adds the rows of every backend whose tool is there.
pub(crate) fn rows(rows: &mut Rows, prefix: &Path) -> Result<()> {
    let local = Tool {
        backend: "local",
        called: "`bash -c`",
        config: String::new(),
        variables: Vec::new(),
        shared: MANY,
        plain: Box::new(|| program("bash", &["-c", "true"])),
        begin: None,
    };
    measured(rows, prefix, &local)?;
    if let Some(sshd) = Sshd::with("MaxSessions 100") {
        over_ssh(rows, prefix, &sshd)?;
    }
    if let Some(engine) = Engine::get() {
        in_containers(rows, prefix, engine)?;
    }
    if let Some(image) = apptainer::image() {
        in_instances(rows, prefix, &image)?;
    }
    Ok(())
}

fn over_ssh(rows: &mut Rows, prefix: &Path, sshd: &Sshd) -> Result<()> {
    // Its `ssh` learns the server's key in a place of its own.
    let own = sshd.reached_by(Hermes::new(), "");
    let (ssh, key, port) = (own.path("stand-ins/ssh"), sshd.path("user"), sshd.port().to_string());
    let socket = format!("ControlPath={}", text(&own.path("master")));
    let call = move |more: &[&str]| {
        let always =
            ["-T", "-i", text(&key), "-p", &port, "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=accept-new"];
        program(text(&ssh), &[&always[..], more].concat())
    };
    let master = ["-o", &socket, "-o", "ControlMaster=yes", "-fN", "127.0.0.1"];
    success(call(&master))?;
    let (over_master, alone, end) = (socket.clone(), call.clone(), call.clone());
    let tool = Tool {
        backend: "ssh",
        called: "`ssh` over a master",
        config: std::fs::read_to_string(own.path("home/config.yaml"))? + "  backend: ssh\n",
        variables: vec![("PATH", path_with(&own.path("stand-ins")))],
        shared: MANY,
        plain: Box::new(move || call(&["-o", &over_master, "127.0.0.1", "true"])),
        begin: Some((
            "`ssh` without a master",
            Box::new(move || alone(&["-o", "ControlPath=none", "127.0.0.1", "true"])),
            Box::new(|| program("true", &[])),
        )),
    };
    let measured = measured(rows, prefix, &tool);
    let _ = end(&["-o", &socket, "-O", "exit", "127.0.0.1"]).output();
    measured
}

fn in_containers(rows: &mut Rows, prefix: &Path, engine: &'static Engine) -> Result<()> {
    const NAME: &str = "hermes-bench";
    let remove = || engine.docker(&["rm", "-f", NAME]);
    let begin = || engine.docker(&["run", "-d", "--init", "--name", NAME, docker::IMAGE, "sleep", "600"]);
    success(remove())?;
    let _id = engine.ask(&["run", "-d", "--init", "--name", "hermes-bench-plain", docker::IMAGE, "sleep", "6000"]);
    let tool = Tool {
        backend: "docker",
        called: "`docker exec`",
        config: docker::settings(engine, ""),
        variables: Vec::new(),
        shared: MANY,
        plain: Box::new(|| engine.docker(&["exec", "hermes-bench-plain", "bash", "-c", "true"])),
        begin: Some(("`docker run -d`", Box::new(begin), Box::new(remove))),
    };
    let measured = measured(rows, prefix, &tool);
    success(engine.docker(&["rm", "-f", "hermes-bench-plain"]))?;
    measured
}

fn in_instances(rows: &mut Rows, prefix: &Path, image: &Path) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let (config, image_text) = (OsString::from(folder.path()), text(image).to_owned());
    let own = config.clone();
    let call = move |args: &[&str]| {
        let mut command = program("apptainer", &[&["-q"], args].concat());
        command.env("APPTAINER_CONFIGDIR", &own);
        command
    };
    let closed = ["--containall", "--no-home", "--no-privs", "--net", "--network", "none", "--writable-tmpfs"];
    let (plain, stop, last) = (call.clone(), call.clone(), call.clone());
    let start = move |name: &str| call(&[&["instance", "start"], &closed[..], &[&image_text, name]].concat());
    success(start("hermes-bench-plain"))?;
    let tool = Tool {
        backend: "singularity",
        called: "`apptainer exec`",
        config: format!("terminal:\n  backend: singularity\n  singularity_image: {}\n", text(image)),
        variables: vec![("APPTAINER_CONFIGDIR", config)],
        shared: MANY / 10,
        plain: Box::new(move || {
            plain(&["exec", "--no-privs", "--pwd", "/", "instance://hermes-bench-plain", "bash", "-c", "true"])
        }),
        begin: Some((
            "`apptainer instance start`",
            Box::new(move || start("hermes-bench")),
            Box::new(move || stop(&["instance", "stop", "--force", "hermes-bench"])),
        )),
    };
    let measured = measured(rows, prefix, &tool);
    success(last(&["instance", "stop", "--force", "hermes-bench-plain"]))?;
    measured
}

/// Adds the rows of one backend.
fn measured(rows: &mut Rows, prefix: &Path, tool: &Tool) -> Result<()> {
    let backend = tool.backend;
    let (mut cold, mut warm, mut begun) = (Vec::new(), Vec::new(), Vec::new());
    for last in (0..OPENED).map(|n| n + 1 == OPENED) {
        let hermes = Hermes::new().configured(&tool.config);
        let app = app_with(prefix, &hermes.path("home"), &tool.variables)?;
        if let Some((_, begin, end)) = &tool.begin {
            let started = Instant::now();
            success(begin())?;
            begun.push(started.elapsed());
            success(end())?;
        }
        let place = Place { guard: guard(&app)?, app: &app, backend };
        runtime().block_on(async {
            let (first, time) = place.open(0).await?;
            cold.push(time);
            for _ in 0..OPENED {
                let (again, time) = place.open(0).await?;
                warm.push(time);
                again.close(Keep::Files).await?;
            }
            if last {
                times(rows, &place, &first, tool).await?;
                many(rows, &place, tool).await?;
            }
            first.close(Keep::Nothing).await?;
            app.plugins.stop().await;
            Result::Ok(())
        })?;
    }
    rows.time(format!("{backend}: session opened, first"), quantile(&mut cold, 0.5), None);
    if let Some((called, ..)) = &tool.begin {
        rows.time(format!("{backend}: {called}"), quantile(&mut begun, 0.5), None);
    }
    rows.time(format!("{backend}: session opened, again"), quantile(&mut warm, 0.5), None);
    Ok(())
}

/// A command there and back, by turns with the tool alone.
async fn times(rows: &mut Rows, place: &Place<'_>, shell: &Shell, tool: &Tool) -> Result<()> {
    let (mut ours, mut plain) = (Vec::new(), Vec::new());
    for _ in 0..COMMANDS {
        let started = Instant::now();
        place.run(shell).await?;
        ours.push(started.elapsed());
        let started = Instant::now();
        success((tool.plain)())?;
        plain.push(started.elapsed());
    }
    let (ours, plain) = (quantile(&mut ours, 0.5), quantile(&mut plain, 0.5));
    rows.time(format!("{}: `true`, guarded, median", tool.backend), ours, None);
    rows.time(format!("{}: `true` by {}, median", tool.backend, tool.called), plain, None);
    ratio(rows, tool.backend, "command", ours, plain);
    Ok(())
}

/// Many sessions at once, each with a command that must be answered.
async fn many(rows: &mut Rows, place: &Place<'_>, tool: &Tool) -> Result<()> {
    let backend = tool.backend;
    let before = resident()?;
    let started = Instant::now();
    let sessions = try_join_all((0..MANY).map(|n| place.open(n / tool.shared))).await?;
    rows.time(format!("{backend}: {MANY} sessions opened side by side"), started.elapsed(), None);
    let grown = resident()?.saturating_sub(before);
    rows.number(format!("{backend}: memory of an open session"), grown as f64 / MANY as f64, "KiB", None);
    let started = Instant::now();
    try_join_all(sessions.iter().map(|(shell, _)| place.run(shell))).await?;
    let ours = started.elapsed();
    let started = Instant::now();
    let children: std::io::Result<Vec<_>> = (0..MANY).map(|_| quiet((tool.plain)()).spawn()).collect();
    for mut child in children? {
        if !child.wait()?.success() {
            return Err(format!("{} failed side by side", tool.called).into());
        }
    }
    let plain = started.elapsed();
    rows.time(format!("{backend}: `true` in {MANY} sessions side by side"), ours, None);
    rows.time(format!("{backend}: {MANY} times {} side by side", tool.called), plain, None);
    ratio(rows, backend, "side by side", ours, plain);
    try_join_all(sessions.iter().map(|(shell, _)| shell.close(Keep::Files))).await?;
    Ok(())
}

fn ratio(rows: &mut Rows, backend: &str, what: &str, ours: Duration, plain: Duration) {
    // What a budget says of one backend, and what is expected of the others: no slower than what they stand on.
    let budget = (backend == "docker" && what == "command").then_some(1.0);
    rows.number(format!("{backend}: {what}, ratio to the tool"), ours.as_secs_f64() / plain.as_secs_f64(), "x", budget);
}

/// Where sessions are opened.
struct Place<'a> {
    app: &'a App,
    guard: Guard,
    backend: &'a str,
}

impl Place<'_> {
    async fn open(&self, task: usize) -> Result<(Shell, Duration)> {
        let started = Instant::now();
        let handle = self.app.plugins.backend(self.backend).map_err(|refusal| refusal.to_string())?;
        let cwd = Some("/".to_owned());
        let session =
            handle.open("bench", &SessionSpec { task: format!("bench-{task}"), cwd, ..SessionSpec::default() }).await?;
        Ok((Shell::new(session, Duration::from_secs(120)), started.elapsed()))
    }

    async fn run(&self, shell: &Shell) -> Result<()> {
        let never = Cancel::never();
        let witness = self.guard.authorize(request("true", shell.facts(), self.backend), &never).await;
        let ran =
            shell.run(witness.map_err(|refusal| refusal.to_string())?, &RunOptions::default(), None, &never).await?;
        match ran.exit_code {
            Some(0) => Ok(()),
            code => Err(format!("`true` on {}: {code:?}, {}", self.backend, ran.output).into()),
        }
    }
}

/// The memory of this process that is in use, in KiB.
fn resident() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

fn path_with(folder: &Path) -> OsString {
    let mut path = OsString::from(folder);
    path.push(":/usr/local/bin:/usr/bin:/bin");
    path
}

fn program(name: &str, args: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.args(args);
    command
}

fn quiet(mut command: Command) -> Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Runs a command that must succeed.
fn success(command: Command) -> Result<()> {
    let mut command = quiet(command);
    match command.status()? {
        status if status.success() => Ok(()),
        status => Err(format!("{command:?} ended with {status}").into()),
    }
}
