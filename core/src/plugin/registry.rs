//! The plugins of this process: what is installed, in which state, and their capabilities once asked for.
//!
//! Nothing is opened before somebody needs it. A plugin that cannot be loaded is refused in one sentence and
//! the others go on.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use hermes_plugin_abi::HostBox;
use hermes_plugin_api::error::PluginError;
use hermes_plugin_api::manifest::{Kind, Manifest, Provide};
use serde_json::Value;

use crate::plugin::catalogue::{Catalogue, Listed, clash};
use crate::plugin::find::Found;
use crate::plugin::handle::{BackendHandle, CommandsHandle, ModelHandle, PlatformHandle, ScannerHandle, ToolsHandle};
use crate::plugin::load::{self, LoadError, Offers};
use crate::plugin::lock::Source;
use crate::plugin::trust::{self, Distrust};

/// What the user chose about plugins.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Switched on by name.
    pub enabled: Vec<String>,
    /// Switched off by name.
    pub disabled: Vec<String>,
    /// Plugins of others that may run in this process.
    pub trusted: Vec<String>,
    /// Of several that offer the same: `kind/name` to plugin id.
    pub chosen: BTreeMap<String, String>,
}

/// One installed plugin.
pub struct Entry {
    /// What was found.
    pub found: Found,
    /// Whether it may be used.
    pub state: State,
    loaded: OnceLock<Result<Arc<Loaded>, Refusal>>,
}

/// Whether a plugin may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It is used when somebody needs it.
    Enabled,
    /// It is switched off.
    Disabled,
    /// It cannot be used; one sentence says why.
    Broken(String),
}

/// A plugin that is not used, in one sentence, and the way out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Plugin `{plugin}` cannot be used: {cause}")]
pub struct Refusal {
    /// Its id.
    pub plugin: String,
    /// Why.
    pub cause: String,
    /// What to do.
    pub hint: String,
}

/// The capabilities of a loaded plugin.
#[derive(Default)]
struct Loaded {
    scanners: BTreeMap<String, ScannerHandle>,
    backends: BTreeMap<String, BackendHandle>,
    platforms: BTreeMap<String, PlatformHandle>,
    tools: BTreeMap<String, ToolsHandle>,
    models: BTreeMap<String, ModelHandle>,
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
        let states = states(&found, &catalogue, choice);
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

