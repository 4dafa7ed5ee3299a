//! The root module: what the host reads from a `.so` before it runs anything in it.

use abi_stable::StableAbi;
use abi_stable::library::RootModule;
use abi_stable::sabi_types::VersionStrings;
use abi_stable::std_types::{RStr, RString};

use crate::{HostBox, RegistrarBox, UnitResult};

/// The meaning of the wire. A plugin of another epoch is refused.
pub const EPOCH: u32 = 1;

/// This crate's version, `major.minor.patch`.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What a `.so` exports.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = PluginModRef)))]
#[sabi(missing_field(panic))]
pub struct PluginMod {
    /// [`EPOCH`] at the plugin's build.
    pub epoch: u32,
    /// [`VERSION`] at the plugin's build.
    pub abi_version: RStr<'static>,
    /// Whether panics unwind in it; one built with `panic = "abort"` is refused.
    pub unwinds: bool,
    /// Makes the plugin's capabilities and hands them to the registrar.
    #[sabi(last_prefix_field)]
    pub init: extern "C" fn(InitContext, RegistrarBox) -> UnitResult,
}

/// What a plugin gets to start with. Frozen.
#[repr(C)]
#[derive(StableAbi)]
pub struct InitContext {
    /// The plugin's id.
    pub plugin: RString,
    /// Its settings, a JSON object keyed by dotted path.
    pub settings: RString,
    /// The host's services, limited to what the manifest declares.
    pub host: HostBox,
}

impl RootModule for PluginModRef {
    abi_stable::declare_root_module_statics! {PluginModRef}
    const BASE_NAME: &'static str = "hermes_plugin";
    const NAME: &'static str = "hermes_plugin";
    const VERSION_STRINGS: VersionStrings = abi_stable::package_version_strings!();
}

/// The header that a `.so` exports under [`crate::ROOT_MODULE_LOADER_NAME_WITH_NUL`].
pub const fn header(constructor: extern "C" fn() -> crate::RootModuleResult) -> crate::LibHeader {
    // SAFETY: `constructor` comes from `export_plugin!`, which wraps a loader of exactly `PluginModRef`.
    unsafe { crate::LibHeader::from_constructor::<PluginModRef>(constructor, crate::CheckTypeLayout::Yes) }
}

/// The root module of a plugin of this build.
pub fn module(unwinds: bool, init: extern "C" fn(InitContext, RegistrarBox) -> UnitResult) -> PluginModRef {
    use abi_stable::prefix_type::PrefixTypeTrait;
    PluginMod { epoch: EPOCH, abi_version: RStr::from(VERSION), unwinds, init }.leak_into_prefix()
}
