//! A plugin that speaks the wire by hand, without the shim that keeps authors honest: its findings are no JSON,
//! and with a feature it says that it has another epoch.

use abi_stable::prefix_type::PrefixTypeTrait as _;
use abi_stable::std_types::{RResult, RStr, RString};
use hermes_plugin_abi::root::{EPOCH, PluginMod, VERSION};
use hermes_plugin_abi::*;

struct Garbage;

impl Scanner for Garbage {
    fn scan(&self, _: RString) -> JsonFuture {
        async { RResult::ROk(RString::from("[{\"rule\": }")) }.into_ffi()
    }
}

extern "C" fn init(_: InitContext, registrar: RegistrarBox) -> UnitResult {
    registrar.scanner(RStr::from("raw"), Scanner_TO::from_value(Garbage, TD_Opaque))
}

fn module() -> PluginModRef {
    let epoch = if cfg!(feature = "other-epoch") { EPOCH + 98 } else { EPOCH };
    PluginMod { epoch, abi_version: RStr::from(VERSION), unwinds: true, init }.leak_into_prefix()
}

extern "C" fn erased() -> RootModuleResult {
    call_root_module_loader(module)
}

#[unsafe(export_name = "_1as_0lib_1header_0root_bmodule_bloader")]
static HEADER: LibHeader = hermes_plugin_abi::root::header(erased);
