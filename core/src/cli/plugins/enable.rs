//! `hermes plugins enable` and `disable`: the owner's word, written into the configuration.

use std::io::{BufRead as _, IsTerminal as _};

use super::survey;
use crate::app::{self, Ground};
use crate::cli::out;
use crate::config::edit::Edit;
use crate::config::edit::file::edit_config;
use crate::config::home::Home;
use crate::config::keys::KeyPath;
use crate::config::layers::Config;
use crate::error::{self, Failure};
use crate::plugin::asks::{self, ADVISORY, plain};
use crate::plugin::find::Found;
use crate::plugin::lock::Source;
use crate::plugin::state::{self, State};

pub(super) fn enable(ground: Ground, id: &str, trust: bool) -> Result<u8, Failure> {
    let config = Config::load(&ground.sources())?;
    let future = after(&ground, &config, id);
    let home = ground.home.clone();
    let (plugins, config) = survey(ground)?;
    let entry = plugins.entry(id)?;
    if let Some(State::Broken(unusable)) = future {
        let failure = Failure::new(format!("Plugin `{id}` cannot be enabled: {}", plain(&unusable.why)));
        return Err(failure.hint(plain(&unusable.way_out)));
    }
    let bundled = entry.found.source == Source::Bundled;
    if !bundled && !plugins.trusts(id) {
        consent(&entry.found, trust)?;
        edit_config(&home, &Edit::ListAdd(list("trusted"), id.into()))?;
    }
    edit_config(&home, &Edit::ListRemove(list("disabled"), id.into()))?;
    let by_default = bundled && entry.found.manifest.as_ref().is_ok_and(|manifest| manifest.enabled_by_default);
    if !by_default {
        edit_config(&home, &Edit::ListAdd(list("enabled"), id.into()))?;
    }
    let known = config.settings.plugins.enabled.iter().any(|enabled| enabled == id);
    out::line(&format!("Enabled {id}{}", if known && entry.state == State::Enabled { ", as it was" } else { "" }));
    Ok(error::OK)
}

/// The state it would have, were it enabled.
fn after(ground: &Ground, config: &Config, id: &str) -> Option<State> {
    let mut choice = app::choice(config);
    choice.enabled.push(id.to_owned());
    choice.disabled.retain(|other| other != id);
    let states = state::of(&ground.found, &ground.catalogue, &choice);
    ground.found.iter().position(|found| found.id == id).map(|at| states[at].clone())
}

/// Shows what a plugin of somebody else asks for, and lets the owner decide.
fn consent(found: &Found, trust: bool) -> Result<(), Failure> {
    let asks = found.manifest.as_ref().map(asks::of).unwrap_or_default();
    out::note(&format!("Plugin `{}` was not written by the makers of hermes. It asks for:", found.id));
    for line in asks::lines(&asks) {
        out::note(&format!("  {line}"));
    }
    out::note(ADVISORY);
    if trust {
        return Ok(());
    }
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        let failure = Failure::new(format!("Nobody is here to trust plugin `{}`", found.id));
        return Err(failure.hint("run this on a terminal, or agree with `--trust`"));
    }
    out::prompt("Trust it? [y/N] ");
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer)?;
    match answer.trim().to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::new(format!("Plugin `{}` is not trusted and stays as it was", found.id))),
    }
}

pub(super) fn disable(ground: &Ground, id: &str) -> Result<u8, Failure> {
    let known: Vec<&Found> = ground.found.iter().filter(|found| found.id == id).collect();
    if known.is_empty() && ground.catalogue.find(id).is_none() {
        let failure = Failure::new(format!("Plugin `{}` is not installed", plain(id)));
        return Err(failure.hint("see `hermes plugins list` for what is installed"));
    }
    write_off(&ground.home, id, known.iter().any(|found| found.source == Source::Bundled))?;
    out::line(&format!("Disabled {id}"));
    let config = Config::load(&ground.sources())?;
    if config.settings.security.required_scanners.iter().any(|required| required == id) {
        out::note(&format!("Without `{id}` no command runs: `security.required_scanners` names it."));
    }
    Ok(error::OK)
}

fn write_off(home: &Home, id: &str, bundled: bool) -> Result<(), Failure> {
    edit_config(home, &Edit::ListRemove(list("enabled"), id.into()))?;
    if bundled {
        edit_config(home, &Edit::ListAdd(list("disabled"), id.into()))?;
    }
    Ok(())
}

fn list(name: &str) -> KeyPath {
    KeyPath::of(["plugins", name])
}
