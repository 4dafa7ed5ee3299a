//! From an author's types to what a `.so` exports: registration, initialisation, the root module.

use hermes_plugin_abi::{InitContext, RegistrarBox, UnitResult};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::error::{PluginError, Result};
use crate::host::Host;
use crate::{serve, shim, trace};

#[doc(hidden)]
pub use hermes_plugin_abi::root::{header, module};
#[doc(hidden)]
pub use hermes_plugin_abi::{LibHeader, PluginModRef, RootModuleResult, call_root_module_loader};
#[doc(hidden)]
pub use inventory;

/// What a plugin starts with.
#[derive(Clone)]
pub struct Context {
    /// The plugin's id.
    pub plugin: String,
    /// The host's services.
    pub host: Host,
    pub(crate) settings: Value,
}

impl Context {
    /// The plugin's settings, typed. Fields are named by their dotted key path.
    ///
    /// # Errors
    /// `CONFIG`, naming the key, when a value does not fit.
    pub fn config<C: DeserializeOwned>(&self) -> Result<C> {
        serde_json::from_value(self.settings.clone())
            .map_err(|error| PluginError::config(format!("Settings of `{}` do not fit: {error}", self.plugin)))
    }
}

/// One capability that a crate registers; made by [`export_plugin!`](crate::export_plugin).
pub struct Registration {
    /// Makes the capability and offers it.
    pub make: fn(&Context, &Offer<'_>) -> Result<()>,
    /// Its name, as in the manifest.
    pub name: &'static str,
}

inventory::collect!(Registration);

/// Hands capabilities to the host.
pub struct Offer<'a> {
    registrar: &'a RegistrarBox,
    name: &'static str,
}

impl Offer<'_> {
    /// Offers a scanner.
    ///
    /// # Errors
    /// `DENIED` when the manifest does not declare it.
    pub fn scanner(&self, scanner: impl crate::Scanner) -> Result<()> {
        taken(self.registrar.scanner(self.name.into(), serve::scanner(scanner)))
    }

    /// Offers a backend.
    ///
    /// # Errors
    /// As [`Offer::scanner`].
    pub fn backend(&self, backend: impl crate::Backend) -> Result<()> {
        taken(self.registrar.backend(self.name.into(), serve::backend(backend)))
    }

    /// Offers a platform.
    ///
    /// # Errors
    /// As [`Offer::scanner`].
    pub fn platform(&self, platform: impl crate::Platform) -> Result<()> {
        taken(self.registrar.platform(self.name.into(), serve::platform(platform)))
    }

    /// Offers a toolset.
    ///
    /// # Errors
    /// As [`Offer::scanner`].
    pub fn mcp_server(&self, server: impl crate::McpServer) -> Result<()> {
        taken(self.registrar.mcp_server(self.name.into(), serve::mcp_server(server)))
    }

    /// Offers a model.
    ///
    /// # Errors
    /// As [`Offer::scanner`].
    pub fn model(&self, model: impl crate::Model) -> Result<()> {
        taken(self.registrar.service("model".into(), self.name.into(), serve::model(model)))
    }

    /// Offers a gate.
    ///
    /// # Errors
    /// As [`Offer::scanner`].
    pub fn gate(&self, gate: impl crate::Gate) -> Result<()> {
        taken(self.registrar.service("gate".into(), self.name.into(), serve::gate(gate)))
    }

    /// Offers command words.
    ///
    /// # Errors
    /// As [`Offer::scanner`].
    pub fn commands(&self, commands: impl crate::Commands) -> Result<()> {
        taken(self.registrar.service("commands".into(), self.name.into(), serve::commands(commands)))
    }
}

fn taken(result: UnitResult) -> Result<()> {
    result.into_result().map_err(Into::into)
}

/// Pins the type of a constructor for the macro.
#[doc(hidden)]
pub fn make<T>(make: impl FnOnce(&Context) -> Result<T>, ctx: &Context) -> Result<T> {
    make(ctx)
}

/// What the root module's `init` does.
#[doc(hidden)]
pub extern "C" fn init(ctx: InitContext, registrar: RegistrarBox) -> UnitResult {
    let started = shim::contain(move || {
        let host = Host::from_wire(ctx.host);
        trace::install(&host, &ctx.plugin);
        let settings = serde_json::from_str(&ctx.settings)?;
        offer_all(&Context { plugin: ctx.plugin.into(), host, settings }, &registrar)
    });
    started.map_err(Into::into).into()
}

pub(crate) fn offer_all(ctx: &Context, registrar: &RegistrarBox) -> Result<()> {
    for registration in inventory::iter::<Registration> {
        (registration.make)(ctx, &Offer { registrar, name: registration.name })?;
    }
    Ok(())
}

/// Exports the capabilities of a plugin crate.
///
/// Each line is a kind, the name that the manifest declares, and a function from [`Context`] to a [`Result`] of
/// the type that implements the kind's trait. The kinds are `scanner`, `backend`, `platform`, `mcp_server`,
/// `model`, `gate` and `commands`.
///
/// ```
/// use hermes_plugin_api::prelude::*;
///
/// struct Quiet;
///
/// impl Scanner for Quiet {
///     async fn scan(&self, _: &Subject) -> Result<Vec<Finding>> {
///         Ok(Vec::new())
///     }
/// }
///
/// hermes_plugin_api::export_plugin!(scanner "quiet" => |_| Ok(Quiet));
/// # fn main() {}
/// ```
#[macro_export]
macro_rules! export_plugin {
    ($($kind:ident $name:literal => $make:expr),+ $(,)?) => {
        $($crate::export::inventory::submit! {
            $crate::export::Registration {
                name: $name,
                make: |ctx, offer| offer.$kind($crate::export::make($make, ctx)?),
            }
        })+

        const _: () = {
            extern "C" fn erased() -> $crate::export::RootModuleResult {
                $crate::export::call_root_module_loader(module)
            }

            fn module() -> $crate::export::PluginModRef {
                $crate::export::module(cfg!(panic = "unwind"), $crate::export::init)
            }

            // The name that abi_stable gives every root module.
            #[unsafe(export_name = "_1as_0lib_1header_0root_bmodule_bloader")]
            static HEADER: $crate::export::LibHeader = $crate::export::header(erased);
        };
    };
}
