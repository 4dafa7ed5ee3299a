//! The host's ends of the wire's streams and cancellations: bounded, on tokio.
//!
//! A plugin sees `Sink`, `Output`, `Channel` and `Cancel`; the host reads and fires the other ends, made here.

use std::time::Duration;

use hermes_plugin_abi as abi;
use hermes_plugin_abi::{
    CLOSED, FULL, Fault, FfiFuture, Frame, FutureExt as _, JsonFuture, PUSHED, ROption, RResult, RSlice, RString, RVec,
    TD_Opaque, UnitFuture,
};
use hermes_plugin_api::error::{PluginError, Result};
use hermes_plugin_api::flow::{Cancel, Channel, Output, Sink};
use hermes_plugin_api::host::STDIN;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{Mutex, mpsc};
use tokio_util::sync::CancellationToken;

/// Fires a [`Cancel`]. Children fire with their parent.
#[derive(Clone, Debug, Default)]
pub struct CancelSource(CancellationToken);

impl CancelSource {
    /// A source of its own.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A source that also fires when this one does.
    #[must_use]
    pub fn child(&self) -> Self {
        Self(self.0.child_token())
    }

    /// Fires.
    pub fn cancel(&self) {
        self.0.cancel();
    }

    /// Whether it has fired.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }

    /// Waits until it fires.
    pub async fn cancelled(&self) {
        self.0.cancelled().await;
    }

    /// What a waiter holds.
    #[must_use]
    pub fn handle(&self) -> Cancel {
        Cancel::from_wire(abi::Cancel_TO::from_value(Token(self.0.clone()), TD_Opaque))
    }
}

struct Token(CancellationToken);

impl abi::Cancel for Token {
    fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }

    fn cancelled(&self) -> FfiFuture<()> {
        self.0.clone().cancelled_owned().into_ffi()
    }
}

/// A bounded stream of JSON messages: the end that a plugin writes, and ours.
#[must_use]
pub fn messages<T: Serialize + DeserializeOwned>(capacity: usize) -> (Sink<T>, Messages<T>) {
    let (tx, rx) = mpsc::channel(capacity);
    (Sink::from_wire(abi::Sink_TO::from_value(Bytes(tx), TD_Opaque)), Messages { rx, of: std::marker::PhantomData })
}

/// Our end of [`messages`].
pub struct Messages<T> {
    rx: mpsc::Receiver<Vec<u8>>,
    of: std::marker::PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Messages<T> {
    /// The next message; `None` when the writer is gone.
    ///
    /// # Errors
    /// `PROTOCOL` for bytes that are not a message; the stream goes on.
    pub async fn recv(&mut self) -> Option<Result<T>> {
        let bytes = self.rx.recv().await?;
        Some(serde_json::from_slice(&bytes).map_err(|error| PluginError::protocol("a message", error)))
    }

    /// A message that is already there.
    pub fn try_recv(&mut self) -> Option<Result<T>> {
        let bytes = self.rx.try_recv().ok()?;
        Some(serde_json::from_slice(&bytes).map_err(|error| PluginError::protocol("a message", error)))
    }
}

/// A bounded stream of bytes: the end that a plugin writes, and ours.
#[must_use]
pub fn bytes(capacity: usize) -> (Output, mpsc::Receiver<Vec<u8>>) {
    let (tx, rx) = mpsc::channel(capacity);
    (Output::from_wire(abi::Sink_TO::from_value(Bytes(tx), TD_Opaque)), rx)
}

struct Bytes(mpsc::Sender<Vec<u8>>);

impl abi::Sink for Bytes {
    fn try_push(&self, message: RSlice<'_, u8>) -> u32 {
        match self.0.try_send(message.to_vec()) {
            Ok(()) => PUSHED,
            Err(mpsc::error::TrySendError::Full(_)) => FULL,
            Err(mpsc::error::TrySendError::Closed(_)) => CLOSED,
        }
    }

    fn push(&self, message: RVec<u8>) -> FfiFuture<u32> {
        let tx = self.0.clone();
        async move { if tx.send(message.into()).await.is_ok() { PUSHED } else { CLOSED } }.into_ffi()
    }
}

/// The input of a command: what a backend reads, and the end we write.
#[must_use]
pub fn input(capacity: usize) -> (Channel, mpsc::Sender<Vec<u8>>) {
    let (tx, rx) = mpsc::channel(capacity);
    let wire = abi::Channel_TO::from_value(Input(std::sync::Arc::new(Mutex::new(rx))), TD_Opaque);
    (Channel::from_wire(wire), tx)
}

struct Input(std::sync::Arc<Mutex<mpsc::Receiver<Vec<u8>>>>);

impl abi::Channel for Input {
    fn recv(&self) -> FfiFuture<RResult<ROption<Frame>, Fault>> {
        let rx = self.0.clone();
        async move {
            let data = rx.lock().await.recv().await;
            RResult::ROk(data.map(|data| Frame { tag: STDIN, data: data.into() }).into())
        }
        .into_ffi()
    }

    fn send(&self, _: Frame) -> UnitFuture {
        refuse("send")
    }

    fn control(&self, _: RString) -> JsonFuture {
        refuse("control")
    }
}

/// A future that refuses a method.
pub(crate) fn refuse<T: Send + 'static>(what: &str) -> FfiFuture<RResult<T, Fault>> {
    std::future::ready(RResult::RErr(PluginError::unsupported(what).into())).into_ffi()
}

/// Runs `work` for at most `limit`.
///
/// # Errors
/// `TIMEOUT` naming `what` when it takes longer.
pub async fn within<T>(limit: Duration, what: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
    match tokio::time::timeout(limit, work).await {
        Ok(result) => result,
        Err(_) => {
            let message = format!("{what} did not answer within {} s", limit.as_secs_f64());
            Err(PluginError::new(hermes_plugin_api::error::ErrorCode::TIMEOUT, message))
        }
    }
}
