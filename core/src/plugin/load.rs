//! From an opened, checked file to a plugin's capabilities: the one place that loads foreign code.
//!
//! Everything here is `unsafe` for one reason: what a shared object does when it is opened and called cannot be
//! checked by the compiler. What can be checked is checked before (`trust.rs`) and on the way: the header, the
//! layout both ways, the epoch, that panics unwind. Libraries are never unloaded.

use std::collections::BTreeMap;
use std::fs::File;
use std::os::fd::IntoRawFd as _;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hermes_plugin_abi as abi;
use hermes_plugin_abi::layout::{Mismatch, root_module};
use hermes_plugin_abi::{
    AbiHeaderRef, BackendBox, EPOCH, HostBox, InitContext, McpServerBox, PlatformBox, PluginModRef, RResult, RStr,
    ScannerBox, ServiceBox, TD_Opaque, UnitResult,
};
use hermes_plugin_api::error::{ErrorCode, PluginError};
use hermes_plugin_api::manifest::{Kind, Manifest};
use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};

/// Why a library was not loaded. The plugin's name and the way out are the caller's to add.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// The system's loader refused it.
    #[error("its library cannot be opened: {0}")]
    Open(String),
    /// It exports no root module.
    #[error("its library is not a hermes plugin (no root module)")]
    NoRoot,
    /// It speaks another wire.
    #[error("it was built for ABI {plugin} but this host speaks ABI {}", abi::VERSION)]
    Version {
        /// The version it was built for.
        plugin: String,
    },
    /// Its layout differs.
    #[error("its ABI {plugin} does not fit ABI {} of this host: {errors}", abi::VERSION)]
    Layout {
        /// The version it was built for.
        plugin: String,
        /// What differs.
        errors: String,
    },
    /// Its header cannot be read.
    #[error("its header cannot be read: {0}")]
    Header(String),
    /// Its meaning of the wire differs.
    #[error("it was built for API epoch {0} but this host speaks epoch {EPOCH}")]
    Epoch(u32),
    /// It would end the process when it panics.
    #[error("it was built with `panic = \"abort\"`: a panic in it would end this process")]
    Aborts,
    /// It does not come back.
    #[error("it did not start within {} seconds", .0.as_secs())]
    Hangs(Duration),
    /// It failed to start.
    #[error("it failed to start: {0}")]
    Init(PluginError),
    /// It offers something that its manifest does not declare.
    #[error("it registers {0}, which its manifest does not declare")]
    Undeclared(String),
    /// Its manifest declares something that it does not offer.
    #[error("its manifest declares {0}, which it does not register")]
    Missing(String),
}

/// What a plugin registered, by kind and name.
#[derive(Default)]
pub struct Offers {
    /// Scanners.
    pub scanners: BTreeMap<String, ScannerBox>,
    /// Backends.
    pub backends: BTreeMap<String, BackendBox>,
    /// Platforms.
    pub platforms: BTreeMap<String, PlatformBox>,
    /// Toolsets.
    pub servers: BTreeMap<String, McpServerBox>,
    /// Everything else.
    pub services: BTreeMap<(Kind, String), ServiceBox>,
}

/// How long a library's constructors and the plugin's start may take together.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// Loads a library through its descriptor and initialises the plugin, on a thread of its own: one that hangs there
/// holds up nobody else.
///
/// # Errors
/// The first thing that is wrong; nothing of the plugin is used then.
pub fn load(file: File, manifest: &Manifest, settings: String, host: HostBox) -> Result<Offers, LoadError> {
    let (done, loaded) = sync_channel(1);
    let context = InitContext { plugin: manifest.id.as_str().into(), settings: settings.into(), host };
    let shared = Arc::new(Shared::new(manifest));
    let thread = std::thread::Builder::new().name(format!("load {}", manifest.id));
    let thread = thread.spawn(move || {
        // Nobody waits any more when it took too long.
        let _ = done.send(initialise(file, context, &shared));
    });
    thread.map_err(|error| LoadError::Open(error.to_string()))?;
    match loaded.recv_timeout(PATIENCE) {
        Ok(loaded) => loaded,
        Err(RecvTimeoutError::Timeout) => Err(LoadError::Hangs(PATIENCE)),
        Err(RecvTimeoutError::Disconnected) => Err(LoadError::Open("its thread ended".to_owned())),
    }
}

