//! What is told to end ends, with everything it started.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};

use futures_util::future::{Either, select};
use hermes_plugin_abi::{self as abi, FfiFuture, FutureExt as _, RSlice, RVec, TD_Opaque};

use super::commands::{LIVING, TREE, sh};
use super::{Suite, prints};
use crate::backend::BackendSession;
use crate::conformance::{Held, Runner};
use crate::flow::{Cancel, Channel, Output};
use crate::harness::Collected;

pub(super) async fn check<S: BackendSession>(suite: &mut Suite<'_, impl Runner, S>) {
    suite.check("a cancelled command ends with its whole tree", |session, _| cancelled(session)).await;
    suite.check("a command that nobody waits for ends with its whole tree", |session, _| dropped(session)).await;
    suite.check("what is cancelled before it starts does not hold anybody up", |session, _| before(session)).await;
}

/// Cancels when all processes of the tree have been named, and then asks for them.
async fn cancelled<S: BackendSession>(session: Arc<S>) -> Held {
    let named = Watched::for_lines(2);
    // Whatever it returns, it returns: that is half of the check.
    let _ = session.exec(sh(TREE, []), Channel::empty(), named.output(), named.cancel()).await;
    are_gone(&*session, &named).await
}

async fn dropped<S: BackendSession>(session: Arc<S>) -> Held {
    let named = Watched::for_lines(2);
    {
        let exec = pin!(session.exec(sh(TREE, []), Channel::empty(), named.output(), Cancel::never()));
        if let Either::Left((exit, _)) = select(exec, pin!(named.seen())).await {
            return Err(format!("it ended by itself: {exit:?}"));
        }
    }
    are_gone(&*session, &named).await
}

async fn before<S: BackendSession>(session: Arc<S>) -> Held {
    let output = Collected::default();
    let _ = session.exec(sh(TREE, []), Channel::empty(), output.output(), Cancel::fired()).await;
    Ok(())
}

async fn are_gone(session: &impl BackendSession, named: &Watched) -> Held {
    let text = String::from_utf8_lossy(&named.bytes()).into_owned();
    let pids: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    let Ok(pids) = <[String; 4]>::try_from(pids) else {
        return Err(format!("it did not name four processes: {text:?}"));
    };
    prints(session, sh(LIVING, pids), "").await.map_err(|why| format!("processes were left: {why}"))
}

/// Collects output, and tells when so many lines of it have come.
#[derive(Clone, Default)]
pub(super) struct Watched {
    collected: Collected,
    lines: usize,
    waiting: Arc<Mutex<Vec<Waker>>>,
}

impl Watched {
    pub(super) fn for_lines(lines: usize) -> Self {
        Self { lines, ..Self::default() }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        self.collected.bytes()
    }

    pub(super) fn output(&self) -> Output {
        Output::from_wire(abi::Sink_TO::from_value(self.clone(), TD_Opaque))
    }

    /// A cancellation that fires then.
    fn cancel(&self) -> Cancel {
        Cancel::from_wire(abi::Cancel_TO::from_value(self.clone(), TD_Opaque))
    }

    /// Waits for them.
    pub(super) fn seen(&self) -> impl Future<Output = ()> + Send + 'static {
        let watched = self.clone();
        std::future::poll_fn(move |context| {
            watched.waiting.lock().unwrap_or_else(PoisonError::into_inner).push(context.waker().clone());
            if watched.has_seen() { Poll::Ready(()) } else { Poll::Pending }
        })
    }

    fn has_seen(&self) -> bool {
        self.bytes().iter().filter(|byte| **byte == b'\n').count() >= self.lines
    }

    fn take(&self, bytes: &[u8]) -> u32 {
        let taken = abi::Sink::try_push(&self.collected, RSlice::from(bytes));
        if self.has_seen() {
            self.waiting.lock().unwrap_or_else(PoisonError::into_inner).drain(..).for_each(Waker::wake);
        }
        taken
    }
}

impl abi::Sink for Watched {
    fn try_push(&self, bytes: RSlice<'_, u8>) -> u32 {
        self.take(&bytes)
    }

    fn push(&self, bytes: RVec<u8>) -> FfiFuture<u32> {
        std::future::ready(self.take(&bytes)).into_ffi()
    }
}

impl abi::Cancel for Watched {
    fn is_cancelled(&self) -> bool {
        self.has_seen()
    }

    fn cancelled(&self) -> FfiFuture<()> {
        self.seen().into_ffi()
    }
}
