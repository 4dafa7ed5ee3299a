//! Every backend opens a session or says why not, runs what it is given as it is given, ends what it is told to
//! end, and keeps files.
//!
//! It runs fixed commands of its own and nothing else: `commands` has them all, and a host that guards its backends
//! can ask [`is_own_command`] and [`is_own_file`]. They need `sh` and the usual small tools there, and work in a
//! directory of their own below the one that the session starts in.

mod commands;
mod files;
mod runs;
mod streams;
mod trees;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

pub use commands::{is_own_command, is_own_file};

use super::{Check, Checks, Held, Runner};
use crate::backend::{Backend, BackendSession, ExecRequest, Exit, Keep, SessionFacts, SessionSpec};
use crate::error::{PluginError, Result};
use crate::flow::{Cancel, Channel};
use crate::harness::Collected;

/// How long one check may take: the place may be far away, and an image may have to be fetched first.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long opening a session may take.
const OPENING: Duration = Duration::from_secs(600);

/// Runs the checks of a backend that the manifest calls `name`, in sessions opened with `spec`.
pub async fn backend<B: Backend>(runner: &impl Runner, backend: &Arc<B>, name: &str, spec: &SessionSpec) -> Vec<Check> {
    let mut checks = Checks::default();
    let opened = format!("backend `{name}` opens a session or says why not");
    let session = match runner.run(OPENING, open(backend.clone(), spec.clone())).await {
        Ok(session) => Arc::new(session),
        Err(error) => {
            checks.excused(opened, &error);
            return checks.0;
        }
    };
    checks.add(opened, Ok(()));
    checks.add("it says where it starts, in absolute paths", facts(&session.facts()));
    let made = tried(runner, directory(session.clone())).await;
    let what = "it runs a command, and its directory can be written in";
    let directory = match made {
        Ok(directory) => directory,
        Err(why) => {
            checks.add(what, Err(why));
            let closed = tried(runner, close(session, Keep::Nothing)).await;
            checks.add("it closes its session", closed);
            return checks.0;
        }
    };
    checks.add(what, Ok(()));
    let mut suite = Suite { runner, session: session.clone(), directory: directory.clone(), checks };
    runs::check(&mut suite).await;
    streams::check(&mut suite).await;
    trees::check(&mut suite).await;
    files::check(&mut suite).await;
    let mut checks = suite.checks;
    checks.add("it closes its session", tried(runner, close(session, Keep::Files)).await);
    let again = again(backend.clone(), spec.clone(), directory);
    checks.add("files are there when the task comes back", tried(runner, again).await);
    checks.0
}

/// What the checks of an open session have in common.
struct Suite<'a, R, S> {
    runner: &'a R,
    session: Arc<S>,
    directory: String,
    checks: Checks,
}

impl<R: Runner, S: BackendSession> Suite<'_, R, S> {
    /// Runs one check, on the session and in the suite's directory.
    async fn check<F>(&mut self, what: &str, check: impl FnOnce(Arc<S>, String) -> F)
    where
        F: Future<Output = Held> + Send + 'static,
    {
        let held = tried(self.runner, check(self.session.clone(), self.directory.clone())).await;
        self.checks.add(what, held);
    }
}

/// Runs one check within the suite's patience.
async fn tried<T: Send + 'static>(
    runner: &impl Runner,
    check: impl Future<Output = std::result::Result<T, String>> + Send + 'static,
) -> std::result::Result<T, String> {
    let checked = runner.run(PATIENCE, async { check.await.map_err(PluginError::internal) });
    checked.await.map_err(|error| error.message)
}

async fn open<B: Backend>(backend: Arc<B>, spec: SessionSpec) -> Result<B::Session> {
    backend.open(spec).await
}

async fn close<S: BackendSession>(session: Arc<S>, keep: Keep) -> Held {
    session.close(keep).await.map_err(|error| error.message)
}

fn facts(facts: &SessionFacts) -> Held {
    if !facts.cwd.starts_with('/') || !facts.home.starts_with('/') {
        return Err(format!("found {:?} and {:?}", facts.cwd, facts.home));
    }
    if facts.why.trim().is_empty() {
        return Err("it does not say why it is a boundary, or why not".to_owned());
    }
    Ok(())
}

/// Makes the suite's directory.
async fn directory<S: BackendSession>(session: Arc<S>) -> std::result::Result<String, String> {
    let (exit, output) = ends(&*session, commands::sh(commands::MAKE_DIRECTORY, []), Channel::empty()).await?;
    let directory = String::from_utf8_lossy(&output).trim_end().to_owned();
    if exit.shell_code() == 0 && is_own_file(&format!("{directory}/file")) {
        return Ok(directory);
    }
    Err(format!("exit code {}, {}", exit.shell_code(), shown(&output)))
}

/// Opens the task's session again and looks for what was left; then nothing is left.
async fn again<B: Backend>(backend: Arc<B>, spec: SessionSpec, directory: String) -> Held {
    let session = Arc::new(backend.open(spec).await.map_err(|error| error.message)?);
    let found = prints(&*session, commands::sh(commands::CAT, [format!("{directory}/{}", files::KEPT)]), files::KEPT);
    let found = found.await;
    let gone = prints(&*session, commands::sh(commands::REMOVE_DIRECTORY, [directory]), "").await;
    let closed = close(session, Keep::Nothing).await;
    found.and(gone).and(closed)
}

/// Runs a command to its end.
async fn ends(
    session: &impl BackendSession,
    request: ExecRequest,
    input: Channel,
) -> std::result::Result<(Exit, Vec<u8>), String> {
    let output = Collected::default();
    let exit = session.exec(request, input, output.output(), Cancel::never()).await;
    exit.map(|exit| (exit, output.bytes())).map_err(|error| error.message)
}

/// Whether a command succeeds and prints just this.
async fn prints(session: &impl BackendSession, request: ExecRequest, expected: &str) -> Held {
    let (exit, output) = ends(session, request, Channel::empty()).await?;
    if output != expected.as_bytes() {
        return Err(format!("expected {:?}, {}", short(expected), shown(&output)));
    }
    same(&exit.shell_code(), &0)
}

fn same<T: PartialEq + std::fmt::Debug>(found: &T, expected: &T) -> Held {
    if found == expected { Ok(()) } else { Err(format!("expected {expected:?}, found {found:?}")) }
}

fn shown(bytes: &[u8]) -> String {
    format!("found {:?}", short(&String::from_utf8_lossy(bytes)))
}

fn short(text: &str) -> String {
    text.chars().take(200).collect()
}
