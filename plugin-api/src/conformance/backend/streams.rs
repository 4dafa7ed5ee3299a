//! What goes in and comes out while a command runs.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use hermes_plugin_abi::{
    self as abi, FfiFuture, Frame, FutureExt as _, PUSHED, ROption, RResult, RSlice, RVec, TD_Opaque,
};

use super::commands::{COPY_INPUT, IGNORE_INPUT, MUCH, ONLY_INPUT, TALK, sh};
use super::trees::Watched;
use super::{Suite, ends, prints, same, shown};
use crate::backend::BackendSession;
use crate::conformance::{Held, Runner};
use crate::error::PluginError;
use crate::flow::{Cancel, Channel, Output};
use crate::host::STDIN;

/// What [`MUCH`] prints: 100 MiB and a line.
const ALL: u64 = (100 << 20) + 4;

pub(super) async fn check<S: BackendSession>(suite: &mut Suite<'_, impl Runner, S>) {
    suite
        .check("without input a command reads end of file", |session, _| async move {
            prints(&*session, sh(COPY_INPUT, []), "end\n").await
        })
        .await;
    suite.check("input and output carry any byte", |session, _| any_byte(session)).await;
    suite.check("input that is not read holds nothing up", |session, _| not_read(session)).await;
    suite.check("a command is answered while it runs", |session, _| talk(session)).await;
    suite.check("100 MiB of output come whole", |session, _| much(session)).await;
}

/// All bytes, 300,000 of them.
pub(super) fn bytes() -> Vec<u8> {
    (0..=255).cycle().take(300_000).collect()
}

async fn any_byte<S: BackendSession>(session: Arc<S>) -> Held {
    let all = bytes();
    let (_, output) = ends(&*session, sh(ONLY_INPUT, []), input(all.chunks(70_000), None)).await?;
    if output == all {
        Ok(())
    } else {
        Err(format!("{} of {} bytes came back, or other ones", output.len(), all.len()))
    }
}

async fn not_read<S: BackendSession>(session: Arc<S>) -> Held {
    let all = vec![b'x'; 4 << 20];
    let (exit, _) = ends(&*session, sh(IGNORE_INPUT, []), input(all.chunks(1 << 16), None)).await?;
    same(&exit.shell_code(), &0)
}

/// The second line is written when the first has been answered.
async fn talk<S: BackendSession>(session: Arc<S>) -> Held {
    let heard = Watched::for_lines(1);
    let input = input([b"one\n".as_slice(), b"two\n"].into_iter(), Some(heard.clone()));
    let exit = session.exec(sh(TALK, []), input, heard.output(), Cancel::never()).await;
    let exit = exit.map_err(|error| error.message)?;
    let output = heard.bytes();
    if output != b"heard one\nheard two\n" {
        return Err(shown(&output));
    }
    same(&exit.shell_code(), &0)
}

async fn much<S: BackendSession>(session: Arc<S>) -> Held {
    let counted = Counted::default();
    let output = Output::from_wire(abi::Sink_TO::from_value(counted.clone(), TD_Opaque));
    let exit = session.exec(sh(MUCH, []), Channel::empty(), output, Cancel::never()).await;
    same(&exit.map_err(|error| error.message)?.shell_code(), &0)?;
    same(&counted.0.load(Ordering::Relaxed), &ALL)
}

/// Counts what comes, and keeps nothing.
#[derive(Clone, Default)]
struct Counted(Arc<AtomicU64>);

impl abi::Sink for Counted {
    fn try_push(&self, bytes: RSlice<'_, u8>) -> u32 {
        self.0.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        PUSHED
    }

    fn push(&self, bytes: RVec<u8>) -> FfiFuture<u32> {
        self.0.fetch_add(bytes.len() as u64, Ordering::Relaxed);
        std::future::ready(PUSHED).into_ffi()
    }
}

/// An input of these pieces; after the first, it waits until `then` has seen what it waits for.
fn input<'a>(pieces: impl Iterator<Item = &'a [u8]>, then: Option<Watched>) -> Channel {
    let pieces = Pieces { left: Mutex::new(pieces.map(<[u8]>::to_vec).collect()), then, begun: Mutex::new(false) };
    Channel::from_wire(abi::Channel_TO::from_value(pieces, TD_Opaque))
}

struct Pieces {
    left: Mutex<std::collections::VecDeque<Vec<u8>>>,
    then: Option<Watched>,
    begun: Mutex<bool>,
}

impl abi::Channel for Pieces {
    fn recv(&self) -> FfiFuture<RResult<ROption<Frame>, abi::Fault>> {
        let piece = self.left.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        let begun = std::mem::replace(&mut *self.begun.lock().unwrap_or_else(PoisonError::into_inner), true);
        let wait = self.then.clone().filter(|_| begun);
        async move {
            if let Some(watched) = wait {
                watched.seen().await;
            }
            RResult::ROk(piece.map(|data| Frame { tag: STDIN, data: data.into() }).into())
        }
        .into_ffi()
    }

    fn send(&self, _: Frame) -> abi::UnitFuture {
        std::future::ready(RResult::RErr(PluginError::unsupported("send").into())).into_ffi()
    }

    fn control(&self, _: abi::RString) -> abi::JsonFuture {
        std::future::ready(RResult::RErr(PluginError::unsupported("control").into())).into_ffi()
    }
}
