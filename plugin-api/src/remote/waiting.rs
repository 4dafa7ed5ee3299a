//! A shell over there: waiting for its order, and running it.

use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::select;
use serde_json::json;

use super::hex;
use super::marks::Marks;
use super::order::Order;
use crate::error::{PluginError, Result};
use crate::flow::{Channel, Output};
use crate::host::{EXIT, Host, STDERR, STDIN, STDOUT, SpawnRequest};

/// How much is kept of what the program that leads there says.
const SAID: usize = 8 * 1024;
/// How much may be printed before the shell is there: greetings of whoever set the place up.
const GREETINGS: usize = 256 * 1024;
/// How much is handed over at a time.
const CHUNK: usize = 64 * 1024;
/// How long the program that leads there may take to notice that the command has ended.
const LINGER: Duration = Duration::from_millis(100);

/// A shell that is there and waits for its order. Dropping it ends the program that leads to it.
pub struct Waiting {
    process: Channel,
    mark: String,
    end: String,
    pid: String,
}

/// A command that runs.
pub(super) struct Running {
    process: Channel,
    mark: String,
    end: String,
    pid: String,
    said: Mutex<Vec<u8>>,
}

/// How a command came to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// With this exit code.
    Exited(i32),
    /// Its program is not there; nothing has run.
    NoProgram,
    /// Its directory is not there; nothing has run.
    NoDirectory,
    /// The shell was lost before it told. What the program that leads there said.
    Lost(String),
}

/// Why no shell is there. Nothing has run.
#[derive(Clone, Debug)]
pub enum NotThere {
    /// The program that leads there could not be started.
    Unstarted(PluginError),
    /// It ended, with these words on standard error.
    Ended(String),
}

impl Waiting {
    /// Starts a shell. `launch` makes of a script of a POSIX shell, on one line and without single quotes, the
    /// program of this machine that runs it over there.
    ///
    /// # Errors
    /// Why there is none; nothing has run then, and it may be tried again.
    pub async fn start(host: &Host, launch: impl FnOnce(&str) -> SpawnRequest) -> std::result::Result<Self, NotThere> {
        let (mark, end) = (hex(&host.random(16)), hex(&host.random(16)));
        let script = format!("echo \"hermes-{mark} $$\"; IFS= read -r __h && eval \"$__h\"");
        let request = SpawnRequest { stdin: true, merge_stderr: false, ..launch(&script) };
        let process = host.spawn(&request).await.map_err(NotThere::Unstarted)?;
        let greeting = format!("hermes-{mark} ");
        let (mut printed, mut said) = (Vec::new(), Vec::new());
        while let Ok(Some(piece)) = process.recv().await {
            match piece.tag {
                STDOUT => printed.extend(piece.data),
                STDERR => keep(&mut said, &piece.data),
                _ => break,
            }
            if let Some(pid) = pid(&printed, &greeting) {
                return Ok(Self { process, mark, end, pid });
            }
            if printed.len() > GREETINGS {
                said = b"It prints too much before a shell is there".to_vec();
                break;
            }
        }
        Err(NotThere::Ended(String::from_utf8_lossy(&said).trim().to_owned()))
    }

    /// Gives it its order. From here on the command may have run.
    ///
    /// # Errors
    /// `UNAVAILABLE` when the shell is gone: what the order did is not known.
    pub(super) async fn tell(self, order: &Order) -> Result<Running> {
        let Self { process, mark, end, pid } = self;
        for piece in order.line(&mark, &end).chunks(CHUNK) {
            process.send(STDIN, piece).await?;
        }
        Ok(Running { process, mark, end, pid, said: Mutex::default() })
    }
}

impl Running {
    /// The id of the shell's process over there.
    pub(super) fn pid(&self) -> &str {
        &self.pid
    }

    /// What marks the processes of the command.
    pub(super) fn mark(&self) -> &str {
        &self.mark
    }

    /// Passes output on until the command has ended.
    pub(super) async fn carry(&self, output: &Output) -> Result<End> {
        let mut marks = Marks::new(&self.end);
        while let Some(piece) = self.process.recv().await? {
            match piece.tag {
                STDOUT => {
                    let (fresh, word) = marks.push(piece.data);
                    if !fresh.is_empty() {
                        output.write(fresh).await?;
                    }
                    if let Some(word) = word {
                        return Ok(self.end(&word));
                    }
                }
                STDERR => keep(&mut self.said.lock().unwrap_or_else(PoisonError::into_inner), &piece.data),
                EXIT => break,
                _ => {}
            }
        }
        let rest = marks.finish();
        if !rest.is_empty() {
            output.write(rest).await?;
        }
        Ok(End::Lost(self.said()))
    }

    fn end(&self, word: &str) -> End {
        match word {
            "program" => End::NoProgram,
            "cwd" => End::NoDirectory,
            code => code.parse().map_or_else(|_| End::Lost(self.said()), End::Exited),
        }
    }

    fn said(&self) -> String {
        String::from_utf8_lossy(&self.said.lock().unwrap_or_else(PoisonError::into_inner)).trim().to_owned()
    }

    /// Passes input on until its end. A command that takes no more is no error: it may end soon.
    pub(super) async fn feed(&self, input: &Channel) {
        while let Ok(Some(piece)) = input.recv().await {
            if self.process.send(STDIN, piece.data).await.is_err() {
                return;
            }
        }
        let _ = self.process.control(&json!({ "op": "close_stdin" })).await;
    }

    /// Passes this on as the whole input.
    pub(super) async fn give(&self, data: &[u8]) {
        for piece in data.chunks(CHUNK) {
            if self.process.send(STDIN, piece).await.is_err() {
                return;
            }
        }
        let _ = self.process.control(&json!({ "op": "close_stdin" })).await;
    }

    /// Lets the program that leads there end by itself; what the command left running holds it no longer.
    pub(super) async fn linger(&self, host: &Host) {
        let exited = async {
            while let Ok(Some(piece)) = self.process.recv().await
                && piece.tag != EXIT
            {}
        };
        select(pin!(exited), pin!(host.sleep(LINGER))).await;
    }
}

/// The process id behind the greeting, when its line has come whole.
fn pid(printed: &[u8], greeting: &str) -> Option<String> {
    let text = String::from_utf8_lossy(printed);
    let line = text.split_once(greeting)?.1.split_once('\n')?.0.trim();
    (!line.is_empty() && line.bytes().all(|byte| byte.is_ascii_digit())).then(|| line.to_owned())
}

fn keep(said: &mut Vec<u8>, more: &[u8]) {
    let room = SAID.saturating_sub(said.len()).min(more.len());
    said.extend_from_slice(&more[..room]);
}
