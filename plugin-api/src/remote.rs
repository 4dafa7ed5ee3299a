//! What a backend needs whose commands are started by a program of this machine: `ssh host …`, `engine exec …`.
//!
//! That program starts a shell over there, which says that it is there and then waits for one line: the order. So
//! what fails before the order was given has changed nothing and may be tried again, and arguments and variables
//! travel on standard input: nobody sees them in a list of processes, and no shell on the way changes them. After
//! the command the shell tells its exit code behind a mark that only it knows. Where that is missing the command's
//! fate is not known, and that is what is said; nothing is ever run twice.
//!
//! Over there a POSIX shell and the usual small tools are needed. A backend gives [`Place`], and its session is a
//! [`RemoteSession`]; it decides nothing about what may run.

mod marks;
mod order;
mod scripts;
mod session;
#[cfg(test)]
mod tests;
mod waiting;

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, join, select};

use crate::backend::{ExecRequest, Exit, Keep};
use crate::error::{PluginError, Result};
use crate::flow::{Cancel, Channel, Output};
use crate::harness::Collected;
use crate::host::Host;
pub use order::{Order, quoted};
pub use session::RemoteSession;
use waiting::{End, Running};
pub use waiting::{NotThere, Waiting};

/// How long the tree of a command that was told to end may take for it.
const ENDING: Duration = Duration::from_secs(4);
/// How long a command may still tell its end when its tree has gone.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Somewhere that commands run.
pub trait Place: Sync {
    /// The host's services.
    fn host(&self) -> &Host;

    /// What it is called in what people read.
    fn name(&self) -> &str;

    /// Starts a shell there that waits for its order.
    ///
    /// # Errors
    /// `UNAVAILABLE` when the place cannot be reached; nothing has been run then.
    fn shell(&self) -> impl Future<Output = Result<Waiting>> + Send;

    /// Ends a session that was there. What nobody uses any more may go.
    ///
    /// # Errors
    /// `UNAVAILABLE` when something could not be cleaned up.
    fn leave(&self, keep: Keep) -> impl Future<Output = Result<()>> + Send {
        let _ = keep;
        std::future::ready(Ok(()))
    }
}

/// Runs one process there, with variables of the session beside its own.
///
/// # Cancellation
/// When `cancel` fires, the process and all it started are ended there. Whoever drops this before must fire it.
///
/// # Errors
/// As [`BackendSession::exec`](crate::BackendSession::exec); `UNAVAILABLE` that says so when the fate of the command
/// is not known.
async fn exec(
    place: &impl Place,
    env: &BTreeMap<String, String>,
    request: ExecRequest,
    input: &Channel,
    output: &Output,
    cancel: &Cancel,
) -> Result<Exit> {
    let order = Order::new(request, env)?;
    let waiting = cancel.run(place.shell()).await??;
    let running = waiting.tell(&order).await.map_err(|error| lost(place.name(), &error.message))?;
    let ended = {
        let carry = pin!(running.carry(output));
        let fed = pin!(async {
            running.feed(input).await;
            std::future::pending::<()>().await;
        });
        match select(carry, select(fed, pin!(cancel.cancelled()))).await {
            Either::Left((ended, _)) => ended,
            Either::Right((_, carry)) => {
                let patience = pin!(place.host().sleep(ENDING + LAST_WORDS));
                let last_words = select(carry, patience);
                match join(end(place, &running), last_words).await.1 {
                    Either::Left((ended, _)) => ended,
                    Either::Right(_) => Ok(End::Lost(String::new())),
                }
            }
        }
    };
    if ended.is_err() && !cancel.is_cancelled() {
        // Nobody takes what it prints any more.
        end(place, &running).await;
    }
    let ended = ended?;
    let program = order.program();
    match ended {
        End::Exited(code) => {
            running.linger(place.host()).await;
            Ok(Exit { code: Some(code), signal: None })
        }
        End::Lost(_) if cancel.is_cancelled() => Ok(Exit { code: None, signal: Some(9) }),
        End::Lost(said) => Err(lost(place.name(), &said)),
        End::NoProgram => {
            Err(PluginError::unavailable(format!("Failed to start `{program}` on {}: it is not there", place.name())))
        }
        End::NoDirectory => Err(PluginError::unavailable(format!(
            "Failed to start `{program}` on {}: `{}` is not a directory there",
            place.name(),
            order.directory()
        ))),
    }
}

