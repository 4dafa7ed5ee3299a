//! Commands through real processes: a backend of this process over the host's door, no plugin.

mod background;
mod state;
mod sudo;

use std::collections::BTreeMap;
use std::sync::Arc;

use hermes_plugin_api::backend::{Backend, BackendSession, SessionSpec};
use hermes_plugin_api::error::{ErrorCode, PluginError};
use hermes_plugin_api::host::{STDIN, SpawnRequest};

use super::*;
use crate::host::process::{self, Event};
use crate::plugin::handle::BackendHandle;

struct Here;

struct HereSession(SessionSpec);

impl Backend for Here {
    type Session = HereSession;

    async fn open(&self, spec: SessionSpec) -> Result<HereSession> {
        Ok(HereSession(spec))
    }
}

impl BackendSession for HereSession {
    fn facts(&self) -> SessionFacts {
        let cwd = self.0.cwd.clone().unwrap_or_default();
        SessionFacts { home: cwd.clone(), cwd, ..SessionFacts::default() }
    }

    async fn exec(&self, request: ExecRequest, input: Channel, output: Output, cancel: Cancel) -> Result<Exit> {
        // As a place does that is not this machine: variables that nobody asked for, and one that changes.
        let turn = std::fs::read_to_string(format!("{}/turn", self.facts().cwd)).unwrap_or_default();
        let mut env = BTreeMap::from([("PLACED", "by the place".to_owned()), ("TURN", turn)])
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect::<BTreeMap<_, _>>();
        env.extend(self.0.env.clone());
        env.extend(request.env);
        let cwd = request.cwd.or_else(|| self.0.cwd.clone());
        let mut process =
            process::spawn(SpawnRequest { argv: request.argv, cwd, env, merge_stderr: true, stdin: true })?;
        let stdin = process.take_input();
        let feed = async {
            while let Ok(Some(piece)) = input.recv().await {
                assert_eq!(piece.tag, STDIN);
                if let Some(stdin) = &stdin {
                    let _ = stdin.send(piece.data).await;
                }
            }
            drop(stdin);
            std::future::pending::<()>().await;
        };
        let carry = async {
            loop {
                match process.next().await {
                    Some(Event::Stdout(data) | Event::Stderr(data)) => output.write(data).await?,
                    Some(Event::Exit(exit)) => return Ok(exit),
                    None => return Err(PluginError::unavailable("lost")),
                }
            }
        };
        let exit = tokio::select! {
            exit = carry => Some(exit),
            () = feed => None,
            () = cancel.cancelled() => None,
        };
        match exit {
            Some(exit) => exit,
            None => Ok(process.kill_tree().await),
        }
    }

    async fn read_file(&self, _: &str, _: Output) -> Result<()> {
        Err(PluginError::unsupported("read_file"))
    }

    async fn write_file(&self, _: &str, _: Vec<u8>) -> Result<()> {
        Err(PluginError::unsupported("write_file"))
    }

    async fn close(&self, _: Keep) -> Result<()> {
        Ok(())
    }
}

/// A shell in a directory of its own.
struct Fixture {
    shell: Arc<Shell>,
    dir: tempfile::TempDir,
}

impl Fixture {
    async fn new() -> Self {
        Self::with_path(tempfile::tempdir().expect("a directory"), "/usr/local/bin:/usr/bin:/bin", None).await
    }

    async fn with_path(dir: tempfile::TempDir, path: &str, sudo: Option<Sudo>) -> Self {
        let env = [("PATH", path), ("LANG", "C.UTF-8"), ("GIVEN", "by the session")];
        let env: BTreeMap<_, _> = env.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let cwd = dir.path().canonicalize().expect("there").to_str().map(str::to_owned);
        let spec = SessionSpec { cwd, env, ..SessionSpec::default() };
        let backend = BackendHandle::new("test", "here", hermes_plugin_api::serve::backend(Here));
        let session = backend.open("session", &spec).await.expect("opens");
        let shell = Shell::new(session, Duration::from_secs(60)).with_sudo(sudo);
        Self { shell: Arc::new(shell), dir }
    }

    fn path(&self) -> String {
        self.shell.facts().cwd.clone()
    }

    fn witness(&self, command: &str) -> Authorized<Exec> {
        self.witness_at(command, self.shell.cwd())
    }

    fn witness_at(&self, command: &str, cwd: String) -> Authorized<Exec> {
        let (backend, session) = (self.shell.backend().to_owned(), self.shell.id().to_owned());
        Authorized::for_test(Exec { command: command.to_owned(), cwd, backend, session })
    }

    async fn run(&self, command: &str) -> ShellResult {
        self.run_with(command, &RunOptions::default(), &Cancel::never()).await
    }

