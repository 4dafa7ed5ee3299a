//! The shell of one session: wraps an open session of a backend, and makes a series of commands feel like one
//! terminal.
//!
//! It carries the working directory and exported variables, ends what takes too long, and turns bytes into text
//! that may be shown. It decides nothing about whether a command may run: it takes the guard's proof that it may.

mod background;
mod cap;
mod export;
mod state;
mod sudo;
#[cfg(test)]
mod tests;
mod text;
mod wrap;

use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use hermes_plugin_api::backend::{ExecRequest, Exit, Keep, SessionFacts};
use hermes_plugin_api::error::Result;
use hermes_plugin_api::flow::{Cancel, Channel, Output};
use hermes_plugin_api::host::{ProcessAction, ShellResult};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::Instant;

use crate::flow::{CancelSource, bytes, input};
use crate::guard::witness::{Authorized, Exec};
use crate::plugin::handle::SessionHandle;
use crate::redact;
use background::Background;
use cap::Capped;
use state::State;
pub use sudo::Sudo;
use text::Text;
use wrap::{Nonce, Report, Splitter};

/// The longest that a foreground command may run.
pub const LONGEST: Duration = Duration::from_secs(600);
/// How many pieces of output wait to be read.
const QUEUE: usize = 16;
/// How long a backend may take to end a command that it was told to end.
const PATIENCE: Duration = Duration::from_secs(5);
/// Exit code of a command that took too long.
const TIMED_OUT: i32 = 124;
/// Exit code of a command that was interrupted.
const INTERRUPTED: i32 = 130;

/// The shell of one session.
pub struct Shell {
    session: SessionHandle,
    timeout: Duration,
    sudo: Mutex<Option<Sudo>>,
    state: Mutex<State>,
    background: Background,
}

/// How one command is run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunOptions {
    /// The longest it may run; the session's default when absent, [`LONGEST`] at most.
    pub timeout: Option<Duration>,
    /// It was given a directory of its own: where it ends up is not carried on.
    pub elsewhere: bool,
}

impl Shell {
    /// Wraps a session; `timeout` is its default for commands.
    #[must_use]
    pub fn new(session: SessionHandle, timeout: Duration) -> Self {
        let state = State { cwd: session.facts().cwd.clone(), ..State::default() };
        Self { session, timeout, sudo: Mutex::default(), state: Mutex::new(state), background: Background::default() }
    }

    /// Feeds `sudo` its password, if there is one.
    #[must_use]
    pub fn with_sudo(self, sudo: Option<Sudo>) -> Self {
        self.set_sudo(sudo);
        self
    }

    /// From now on feeds `sudo` this password, or none.
    pub fn set_sudo(&self, sudo: Option<Sudo>) {
        *self.sudo.lock().unwrap_or_else(PoisonError::into_inner) = sudo;
    }

