//! The traits that cross the line.
//!
//! In each, the methods up to `last_prefix_field` are ABI 1.0. Methods between `[since 1.x]` and `[end]` came
//! later and have default bodies, so that a plugin of an older minor still loads. The tests build an older
//! and a newer crate from these marks.

use abi_stable::sabi_trait;
use abi_stable::std_types::{ROption, RResult, RSlice, RStr, RString, RVec};
use async_ffi::{FfiFuture, FutureExt};

use crate::{
    BackendBox, BackendSessionBox, CancelBox, ChannelBox, Fault, Frame, JsonFuture, McpServerBox, Opened, PlatformBox,
    ScannerBox, ServiceBox, SinkBox, UnitFuture, UnitResult,
};

/// Judges subjects.
#[sabi_trait]
pub trait Scanner: Send + Sync {
    /// Judges one subject (JSON `Subject`) and returns findings (JSON list of `Finding`).
    #[sabi(last_prefix_field)]
    fn scan(&self, subject: RString) -> JsonFuture;

    // [since 1.1]
    /// Returns resources before the process ends.
    fn stop(&self) -> UnitFuture {
        async { RResult::ROk(()) }.into_ffi()
    }
    // [end]
    // [next Scanner]
}

/// Opens places where commands run.
#[sabi_trait]
pub trait Backend: Send + Sync {
    /// Opens a session (JSON `SessionSpec`).
    #[sabi(last_prefix_field)]
    fn open(&self, spec: RString) -> FfiFuture<RResult<BackendSessionBox, Fault>>;

    // [since 1.1]
    /// Returns resources before the process ends.
    fn stop(&self) -> UnitFuture {
        async { RResult::ROk(()) }.into_ffi()
    }
    // [end]
    // [next Backend]
}

