//! The frozen wire between the host and a plugin's `.so`.
//!
//! The only crate that names `abi_stable` and `async-ffi`. It holds the traits that cross the line and the
//! few structs they carry; everything that evolves travels as JSON inside an `RString` and is typed in
//! `hermes-plugin-api`. What must not happen here: business types, defaults, I/O.
//!
//! Rules for changing it:
//! * The structs are frozen for ever.
//! * A trait only grows at its end, and every new method has a default body. `last_prefix_field` never moves.
//! * A growth bumps this crate's minor version; a change of meaning bumps [`EPOCH`].
#![allow(non_local_definitions, reason = "`#[sabi_trait]` implements foreign traits inside a function body")]
#![allow(clippy::all, missing_docs, reason = "the generated vtable glue is not written by us")]

pub mod layout;
pub mod root;
mod traits;
mod values;

pub use abi_stable::library::{
    __call_root_module_loader as call_root_module_loader, AbiHeaderRef, CheckTypeLayout, LibHeader,
    ROOT_MODULE_LOADER_NAME_WITH_NUL, RootModuleResult,
};
pub use abi_stable::sabi_trait::TD_Opaque;
pub use abi_stable::std_types::{RBox, ROption, RResult, RSlice, RStr, RString, RVec};
pub use async_ffi::{FfiFuture, FutureExt};

pub use root::{EPOCH, InitContext, PluginMod, PluginModRef, VERSION};
pub use traits::*;
pub use values::*;

/// A backend, boxed for the wire.
pub type BackendBox = Backend_TO<'static, RBox<()>>;
/// An open session of a backend.
pub type BackendSessionBox = BackendSession_TO<'static, RBox<()>>;
/// A cancellation signal.
pub type CancelBox = Cancel_TO<'static, RBox<()>>;
/// A two-way stream of frames.
pub type ChannelBox = Channel_TO<'static, RBox<()>>;
/// The services of the host.
pub type HostBox = Host_TO<'static, RBox<()>>;
/// A toolset.
pub type McpServerBox = McpServer_TO<'static, RBox<()>>;
/// A messaging platform.
pub type PlatformBox = Platform_TO<'static, RBox<()>>;
/// Takes what a plugin offers.
pub type RegistrarBox = Registrar_TO<'static, RBox<()>>;
/// A scanner.
pub type ScannerBox = Scanner_TO<'static, RBox<()>>;
/// Everything else: models, gates, command words.
pub type ServiceBox = Service_TO<'static, RBox<()>>;
/// The writing end of a stream.
pub type SinkBox = Sink_TO<'static, RBox<()>>;