    /// Whether a command runs `sudo`, for which there is no password.
    #[must_use]
    pub fn lacks_password(&self, command: &str) -> bool {
        sudo::is_run_by(command) && self.sudo.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// What the session is.
    #[must_use]
    pub fn facts(&self) -> &SessionFacts {
        self.session.facts()
    }

    /// The session's id, as a witness names it.
    #[must_use]
    pub fn id(&self) -> &str {
        self.session.id()
    }

    /// The backend's name, as a witness names it.
    #[must_use]
    pub fn backend(&self) -> &str {
        self.session.backend()
    }

    /// The backend's session, for its files.
    #[must_use]
    pub(crate) fn session(&self) -> &SessionHandle {
        &self.session
    }

    /// The working directory now.
    #[must_use]
    pub fn cwd(&self) -> String {
        self.with_state(|state| state.cwd.clone())
    }

    /// The directory that a command will run in: what the guard has to judge it for. `asked` may be relative, or
    /// begin with `~/`.
    #[must_use]
    pub fn directory(&self, asked: Option<&str>) -> String {
        let home = self.facts().home.trim_end_matches('/');
        match asked.map(|asked| asked.trim_end_matches('/')) {
            None => self.cwd(),
            Some("") => "/".to_owned(),
            Some("~") => format!("{home}/"),
            Some(asked) if asked.starts_with('/') => asked.to_owned(),
            Some(asked) => match asked.strip_prefix("~/") {
                Some(below) => format!("{home}/{below}"),
                None => format!("{}/{asked}", self.cwd().trim_end_matches('/')),
            },
        }
    }

    /// Runs a command in the directory it was judged for, and waits for its end.
    ///
    /// # Cancellation
    /// When `cancel` fires, the command's tree is ended, and what it printed so far is returned.
    ///
    /// # Errors
    /// `DENIED` when the witness is for something else; what the backend reports. A command that failed, took
    /// too long or was interrupted is a result.
    pub async fn run(
        &self,
        witness: Authorized<Exec>,
        options: &RunOptions,
        progress: Option<Output>,
        cancel: &Cancel,
    ) -> Result<ShellResult> {
        let limit = options.timeout.unwrap_or(self.timeout).clamp(Duration::from_secs(1), LONGEST);
        let Wrapped { request, nonce, first } = self.request(&witness);
        let before = self.with_state(|state| State { cwd: witness.effect().cwd.clone(), ..state.clone() });
        let mut transcript = Transcript::new(&nonce, progress);
        let ended = self.attend(witness, &request, given(first), limit, cancel, &mut transcript).await?;
        let (mut output, report) = transcript.finish().await;
        if let Some(mut report) = report {
            if options.elsewhere {
                report.cwd.clone_from(&before.cwd);
            }
            self.with_state(|state| state.merge(&before, report));
        }
        let (exit_code, notice) = ended.told(limit);
        if let Some(notice) = notice {
            append_line(&mut output, &notice);
        }
        Ok(ShellResult { output, exit_code: Some(exit_code), process: None, cwd: self.cwd() })
    }

    /// Starts a command that runs on in the background; [`Shell::process`] looks after it.
    ///
    /// # Errors
    /// `USER` when too many run already.
    pub fn start(&self, witness: Authorized<Exec>) -> Result<ShellResult> {
        let wrapped = self.request(&witness);
        let id = self.background.start(self.session.clone(), witness, wrapped)?;
        Ok(ShellResult { process: Some(id), cwd: self.cwd(), ..ShellResult::default() })
    }

    /// Asks about, or acts on, a process in the background.
    ///
    /// # Errors
    /// `USER` for a process or action that is not known; `CANCELLED`.
    pub async fn process(&self, action: &ProcessAction, cancel: &Cancel) -> Result<Value> {
        self.background.act(action, cancel).await
    }

    /// Ends what runs in the background, waits for it, and closes the session.
    ///
    /// # Errors
    /// What the backend reports.
    pub async fn close(&self, keep: Keep) -> Result<()> {
        self.background.shut_down().await;
        self.session.close(keep).await
    }

    fn with_state<T>(&self, with: impl FnOnce(&mut State) -> T) -> T {
        with(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What the backend is asked for: the command in its wrapper, with the variables that are carried.
    fn request(&self, witness: &Authorized<Exec>) -> Wrapped {
        let nonce = Nonce::new();
        let Exec { command, cwd, .. } = witness.effect();
        let State { mut set, unset, .. } = self.with_state(|state| state.clone());
        let path = set.remove("PATH").unwrap_or_default();
        let unset: Vec<String> = unset.into_iter().collect();
        let sudo = self.sudo.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let sudo = sudo.filter(|_| sudo::is_run_by(command));
        let argv = wrap::argv(command, &nonce, cwd, &path, &unset, sudo.is_some());
        Wrapped { request: ExecRequest { argv, cwd: None, env: set }, nonce, first: sudo.as_ref().map(Sudo::line) }
    }

    /// Runs the command to its end, or to the end of patience with it.
    async fn attend(
        &self,
        witness: Authorized<Exec>,
        request: &ExecRequest,
        input: Channel,
        limit: Duration,
        cancel: &Cancel,
        transcript: &mut Transcript,
    ) -> Result<Ended> {
        let stop = CancelSource::new();
        let stopped = stop.handle();
        let (output, mut pieces) = bytes(QUEUE);
        let mut exec = pin!(self.session.exec(witness, request, input, output, &stopped));
        let mut deadline = pin!(tokio::time::sleep(limit));
        let mut interrupted = pin!(cancel.cancelled());
        let mut cut = None;
        let ended = loop {
            // No branch loses anything: pieces stay in their queue, and the others are kept from turn to turn.
            tokio::select! {
                exit = &mut exec => break cut.map_or_else(|| exit.map(Ended::Exited), Ok),
                Some(piece) = pieces.recv() => {
                    let until = deadline.deadline();
                    let told = async { tokio::time::timeout_at(until, transcript.take(&piece)).await };
                    // A watcher who does not keep up must hold up neither deadline nor interruption.
                    if !matches!(cancel.run(told).await, Ok(Ok(()))) {
                        transcript.unwatch();
                    }
                }
                () = &mut deadline => match cut {
                    None => {
                        cut = Some(Ended::TimedOut);
                        stop.cancel();
                        deadline.as_mut().reset(Instant::now() + PATIENCE);
                    }
                    // Dropping the call is the last means.
                    Some(cut) => break Ok(cut),
                },
                () = &mut interrupted, if cut.is_none() => {
                    cut = Some(Ended::Interrupted);
                    stop.cancel();
                    deadline.as_mut().reset(Instant::now() + PATIENCE);
                }
            }
        }?;
        drain(&mut pieces, transcript).await;
        Ok(ended)
    }
}

/// A command in its wrapper.
struct Wrapped {
    request: ExecRequest,
    nonce: Nonce,
    /// What the wrapper reads before the command does.
    first: Option<Vec<u8>>,
}

/// An input that ends after what is given.
fn given(first: Option<Vec<u8>>) -> Channel {
    let Some(first) = first else { return Channel::empty() };
    let (channel, tx) = input(1);
    // There is room for one.
    let _ = tx.try_send(first);
    channel
}

/// Takes the pieces that are already there.
async fn drain(pieces: &mut mpsc::Receiver<Vec<u8>>, transcript: &mut Transcript) {
    while let Ok(piece) = pieces.try_recv() {
        if tokio::time::timeout(PATIENCE, transcript.take(&piece)).await.is_err() {
            transcript.unwatch();
        }
    }
}

/// How a command came to its end.
#[derive(Clone, Copy)]
enum Ended {
    Exited(Exit),
    TimedOut,
    Interrupted,
}

impl Ended {
    fn told(self, limit: Duration) -> (i32, Option<String>) {
        match self {
            Self::Exited(exit) => (exit.shell_code(), None),
            Self::TimedOut => (TIMED_OUT, Some(format!("[Command timed out after {}s]", limit.as_secs()))),
            Self::Interrupted => (INTERRUPTED, Some("[Command interrupted]".to_owned())),
        }
    }
}

fn append_line(output: &mut String, line: &str) {
    if !output.is_empty() && !output.ends_with('\n') {
        output.push('\n');
    }
    output.push_str(line);
}

/// Turns the output of one command into what is shown of it, while it comes and at the end.
struct Transcript {
    splitter: Splitter,
    text: Text,
    shown: Capped,
    progress: Option<(Output, redact::Stream)>,
}

impl Transcript {
    fn new(nonce: &Nonce, progress: Option<Output>) -> Self {
        let progress = progress.map(|output| (output, redact::Stream::default()));
        Self { splitter: Splitter::new(nonce), text: Text::default(), shown: Capped::default(), progress }
    }

    async fn take(&mut self, bytes: &[u8]) {
        let (text, mut fresh) = (&mut self.text, String::new());
        self.splitter.push(bytes, |bytes| fresh.push_str(&text.push(bytes)));
        self.shown.push(&fresh);
        if let Some((_, stream)) = &mut self.progress {
            let told = stream.push(&fresh);
            self.tell(told).await;
        }
    }

    async fn finish(mut self) -> (String, Option<Report>) {
        let (mut text, mut fresh) = (self.text, String::new());
        let report = self.splitter.finish(|bytes| fresh.push_str(&text.push(bytes)));
        fresh.push_str(&text.finish());
        self.shown.push(&fresh);
        if let Some((output, mut stream)) = self.progress {
            let told = stream.push(&fresh) + &stream.finish();
            let _ = tokio::time::timeout(PATIENCE, output.write(told)).await;
        }
        (self.shown.finish(), report)
    }

    async fn tell(&mut self, told: String) {
        let Some((output, _)) = &self.progress else { return };
        if !told.is_empty() && output.write(told).await.is_err() {
            self.unwatch();
        }
    }

    fn unwatch(&mut self) {
        self.progress = None;
    }
}
