//! The one door to child processes: every program that the host or a plugin starts is started here.
//!
//! A child is the leader of a session of its own, so that it has no controlling terminal: it cannot open
//! `/dev/tty` and answer, or imitate, the prompt of the guard. A plain process group would leave it the
//! terminal, a `setsid` program in front would cost a second exec, so `process-wrap` makes the session between
//! fork and exec. The environment is the request's and nothing else, save for [`MARK`].
//!
//! Whoever holds the [`Process`] owns the tree under it. Dropping the holder, or ordering the end, ends all of
//! the tree: TERM, one second, KILL. Processes that left the session on purpose are found by descent and by
//! their mark. A child that ends by itself leaves what it put into the background alone: that may go on, but
//! holds nobody up, even when it keeps the output open.
//!
//! This file decides nothing about who may start what: the guard and the manifest's permissions do.

mod channel;
#[cfg(test)]
mod tests;
mod tree;

use std::io::{Error, pipe};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{ExitStatus, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use hermes_plugin_api::backend::Exit;
use hermes_plugin_api::error::{PluginError, Result};
use hermes_plugin_api::host::SpawnRequest;
use process_wrap::tokio::{ChildWrapper, CommandWrap, ProcessSession};
use tokio::io::AsyncReadExt as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::unix::pipe::Receiver;
use tokio::process::ChildStdin;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio_util::task::TaskTracker;

pub use channel::open_for_plugin;
use tree::Tree;

use crate::host::clock;

/// The variable that marks every process of one tree, so that those which left its session are found.
pub const MARK: &str = "HERMES_PROCESS";

/// How much is read at a time.
const CHUNK: usize = 32 * 1024;
/// How many pieces of output, or of input, wait for their reader.
const QUEUE: usize = 16;
/// How long the output of a child that has ended stays open for what it left running in the background.
const LINGER: Duration = Duration::from_millis(100);

/// The tasks that look after running children.
static OWNERS: LazyLock<TaskTracker> = LazyLock::new(TaskTracker::new);

/// Something that a running child did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// It wrote to standard output, or to standard error where that is merged.
    Stdout(Vec<u8>),
    /// It wrote to standard error.
    Stderr(Vec<u8>),
    /// It ended. The last event.
    Exit(Exit),
}

/// Something that its owner wants of a running child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// That the whole tree ends.
    Kill,
    /// That its process group gets a signal.
    Signal(i32),
}

/// A running child. Dropping it ends the whole tree.
#[derive(Debug)]
pub struct Process {
    pid: u32,
    events: mpsc::Receiver<Event>,
    input: Option<mpsc::Sender<Vec<u8>>>,
    orders: mpsc::Sender<Order>,
}

/// Starts a program. Must be called on the host's runtime.
///
/// # Errors
/// `USER` for a request that names no program, `UNAVAILABLE` when it cannot be started.
pub fn spawn(request: SpawnRequest) -> Result<Process> {
    let [program, ..] = request.argv.as_slice() else {
        return Err(PluginError::user("`argv` is empty: there is no program to start"));
    };
    let program = program.clone();
    let failed = |error: Error| PluginError::unavailable(format!("Failed to start `{program}`: {error}"));
    if let Some(cwd) = request.cwd.as_deref().filter(|cwd| !std::path::Path::new(cwd).is_dir()) {
        return Err(PluginError::unavailable(format!("Failed to start `{program}`: `{cwd}` is not a directory")));
    }
    let runtime = Handle::try_current().map_err(|error| PluginError::internal(error.to_string()))?;
    let mark = clock::random_id();
    let (child, ends) = start(&request, &mark).map_err(failed)?;
    let pid = child.id().ok_or_else(|| PluginError::internal("A child that was just started has no id"))?;
    let (events_tx, events) = mpsc::channel(QUEUE);
    let (input_tx, input) = mpsc::channel(QUEUE);
    let (orders, orders_rx) = mpsc::channel(QUEUE);
    let input_tx = ends.stdin.is_some().then_some(input_tx);
    let owner = own(child, Tree::new(pid, mark), ends, Lines { events: events_tx, input, orders: orders_rx });
    OWNERS.spawn_on(owner, &runtime);
    Ok(Process { pid, events, input: input_tx, orders })
}

/// Waits until every child has ended and is reaped: the last step of a shutdown that has dropped their holders.
pub async fn drained() {
    OWNERS.close();
    OWNERS.wait().await;
}

impl Process {
    /// Its process id, which is also that of its group and session.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// What it does next; `None` after its exit. Cancelling the wait loses nothing.
    pub async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }

    /// The writing end of its standard input, once; input ends when that is dropped.
    pub fn take_input(&mut self) -> Option<mpsc::Sender<Vec<u8>>> {
        self.input.take()
    }

    /// Ends the whole tree and waits for it, throwing its remaining output away.
    pub async fn kill_tree(mut self) -> Exit {
        let _ = self.orders.send(Order::Kill).await;
        loop {
            match self.next().await {
                Some(Event::Exit(exit)) => return exit,
                Some(_) => {}
                None => return Exit::default(),
            }
        }
    }
}

/// Our ends of a child's pipes.
struct Ends {
    stdout: Receiver,
    stderr: Option<Receiver>,
    stdin: Option<ChildStdin>,
}