    async fn run_with(&self, command: &str, options: &RunOptions, cancel: &Cancel) -> ShellResult {
        self.shell.run(self.witness(command), options, None, cancel).await.expect("runs")
    }

    async fn check(&self, command: &str, output: &str, code: i32) {
        let result = self.run(command).await;
        assert_eq!((result.output.as_str(), result.exit_code), (output, Some(code)), "{command}");
    }
}

fn alive(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
}

/// Pids that a command printed, each of which lived.
fn pids(output: &str) -> Vec<String> {
    let line = output.lines().next().unwrap_or_default();
    line.split(' ').map(str::to_owned).collect()
}

const FAMILY: &str = "sleep 1000 & a=$!; setsid sleep 1000 & echo $$ $a $!; wait";

#[tokio::test]
async fn output_and_exit_codes_come_back() {
    let t = Fixture::new().await;
    t.check("echo hi", "hi\n", 0).await;
    t.check("printf no-newline; exit 3", "no-newline", 3).await;
    t.check("echo a; echo b >&2; echo c", "a\nb\nc\n", 0).await;
    t.check("false", "", 1).await;
    t.check("kill -TERM $$", "", 143).await;
    t.check("", "", 0).await;
    t.check("exec true", "", 0).await;
    t.check("exec sh -c 'exit 9'", "", 9).await;
    t.check("set -e; false; echo not here", "", 1).await;
    t.check("set -u; : \"$nothing\"; echo not here", "bash: line 1: nothing: unbound variable\n", 127).await;
    t.check("no-such-program", "bash: line 1: no-such-program: command not found\n", 127).await;
    t.check("cat; echo end", "end\n", 0).await;
    t.check("echo $#: \"$0\"", "0: bash\n", 0).await;
    t.check("set -x; true", "++ true\n", 0).await;
    t.check("-x", "bash: line 1: -x: command not found\n", 127).await;
    t.check("echo \"it's\" '$(not run)' \\\\", "it's $(not run) \\\n", 0).await;
}

#[tokio::test]
async fn a_witness_for_something_else_runs_nothing() {
    let t = Fixture::new().await;
    let exec = |backend: &str, session: &str| Exec {
        command: "touch ran".to_owned(),
        cwd: t.path(),
        backend: backend.to_owned(),
        session: session.to_owned(),
    };
    for exec in [exec("elsewhere", "session"), exec("here", "another")] {
        let witness = Authorized::for_test(exec);
        let error = t.shell.run(witness, &RunOptions::default(), None, &Cancel::never()).await.expect_err("refused");
        assert_eq!(error.code, ErrorCode::DENIED);
    }
    assert!(!t.dir.path().join("ran").exists());
}

#[tokio::test]
async fn what_takes_too_long_is_ended_with_its_whole_tree() {
    let t = Fixture::new().await;
    let options = RunOptions { timeout: Some(Duration::from_secs(1)), ..RunOptions::default() };
    let result = t.run_with(FAMILY, &options, &Cancel::never()).await;
    assert_eq!(result.exit_code, Some(124));
    assert!(result.output.ends_with("\n[Command timed out after 1s]"), "{}", result.output);
    let family = pids(&result.output);
    assert_eq!(family.iter().filter(|pid| alive(pid)).count(), 0, "{family:?}");
}

#[tokio::test]
async fn one_that_ignores_the_end_is_killed() {
    let t = Fixture::new().await;
    let options = RunOptions { timeout: Some(Duration::from_secs(1)), ..RunOptions::default() };
    let result = t.run_with("trap '' TERM; echo $$; while :; do sleep 1; done", &options, &Cancel::never()).await;
    assert_eq!(result.exit_code, Some(124));
    assert!(!alive(&pids(&result.output)[0]));
}

#[tokio::test]
async fn an_interruption_ends_the_tree_and_keeps_the_output() {
    let t = Fixture::new().await;
    let source = CancelSource::new();
    let (progress, mut seen) = bytes(16);
    let (shell, witness, cancel) = (t.shell.clone(), t.witness(FAMILY), source.handle());
    let run = tokio::spawn(async move { shell.run(witness, &RunOptions::default(), Some(progress), &cancel).await });
    let mut told = Vec::new();
    while !told.ends_with(b"\n") {
        told.extend(seen.recv().await.expect("output comes"));
    }
    let family = pids(std::str::from_utf8(&told).expect("text"));
    assert_eq!(family.iter().filter(|pid| alive(pid)).count(), 3, "{family:?}");
    source.cancel();
    let result = run.await.expect("no panic").expect("a result");
    assert_eq!(result.exit_code, Some(130));
    assert!(result.output.ends_with("\n[Command interrupted]"), "{}", result.output);
    assert_eq!(family.iter().filter(|pid| alive(pid)).count(), 0, "{family:?}");
}

