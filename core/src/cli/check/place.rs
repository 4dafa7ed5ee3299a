//! Where a checked command would run. No backend is opened for a check: what its sessions are is predicted from
//! manifest and settings, and said to be.

use std::path::Path;

use hermes_plugin_api::backend::SessionFacts;
use hermes_plugin_api::manifest::{Kind, Provide};
use serde_json::Value;

use crate::app::App;
use crate::error::Failure;

use super::opening::Scene;

/// A place.
pub(super) struct Place {
    /// The backend's name.
    pub(super) backend: String,
    /// What a session of it would be.
    pub(super) facts: SessionFacts,
}

impl Place {
    /// Predicts what a session of a backend, or of the configured one, would be.
    ///
    /// # Errors
    /// For a backend that no plugin offers.
    pub(super) fn predict(app: &App, backend: Option<&str>, cwd: Option<&str>, home: &str) -> Result<Self, Failure> {
        let configured = app.config.settings.terminal.backend.as_deref();
        let Some(name) = backend.or(configured).or_else(|| app.plugins.default_name(Kind::Backend)) else {
            return Err(Failure::new("No backend is configured").hint("name one with `--backend`"));
        };
        let offered = app.plugins.offers(Kind::Backend).map(|(_, offer)| offer).find(|offer| offer.name == name);
        let listed =
            || app.plugins.catalogue().provides(Kind::Backend).map(|(_, offer)| offer).find(|o| o.name == name);
        let Some(offer) = offered.or_else(listed) else {
            let failure = Failure::new(format!("No plugin offers a backend `{name}`"));
            return Err(failure.hint("see `hermes plugins list`"));
        };
        let here = std::env::current_dir().map(|dir| dir.to_string_lossy().into_owned()).unwrap_or_default();
        let (boundary, why) = boundary(app, offer, Path::new(&here));
        let cwd = cwd.map_or(here, str::to_owned);
        Ok(Self { backend: name.to_owned(), facts: SessionFacts { boundary, why, cwd, home: home.to_owned() } })
    }
}

/// A manifest says whether sessions are a boundary, and which settings make them none, or which files of this machine
/// that whoever runs this can write to.
fn boundary(app: &App, offer: &Provide, here: &Path) -> (bool, String) {
    if offer.facts.get("boundary") != Some(&Value::Bool(true)) {
        return (false, "Predicted: its commands reach what they run on".to_owned());
    }
    let setting = |key: &str| app.config.get(key).cloned();
    let sandboxes = app.home.sandboxes_dir();
    let scene = Scene { setting: &setting, sandboxes: &sandboxes, here };
    let unless = offer.facts.get("boundary_unless").and_then(Value::as_array);
    if let Some(why) = unless.into_iter().flatten().find_map(|entry| scene.opened(entry)) {
        return (false, format!("Predicted: {why}"));
    }
    // What its sessions see of this machine they can do as whoever opens them.
    let files = offer.facts.get("boundary_unless_writable").and_then(Value::as_array);
    match files.into_iter().flatten().filter_map(Value::as_str).find(|file| is_writable(file)) {
        Some(file) => (false, format!("Predicted: you can change this machine's kernel (`{file}`), and so can it")),
        None => (true, "Predicted from the settings; the open session decides".to_owned()),
    }
}

/// Whether whoever runs this can write there; nothing is opened.
fn is_writable(file: &str) -> bool {
    rustix::fs::access(file, rustix::fs::Access::WRITE_OK).is_ok()
}
