//! The plugins of this process: what is installed, in which state, and their capabilities once asked for.
//!
//! Nothing is opened before somebody needs it. A plugin that cannot be loaded is refused in one sentence and
//! the others go on.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use hermes_plugin_abi::HostBox;
use hermes_plugin_api::error::PluginError;
use hermes_plugin_api::manifest::{Kind, Manifest, Provide};
use serde_json::Value;

use crate::plugin::catalogue::{Catalogue, Listed};
use crate::plugin::find::Found;
use crate::plugin::handle::{
    BackendHandle, CommandsHandle, GateHandle, ModelHandle, PlatformHandle, ScannerHandle, ToolsHandle,
};
use crate::plugin::load::{self, Offers};
use crate::plugin::lock::Source;
use crate::plugin::refusal::{self, Refusal};
use crate::plugin::state::{self, Choice, State};
use crate::plugin::trust;

/// One installed plugin.
pub struct Entry {
    /// What was found.
    pub found: Found,
    /// Whether it may be used.
    pub state: State,
    loaded: OnceLock<Result<Arc<Loaded>, Refusal>>,
}

/// The capabilities of a loaded plugin.
#[derive(Default)]
struct Loaded {
    scanners: BTreeMap<String, ScannerHandle>,
    backends: BTreeMap<String, BackendHandle>,
    platforms: BTreeMap<String, PlatformHandle>,
    tools: BTreeMap<String, ToolsHandle>,
    models: BTreeMap<String, ModelHandle>,
    gates: BTreeMap<String, GateHandle>,
    commands: BTreeMap<String, CommandsHandle>,
}

/// What a plugin needs to be started with.
pub trait Supply: Send + Sync {
    /// The plugin's settings, keyed by dotted path.
    fn settings(&self, manifest: &Manifest) -> Value;
    /// Its host object.
    fn host(&self, manifest: &Manifest) -> HostBox;
}

/// The plugins of this process.
pub struct Plugins {
    entries: Vec<Entry>,
    catalogue: Catalogue,
    trusted: Vec<String>,
    supply: Option<Box<dyn Supply>>,
    hashes: Option<PathBuf>,
    notices: Mutex<Vec<String>>,
}

impl Plugins {
    /// Sorts out what was found. Without a `supply` nothing can be started; `hashes` is where hashes of unchanged
    /// files are kept.
    pub fn new(
        found: Vec<Found>,
        catalogue: Catalogue,
        choice: &Choice,
        supply: Option<Box<dyn Supply>>,
        hashes: Option<PathBuf>,
    ) -> Self {
        let states = state::of(&found, &catalogue, choice);
        let entries = found.into_iter().zip(states);
        let entries = entries.map(|(found, state)| Entry { found, state, loaded: OnceLock::new() }).collect();
        let trusted = choice.trusted.clone();
        Self { entries, catalogue, trusted, supply, hashes, notices: Mutex::default() }
    }

    /// All that is installed, in search order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// What first-party plugins claim, installed or not.
    #[must_use]
    pub fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Whether the owner named a plugin as one that may run in this process.
    #[must_use]
    pub fn trusts(&self, id: &str) -> bool {
        self.trusted.iter().any(|trusted| trusted == id)
    }

