//! `hermes plugins install` and `remove`.

use std::path::Path;

use serde_json::json;

use super::source;
use crate::app::Ground;
use crate::cli::out;
use crate::config::edit::Edit;
use crate::config::edit::file::edit_config;
use crate::config::keys::KeyPath;
use crate::config::layers::Config;
use crate::error::{self, Failure};
use crate::plugin::asks::{self, Ask, plain};
use crate::plugin::install::{self, Candidate};
use crate::plugin::lock::Source;

pub(super) fn run(ground: &Ground, path: &Path, dev: bool, as_json: bool) -> Result<u8, Failure> {
    if let Some(failure) = named(ground, path) {
        return Err(failure);
    }
    let candidate = install::inspect(path, &ground.catalogue, &ground.found)?;
    let id = &candidate.manifest.id;
    // Trust was given to what the plugin asked for then.
    let more = asked_anew(ground, &candidate);
    if !more.is_empty() {
        edit_config(&ground.home, &Edit::ListRemove(KeyPath::of(["plugins", "trusted"]), id.as_str().into()))?;
    }
    let lies = match dev {
        true => install::link(&ground.home, &candidate).map(|()| Source::Dev)?,
        false => install::copy(&ground.home, &candidate).map(|()| Source::Path)?,
    };
    match as_json {
        true => print_json(&candidate, lies, &more),
        false => print(ground, &candidate, lies, &more),
    }
    Ok(error::OK)
}

/// Somebody names a plugin, not a folder.
fn named(ground: &Ground, path: &Path) -> Option<Failure> {
    let id = path.to_str().filter(|_| !path.exists())?;
    let bundled = ground.found.iter().any(|found| found.id == id && found.source == Source::Bundled);
    let failure = |text: String| Failure::new(text);
    Some(match ground.catalogue.find(id) {
        Some(_) if bundled => failure(format!("Plugin `{id}` is installed with the program"))
            .hint(format!("enable it with `hermes plugins enable {id}`")),
        Some(listed) if !listed.available => failure(format!("Plugin `{id}` is planned and not part of this release"))
            .hint("see `hermes plugins list` for what is installed"),
        Some(_) => failure(format!("Plugin `{id}` is not part of this installation of hermes"))
            .hint("install the program again with all of its plugins"),
        None => failure(format!("There is no folder `{}`", plain(id))).hint("name the folder that holds its manifest"),
    })
}

/// What it asks for that the installed version with the same id, which is trusted, does not.
fn asked_anew(ground: &Ground, candidate: &Candidate) -> Vec<Ask> {
    let id = &candidate.manifest.id;
    let trusts = |config: Config| config.settings.plugins.trusted.contains(id);
    // With a configuration that cannot be read, nothing is trusted.
    if !Config::load(&ground.sources()).is_ok_and(trusts) {
        return Vec::new();
    }
    let installed = ground.found.iter().find(|found| found.id == *id).and_then(|found| found.manifest.as_ref().ok());
    installed.map(|before| asks::more(&candidate.manifest, before)).unwrap_or_default()
}

fn print(ground: &Ground, candidate: &Candidate, lies: Source, more: &[Ask]) {
    let manifest = &candidate.manifest;
    let verb = if lies == Source::Dev { "Linked" } else { "Installed" };
    out::line(&format!("{verb} {} {}", manifest.id, manifest.version));
    out::line("It asks for:");
    for line in asks::lines(&asks::of(manifest)) {
        out::line(&format!("  {line}"));
    }
    if !more.is_empty() {
        out::note("It asks for more than the version before, and is not trusted any more.");
    }
    let chosen = Config::load(&ground.sources()).map(|config| config.settings.plugins);
    let on =
        chosen.is_ok_and(|plugins| plugins.enabled.contains(&manifest.id) && plugins.trusted.contains(&manifest.id));
    if !on {
        out::line(&format!("It is not used yet: enable it with `hermes plugins enable {}`", manifest.id));
    }
}

fn print_json(candidate: &Candidate, lies: Source, more: &[Ask]) {
    let list = |asks: &[Ask]| -> serde_json::Value {
        asks.iter().map(|ask| (ask.about.to_owned(), json!(ask.what))).collect::<serde_json::Map<_, _>>().into()
    };
    out::json(&json!({
        "id": candidate.manifest.id,
        "version": candidate.manifest.version,
        "source": source(lies),
        "asks": list(&asks::of(&candidate.manifest)),
        "asks_anew": list(more),
    }));
}

/// Removes one: first what the configuration says of it, then its right to be loaded, then its files.
pub(super) fn remove(ground: &Ground, id: &str) -> Result<u8, Failure> {
    install::removable(&ground.home, id, &ground.found)?;
    let lists = ["enabled", "trusted", "disabled"].map(|list| KeyPath::of(["plugins", list]));
    for list in lists {
        edit_config(&ground.home, &Edit::ListRemove(list, id.into()))?;
    }
    install::remove(&ground.home, id)?;
    out::line(&format!("Removed {}", plain(id)));
    Ok(error::OK)
}
