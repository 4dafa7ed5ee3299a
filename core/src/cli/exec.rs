//! `hermes exec`: one command through the whole guard, asked about at the terminal, its output and exit code
//! passed on.
//!
//! A refusal is 126 and a line on standard error that begins `hermes: denied:`. Without a terminal nobody can be
//! asked.

use std::ffi::OsString;
use std::io::IsTerminal as _;
use std::sync::Arc;

use clap::Args;
use futures_util::FutureExt as _;
use hermes_plugin_api::error::{ErrorCode, PluginError, Result as PluginResult};
use hermes_plugin_api::host::ShellRequest;
use hermes_plugin_api::platform::{Body, Event, Inbound, Prompt};

use crate::app::Ground;
use crate::cli::check::shell_text;
use crate::cli::out;
use crate::cli::start::{self, Started};
use crate::conversation::Signal;
use crate::conversation::desk::Desk;
use crate::conversation::line::Line;
use crate::conversation::workplace::Workspace as _;
use crate::error::{self, Failure};
use crate::flow::{CancelSource, Messages, bytes, messages};
use crate::guard::Approver;
use crate::host::clock;
use crate::host::scope::{BoxFuture, ToolScope as _};
use crate::plugin::handle::PlatformHandle;
use crate::turn::Follower;

/// The command was refused.
const DENIED: u8 = 126;
/// The task of these commands: what one leaves in a container, the next one finds.
const TASK: &str = "exec";
/// How many pieces of output wait to be printed.
const QUEUE: usize = 64;

/// What to run.
#[derive(Debug, Args)]
pub struct ExecArgs {
    /// Run it on backend B.
    #[arg(long, value_name = "B")]
    backend: Option<String>,
    /// The command: one argument is shell text, several are a program and its arguments.
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<OsString>,
}

/// Runs it.
///
/// # Errors
/// When it cannot start.
pub fn run(args: ExecArgs, ground: Ground) -> Result<u8, Failure> {
    start::run(ground, Vec::new(), false, |started| exec(started, args))
}

async fn exec(started: Arc<Started>, args: ExecArgs) -> Result<u8, Failure> {
    let mut signals = start::signals()?;
    let platform = started.platform()?;
    let hides = started.hides_input(&platform);
    let keyboard = Arc::new(Keyboard::new(platform, hides));
    let there = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    let approver = there.then(|| keyboard.clone() as Arc<dyn Approver>);
    let place = started.place(args.backend.as_deref(), "exec".to_owned())?;
    let desk = Desk::new(place, &clock::random_id(), approver).with_task(TASK).followed(Arc::new(Notes));
    let cancel = CancelSource::new();
    let (output, mut pieces) = bytes(QUEUE);
    let request = ShellRequest { command: shell_text(&args.command)?, ..ShellRequest::default() };
    let run = desk.shell(request, Some(output), cancel.handle());
    let print = async {
        while let Some(piece) = pieces.recv().await {
            out::raw(&piece);
        }
    };
    let heed = async {
        while let Some(signal) = signals.recv().await {
            if signal == Signal::Terminate || !keyboard.line.decline() {
                cancel.cancel();
            }
        }
        std::future::pending::<()>().await;
    };
    let result = tokio::select! {
        (result, ()) = futures_util::future::join(run, print) => result,
        () = heed => Err(PluginError::cancelled()),
    };
    let refused = desk.refused();
    desk.close().await;
    match result {
        Ok(result) => {
            notice_of(&result.output);
            Ok(result.exit_code.and_then(|code| u8::try_from(code & 0xff).ok()).unwrap_or(error::FAILED))
        }
        Err(error) if error.code == ErrorCode::CANCELLED => Ok(error::INTERRUPTED),
        Err(error) if refused => {
            out::error(&format!("hermes: denied: {error}"));
            Ok(DENIED)
        }
        Err(error) => Err(error.into()),
    }
}

/// What the shell says about a command that it ended is not output of the command.
fn notice_of(output: &str) {
    let last = output.lines().last().unwrap_or_default();
    if last.starts_with("[Command ") && last.ends_with(']') {
        out::note(last);
    }
}

/// What goes on besides the command is told on standard error.
struct Notes;

impl Follower for Notes {
    fn show(&self, body: Body) -> BoxFuture<'_, ()> {
        match body {
            Body::Notice { text } => out::note(&text),
            Body::Activity { text, .. } if std::io::stderr().is_terminal() => out::note(&text),
            _ => {}
        }
        std::future::ready(()).boxed()
    }
}

/// The person at the terminal, whose keyboard is read only while a prompt stands: what they type meanwhile is for
/// their shell.
struct Keyboard {
    platform: PlatformHandle,
    line: Line,
}

impl Keyboard {
    fn new(platform: PlatformHandle, hides: bool) -> Self {
        Self { line: Line::new(platform.clone(), "terminal", true).hiding(hides), platform }
    }

    async fn listen(&self, mut inbox: Messages<Inbound>) {
        while let Some(event) = inbox.recv().await {
            match event.map(|inbound| inbound.event) {
                Ok(Event::Answer { prompt, text }) => drop(self.line.answer(&prompt, text)),
                Ok(Event::Closed) => self.line.leave(),
                _ => {}
            }
        }
    }
}

impl Approver for Keyboard {
    fn ask<'a>(&'a self, prompt: &'a Prompt) -> BoxFuture<'a, PluginResult<Option<String>>> {
        async move {
            let (inbox, events) = messages(QUEUE);
            let stop = CancelSource::new();
            let cancel = stop.handle();
            let receive = async {
                let received = self.platform.run(inbox, &cancel).await;
                if !stop.is_cancelled() {
                    // Nobody reads the keyboard any more: there will be no answer.
                    self.line.leave();
                }
                received
            };
            let answer = async {
                let answer = self.line.ask(prompt).await;
                stop.cancel();
                answer
            };
            tokio::join!(answer, receive, self.listen(events)).0
        }
        .boxed()
    }

    fn settled<'a>(&'a self, prompt: &'a Prompt, outcome: &'a str) -> BoxFuture<'a, ()> {
        self.line.settled(prompt, outcome)
    }

    fn can_hide(&self) -> bool {
        self.line.can_hide()
    }

    fn notice<'a>(&'a self, text: &'a str) -> BoxFuture<'a, ()> {
        self.line.notice(text)
    }
}
