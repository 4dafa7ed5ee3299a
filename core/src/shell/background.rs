//! Processes in the background of a session: started by a command, looked after by their id.
//!
//! Each has a task that owns it; all of them are waited for when the session closes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hermes_plugin_api::backend::ExecRequest;
use hermes_plugin_api::error::{PluginError, Result};
use hermes_plugin_api::flow::{Cancel, Channel};
use hermes_plugin_api::host::ProcessAction;
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::task::TaskTracker;

use super::Wrapped;
use super::cap::{Rolling, cap};
use super::text::Text;
use super::wrap::Splitter;
use crate::flow::{CancelSource, bytes, input};
use crate::guard::witness::{Authorized, Exec};
use crate::plugin::handle::SessionHandle;
use crate::redact::redact;

/// How many processes there may be, ended ones that are still remembered included.
const MOST: usize = 64;
/// How long an ended process is remembered.
const REMEMBERED: Duration = Duration::from_secs(1_800);
/// How many characters of a process's output are kept.
const KEPT: usize = 200_000;
/// How many pieces of input wait for the process.
const QUEUE: usize = 16;
/// How long a process may take to read input that is written to it.
const WRITE: Duration = Duration::from_secs(10);
/// How long `wait` waits when it is not told.
const WAIT: u64 = 60;
/// How long `wait` waits at most, in seconds.
const LONGEST_WAIT: u64 = 600;
/// How many lines `log` shows when it is not told.
const LINES: usize = 200;

/// The processes in the background of one session.
#[derive(Default)]
pub(super) struct Background {
    entries: Mutex<BTreeMap<u64, Arc<Entry>>>,
    next: AtomicU64,
    owners: TaskTracker,
    all: CancelSource,
}

struct Entry {
    id: String,
    command: String,
    started: Instant,
    output: Mutex<Log>,
    input: Mutex<Option<mpsc::Sender<Vec<u8>>>>,
    stop: CancelSource,
    end: watch::Receiver<Option<End>>,
}

#[derive(Default)]
struct Log {
    kept: Rolling<KEPT>,
    /// How many characters `poll` has shown.
    polled: u64,
}

/// How and when a process ended.
#[derive(Clone, Debug)]
struct End {
    at: Instant,
    result: Result<i32>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Background {
    /// Starts a process and returns its id.
    pub(super) fn start(&self, session: SessionHandle, witness: Authorized<Exec>, wrapped: Wrapped) -> Result<String> {
        let Wrapped { request, nonce, first } = wrapped;
        let mut entries = lock(&self.entries);
        make_room(&mut entries)?;
        let number = self.next.fetch_add(1, Ordering::Relaxed) + 1;
        let (channel, input_tx) = input(QUEUE);
        if let Some(first) = first {
            // There is room for it.
            let _ = input_tx.try_send(first);
        }
        let (end_tx, end) = watch::channel(None);
        let entry = Arc::new(Entry {
            id: format!("proc-{number}"),
            command: redact(&witness.effect().command).into_owned(),
            started: Instant::now(),
            output: Mutex::default(),
            input: Mutex::new(Some(input_tx)),
            stop: self.all.child(),
            end,
        });
        entries.insert(number, entry.clone());
        let (id, splitter) = (entry.id.clone(), Splitter::new(&nonce));
        self.owners.spawn(async move {
            let result = entry.own(session, witness, request, channel, splitter).await;
            lock(&entry.input).take();
            end_tx.send_replace(Some(End { at: Instant::now(), result }));
        });
        Ok(id)
    }

    pub(super) async fn act(&self, action: &ProcessAction, cancel: &Cancel) -> Result<Value> {
        if action.action == "list" {
            let entries = lock(&self.entries);
            return Ok(json!({ "processes": entries.values().map(|entry| entry.status()).collect::<Vec<_>>() }));
        }
        let entry = self.find(action.process.as_deref())?;
        match action.action.as_str() {
            "poll" => Ok(entry.with_output(entry.poll())),
            "log" => Ok(entry.log(action.offset, action.limit.unwrap_or(LINES))),
            "wait" => entry.wait(action.timeout.unwrap_or(WAIT).min(LONGEST_WAIT), cancel).await,
            "kill" => entry.kill(cancel).await,
            "write" => entry.write(action.data.clone().unwrap_or_default(), cancel).await,
            "submit" => entry.write(action.data.clone().unwrap_or_default() + "\n", cancel).await,
            "close" => {
                lock(&entry.input).take();
                Ok(entry.status())
            }
            other => Err(PluginError::user(format!("Unknown action `{other}`"))
                .with_hint("use list, poll, log, wait, kill, write, submit or close")),
        }
    }

    /// Ends all of them and waits for their owners.
    pub(super) async fn shut_down(&self) {
        self.all.cancel();
        self.owners.close();
        self.owners.wait().await;
    }

    fn find(&self, id: Option<&str>) -> Result<Arc<Entry>> {
        let entries = lock(&self.entries);
        let Some(id) = id else { return Err(PluginError::user("`process_id` is missing")) };
        let found = entries.values().find(|entry| entry.id == id).cloned();
        found.ok_or_else(|| {
            let known: Vec<_> = entries.values().map(|entry| entry.id.as_str()).collect();
            let known =
                if known.is_empty() { "there are none".to_owned() } else { format!("there are {}", known.join(", ")) };
            PluginError::user(format!("No background process `{id}`")).with_hint(known)
        })
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        // Whoever did not close the session: nothing of it may run on.
        self.all.cancel();
    }
}

/// Forgets what ended long ago, and if need be what ended first.
fn make_room(entries: &mut BTreeMap<u64, Arc<Entry>>) -> Result<()> {
    let ended = |entry: &Entry| entry.end.borrow().as_ref().map(|end| end.at);
    entries.retain(|_, entry| ended(entry).is_none_or(|at| at.elapsed() < REMEMBERED));
    if entries.len() < MOST {
        return Ok(());
    }
    let oldest = entries.iter().filter_map(|(number, entry)| Some((ended(entry)?, *number))).min();
    let Some((_, number)) = oldest else {
        return Err(PluginError::user(format!("{MOST} background processes are running"))
            .with_hint("end one with the action kill before starting another"));
    };
    entries.remove(&number);
    Ok(())
}

impl Entry {
    /// Runs the process to its end.
    async fn own(
        &self,
        session: SessionHandle,
        witness: Authorized<Exec>,
        request: ExecRequest,
        channel: Channel,
        mut splitter: Splitter,
    ) -> Result<i32> {
        let (output, mut pieces) = bytes(QUEUE);
        let stopped = self.stop.handle();
        let mut text = Text::default();
        let exec = session.exec(witness, &request, channel, output, &stopped);
        let collect = async {
            while let Some(piece) = pieces.recv().await {
                let mut fresh = String::new();
                splitter.push(&piece, |bytes| fresh.push_str(&text.push(bytes)));
                lock(&self.output).kept.push(&fresh);
            }
        };
        // The output's writing end goes with the call, so that collecting ends soon after it.
        let (exit, ()) = tokio::join!(exec, collect);
        let mut fresh = String::new();
        splitter.finish(|bytes| fresh.push_str(&text.push(bytes)));
        lock(&self.output).kept.push(&(fresh + &text.finish()));
        exit.map(|exit| exit.shell_code())
    }

