//! Plugins, by their manifests and their files alone: whether they can be loaded, and whether what is chosen is there.

use std::path::Path;

use hermes_plugin_api::manifest::{Kind, Probe};
use serde::Deserialize;

use super::Check;
use crate::app::Ground;
use crate::cli::model::{Key, Provider};
use crate::config::layers::{Config, Origin};
use crate::error::Failure;
use crate::host::{clock, store};
use crate::plugin::asks::plain;
use crate::plugin::probe;
use crate::plugin::refusal::Refusal;
use crate::plugin::state::State;

/// Every plugin that is on: one line for all that are well, one for each that is not.
pub(super) fn all(ground: &Ground, config: &Config) -> Vec<Check> {
    const NAME: &str = "plugins";
    let plugins = ground.clone().plugins(config, None);
    let wanted = || plugins.entries().iter().filter(|entry| entry.state != State::Disabled);
    let mut checks: Vec<Check> =
        wanted().filter_map(|entry| plugins.trouble(entry)).map(|trouble| of_refusal(NAME, &trouble)).collect();
    let path = ground.env.var("PATH").map(ToOwned::to_owned).unwrap_or_default();
    for entry in wanted() {
        let Ok(manifest) = &entry.found.manifest else { continue };
        let missing = manifest.probes.iter().filter(|probe| !probe::is_there(probe, &path));
        checks.extend(missing.map(|probe| {
            let said = format!("Plugin `{}` needs {}, which is not there", manifest.id, named(probe));
            Check::warning(NAME, said, format!("install it, or `hermes plugins disable {}`", manifest.id))
        }));
        let told = Told::by(&ground.home.stores_dir().join(format!("{}.json", manifest.id)));
        checks.extend(told.map(|told| Check::warning(NAME, plain(&told.said), plain(&told.fix))));
    }
    if checks.is_empty() {
        let said = format!("{} are on, and their files are as they were installed", wanted().count());
        checks.push(Check::ok(NAME, said));
    }
    checks
}

/// What a plugin told of itself while it ran: its store has it under `trouble`, until it is over.
#[derive(Deserialize)]
struct Told {
    said: String,
    fix: String,
    until_ms: u64,
}

impl Told {
    /// The trouble of now. A store that cannot be read is a matter of the plugin, which says so when it runs.
    fn by(store: &Path) -> Option<Self> {
        let told = store::read(store).ok()?.remove("trouble")?;
        serde_json::from_value(told).ok().filter(|told: &Self| told.until_ms > clock::now_ms())
    }
}

/// Without these no command runs.
pub(super) fn scanners(ground: &Ground, config: &Config) -> Check {
    const NAME: &str = "scanners";
    let plugins = ground.clone().plugins(config, None);
    let required = &config.settings.security.required_scanners;
    for name in required {
        let is_it = |id: &str, offer: &str| id == name || offer == name;
        if !plugins.offers(Kind::Scanner).any(|(entry, offer)| is_it(&entry.found.id, &offer.name)) {
            let refusal = plugins.absence(name);
            return Check { said: format!("{refusal}: no command runs without it"), ..of_refusal(NAME, &refusal) };
        }
    }
    match required.is_empty() {
        true => Check::warning(NAME, "none is required", "`hermes config set security.required_scanners [ID]`"),
        false => Check::ok(NAME, format!("{} looks at every command", required.join(", "))),
    }
}

/// What answers, and whether its key is there. It is not asked anything.
pub(super) fn model(ground: &Ground, config: &Config) -> Check {
    const NAME: &str = "model";
    let Some(chosen) = &config.settings.model.provider else {
        return Check::failed(NAME, "no installed plugin answers", "`hermes plugins list` shows what is installed");
    };
    if config.origin("model.provider") == Origin::Default {
        return Check::warning(NAME, "none is chosen, so each message is run as a command", "`hermes setup`");
    }
    let provider = match Provider::named(&Provider::all(ground, config), chosen) {
        Ok(provider) => provider,
        Err(failure) => return super::told(NAME, &failure),
    };
    let name = config.settings.model.name.as_deref().unwrap_or("its default");
    let said = format!("`{}` by `{}`", plain(name), provider.name);
    match provider.key(config) {
        Key::Set(variable) => Check::ok(NAME, format!("{said}, with the key of `{variable}`")),
        Key::Optional => Check::ok(NAME, said),
        Key::Missing => {
            let variable = provider.facts.secrets.first().map_or("", String::as_str);
            Check::failed(NAME, format!("{said} has no key"), format!("`hermes config set {variable}` asks for it"))
        }
    }
}

pub(super) fn of_refusal(name: &'static str, refusal: &Refusal) -> Check {
    super::told(name, &Failure::from(refusal.clone()))
}

fn named(probe: &Probe) -> String {
    match probe {
        Probe::Path(path) => format!("`{}`", plain(path)),
        Probe::Program(name) => format!("the program `{}`", plain(name)),
    }
}
