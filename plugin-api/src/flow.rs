//! Cancellation and streams: the typed faces of the wire's `Cancel`, `Sink` and `Channel`.

use std::future::Future;
use std::marker::PhantomData;
use std::pin::pin;
use std::sync::Arc;

use hermes_plugin_abi::{
    CLOSED, Cancel_TO, CancelBox, ChannelBox, FULL, FfiFuture, Frame, FutureExt as _, PUSHED, ROption, RSlice, RVec,
    SinkBox,
};
use serde::Serialize;
use serde_json::Value;

use crate::error::{PluginError, Result};

/// Tells that nobody wants the answer any more. Cheap to clone.
#[derive(Clone)]
pub struct Cancel(Arc<CancelBox>);

impl Cancel {
    /// Wraps the wire's object.
    #[must_use]
    pub fn from_wire(cancel: CancelBox) -> Self {
        Self(Arc::new(cancel))
    }

    /// One that never fires.
    #[must_use]
    pub fn never() -> Self {
        Self::from_wire(Cancel_TO::from_value(Never, hermes_plugin_abi::TD_Opaque))
    }

    /// One that has fired already.
    #[must_use]
    pub fn fired() -> Self {
        Self::from_wire(Cancel_TO::from_value(Fired, hermes_plugin_abi::TD_Opaque))
    }

    /// Hands it on over the wire.
    #[must_use]
    pub fn to_wire(&self) -> CancelBox {
        Cancel_TO::from_value(Forward(self.0.clone()), hermes_plugin_abi::TD_Opaque)
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

    /// Runs `work` until it ends or this fires, in which case the rest of `work` is dropped.
    ///
    /// # Errors
    /// `CANCELLED` when this fired first.
    pub async fn run<T>(&self, work: impl Future<Output = T>) -> Result<T> {
        let work = pin!(work);
        let cancelled = pin!(self.0.cancelled());
        match futures_util::future::select(work, cancelled).await {
            futures_util::future::Either::Left((value, _)) => Ok(value),
            futures_util::future::Either::Right(_) => Err(PluginError::cancelled()),
        }
    }
}

struct Never;

impl hermes_plugin_abi::Cancel for Never {
    fn is_cancelled(&self) -> bool {
        false
    }

    fn cancelled(&self) -> FfiFuture<()> {
        std::future::pending().into_ffi()
    }
}

struct Fired;

impl hermes_plugin_abi::Cancel for Fired {
    fn is_cancelled(&self) -> bool {
        true
    }

    fn cancelled(&self) -> FfiFuture<()> {
        std::future::ready(()).into_ffi()
    }
}

struct Forward(Arc<CancelBox>);

impl hermes_plugin_abi::Cancel for Forward {
    fn is_cancelled(&self) -> bool {
        self.0.is_cancelled()
    }

    fn cancelled(&self) -> FfiFuture<()> {
        self.0.cancelled()
    }
}

/// The writing end of a stream of JSON messages of type `T`.
pub struct Sink<T> {
    wire: Arc<SinkBox>,
    of: PhantomData<fn(T)>,
}

impl<T> Clone for Sink<T> {
    fn clone(&self) -> Self {
        Self { wire: self.wire.clone(), of: PhantomData }
    }
}

/// Whether a message was taken without waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It was.
    Taken,
    /// There is no room now.
    Full,
    /// Nobody reads any more.
    Closed,
}

impl<T: Serialize> Sink<T> {
    /// Wraps the wire's object.
    #[must_use]
    pub fn from_wire(sink: SinkBox) -> Self {
        Self { wire: Arc::new(sink), of: PhantomData }
    }

    /// Hands it on over the wire.
    #[must_use]
    pub fn to_wire(&self) -> SinkBox {
        hermes_plugin_abi::Sink_TO::from_value(ForwardSink(self.wire.clone()), hermes_plugin_abi::TD_Opaque)
    }

    /// Hands over a message, waiting for room.
    ///
    /// # Errors
    /// `CANCELLED` when nobody reads any more.
    pub async fn push(&self, message: &T) -> Result<()> {
        let bytes = serde_json::to_vec(message)?;
        push_bytes(&self.wire, bytes).await
    }

    /// Hands over a message if there is room.
    pub fn try_push(&self, message: &T) -> Pushed {
        match serde_json::to_vec(message) {
            Ok(bytes) => try_push_bytes(&self.wire, &bytes),
            Err(_) => Pushed::Closed,
        }
    }
}

/// The writing end of a stream of bytes.
#[derive(Clone)]
pub struct Output(Arc<SinkBox>);

impl Output {
    /// Wraps the wire's object.
    #[must_use]
    pub fn from_wire(sink: SinkBox) -> Self {
        Self(Arc::new(sink))
    }

    /// Writes bytes, waiting for room.
    ///
    /// # Errors
    /// `CANCELLED` when nobody reads any more.
    pub async fn write(&self, bytes: impl Into<Vec<u8>>) -> Result<()> {
        push_bytes(&self.0, bytes.into()).await
    }

