//! The structs that cross the line. Frozen: no field is ever added, removed or moved.

use abi_stable::StableAbi;
use abi_stable::std_types::{RResult, RString, RVec};
use async_ffi::FfiFuture;

/// An error on the wire.
#[repr(C)]
#[derive(Clone, Debug, StableAbi)]
pub struct Fault {
    /// One of the `ErrorCode` integers of `hermes-plugin-api`.
    pub code: u32,
    /// One sentence for a person.
    pub message: RString,
    /// A JSON object with anything further, or the empty string.
    pub details: RString,
    /// Milliseconds to wait before trying again; 0 is unknown.
    pub retry_after_ms: u64,
}

/// One piece of a stream. What `tag` says is fixed per stream kind.
#[repr(C)]
#[derive(Clone, Debug, StableAbi)]
pub struct Frame {
    /// The kind of piece, for example standard output or standard error.
    pub tag: u32,
    /// Its bytes.
    pub data: RVec<u8>,
}

/// A stream that the host opened: what it said first (JSON), and the stream.
#[repr(C)]
#[derive(StableAbi)]
pub struct Opened {
    /// JSON: status and headers of an HTTP response, the pid of a process.
    pub head: RString,
    /// The rest.
    pub stream: crate::ChannelBox,
}

/// JSON or a fault.
pub type JsonResult = RResult<RString, Fault>;
/// Nothing or a fault.
pub type UnitResult = RResult<(), Fault>;
/// A call that yields JSON.
pub type JsonFuture = FfiFuture<JsonResult>;
/// A call that yields nothing.
pub type UnitFuture = FfiFuture<UnitResult>;

/// [`crate::Sink::try_push`] took the bytes.
pub const PUSHED: u32 = 0;
/// The sink is full: wait, or push asynchronously.
pub const FULL: u32 = 1;
/// Nobody reads any more.
pub const CLOSED: u32 = 2;