/// The owner's ends of the lines to whoever holds the [`Process`].
struct Lines {
    events: mpsc::Sender<Event>,
    input: mpsc::Receiver<Vec<u8>>,
    orders: mpsc::Receiver<Order>,
}

fn start(request: &SpawnRequest, mark: &str) -> std::io::Result<(Box<dyn ChildWrapper>, Ends)> {
    let (stdout, out) = pipe()?;
    let (stderr, err) = match request.merge_stderr {
        true => (None, out.try_clone()?),
        false => {
            let (stderr, err) = pipe()?;
            (Some(stderr), err)
        }
    };
    #[expect(clippy::disallowed_methods, reason = "this file is the door")]
    let mut command = CommandWrap::with_new(&request.argv[0], |command| {
        command.args(&request.argv[1..]).env_clear().envs(&request.env).env(MARK, mark);
        command.stdout(out).stderr(err).stdin(if request.stdin { Stdio::piped() } else { Stdio::null() });
        if let Some(cwd) = &request.cwd {
            command.current_dir(cwd);
        }
    });
    // Without its wrapper: that one waits for the whole group, which background processes may outlive.
    let mut child = command.wrap(ProcessSession).spawn()?.into_inner();
    let stdin = child.stdin().take();
    let receiver = |reader: std::io::PipeReader| Receiver::from_owned_fd(OwnedFd::from(reader));
    let ends = Ends { stdout: receiver(stdout)?, stderr: stderr.map(receiver).transpose()?, stdin };
    Ok((child, ends))
}

/// Looks after a child from its start until it is reaped and its exit is told.
async fn own(mut child: Box<dyn ChildWrapper>, mut tree: Tree, ends: Ends, lines: Lines) {
    let Lines { events, input, mut orders } = lines;
    let mut stdout = Reader::new(ends.stdout, Event::Stdout, events.clone());
    let mut stderr = ends.stderr.map(|pipe| Reader::new(pipe, Event::Stderr, events.clone()));
    let exit = {
        let carry = async {
            let errors = async {
                if let Some(stderr) = &mut stderr {
                    stderr.copy().await;
                }
            };
            tokio::join!(stdout.copy(), errors, feed(input, ends.stdin));
            std::future::pending().await
        };
        // What `carry` had not passed on is still in the pipes, and is drained below.
        tokio::select! {
            exit = ended(&mut *child, &tree, &mut orders) => exit,
            exit = carry => exit,
        }
    };
    tree.disarm();
    stdout.drain().await;
    if let Some(stderr) = &mut stderr {
        stderr.drain().await;
    }
    let _ = events.send(Event::Exit(exit)).await;
}

/// Waits for the child's end, following orders; a holder that is gone has ordered the end.
async fn ended(child: &mut dyn ChildWrapper, tree: &Tree, orders: &mut mpsc::Receiver<Order>) -> Exit {
    loop {
        // Neither branch loses anything when the other wins.
        let order = tokio::select! {
            status = child.wait() => return exit(status),
            order = orders.recv() => order,
        };
        match order {
            Some(Order::Signal(signal)) => tree.signal_group(signal),
            Some(Order::Kill) | None => {
                // The leader is reaped last, so that its id stays taken while the tree is looked for.
                tree.end().await;
                return exit(child.wait().await);
            }
        }
    }
}

fn exit(status: std::io::Result<ExitStatus>) -> Exit {
    status.map_or_else(|_| Exit::default(), |status| Exit { code: status.code(), signal: status.signal() })
}

/// Writes what comes into the child's standard input, and closes it after the last.
async fn feed(mut input: mpsc::Receiver<Vec<u8>>, stdin: Option<ChildStdin>) {
    let Some(mut stdin) = stdin else { return };
    while let Some(data) = input.recv().await {
        if stdin.write_all(&data).await.is_err() || stdin.flush().await.is_err() {
            return;
        }
    }
}

/// Carries one pipe of the child into its events.
struct Reader {
    pipe: Receiver,
    event: fn(Vec<u8>) -> Event,
    events: mpsc::Sender<Event>,
    buffer: Vec<u8>,
    open: bool,
}

impl Reader {
    fn new(pipe: Receiver, event: fn(Vec<u8>) -> Event, events: mpsc::Sender<Event>) -> Self {
        Self { pipe, event, events, buffer: vec![0; CHUNK], open: true }
    }

    /// Copies until the pipe's end. May be dropped at any point without losing output.
    async fn copy(&mut self) {
        while self.open {
            self.piece(CHUNK).await;
        }
    }

    /// Copies what is in the pipe now, and what still comes within [`LINGER`].
    async fn drain(&mut self) {
        let mut left = rustix::io::ioctl_fionread(&self.pipe).unwrap_or(0);
        while self.open && left > 0 {
            let most = usize::try_from(left).unwrap_or(CHUNK).min(CHUNK);
            left = left.saturating_sub(self.piece(most).await as u64);
        }
        let _ = tokio::time::timeout(LINGER, self.copy()).await;
    }

    /// Copies one piece of at most `most` bytes, when there is room for its event.
    async fn piece(&mut self, most: usize) -> usize {
        let Ok(room) = self.events.reserve().await else {
            self.open = false;
            return 0;
        };
        match self.pipe.read(&mut self.buffer[..most]).await {
            Ok(n) if n > 0 => {
                room.send((self.event)(self.buffer[..n].to_vec()));
                n
            }
            _ => {
                self.open = false;
                0
            }
        }
    }
}
