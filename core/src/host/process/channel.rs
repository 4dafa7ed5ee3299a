//! A child process as a plugin sees it: the wire's channel of frames.
//!
//! Frames out are standard output, standard error and, last, the exit; frames in are standard input. What the
//! child may be is checked before it comes here.

use std::sync::{Arc, Mutex as SyncMutex, PoisonError};

use hermes_plugin_abi::{
    self as abi, Fault, FfiFuture, Frame, FutureExt as _, JsonFuture, ROption, RResult, RString, UnitFuture,
};
use hermes_plugin_api::error::{PluginError, Result};
use hermes_plugin_api::host::{EXIT, STDERR, STDIN, STDOUT, SpawnRequest};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::{Mutex, mpsc};

use super::{Event, Order, Process, spawn};

/// Starts a program for a plugin: what the stream says first, and the stream. Dropping the stream ends the tree.
///
/// # Errors
/// As [`spawn`].
pub fn open_for_plugin(request: SpawnRequest) -> Result<(Value, impl abi::Channel + 'static)> {
    let Process { pid, events, input, orders } = spawn(request)?;
    let channel = ProcessChannel { events: Arc::new(Mutex::new(events)), input: SyncMutex::new(input), orders };
    Ok((json!({ "pid": pid }), channel))
}

struct ProcessChannel {
    events: Arc<Mutex<mpsc::Receiver<Event>>>,
    input: SyncMutex<Option<mpsc::Sender<Vec<u8>>>>,
    orders: mpsc::Sender<Order>,
}

/// What [`abi::Channel::control`] understands.
#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
enum Control {
    /// No more input comes.
    CloseStdin,
    /// The whole tree ends.
    Kill,
    /// The child's process group gets a signal.
    Signal { signal: i32 },
}

impl abi::Channel for ProcessChannel {
    fn recv(&self) -> FfiFuture<RResult<ROption<Frame>, Fault>> {
        let events = self.events.clone();
        async move {
            let event = events.lock().await.recv().await;
            RResult::ROk(event.map(frame).into())
        }
        .into_ffi()
    }

    fn send(&self, frame: Frame) -> UnitFuture {
        let input = self.input.lock().unwrap_or_else(PoisonError::into_inner).clone();
        async move {
            let sent = match (frame.tag, input) {
                (STDIN, Some(input)) => input.send(frame.data.into()).await.is_ok(),
                (STDIN, None) => false,
                (tag, _) => return Err(PluginError::unsupported(format!("frame {tag} to a process"))),
            };
            sent.then_some(()).ok_or_else(|| PluginError::unavailable("The process takes no more input"))
        }
        .map_fault()
    }

    fn control(&self, request: RString) -> JsonFuture {
        let control = serde_json::from_str(&request).map_err(|error| PluginError::protocol("a process order", error));
        if matches!(control, Ok(Control::CloseStdin)) {
            *self.input.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
        let orders = self.orders.clone();
        async move {
            let order = match control? {
                Control::CloseStdin => None,
                Control::Kill => Some(Order::Kill),
                Control::Signal { signal } => Some(Order::Signal(signal)),
            };
            if let Some(order) = order {
                // A child that is gone needs no order.
                let _ = orders.send(order).await;
            }
            Ok(RString::from("null"))
        }
        .map_fault()
    }
}

fn frame(event: Event) -> Frame {
    let (tag, data) = match event {
        Event::Stdout(data) => (STDOUT, data),
        Event::Stderr(data) => (STDERR, data),
        Event::Exit(exit) => (EXIT, serde_json::to_vec(&exit).unwrap_or_default()),
    };
    Frame { tag, data: data.into() }
}

/// Turns a future of ours into one of the wire.
trait MapFault<T> {
    fn map_fault(self) -> FfiFuture<RResult<T, Fault>>;
}

impl<T: Send + 'static, F: Future<Output = Result<T>> + Send + 'static> MapFault<T> for F {
    fn map_fault(self) -> FfiFuture<RResult<T, Fault>> {
        async move { self.await.map_err(Fault::from).into() }.into_ffi()
    }
}