/// Runs a script there and returns what it printed, with its exit code. It is given no input but `data`.
///
/// # Errors
/// As [`exec`].
pub async fn script(place: &impl Place, script: &str, arguments: &[&str], data: &[u8]) -> Result<(i32, Vec<u8>)> {
    let printed = Collected::default();
    let code = told(place, script, arguments, data, &printed.output()).await?;
    Ok((code, printed.bytes()))
}

/// Reads a file; a path that is not absolute is below `cwd`.
///
/// # Errors
/// As [`BackendSession::read_file`](crate::BackendSession::read_file).
async fn read_file(place: &impl Place, cwd: &str, path: &str, output: &Output) -> Result<()> {
    let failed = |why: &str| Err(PluginError::user(format!("Failed to read `{path}` on {}: {why}", place.name())));
    match told(place, scripts::READ, &[&absolute(cwd, path)], &[], output).await? {
        0 => Ok(()),
        scripts::ABSENT => failed("there is no such file"),
        scripts::IRREGULAR => failed("it is not a regular file"),
        scripts::FORBIDDEN => failed("this is not permitted"),
        _ => failed("it could not be read to its end"),
    }
}

/// Replaces a file whole, keeping its mode; a link stays, and what it leads to is replaced.
///
/// # Errors
/// As [`BackendSession::write_file`](crate::BackendSession::write_file).
async fn write_file(place: &impl Place, cwd: &str, path: &str, data: &[u8]) -> Result<()> {
    let arguments = [absolute(cwd, path), hex(&place.host().random(8)), data.len().to_string()];
    let (code, said) = script(place, scripts::WRITE, &arguments.each_ref().map(String::as_str), data).await?;
    if code == 0 {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&said);
    let why = said.lines().last().filter(|line| !line.trim().is_empty()).unwrap_or("it could not be written whole");
    Err(PluginError::user(format!("Failed to write `{path}` on {}: {why}", place.name())))
}

/// Ends a command and all that it started: TERM, one second, KILL.
async fn end(place: &impl Place, running: &Running) {
    let which = [running.pid(), running.mark()];
    let ended = pin!(script(place, scripts::END, &which, &[]));
    // Whether it could be told is of no use to anybody: the command was given up.
    let _ = select(ended, pin!(place.host().sleep(ENDING))).await;
}

async fn told(place: &impl Place, text: &str, arguments: &[&str], data: &[u8], output: &Output) -> Result<i32> {
    let fixed = ["sh", "-c", text, "sh"];
    let argv = fixed.iter().chain(arguments).map(|&word| word.to_owned()).collect();
    let order = Order::new(ExecRequest { argv, ..ExecRequest::default() }, &BTreeMap::new())?;
    let waiting = place.shell().await?;
    let running = waiting.tell(&order).await.map_err(|error| lost(place.name(), &error.message))?;
    let ended = {
        let carry = pin!(running.carry(output));
        match select(carry, pin!(running.give(data))).await {
            Either::Left((ended, _)) => ended?,
            Either::Right(((), carry)) => carry.await?,
        }
    };
    match ended {
        End::Exited(code) => Ok(code),
        End::Lost(said) => Err(lost(place.name(), &said)),
        End::NoProgram | End::NoDirectory => {
            Err(PluginError::unavailable(format!("There is no `sh` on {}", place.name())))
        }
    }
}

fn lost(place: &str, said: &str) -> PluginError {
    let said = said.trim();
    let said = if said.is_empty() { String::new() } else { format!(" ({said})") };
    PluginError::unavailable(format!(
        "The connection to {place} was lost while the command ran{said}: whether it ended, and how, is not known"
    ))
    .with_hint("look at what it did before running it again")
}

fn absolute(cwd: &str, path: &str) -> String {
    if path.starts_with('/') { path.to_owned() } else { format!("{}/{path}", cwd.trim_end_matches('/')) }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