/// One open session of a backend.
#[sabi_trait]
pub trait BackendSession: Send + Sync {
    /// What the session is (JSON `SessionFacts`).
    fn facts(&self) -> RString;
    /// Runs one process (JSON `ExecRequest`), its input from `input`, its output into `output` as it comes;
    /// yields how it ended (JSON `Exit`).
    fn exec(&self, request: RString, input: ChannelBox, output: SinkBox, cancel: CancelBox) -> JsonFuture;
    /// Reads a file into `output`.
    fn read_file(&self, path: RStr<'_>, output: SinkBox) -> UnitFuture;
    /// Writes a file whole.
    fn write_file(&self, path: RStr<'_>, data: RVec<u8>) -> UnitFuture;
    /// Ends the session (JSON `Keep`).
    #[sabi(last_prefix_field)]
    fn close(&self, keep: RString) -> UnitFuture;
    // [next BackendSession]
}

/// A messaging platform.
#[sabi_trait]
pub trait Platform: Send + Sync {
    /// Receives until cancelled; every inbound event (JSON `Inbound`) is pushed into `inbox`.
    fn run(&self, inbox: SinkBox, cancel: CancelBox) -> UnitFuture;
    /// Sends one message (JSON `Outbound`), yields a JSON `Receipt`.
    fn send(&self, outbound: RString) -> JsonFuture;
    /// Fetches a media item (JSON `Media`) of at most `limit` bytes into `output`.
    #[sabi(last_prefix_field)]
    fn fetch(&self, media: RString, limit: u64, output: SinkBox) -> UnitFuture;

    // [since 1.1]
    /// Returns resources before the process ends.
    fn stop(&self) -> UnitFuture {
        async { RResult::ROk(()) }.into_ffi()
    }
    // [end]
    // [next Platform]
}

/// A set of tools.
#[sabi_trait]
pub trait McpServer: Send + Sync {
    /// The tools (JSON list of `Tool`).
    fn tools(&self) -> JsonFuture;
    /// Calls one (JSON `ToolCall`), yields a JSON `CallResult`.
    #[sabi(last_prefix_field)]
    fn call(&self, call: RString, progress: SinkBox, cancel: CancelBox) -> JsonFuture;

    // [since 1.1]
    /// Returns resources before the process ends.
    fn stop(&self) -> UnitFuture {
        async { RResult::ROk(()) }.into_ffi()
    }
    // [end]
    // [next McpServer]
}

/// Any other capability, by method name.
#[sabi_trait]
pub trait Service: Send + Sync {
    /// Invokes a method with a JSON request; events, if any, go into `events`.
    #[sabi(last_prefix_field)]
    fn invoke(&self, method: RStr<'_>, request: RString, events: SinkBox, cancel: CancelBox) -> JsonFuture;

    // [since 1.1]
    /// Returns resources before the process ends.
    fn stop(&self) -> UnitFuture {
        async { RResult::ROk(()) }.into_ffi()
    }
    // [end]
    // [next Service]
}

/// What the host offers to one plugin.
#[sabi_trait]
pub trait Host: Send + Sync {
    /// Takes a log event; `level` 1 error … 5 trace; `fields` a JSON object.
    fn log(&self, level: u32, target: RStr<'_>, message: RStr<'_>, fields: RStr<'_>);
    /// Milliseconds since 1970.
    fn now_ms(&self) -> u64;
    /// Random bytes of the system's source.
    fn random(&self, n: u32) -> RVec<u8>;
    /// Waits.
    fn sleep(&self, ms: u64) -> FfiFuture<()>;
    /// Calls a host service by method name with a JSON request.
    fn call(
        &self,
        method: RStr<'_>,
        request: RString,
        events: ROption<SinkBox>,
        cancel: ROption<CancelBox>,
    ) -> JsonFuture;
    /// Opens a stream: `http`, `websocket`, `process`.
    #[sabi(last_prefix_field)]
    fn open(&self, service: RStr<'_>, request: RString) -> FfiFuture<RResult<Opened, Fault>>;

    // [since 1.1]
    /// JSON: the host's version and the methods that this plugin may use. The default is a host of 1.0, which
    /// cannot tell.
    fn describe(&self) -> RString {
        RString::new()
    }
    // [end]
    // [next Host]
}

/// The writing end of a stream of messages.
#[sabi_trait]
pub trait Sink: Send + Sync {
    /// Hands over one message without waiting; returns `PUSHED`, `FULL` or `CLOSED`.
    fn try_push(&self, message: RSlice<'_, u8>) -> u32;
    /// Hands over one message, waiting for room; yields `PUSHED` or `CLOSED`.
    #[sabi(last_prefix_field)]
    fn push(&self, message: RVec<u8>) -> FfiFuture<u32>;
    // [next Sink]
}

/// A two-way stream of frames.
#[sabi_trait]
pub trait Channel: Send + Sync {
    /// The next frame, or none at the end.
    fn recv(&self) -> FfiFuture<RResult<ROption<Frame>, Fault>>;
    /// Sends a frame.
    fn send(&self, frame: Frame) -> UnitFuture;
    /// Anything else, as JSON: close the input, signal, wait.
    #[sabi(last_prefix_field)]
    fn control(&self, request: RString) -> JsonFuture;
    // [next Channel]
}

/// Tells that somebody no longer wants an answer.
#[sabi_trait]
pub trait Cancel: Send + Sync {
    /// Whether it was cancelled.
    fn is_cancelled(&self) -> bool;
    /// Waits until it is.
    #[sabi(last_prefix_field)]
    fn cancelled(&self) -> FfiFuture<()>;
    // [next Cancel]
}

/// Takes what a plugin offers while it is initialised.
#[sabi_trait]
pub trait Registrar: Send + Sync {
    /// Offers a scanner.
    fn scanner(&self, name: RStr<'_>, scanner: ScannerBox) -> UnitResult;
    /// Offers a backend.
    fn backend(&self, name: RStr<'_>, backend: BackendBox) -> UnitResult;
    /// Offers a platform.
    fn platform(&self, name: RStr<'_>, platform: PlatformBox) -> UnitResult;
    /// Offers a set of tools.
    fn mcp_server(&self, name: RStr<'_>, server: McpServerBox) -> UnitResult;
    /// Offers any other kind.
    #[sabi(last_prefix_field)]
    fn service(&self, kind: RStr<'_>, name: RStr<'_>, service: ServiceBox) -> UnitResult;
    // [next Registrar]
}