    /// The plugin that runs a command-line word.
    ///
    /// # Errors
    /// When no enabled plugin has it, or that plugin cannot be used.
    pub fn commands(&self, word: &str) -> Result<CommandsHandle, Refusal> {
        let has = |manifest: &&Manifest| manifest.commands.iter().any(|command| command.name == word);
        let entry = self.enabled().find(|(_, manifest)| has(manifest)).map(|(entry, _)| entry);
        let Some(entry) = entry else { return Err(self.absent(self.catalogue.owner_of_word(word), word)) };
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
            Some(entry) => refuse_state(entry),
            None => self.absent(self.catalogue.find(id), id),
        }
    }

    /// Loads a plugin for checking it, whatever its state.
    ///
    /// # Errors
    /// When it cannot be loaded.
    pub fn verify(&self, entry: &Entry) -> Result<(), Refusal> {
        self.loaded(entry).map(|_| ())
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
            Some(entry) => Err(refuse_state(entry)),
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
            return refuse_state(entry);
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
            return Err(refuse_state(entry));
        }
        let loaded = self.loaded(entry)?;
        let found = kind(&loaded).get(name).cloned();
        found.ok_or_else(|| refusal(entry, format!("it does not offer `{name}`"), "rebuild it".into()))
    }

    fn loaded(&self, entry: &Entry) -> Result<Arc<Loaded>, Refusal> {
        entry.loaded.get_or_init(|| self.load(entry).map(Arc::new)).clone()
    }

    fn load(&self, entry: &Entry) -> Result<Loaded, Refusal> {
        let started = crate::host::clock::instant();
        let manifest = match &entry.found.manifest {
            Ok(manifest) => manifest,
            Err(why) => return Err(refusal(entry, why.clone(), "correct the manifest".into())),
        };
        let trusted = self.trusts(&entry.found.id);
        let file = trust::open(&entry.found, &manifest.library, trusted, self.hashes.as_deref());
        let file = file.map_err(|distrust| refuse_files(entry, &distrust))?;
        self.note_rebuilt(entry, manifest);
        let Some(supply) = &self.supply else {
            return Err(refusal(entry, "plugins are only listed here".into(), "run it in a session".into()));
        };
        let offers = load::load(file, manifest, supply.settings(manifest).to_string(), supply.host(manifest));
        let offers = offers.map_err(|error| refuse_library(entry, &error))?;
        let elapsed_us = started.elapsed().as_micros();
        tracing::debug!(plugin = entry.found.id, elapsed_us, "Plugin loaded.");
        Ok(Loaded::new(&entry.found.id, offers))
    }

    fn note_rebuilt(&self, entry: &Entry, manifest: &Manifest) {
        let locked = entry.found.locked.as_ref().filter(|_| entry.found.source == Source::Dev);
        let Some(known) = locked.and_then(|locked| locked.files.get(&manifest.library)) else { return };
        if trust::digest(&entry.found.folder.join(&manifest.library)).is_ok_and(|now| now != *known) {
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

fn states(found: &[Found], catalogue: &Catalogue, choice: &Choice) -> Vec<State> {
    let mut states: Vec<State> =
        found.iter().enumerate().map(|(i, one)| own_state(i, one, found, catalogue, choice)).collect();
    // Two that offer the same are both refused until the user chooses.
    let clashes: Vec<Option<String>> = (0..found.len()).map(|i| clash_of(i, found, &states, choice)).collect();
    for (state, clash) in states.iter_mut().zip(clashes) {
        if let Some(why) = clash {
            *state = State::Broken(why);
        }
    }
    states
}

fn own_state(index: usize, found: &Found, all: &[Found], catalogue: &Catalogue, choice: &Choice) -> State {
    let manifest = match &found.manifest {
        Ok(manifest) => manifest,
        Err(why) => return State::Broken(why.clone()),
    };
    if let Some(earlier) = all[..index].iter().find(|earlier| earlier.id == found.id) {
        return State::Broken(format!("another plugin of this id lies in `{}`", earlier.folder.display()));
    }
    let foreign = Some(found).filter(|found| found.source != Source::Bundled);
    if let Some(claim) = foreign.and_then(|_| catalogue.violated_by(manifest)) {
        return State::Broken(claim);
    }
    let on = choice.enabled.contains(&found.id) || (found.source == Source::Bundled && manifest.enabled_by_default);
    match on && !choice.disabled.contains(&found.id) {
        true => State::Enabled,
        false => State::Disabled,
    }
}

fn clash_of(index: usize, found: &[Found], states: &[State], choice: &Choice) -> Option<String> {
    let ours = found[index].manifest.as_ref().ok().filter(|_| states[index] == State::Enabled)?;
    let others =
        found.iter().zip(states).enumerate().filter(|(i, (_, state))| *i != index && **state == State::Enabled);
    others.into_iter().find_map(|(_, (other, _))| {
        let theirs = other.manifest.as_ref().ok()?;
        let why = clash(ours, &Listed::from(theirs))?;
        let chosen = |offer: &Provide| choice.chosen.get(&format!("{}/{}", offer.kind, offer.name)) == Some(&ours.id);
        let contested = ours.provides.iter().filter(|offer| theirs.declares(offer.kind, &offer.name));
        match contested.clone().count() > 0 && contested.into_iter().all(chosen) {
            true => None,
            false => Some(why),
        }
    })
}

fn refusal(entry: &Entry, cause: String, hint: String) -> Refusal {
    Refusal { plugin: entry.found.id.clone(), cause, hint }
}

fn refuse_state(entry: &Entry) -> Refusal {
    let id = &entry.found.id;
    match &entry.state {
        State::Disabled => {
            refusal(entry, "it is disabled".into(), format!("enable it with `hermes plugins enable {id}`"))
        }
        State::Broken(why) => refusal(entry, why.clone(), format!("see `hermes plugins info {id}`")),
        State::Enabled => refusal(entry, "it does not offer this".into(), format!("see `hermes plugins info {id}`")),
    }
}

fn refuse_files(entry: &Entry, distrust: &Distrust) -> Refusal {
    let (id, folder) = (&entry.found.id, entry.found.folder.display());
    let bundled = entry.found.source == Source::Bundled;
    let hint = match distrust {
        Distrust::NotTrusted => format!(
            "read what it may do with `hermes plugins info {id}`, then trust it with `hermes plugins enable {id}`"
        ),
        Distrust::Owner { .. } | Distrust::Mode { .. } => {
            format!(
                "give it to yourself and take write access from others: `chown -R $USER {folder}; chmod -R go-w {folder}`"
            )
        }
        _ if bundled => "install the program again".to_owned(),
        _ => format!("install it again with `hermes plugins install {folder}`"),
    };
    refusal(entry, distrust.to_string(), hint)
}

fn refuse_library(entry: &Entry, error: &LoadError) -> Refusal {
    let hint = match error {
        LoadError::Init(error) => error.hint().map_or_else(|| "see the log for more".to_owned(), str::to_owned),
        LoadError::Aborts => "build it with `panic = \"unwind\"`".to_owned(),
        LoadError::Undeclared(_) | LoadError::Missing(_) => "make its manifest and its code agree".to_owned(),
        _ => format!("build it against hermes-plugin-api of ABI {}", hermes_plugin_abi::VERSION),
    };
    refusal(entry, error.to_string(), hint)
}
