//! One process in a container: started through the engine, fed, listened to, and ended with everything it started.
//!
//! Environment and input go over the engine's socket, never onto a command line of this machine.

use std::collections::BTreeMap;
use std::time::Duration;

use bollard::container::LogOutput;
use bollard::errors::Error;
use bollard::exec::{CreateExecOptions, StartExecOptions, StartExecResults};
use futures_util::StreamExt as _;
use hermes_plugin_api::backend::{ExecRequest, Exit};
use hermes_plugin_api::prelude::*;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep};

use crate::engine::{Engine, io_kind, reason, status};

/// Starts the command with both outputs in one, in their order. What comes on the other output is therefore ours.
const RUN: &str = r#"command -v "$1" >/dev/null || { echo missing >&2; exit 127; }; exec "$@" 2>&1"#;

/// The variable by which the processes of a command are known. The host's shell does not carry it on.
const MARK: &str = "HERMES_PROCESS";

/// Ends the processes that carry a mark, and what they started. Of `bash` alone: where no process can be started any
/// more, nothing else could be.
const END: &str = r#"
signal=$1 mark=HERMES_PROCESS=$2
for round in 1 2 3 4 5 6 7 8; do
  doomed=() parents=()
  for folder in /proc/[0-9]*; do
    pid=${folder#/proc/}
    (( pid == $$ || pid == 1 )) && continue
    stat=; read -r stat <"$folder/stat" || continue
    stat=${stat##*) }; [[ $stat == [ZX]* ]] && continue
    stat=${stat#* }; parents[pid]=${stat%% *}
    while IFS= read -r -d '' entry; do
      [[ $entry == "$mark" ]] && { doomed[pid]=1; break; }
    done <"$folder/environ"
  done
  grown=1
  while (( grown )); do
    grown=0
    for pid in "${!parents[@]}"; do
      if [[ -z ${doomed[pid]-} && -n ${doomed[${parents[pid]}]-} ]]; then doomed[pid]=1 grown=1; fi
    done
  done
  (( ${#doomed[@]} )) || exit 0
  kill -"$signal" "${!doomed[@]}"
  [[ $signal == KILL ]] || exit 1
done 2>/dev/null
exit 1
"#;

/// How long processes may take to end by themselves.
const GRACE: Duration = Duration::from_secs(1);
/// How long it may take to end processes.
const BURIAL: Duration = Duration::from_secs(20);
/// How long output is waited for that others hold open when the command itself has ended.
const DRAIN: Duration = Duration::from_millis(150);
/// How often, at first, the engine is asked whether a quiet command still runs.
const ASK: Duration = Duration::from_millis(200);
/// How often at last.
const ASK_SELDOM: Duration = Duration::from_secs(2);
/// How long an engine may take to notice that a command ended.
const SETTLE: Duration = Duration::from_secs(10);
/// How much is read at a time.
const CHUNK: usize = 64 * 1024;

/// What a process is started in.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) engine: Engine,
    /// The container.
    pub(crate) container: String,
}

/// What a process reads.
#[derive(Clone)]
pub(crate) enum Input {
    /// What comes from somebody else.
    From(Channel),
    /// All of it.
    All(Vec<u8>),
}

/// Why there is no exit.
pub(crate) enum Failed {
    /// The container does not run: nothing was started.
    NotRunning,
    /// The engine went away while it ran: whether it goes on is not known.
    Lost(PluginError),
    /// Anything else.
    Error(PluginError),
}

impl From<PluginError> for Failed {
    fn from(error: PluginError) -> Self {
        Self::Error(error)
    }
}

impl Place {
    /// Runs a process until it ends, with both outputs in one. `mark` is a random name for its processes.
    pub(crate) async fn run(
        &self,
        request: ExecRequest,
        mark: String,
        input: Channel,
        output: Output,
        cancel: Cancel,
    ) -> std::result::Result<Exit, Failed> {
        let program = request.argv.first().cloned().unwrap_or_default();
        let argv = ["sh", "-c", RUN, "sh"].map(str::to_owned).into_iter().chain(request.argv).collect();
        let (code, ours) =
            self.run_apart(ExecRequest { argv, ..request }, mark, Input::From(input), Some(output), cancel).await?;
        // What Podman says of input that nobody read comes the same way, and is not why it ended.
        let started = self.engine.kind.is_podman() && !matches!(code, 126 | 127);
        if ours.is_empty() || started {
            Ok(Exit { code: Some(code), signal: None })
        } else {
            Err(refused(&program, code, &ours).into())
        }
    }

    /// Runs a process until it ends. Returns its exit code, and what it said on its other output.
    pub(crate) async fn run_apart(
        &self,
        request: ExecRequest,
        mark: String,
        input: Input,
        output: Option<Output>,
        cancel: Cancel,
    ) -> std::result::Result<(i32, String), Failed> {
        let mut env = request.env;
        env.insert(MARK.to_owned(), mark.clone());
        let mut tree = Tree { place: self.clone(), mark, armed: true };
        let (id, started) = match self.start(request.argv, env, request.cwd).await {
            Ok(started) => started,
            Err(failed) => {
                tree.armed = false;
                return Err(failed);
            }
        };
        let StartExecResults::Attached { output: pieces, input: stdin } = started else {
            return Err(PluginError::internal("The engine did not attach to the command").into());
        };
        let _feeding = AbortOnDrop(tokio::spawn(feed(input, stdin)));
        let mut heard = Heard { place: self, id: &id, pieces, output, ours: Vec::new() };
        let done = tokio::select! {
            ended = heard.out() => ended,
            () = cancel.cancelled() => {
                tree.end().await;
                heard.rest().await;
                Ok(())
            }
        };
        if done.is_err() {
            tree.end().await;
        }
        tree.armed = false;
        done?;
        let code = self.exit(&id).await?;
        Ok((code, String::from_utf8_lossy(&heard.ours).into_owned()))
    }

    /// Runs a fixed script of ours in the container's shell and returns what it printed.
    pub(crate) async fn ask(
        &self,
        shell: &str,
        script: &str,
        args: &[&str],
    ) -> std::result::Result<(i32, String), Failed> {
        let argv = [shell, "-c", script, shell].into_iter().chain(args.iter().copied()).map(str::to_owned).collect();
        let (id, started) = self.start(argv, BTreeMap::new(), Some("/".to_owned())).await?;
        let StartExecResults::Attached { output: mut pieces, input: mut stdin } = started else {
            return Err(PluginError::internal("The engine did not attach to the command").into());
        };
        let _ = stdin.shutdown().await;
        let mut text = Vec::new();
        while let Some(Ok(piece)) = pieces.next().await {
            text.extend_from_slice(&piece.into_bytes());
        }
        let text = String::from_utf8_lossy(&text).into_owned();
        Ok((self.exit(&id).await?, text))
    }

    async fn start(
        &self,
        argv: Vec<String>,
        env: BTreeMap<String, String>,
        cwd: Option<String>,
    ) -> std::result::Result<(String, StartExecResults), Failed> {
        let api = &self.engine.api;
        let options = CreateExecOptions {
            attach_stdin: Some(true),
            attach_stdout: Some(true),
            attach_stderr: Some(true),
            env: Some(env.into_iter().map(|(name, value)| format!("{name}={value}")).collect()),
            cmd: Some(argv),
            working_dir: cwd,
            ..CreateExecOptions::default()
        };
        let started = async {
            let id = api.create_exec(&self.container, options).await?.id;
            let options = StartExecOptions { output_capacity: Some(CHUNK), ..StartExecOptions::default() };
            let started = api.start_exec(&id, Some(options)).await?;
            Ok((id, started))
        };
        match started.await {
            Ok(started) => Ok(started),
            Err(Error::DockerResponseServerError { status_code: 404 | 409, .. }) => Err(Failed::NotRunning),
            Err(error) => Err(self.engine.failed("start the command", &error).into()),
        }
    }

    /// The exit code of a process that has ended, or will any moment.
    async fn exit(&self, id: &str) -> std::result::Result<i32, Failed> {
        let deadline = Instant::now() + SETTLE;
        loop {
            let told = self.engine.api.inspect_exec(id).await;
            let told = told.map_err(|error| self.lost(&error))?;
            match (told.running, told.exit_code) {
                (Some(true), _) | (_, None) if Instant::now() < deadline => sleep(Duration::from_millis(5)).await,
                (_, Some(code)) => return Ok(i32::try_from(code).unwrap_or(1)),
                (_, None) => {
                    return Err(PluginError::unavailable("The engine does not say how the command ended").into());
                }
            }
        }
    }

    /// Whether a connection broke because the process ended: Podman resets it where input was left unread. All that
    /// was said has come by then, for a socket of this machine loses nothing.
    async fn is_over(&self, id: &str, error: &Error) -> bool {
        if self.engine.socket().is_none() || io_kind(error) != Some(std::io::ErrorKind::ConnectionReset) {
            return false;
        }
        for _ in 0..20 {
            match self.engine.api.inspect_exec(id).await {
                Ok(told) if told.running == Some(false) => return true,
                Ok(_) => sleep(DRAIN).await,
                Err(_) => return false,
            }
        }
        false
    }

    /// Why it is not known how a command ended.
    fn lost(&self, error: &Error) -> Failed {
        if status(error).is_some() {
            return self.engine.failed("learn how the command ended", error).into();
        }
        let (address, why) = (&self.engine.address, reason(error));
        let text = format!("The engine at `{address}` went away while the command ran: {why}. ");
        let error = PluginError::unavailable(text + "Whether the command ended, and how far it came, is not known");
        let hint = "start the engine, and look at what is there before the command is repeated";
        Failed::Lost(error.with_hint(hint))
    }

    /// Ends what is left of a process whose engine was away.
    pub(crate) async fn bury(&self, mark: String) {
        end(self.clone(), mark).await;
    }
}

/// What a process says.
struct Heard<'a> {
    place: &'a Place,
    id: &'a str,
    pieces: std::pin::Pin<Box<dyn futures_util::Stream<Item = std::result::Result<LogOutput, Error>> + Send>>,
    output: Option<Output>,
    /// What was not said by the command, but about it.
    ours: Vec<u8>,
}

impl Heard<'_> {
    /// Hands on what comes until the process has ended. Others may hold its output open for much longer.
    async fn out(&mut self) -> std::result::Result<(), Failed> {
        let mut wait = ASK;
        loop {
            match tokio::time::timeout(wait, self.pieces.next()).await {
                Ok(None) => return Ok(()),
                Ok(Some(Err(error))) if self.place.is_over(self.id, &error).await => return Ok(()),
                Ok(Some(piece)) => {
                    wait = ASK;
                    let piece = piece.map_err(|error| self.place.lost(&error))?;
                    self.take(piece).await?;
                }
                Err(_) => {
                    let told = self.place.engine.api.inspect_exec(self.id).await;
                    if told.map_err(|error| self.place.lost(&error))?.running == Some(false) {
                        return Ok(self.last().await?);
                    }
                    wait = (wait * 2).min(ASK_SELDOM);
                }
            }
        }
    }

    /// Hands on what the process said before it ended.
    async fn last(&mut self) -> Result<()> {
        while let Ok(Some(Ok(piece))) = tokio::time::timeout(DRAIN, self.pieces.next()).await {
            self.take(piece).await?;
        }
        Ok(())
    }

    /// Hands on what is there already, if anybody takes it.
    async fn rest(&mut self) {
        let _ = tokio::time::timeout(GRACE, self.last()).await;
    }

    async fn take(&mut self, piece: LogOutput) -> Result<()> {
        match piece {
            LogOutput::StdOut { message } => match &self.output {
                Some(output) => output.write(message.to_vec()).await,
                None => Ok(()),
            },
            piece => {
                if self.ours.len() < CHUNK {
                    self.ours.extend_from_slice(&piece.into_bytes());
                }
                Ok(())
            }
        }
    }
}

/// Why a command was not started.
fn refused(program: &str, code: i32, said: &str) -> PluginError {
    if code == 127 && said.trim() == "missing" {
        let error =
            PluginError::unavailable(format!("Failed to start `{program}`: there is no such program in the container"));
        return error.with_hint("set `terminal.docker_image` to an image that has it");
    }
    PluginError::unavailable(format!("Failed to start `{program}`: {}", said.trim()))
}

/// Hands the input on until it ends, or until nobody reads it.
async fn feed(input: Input, mut stdin: std::pin::Pin<Box<dyn AsyncWrite + Send>>) {
    match input {
        Input::All(data) => {
            if stdin.write_all(&data).await.is_err() || stdin.flush().await.is_err() {
                return;
            }
        }
        Input::From(channel) => {
            while let Ok(Some(piece)) = channel.recv().await {
                if stdin.write_all(&piece.data).await.is_err() || stdin.flush().await.is_err() {
                    return;
                }
            }
        }
    }
    let _ = stdin.shutdown().await;
}

/// The processes of a command. When nobody waits for them any more, they end.
struct Tree {
    place: Place,
    mark: String,
    armed: bool,
}

impl Tree {
    /// Ends them: asks, waits, and insists.
    async fn end(&self) {
        end(self.place.clone(), self.mark.clone()).await;
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        if self.armed {
            tokio::spawn(end(self.place.clone(), std::mem::take(&mut self.mark)));
        }
    }
}

async fn end(place: Place, mark: String) {
    // An engine that hangs ends nothing.
    let _ = tokio::time::timeout(BURIAL, insist(place, mark)).await;
}

async fn insist(place: Place, mark: String) {
    let signal = |signal: &'static str| {
        let (place, mark) = (place.clone(), mark.clone());
        async move {
            match place.ask("bash", END, &[signal, &mark]).await {
                Ok((code, _)) => code == 0,
                // Nothing runs in a container that does not.
                Err(failed) => matches!(failed, Failed::NotRunning),
            }
        }
    };
    if signal("TERM").await {
        return;
    }
    let until = Instant::now() + GRACE;
    while Instant::now() < until {
        sleep(GRACE / 10).await;
        if signal("0").await {
            return;
        }
    }
    if !signal("KILL").await {
        // The last means: no process of the container outlives it, and its files stay.
        let _ = place.engine.api.kill_container(&place.container, None).await;
    }
}

struct AbortOnDrop(JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