fn initialise(file: File, context: InitContext, shared: &Arc<Shared>) -> Result<Offers, LoadError> {
    let root = open(file)?;
    if root.epoch() != EPOCH {
        return Err(LoadError::Epoch(root.epoch()));
    }
    if !root.unwinds() {
        return Err(LoadError::Aborts);
    }
    let registrar = abi::Registrar_TO::from_value(Registrar(shared.clone()), TD_Opaque);
    let started = (root.init())(context, registrar).into_result();
    let mut state = shared.state.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(undeclared) = state.undeclared.take() {
        return Err(LoadError::Undeclared(undeclared));
    }
    started.map_err(|fault| LoadError::Init(fault.into()))?;
    match state.missing.pop() {
        Some((kind, name)) => Err(LoadError::Missing(format!("{kind} `{name}`"))),
        None => Ok(std::mem::take(&mut state.offers)),
    }
}

fn open(file: File) -> Result<PluginModRef, LoadError> {
    // The descriptor stays open for good: the loader knows libraries by path, and a number that were used again
    // would name the earlier library.
    let path = format!("/proc/self/fd/{}", file.into_raw_fd());
    // SAFETY: opening runs the library's constructors. Its file was checked against the lock, and the owner
    // trusts it to run in this process.
    let library = unsafe { Library::open(Some(&path), RTLD_NOW | RTLD_LOCAL) };
    let library = library.map_err(|error| LoadError::Open(error.to_string()))?;
    let name = abi::ROOT_MODULE_LOADER_NAME_WITH_NUL;
    // SAFETY: the symbol, where it exists, is the header that abi_stable defines; its first bytes are verified
    // before anything else of it is read.
    let header = unsafe { library.get::<AbiHeaderRef>(name.as_bytes()) }.map(|symbol| *symbol);
    // Never unloaded: its threads and thread-locals, and everything it registers, point into it.
    std::mem::forget(library);
    let header = header.map_err(|_| LoadError::NoRoot)?;
    // SAFETY: the library stays loaded until the process ends.
    unsafe { root_module(header) }.map_err(|mismatch| match mismatch {
        Mismatch::Header(why) => LoadError::Header(why),
        Mismatch::Version { plugin } => LoadError::Version { plugin },
        Mismatch::Layout { plugin, errors } => LoadError::Layout { plugin, errors: errors.join(" ") },
    })
}

struct Registrar(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
}

struct State {
    missing: Vec<(Kind, String)>,
    undeclared: Option<String>,
    offers: Offers,
}

impl Shared {
    fn new(manifest: &Manifest) -> Self {
        let missing = manifest.provides.iter().map(|offer| (offer.kind, offer.name.clone())).collect();
        Self { state: Mutex::new(State { missing, undeclared: None, offers: Offers::default() }) }
    }

    fn take(&self, kind: Option<Kind>, name: RStr<'_>, said: &str, put: impl FnOnce(&mut Offers)) -> UnitResult {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let declared = state.missing.iter().position(|(k, n)| Some(*k) == kind && n == name.as_str());
        let Some(declared) = declared else {
            let what = format!("{said} `{name}`");
            let refused = format!("The manifest does not declare {what}");
            state.undeclared.get_or_insert(what);
            return RResult::RErr(PluginError::new(ErrorCode::DENIED, refused).into());
        };
        state.missing.swap_remove(declared);
        put(&mut state.offers);
        RResult::ROk(())
    }
}

impl abi::Registrar for Registrar {
    fn scanner(&self, name: RStr<'_>, scanner: ScannerBox) -> UnitResult {
        self.0.take(Some(Kind::Scanner), name, "scanner", |offers| {
            offers.scanners.insert(name.to_string(), scanner);
        })
    }

    fn backend(&self, name: RStr<'_>, backend: BackendBox) -> UnitResult {
        self.0.take(Some(Kind::Backend), name, "backend", |offers| {
            offers.backends.insert(name.to_string(), backend);
        })
    }

    fn platform(&self, name: RStr<'_>, platform: PlatformBox) -> UnitResult {
        self.0.take(Some(Kind::Platform), name, "platform", |offers| {
            offers.platforms.insert(name.to_string(), platform);
        })
    }

    fn mcp_server(&self, name: RStr<'_>, server: McpServerBox) -> UnitResult {
        self.0.take(Some(Kind::McpServer), name, "mcp_server", |offers| {
            offers.servers.insert(name.to_string(), server);
        })
    }

    fn service(&self, kind: RStr<'_>, name: RStr<'_>, service: ServiceBox) -> UnitResult {
        let known = [Kind::Model, Kind::Gate, Kind::Commands].into_iter().find(|known| known.as_str() == kind.as_str());
        self.0.take(known, name, kind.as_str(), |offers| {
            if let Some(kind) = known {
                offers.services.insert((kind, name.to_string()), service);
            }
        })
    }
}