#[tokio::test]
async fn dropping_the_call_ends_the_tree() {
    let t = Fixture::new().await;
    let (progress, mut seen) = bytes(16);
    let (shell, witness) = (t.shell.clone(), t.witness(FAMILY));
    let run = async move { shell.run(witness, &RunOptions::default(), Some(progress), &Cancel::never()).await };
    let run = tokio::spawn(run);
    let mut told = Vec::new();
    while !told.ends_with(b"\n") {
        told.extend(seen.recv().await.expect("output comes"));
    }
    run.abort();
    let family = pids(std::str::from_utf8(&told).expect("text"));
    let gone = async {
        while family.iter().any(|pid| alive(pid)) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), gone).await.expect("the tree ends");
}

#[tokio::test]
async fn a_background_grandchild_does_not_hold_the_call_up() {
    let t = Fixture::new().await;
    let run = t.run("sleep 1000 & echo $!");
    let result = tokio::time::timeout(Duration::from_secs(10), run).await.expect("returns");
    assert_eq!(result.exit_code, Some(0));
    let pid = &pids(&result.output)[0];
    assert!(alive(pid));
    t.check(&format!("kill {pid}"), "", 0).await;
}

#[tokio::test]
async fn a_background_grandchild_that_never_stops_printing_does_not_either() {
    let t = Fixture::new().await;
    let run = t.run("echo begun; yes &");
    let result = tokio::time::timeout(Duration::from_secs(30), run).await.expect("returns");
    assert_eq!(result.exit_code, Some(0));
    assert!(result.output.starts_with("begun\n"));
}

#[tokio::test]
async fn much_output_is_capped_and_says_so() {
    let t = Fixture::new().await;
    let result = t.run("echo first; head -c 100000000 /dev/zero | tr '\\0' 'x'; echo; echo last").await;
    assert_eq!(result.exit_code, Some(0));
    let line = format!("\n[{} characters left out here]\n", 100_000_000 + 6 + 6 - 50_000);
    assert!(result.output.starts_with("first\nxxx") && result.output.ends_with("xxx\nlast\n"));
    assert!(result.output.contains(&line));
    assert_eq!(result.output.chars().count(), 50_000 + line.len());
}

#[tokio::test]
async fn output_is_text_without_escapes_and_secrets() {
    let t = Fixture::new().await;
    t.check("printf '\\e[31mred\\e[0m \\xff caf\\xc3\\xa9\\r\\n'", "red \u{fffd} caf\u{e9}\n", 0).await;
    t.check("echo token=hunter2hunter2", "token=[REDACTED]\n", 0).await;
    t.check("printf 'token=hun\\e[0mter2'", "token=[REDACTED]", 0).await;
}

#[tokio::test]
async fn progress_is_told_as_it_comes_and_redacted() {
    let t = Fixture::new().await;
    let fifo = t.dir.path().join("gate");
    t.check(&format!("mkfifo {}", fifo.display()), "", 0).await;
    let (progress, mut seen) = bytes(16);
    let witness = t.witness("echo password=hunter2; cat gate; echo done");
    let shell = t.shell.clone();
    let run = async move { shell.run(witness, &RunOptions::default(), Some(progress), &Cancel::never()).await };
    let run = tokio::spawn(run);
    assert_eq!(seen.recv().await.expect("told before the end"), b"password=[REDACTED]\n");
    // Opening the other end lets the command go on: it was running when its first line was seen.
    let open = move || std::fs::write(fifo, "through\n");
    tokio::task::spawn_blocking(open).await.expect("no panic").expect("written");
    let result = run.await.expect("no panic").expect("a result");
    assert_eq!(result.output, "password=[REDACTED]\nthrough\ndone\n");
    let mut rest = Vec::new();
    while let Some(piece) = seen.recv().await {
        rest.extend(piece);
    }
    assert_eq!(rest, b"through\ndone\n");
}

#[tokio::test]
async fn a_watcher_that_reads_nothing_does_not_stop_the_clock() {
    let t = Fixture::new().await;
    let (progress, _unread) = bytes(1);
    let options = RunOptions { timeout: Some(Duration::from_secs(1)), ..RunOptions::default() };
    let witness = t.witness("yes");
    let never = Cancel::never();
    let run = t.shell.run(witness, &options, Some(progress), &never);
    let result = tokio::time::timeout(Duration::from_secs(30), run).await.expect("ends").expect("a result");
    assert_eq!(result.exit_code, Some(124));
}