    fn status(&self) -> Value {
        let end = self.end.borrow().clone();
        let until = end.as_ref().map_or_else(Instant::now, |end| end.at);
        let mut status = json!({
            "process_id": self.id,
            "command": self.command,
            "status": if end.is_some() { "exited" } else { "running" },
            "seconds": until.duration_since(self.started).as_secs(),
        });
        match end.map(|end| end.result) {
            Some(Ok(code)) => status["exit_code"] = code.into(),
            Some(Err(error)) => status["error"] = error.message.into(),
            None => {}
        }
        status
    }

    fn with_output(&self, output: String) -> Value {
        let mut status = self.status();
        status["output"] = output.into();
        status
    }

    /// What came since the last time; while it runs, without a word that may still be growing.
    fn poll(&self) -> String {
        let running = self.end.borrow().is_none();
        let mut log = lock(&self.output);
        let fresh = log.kept.since(log.polled);
        let told = if running { fresh.rfind(char::is_whitespace).map_or(0, |at| at + 1) } else { fresh.len() };
        let held = fresh[told..].chars().count() as u64;
        let shown = cap(&redact(&fresh[..told]));
        log.polled = log.kept.total() - held;
        shown
    }

    /// Some lines of what is kept: the last ones, or those from `offset`.
    fn log(&self, offset: Option<usize>, limit: usize) -> Value {
        let text = redact(lock(&self.output).kept.last()).into_owned();
        let lines: Vec<&str> = text.lines().collect();
        let first = offset.unwrap_or_else(|| lines.len().saturating_sub(limit)).min(lines.len());
        let shown = &lines[first..lines.len().min(first.saturating_add(limit))];
        let mut status = self.with_output(cap(&shown.join("\n")));
        status["first_line"] = first.into();
        status["total_lines"] = lines.len().into();
        status
    }

    async fn wait(&self, seconds: u64, cancel: &Cancel) -> Result<Value> {
        let mut end = self.end.clone();
        let ended = end.wait_for(Option::is_some);
        let _ = cancel.run(tokio::time::timeout(Duration::from_secs(seconds), ended)).await?;
        Ok(self.with_output(self.poll()))
    }

    async fn kill(&self, cancel: &Cancel) -> Result<Value> {
        self.stop.cancel();
        self.wait(LONGEST_WAIT, cancel).await
    }

    async fn write(&self, data: String, cancel: &Cancel) -> Result<Value> {
        let gone = || PluginError::user(format!("Process `{}` takes no more input", self.id));
        let input = lock(&self.input).clone().ok_or_else(gone)?;
        let sent = cancel.run(tokio::time::timeout(WRITE, input.send(data.into_bytes()))).await?;
        match sent {
            Ok(sent) => sent.map_err(|_| gone())?,
            Err(_) => return Err(PluginError::user(format!("Process `{}` does not read its input", self.id))),
        }
        Ok(self.status())
    }
}