    /// Hands it on over the wire.
    #[must_use]
    pub fn to_wire(&self) -> SinkBox {
        hermes_plugin_abi::Sink_TO::from_value(ForwardSink(self.0.clone()), hermes_plugin_abi::TD_Opaque)
    }

    /// Writes bytes if there is room.
    pub fn try_write(&self, bytes: &[u8]) -> Pushed {
        try_push_bytes(&self.0, bytes)
    }
}

async fn push_bytes(sink: &SinkBox, bytes: Vec<u8>) -> Result<()> {
    match sink.push(RVec::from(bytes)).await {
        PUSHED => Ok(()),
        _ => Err(PluginError::cancelled()),
    }
}

fn try_push_bytes(sink: &SinkBox, bytes: &[u8]) -> Pushed {
    match sink.try_push(RSlice::from(bytes)) {
        PUSHED => Pushed::Taken,
        FULL => Pushed::Full,
        CLOSED => Pushed::Closed,
        _ => Pushed::Closed,
    }
}

/// A two-way stream of frames: a process, a websocket, an HTTP body, the input of a command.
#[derive(Clone)]
pub struct Channel(Arc<ChannelBox>);

/// A piece that a [`Channel`] yields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What it is: one of the constants of the stream's module.
    pub tag: u32,
    /// Its bytes.
    pub data: Vec<u8>,
}

impl Channel {
    /// Wraps the wire's object.
    #[must_use]
    pub fn from_wire(channel: ChannelBox) -> Self {
        Self(Arc::new(channel))
    }

    /// One that has nothing to say and takes nothing: the input of a command that gets none.
    #[must_use]
    pub fn empty() -> Self {
        Self::from_wire(hermes_plugin_abi::Channel_TO::from_value(Empty, hermes_plugin_abi::TD_Opaque))
    }

    /// Hands it on over the wire.
    #[must_use]
    pub fn to_wire(&self) -> ChannelBox {
        hermes_plugin_abi::Channel_TO::from_value(ForwardChannel(self.0.clone()), hermes_plugin_abi::TD_Opaque)
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// What the other side reports.
    pub async fn recv(&self) -> Result<Option<Piece>> {
        let frame = self.0.recv().await.into_result()?;
        Ok(frame.into_option().map(|frame| Piece { tag: frame.tag, data: frame.data.into() }))
    }

    /// Sends a piece.
    ///
    /// # Errors
    /// What the other side reports, for example that it is closed.
    pub async fn send(&self, tag: u32, data: impl Into<Vec<u8>>) -> Result<()> {
        let data: Vec<u8> = data.into();
        self.0.send(Frame { tag, data: data.into() }).await.into_result().map_err(Into::into)
    }

    /// Asks for anything else, in JSON.
    ///
    /// # Errors
    /// What the other side reports; `UNSUPPORTED` for a request it does not know.
    pub async fn control(&self, request: &Value) -> Result<Value> {
        let answer = self.0.control(request.to_string().into()).await.into_result()?;
        Ok(serde_json::from_str(&answer)?)
    }
}

struct ForwardSink(Arc<SinkBox>);

impl hermes_plugin_abi::Sink for ForwardSink {
    fn try_push(&self, message: RSlice<'_, u8>) -> u32 {
        self.0.try_push(message)
    }

    fn push(&self, message: RVec<u8>) -> FfiFuture<u32> {
        self.0.push(message)
    }
}

struct Empty;

impl hermes_plugin_abi::Channel for Empty {
    fn recv(&self) -> FfiFuture<hermes_plugin_abi::RResult<ROption<Frame>, hermes_plugin_abi::Fault>> {
        std::future::ready(hermes_plugin_abi::RResult::ROk(ROption::RNone)).into_ffi()
    }

    fn send(&self, _: Frame) -> hermes_plugin_abi::UnitFuture {
        std::future::ready(hermes_plugin_abi::RResult::RErr(PluginError::unsupported("send").into())).into_ffi()
    }

    fn control(&self, _: hermes_plugin_abi::RString) -> hermes_plugin_abi::JsonFuture {
        std::future::ready(hermes_plugin_abi::RResult::RErr(PluginError::unsupported("control").into())).into_ffi()
    }
}

struct ForwardChannel(Arc<ChannelBox>);

impl hermes_plugin_abi::Channel for ForwardChannel {
    fn recv(&self) -> FfiFuture<hermes_plugin_abi::RResult<ROption<Frame>, hermes_plugin_abi::Fault>> {
        self.0.recv()
    }

    fn send(&self, frame: Frame) -> hermes_plugin_abi::UnitFuture {
        self.0.send(frame)
    }

    fn control(&self, request: hermes_plugin_abi::RString) -> hermes_plugin_abi::JsonFuture {
        self.0.control(request)
    }
}
