//! What every backend must do, whatever place it opens: checks to run against an open session.
//!
//! They need `sh`, `cat`, `sleep` and `kill` there, and a directory to write in. For plugins behind the wire,
//! [`Remote`] is the session.

use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};

use hermes_plugin_abi::{
    self as abi, BackendSessionBox, Fault, FfiFuture, Frame, FutureExt as _, ROption, RResult, RSlice, RVec, TD_Opaque,
};

use crate::backend::{BackendSession, ExecRequest, Exit, Keep, SessionFacts};
use crate::error::{ErrorCode, PluginError, Result};
use crate::flow::{Cancel, Channel, Output};
use crate::harness::Collected;
use crate::host::STDIN;

/// One thing that must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What it is.
    pub what: &'static str,
    /// Why it does not hold.
    pub failed: Option<String>,
}

/// Runs all checks; `directory` exists in the session and may be written in.
pub async fn backend(session: &impl BackendSession, directory: &str) -> Vec<Check> {
    let all_bytes: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    let odd = ["", "two words", "new\nline", "$HOME `id` \"q\" 'q' \\", "caf\u{e9}", "-n", "*"];
    let printed: String = odd.iter().map(|argument| format!("<{argument}>\n")).collect();
    let env = [("CONFORMANCE".to_owned(), "a b\nc".to_owned())].into();
    let mut checks = vec![
        check("it says where it starts, in absolute paths", facts(&session.facts())),
        check("an exit code comes back", exits(session, "exit 3", 3).await),
        check("a signal comes back", exits(session, "kill -9 $$", 137).await),
        check("output is merged in order", prints(session, sh("echo a; echo b >&2; echo c"), "a\nb\nc\n").await),
        check("arguments arrive as they are", {
            let mut request = sh("for a; do printf '<%s>\\n' \"$a\"; done");
            request.argv.extend(odd.map(str::to_owned));
            prints(session, request, &printed).await
        }),
        check("variables arrive as they are", {
            prints(session, ExecRequest { env, ..sh("printf %s \"$CONFORMANCE\"") }, "a b\nc").await
        }),
        check("the directory is the one that was asked for", {
            let request = ExecRequest { cwd: Some(directory.to_owned()), ..sh("pwd -P > here; cat here; rm here") };
            ends(session, request, Channel::empty()).await.and_then(|(exit, output)| {
                same(&exit.shell_code(), &0)?;
                (output.starts_with(b"/")).then_some(()).ok_or_else(|| shown(&output))
            })
        }),
        check("without input a command reads end of file", prints(session, sh("cat; echo end"), "end\n").await),
        check("input and output carry any byte", {
            let input = input(all_bytes.chunks(70_000));
            ends(session, sh("cat"), input).await.and_then(|(_, output)| match output == all_bytes {
                true => Ok(()),
                false => Err(format!("{} of {} bytes came back, or other ones", output.len(), all_bytes.len())),
            })
        }),
        check("what cannot be started is an error, not a result", missing(session).await),
        check("a cancelled command ends with its whole tree", cancelled(session).await),
    ];
    checks.extend(files(session, directory, &all_bytes).await);
    checks
}

type Outcome = std::result::Result<(), String>;

fn check(what: &'static str, outcome: Outcome) -> Check {
    Check { what, failed: outcome.err() }
}

fn same<T: PartialEq + std::fmt::Debug>(found: &T, expected: &T) -> Outcome {
    if found == expected { Ok(()) } else { Err(format!("expected {expected:?}, found {found:?}")) }
}

fn shown(bytes: &[u8]) -> String {
    format!("found {:?}", String::from_utf8_lossy(bytes))
}

fn sh(script: &str) -> ExecRequest {
    ExecRequest { argv: ["sh", "-c", script, "sh"].map(str::to_owned).to_vec(), ..ExecRequest::default() }
}

fn facts(facts: &SessionFacts) -> Outcome {
    let absolute = facts.cwd.starts_with('/') && facts.home.starts_with('/');
    if absolute { Ok(()) } else { Err(format!("found {:?} and {:?}", facts.cwd, facts.home)) }
}

async fn ends(
    session: &impl BackendSession,
    request: ExecRequest,
    input: Channel,
) -> std::result::Result<(Exit, Vec<u8>), String> {
    let output = Collected::default();
    let exit = session.exec(request, input, output.output(), Cancel::never()).await;
    exit.map(|exit| (exit, output.bytes())).map_err(|error| error.message)
}

async fn exits(session: &impl BackendSession, script: &str, code: i32) -> Outcome {
    let (exit, _) = ends(session, sh(script), Channel::empty()).await?;
    same(&exit.shell_code(), &code)
}

async fn prints(session: &impl BackendSession, request: ExecRequest, expected: &str) -> Outcome {
    let (exit, output) = ends(session, request, Channel::empty()).await?;
    same(&exit.shell_code(), &0)?;
    if output == expected.as_bytes() { Ok(()) } else { Err(format!("expected {expected:?}, {}", shown(&output))) }
}

async fn missing(session: &impl BackendSession) -> Outcome {
    let request = ExecRequest { argv: vec!["no-such-program-anywhere".to_owned()], ..ExecRequest::default() };
    match session.exec(request, Channel::empty(), Collected::default().output(), Cancel::never()).await {
        Err(error) => same(&error.code, &ErrorCode::UNAVAILABLE),
        Ok(exit) => Err(format!("found {exit:?}")),
    }
}

