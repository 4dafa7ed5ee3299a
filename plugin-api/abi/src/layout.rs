//! Whether two builds of this crate can talk, and the road from a raw symbol to the root module.
//!
//! `abi_stable`'s own check accepts a newer plugin in an older host and refuses an older plugin in a newer
//! host. Both directions are fine here, because a trait only grows at its end and with default bodies: the
//! check runs both ways and one must pass. Every check gets fresh globals, because shared ones make the result
//! depend on what was loaded before.

use abi_stable::StableAbi;
use abi_stable::abi_stability::abi_checking::{CheckingGlobals, check_layout_compatibility_with_globals};
use abi_stable::library::LibHeader;

use crate::{AbiHeaderRef, PluginModRef, VERSION};

/// Why a library's root module cannot be used.
#[derive(Debug)]
pub enum Mismatch {
    /// Its header is not one that this `abi_stable` reads.
    Header(String),
    /// It was built for another major version of the wire.
    Version {
        /// The version it was built for.
        plugin: String,
    },
    /// The layouts differ: the version it was built for, and the checker's first errors.
    Layout {
        /// The version it was built for.
        plugin: String,
        /// The lines that say what differs.
        errors: Vec<String>,
    },
}

/// Checks a library's header and layout and returns its root module.
///
/// # Safety
/// `header` must be the value of the symbol [`crate::ROOT_MODULE_LOADER_NAME_WITH_NUL`] of a library that
/// stays loaded until the process ends.
pub unsafe fn root_module(header: AbiHeaderRef) -> Result<PluginModRef, Mismatch> {
    let header: &'static LibHeader = header.upgrade().map_err(|error| Mismatch::Header(first_line(&error)))?;
    let plugin = header.version_strings().version.to_string();
    if plugin.split('.').next() != VERSION.split('.').next() {
        return Err(Mismatch::Version { plugin });
    }
    check_layout(header, &plugin)?;
    // SAFETY: the layouts were checked just above; the caller keeps the library loaded.
    unsafe { header.init_root_module_with_unchecked_layout::<PluginModRef>() }
        .map_err(|error| Mismatch::Header(first_line(&error)))
}

fn check_layout(header: &'static LibHeader, plugin: &str) -> Result<(), Mismatch> {
    let ours = <PluginModRef as StableAbi>::LAYOUT;
    let theirs = header.layout().ok_or_else(|| Mismatch::Header("the library carries no layout".into()))?;
    let newer_plugin = check_layout_compatibility_with_globals(ours, theirs, &CheckingGlobals::new());
    let Err(errors) = newer_plugin else { return Ok(()) };
    if check_layout_compatibility_with_globals(theirs, ours, &CheckingGlobals::new()).is_ok() {
        return Ok(());
    }
    let text = errors.to_string();
    let errors = text.lines().map(str::trim).filter(|line| line.starts_with("Error:")).take(3);
    Err(Mismatch::Layout { plugin: plugin.to_owned(), errors: errors.map(str::to_owned).collect() })
}

fn first_line(error: &dyn std::fmt::Display) -> String {
    error.to_string().lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("unknown").to_owned()
}

#[cfg(test)]
mod tests {
    #[test]
    fn exported_name_is_the_loaders() {
        assert_eq!(
            crate::ROOT_MODULE_LOADER_NAME_WITH_NUL.trim_end_matches('\0'),
            "_1as_0lib_1header_0root_bmodule_bloader"
        );
    }

    #[test]
    fn a_build_is_compatible_with_itself() {
        use abi_stable::StableAbi;
        use abi_stable::abi_stability::abi_checking::*;
        let layout = <crate::PluginModRef as StableAbi>::LAYOUT;
        check_layout_compatibility_with_globals(layout, layout, &CheckingGlobals::new()).expect("same layout");
    }
}