    /// Things the user should be told once, for example that a plugin under development was rebuilt.
    pub fn take_notices(&self) -> Vec<String> {
        std::mem::take(&mut self.notices.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The enabled plugins' capabilities of a kind: by manifest alone.
    pub fn offers(&self, kind: Kind) -> impl Iterator<Item = (&Entry, &Provide)> {
        self.enabled().flat_map(move |(entry, manifest)| {
            manifest.provides.iter().filter(move |offer| offer.kind == kind).map(move |offer| (entry, offer))
        })
    }

    /// The name of the capability that is used when the user names none.
    #[must_use]
    pub fn default_name(&self, kind: Kind) -> Option<&str> {
        let bundled = self.offers(kind).filter(|(entry, _)| entry.found.source == Source::Bundled);
        let default = bundled.filter(|(_, offer)| offer.default).map(|(_, offer)| offer.name.as_str()).next();
        let listed = || self.catalogue.provides(kind).find(|(_, offer)| offer.default);
        default.or_else(|| listed().map(|(_, offer)| offer.name.as_str()))
    }

    /// A scanner of an entry.
    ///
    /// # Errors
    /// When its plugin cannot be used.
    pub fn scanner(&self, entry: &Entry, name: &str) -> Result<ScannerHandle, Refusal> {
        self.of(entry, name, |loaded| &loaded.scanners)
    }

    /// A backend by name.
    ///
    /// # Errors
    /// When no enabled plugin offers it, or that plugin cannot be used.
    pub fn backend(&self, name: &str) -> Result<BackendHandle, Refusal> {
        self.of(self.offering(Kind::Backend, name)?, name, |loaded| &loaded.backends)
    }

    /// A platform by name.
    ///
    /// # Errors
    /// As [`Plugins::backend`].
    pub fn platform(&self, name: &str) -> Result<PlatformHandle, Refusal> {
        self.of(self.offering(Kind::Platform, name)?, name, |loaded| &loaded.platforms)
    }

    /// A model provider by name.
    ///
    /// # Errors
    /// As [`Plugins::backend`].
    pub fn model(&self, name: &str) -> Result<ModelHandle, Refusal> {
        self.of(self.offering(Kind::Model, name)?, name, |loaded| &loaded.models)
    }

    /// All enabled toolsets; those that cannot be used come as refusals.
    #[must_use]
    pub fn tools(&self) -> Vec<Result<ToolsHandle, Refusal>> {
        let offers = self.offers(Kind::McpServer);
        offers.map(|(entry, offer)| self.of(entry, &offer.name, |loaded| &loaded.tools)).collect()
    }

    /// A plugin's toolset by name.
    ///
    /// # Errors
    /// When its plugin cannot be used.
    pub fn toolset(&self, entry: &Entry, name: &str) -> Result<ToolsHandle, Refusal> {
        self.of(entry, name, |loaded| &loaded.tools)
    }

    /// A plugin's gate by name.
    ///
    /// # Errors
    /// When its plugin cannot be used.
    pub fn gate(&self, entry: &Entry, name: &str) -> Result<GateHandle, Refusal> {
        self.of(entry, name, |loaded| &loaded.gates)
    }

    /// The plugin that runs a command-line word.
    ///
    /// # Errors
    /// When no enabled plugin has it, or that plugin cannot be used.
    pub fn commands(&self, word: &str) -> Result<CommandsHandle, Refusal> {
        let has = |manifest: &&Manifest| manifest.commands.iter().any(|command| command.name == word);
        let entry = self.enabled().find(|(_, manifest)| has(manifest)).map(|(entry, _)| entry);
        let Some(entry) = entry else {
            let any = |entry: &&Entry| entry.found.manifest.as_ref().is_ok_and(|manifest| has(&manifest));
            let kept = self.entries.iter().find(any).map(refusal::of_state);
            return Err(kept.unwrap_or_else(|| self.absent(self.catalogue.owner_of_word(word), word)));
        };
        let offers = entry.found.manifest.as_ref().map(|manifest| manifest.provides.iter());
        let offer = offers.ok().and_then(|mut offers| offers.find(|offer| offer.kind == Kind::Commands));
        self.of(entry, offer.map_or("", |offer| &offer.name), |loaded| &loaded.commands)
    }

    /// The entry of an id.
    ///
    /// # Errors
    /// When it is not installed; the hint says whether there is such a plugin.
    pub fn entry(&self, id: &str) -> Result<&Entry, Refusal> {
        let found = self.entries.iter().find(|entry| entry.found.id == id);
        found.ok_or_else(|| self.absent(self.catalogue.find(id), id))
    }

    /// Why a plugin that is wanted by name is not there, in one sentence with the way out.
    #[must_use]
    pub fn absence(&self, id: &str) -> Refusal {
        match self.entries.iter().find(|entry| entry.found.id == id) {
            Some(entry) => refusal::of_state(entry),
            None => self.absent(self.catalogue.find(id), id),
        }
    }

    /// What keeps a plugin from being loaded, as far as that can be told without loading it. Being disabled is
    /// nothing that does.
    #[must_use]
    pub fn trouble(&self, entry: &Entry) -> Option<Refusal> {
        if let State::Broken(_) = entry.state {
            return Some(refusal::of_state(entry));
        }
        let trusted = self.trusts(&entry.found.id) || entry.state == State::Disabled;
        let manifest = entry.found.manifest.as_ref().ok()?;
        self.open(entry, manifest, trusted).err()
    }

    /// Loads a plugin for checking it, whatever its state.
    ///
    /// # Errors
    /// When it cannot be loaded.
    pub fn verify(&self, entry: &Entry) -> Result<(), Refusal> {
        match entry.state {
            State::Broken(_) => Err(refusal::of_state(entry)),
            _ => self.loaded(entry).map(|_| ()),
        }
    }

    /// Lets every loaded plugin return its resources. The caller sets the deadline.
    pub async fn stop(&self) {
        for entry in &self.entries {
            let Some(Ok(loaded)) = entry.loaded.get() else { continue };
            if let Err(error) = loaded.stop().await {
                tracing::warn!(%error, plugin = entry.found.id, "Plugin did not stop cleanly.");
            }
        }
    }

    fn enabled(&self) -> impl Iterator<Item = (&Entry, &Manifest)> {
        let enabled = self.entries.iter().filter(|entry| entry.state == State::Enabled);
        enabled.filter_map(|entry| entry.found.manifest.as_ref().ok().map(|manifest| (entry, manifest)))
    }

    fn offering(&self, kind: Kind, name: &str) -> Result<&Entry, Refusal> {
        if let Some((entry, _)) = self.offers(kind).find(|(_, offer)| offer.name == name) {
            return Ok(entry);
        }
        let declares = |entry: &&Entry| entry.found.manifest.as_ref().is_ok_and(|m| m.declares(kind, name));
        match self.entries.iter().find(declares) {
            Some(entry) => Err(refusal::of_state(entry)),
            None => Err(self.absent(self.catalogue.owner_of(kind, name), name)),
        }
    }

    fn absent(&self, listed: Option<&Listed>, asked: &str) -> Refusal {
        let Some(listed) = listed else {
            return Refusal {
                plugin: asked.to_owned(),
                cause: "no installed plugin offers it".into(),
                hint: "see `hermes plugins list` for what is installed".into(),
            };
        };
        if let Some(entry) = self.entries.iter().find(|entry| entry.found.id == listed.id) {
            return refusal::of_state(entry);
        }
        let hint = match listed.available {
            true => format!("install it with `hermes plugins install {}`", listed.id),
            false => format!("`{}` is planned and not part of this release", listed.id),
        };
        Refusal { plugin: listed.id.clone(), cause: "it is not installed".into(), hint }
    }

    fn of<T: Clone>(
        &self,
        entry: &Entry,
        name: &str,
        kind: impl FnOnce(&Loaded) -> &BTreeMap<String, T>,
    ) -> Result<T, Refusal> {
        if entry.state != State::Enabled {
            return Err(refusal::of_state(entry));
        }
        let loaded = self.loaded(entry)?;
        let found = kind(&loaded).get(name).cloned();
        found.ok_or_else(|| Refusal::of(&entry.found, format!("it does not offer `{name}`"), "build it again".into()))
    }

    fn loaded(&self, entry: &Entry) -> Result<Arc<Loaded>, Refusal> {
        entry.loaded.get_or_init(|| self.load(entry).map(Arc::new)).clone()
    }

    fn load(&self, entry: &Entry) -> Result<Loaded, Refusal> {
        let started = crate::host::clock::instant();
        let manifest = entry.found.manifest.as_ref().map_err(|why| Refusal::unusable(&entry.found, why))?;
        let file = self.open(entry, manifest, self.trusts(&entry.found.id))?;
        self.note_rebuilt(entry, manifest);
        let Some(supply) = &self.supply else {
            return Err(Refusal::of(&entry.found, "plugins are only listed here".into(), "run it in a session".into()));
        };
        let offers = load::load(file, manifest, supply.settings(manifest).to_string(), supply.host(manifest));
        let offers = offers.map_err(|error| refusal::of_library(&entry.found, &error))?;
        let elapsed_us = started.elapsed().as_micros();
        tracing::debug!(plugin = entry.found.id, elapsed_us, "Plugin loaded.");
        Ok(Loaded::new(&entry.found.id, offers))
    }

    fn open(&self, entry: &Entry, manifest: &Manifest, trusted: bool) -> Result<File, Refusal> {
        let file = trust::open(&entry.found, &manifest.library, trusted, self.hashes.as_deref());
        file.map_err(|distrust| refusal::of_files(&entry.found, &distrust))
    }

    fn note_rebuilt(&self, entry: &Entry, manifest: &Manifest) {
        let locked = entry.found.locked.as_ref().filter(|_| entry.found.source == Source::Dev);
        let Some(known) = locked.and_then(|locked| locked.files.get(&manifest.library)) else { return };
        if trust::digest(&entry.found.library(&manifest.library)).is_ok_and(|now| now != *known) {
            let notice = format!("Plugin `{}` is linked for development and was rebuilt since", entry.found.id);
            self.notices.lock().unwrap_or_else(PoisonError::into_inner).push(notice);
        }
    }
}

impl Loaded {
    fn new(plugin: &str, offers: Offers) -> Self {
        fn wrap<W, H>(plugin: &str, wires: BTreeMap<String, W>, new: fn(&str, &str, W) -> H) -> BTreeMap<String, H> {
            wires.into_iter().map(|(name, wire)| (name.clone(), new(plugin, &name, wire))).collect()
        }
        let mut loaded = Self {
            scanners: wrap(plugin, offers.scanners, ScannerHandle::new),
            backends: wrap(plugin, offers.backends, BackendHandle::new),
            platforms: wrap(plugin, offers.platforms, PlatformHandle::new),
            tools: wrap(plugin, offers.servers, ToolsHandle::new),
            ..Self::default()
        };
        for ((kind, name), wire) in offers.services {
            match kind {
                Kind::Model => drop(loaded.models.insert(name.clone(), ModelHandle::new(plugin, &name, wire))),
                Kind::Gate => drop(loaded.gates.insert(name.clone(), GateHandle::new(plugin, &name, wire))),
                Kind::Commands => drop(loaded.commands.insert(name.clone(), CommandsHandle::new(plugin, &name, wire))),
                _ => {}
            }
        }
        loaded
    }
}

impl Loaded {
    async fn stop(&self) -> Result<(), PluginError> {
        for platform in self.platforms.values() {
            platform.stop().await?;
        }
        for tools in self.tools.values() {
            tools.stop().await?;
        }
        for model in self.models.values() {
            model.stop().await?;
        }
        for gate in self.gates.values() {
            gate.stop().await?;
        }
        for commands in self.commands.values() {
            commands.stop().await?;
        }
        for scanner in self.scanners.values() {
            scanner.stop().await?;
        }
        for backend in self.backends.values() {
            backend.stop().await?;
        }
        Ok(())
    }
}