/// Cancels when the first output has come, and then asks for the processes that it named.
async fn cancelled(session: &impl BackendSession) -> Outcome {
    let trip = Trip::default();
    let output = Output::from_wire(abi::Sink_TO::from_value(trip.clone(), TD_Opaque));
    let cancel = Cancel::from_wire(abi::Cancel_TO::from_value(trip.clone(), TD_Opaque));
    let request = sh("sleep 1000 & echo $$ $!; wait");
    // Whatever it returns, it returns: that is half of the check.
    let _ = session.exec(request, Channel::empty(), output, cancel).await;
    let pids = String::from_utf8_lossy(&trip.bytes.bytes()).into_owned();
    // One that has ended, but was not yet asked for its end, still takes signals.
    let living = "for p; do kill -0 $p 2>/dev/null && ! grep -qs ') [ZX]' /proc/$p/stat && echo $p; done; :";
    let mut request = sh(living);
    request.argv.extend(pids.split_whitespace().map(str::to_owned));
    if request.argv.len() < 6 {
        return Err(format!("it named no processes: {pids:?}"));
    }
    prints(session, request, "").await
}

async fn files(session: &impl BackendSession, directory: &str, bytes: &[u8]) -> [Check; 3] {
    let path = format!("{directory}/conformance file");
    let written = async {
        for data in [&bytes[..1], bytes] {
            session.write_file(&path, data.to_vec()).await?;
            let read = Collected::default();
            session.read_file(&path, read.output()).await?;
            if read.bytes() != data {
                return Err(PluginError::internal(format!("{} bytes came back", read.bytes().len())));
            }
        }
        Ok(())
    };
    let written = written.await.map_err(|error| error.message);
    let cat =
        ends(session, ExecRequest { argv: vec!["cat".to_owned(), path], ..ExecRequest::default() }, Channel::empty());
    let seen = cat.await.and_then(|(_, output)| match output == bytes {
        true => Ok(()),
        false => Err(format!("{} bytes came back", output.len())),
    });
    let absent = session.read_file(&format!("{directory}/no such file"), Collected::default().output()).await;
    let absent = match absent {
        Err(error) => same(&error.code, &ErrorCode::USER),
        Ok(()) => Err("it was read".to_owned()),
    };
    [
        check("a file that is written is read back", written),
        check("commands see the file that was written", seen),
        check("a file that is not there is the person's error", absent),
    ]
}

/// An input of these pieces.
fn input<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Channel {
    struct Pieces(Mutex<std::collections::VecDeque<Vec<u8>>>);
    impl abi::Channel for Pieces {
        fn recv(&self) -> FfiFuture<RResult<ROption<Frame>, Fault>> {
            let piece = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
            let frame = piece.map(|data| Frame { tag: STDIN, data: data.into() });
            std::future::ready(RResult::ROk(frame.into())).into_ffi()
        }

        fn send(&self, _: Frame) -> abi::UnitFuture {
            std::future::ready(RResult::RErr(PluginError::unsupported("send").into())).into_ffi()
        }

        fn control(&self, _: abi::RString) -> abi::JsonFuture {
            std::future::ready(RResult::RErr(PluginError::unsupported("control").into())).into_ffi()
        }
    }
    let pieces = Pieces(Mutex::new(pieces.map(<[u8]>::to_vec).collect()));
    Channel::from_wire(abi::Channel_TO::from_value(pieces, TD_Opaque))
}

/// An output and a cancellation: the first line that comes into the one fires the other.
#[derive(Clone, Default)]
struct Trip {
    bytes: Collected,
    waiting: Arc<Mutex<Vec<Waker>>>,
}

impl Trip {
    fn fired(&self) -> bool {
        self.bytes.bytes().contains(&b'\n')
    }

    fn take(&self, bytes: &[u8]) -> u32 {
        let taken = abi::Sink::try_push(&self.bytes, RSlice::from(bytes));
        if self.fired() {
            self.waiting.lock().unwrap_or_else(PoisonError::into_inner).drain(..).for_each(Waker::wake);
        }
        taken
    }
}

impl abi::Sink for Trip {
    fn try_push(&self, bytes: RSlice<'_, u8>) -> u32 {
        self.take(&bytes)
    }

    fn push(&self, bytes: RVec<u8>) -> FfiFuture<u32> {
        std::future::ready(self.take(&bytes)).into_ffi()
    }
}

impl abi::Cancel for Trip {
    fn is_cancelled(&self) -> bool {
        self.fired()
    }

    fn cancelled(&self) -> FfiFuture<()> {
        let trip = self.clone();
        std::future::poll_fn(move |context| {
            trip.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(context.waker().clone());
            if trip.fired() { Poll::Ready(()) } else { Poll::Pending }
        })
        .into_ffi()
    }
}

/// A session behind the wire.
pub struct Remote(BackendSessionBox);

impl Remote {
    /// Wraps the wire's object.
    #[must_use]
    pub fn new(session: BackendSessionBox) -> Self {
        Self(session)
    }
}

impl BackendSession for Remote {
    fn facts(&self) -> SessionFacts {
        serde_json::from_str(&self.0.facts()).unwrap_or_default()
    }

    async fn exec(&self, request: ExecRequest, input: Channel, output: Output, cancel: Cancel) -> Result<Exit> {
        let request = serde_json::to_string(&request)?;
        let exit = self.0.exec(request.into(), input.to_wire(), output.to_wire(), cancel.to_wire()).await;
        Ok(serde_json::from_str(&exit.into_result()?)?)
    }

    async fn read_file(&self, path: &str, output: Output) -> Result<()> {
        let read = self.0.read_file(path.into(), output.to_wire());
        read.await.into_result().map_err(Into::into)
    }

    async fn write_file(&self, path: &str, data: Vec<u8>) -> Result<()> {
        let written = self.0.write_file(path.into(), data.into());
        written.await.into_result().map_err(Into::into)
    }

    async fn close(&self, keep: Keep) -> Result<()> {
        let closed = self.0.close(serde_json::to_string(&keep)?.into());
        closed.await.into_result().map_err(Into::into)
    }
}
