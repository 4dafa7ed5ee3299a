//! Plugins, by their manifests and their files alone: whether they can be loaded, and whether what is chosen is there.

use std::path::Path;

use hermes_plugin_api::manifest::{Kind, Manifest, Probe, Provide};
use serde::Deserialize;
use serde_json::Value;

use super::Check;
use crate::app::Ground;
use crate::cli::model::{Key, Provider};
use crate::config::layers::{Config, Origin};
use crate::error::Failure;
use crate::host::{clock, store};
use crate::plugin::asks::plain;
use crate::plugin::probe;
use crate::plugin::refusal::Refusal;
use crate::plugin::registry::Plugins;
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

/// Where commands run.
pub(super) fn backends(ground: &Ground, config: &Config) -> Vec<Check> {
    const NAME: &str = "backend";
    let plugins = ground.clone().plugins(config, None);
    let Some(chosen) = &config.settings.terminal.backend else {
        let fix = "`hermes plugins list` shows what is installed";
        return vec![Check::failed(NAME, "no installed plugin runs commands", fix)];
    };
    let offers: Vec<&Provide> = plugins.offers(Kind::Backend).map(|(_, offer)| offer).collect();
    let lacking = |name: &str| offers.iter().find(|offer| offer.name == name).and_then(|offer| lacking(offer, config));
    let mut checks = vec![match (offering(&plugins, chosen), lacking(chosen)) {
        (Ok(id), None) => Check::ok(NAME, format!("commands run on `{}`, by plugin `{id}`", plain(chosen))),
        (Ok(_), Some(Lacking { said, fix })) => {
            Check::failed(NAME, format!("commands run on `{}`, where {said}", plain(chosen)), fix)
        }
        (Err(refusal), _) => of_refusal(NAME, &refusal),
    }];
    let others = offers.iter().filter(|offer| offer.name != *chosen);
    checks.extend(others.filter_map(|offer| {
        let said = lacking(&offer.name)?.said;
        Some(Check::ok(NAME, format!("`{}` is not chosen, and could not be used: {said}", plain(&offer.name))))
    }));
    checks
}

/// What a backend needs on this machine and does not find.
struct Lacking {
    said: String,
    fix: String,
}

/// What a backend's manifest says that it needs: one of some files, unless a setting names another.
fn lacking(offer: &Provide, config: &Config) -> Option<Lacking> {
    use std::os::unix::fs::MetadataExt as _;
    let needed = offer.facts.get("needs_one_of")?.as_array()?;
    let key = offer.facts.get("needs_unless").and_then(Value::as_str).unwrap_or_default();
    let given = config.get(key).and_then(Value::as_str).unwrap_or_default();
    let uid = std::fs::metadata("/proc/self").map(|own| own.uid().to_string()).unwrap_or_default();
    let wanted: Vec<String> = match given.split_once("://") {
        Some(("unix", path)) => vec![path.to_owned()],
        Some(_) => return None,
        None => needed.iter().filter_map(|path| Some(path.as_str()?.replace("{uid}", &uid))).collect(),
    };
    if wanted.is_empty() || wanted.iter().any(|path| Path::new(path).exists()) {
        return None;
    }
    let named: Vec<String> = wanted.iter().map(|path| format!("`{}`", plain(path))).collect();
    let said = match &named[..] {
        [one] => format!("{one} is not there"),
        several => format!("none of {} is there", several.join(", ")),
    };
    Some(Lacking { said, fix: format!("install and start it, or say where it is in `{}`", plain(key)) })
}

/// The plugin that runs commands under this name.
fn offering(plugins: &Plugins, name: &str) -> Result<String, Refusal> {
    if let Some((entry, _)) = plugins.offers(Kind::Backend).find(|(_, offer)| offer.name == name) {
        return Ok(entry.found.id.clone());
    }
    let declares = |manifest: &Manifest| manifest.declares(Kind::Backend, name);
    let found = plugins.entries().iter().find(|entry| entry.found.manifest.as_ref().is_ok_and(declares));
    let listed = plugins.catalogue().owner_of(Kind::Backend, name);
    let id = found.map(|entry| entry.found.id.as_str()).or(listed.map(|listed| listed.id.as_str()));
    Err(plugins.absence(id.unwrap_or(name)))
}

fn of_refusal(name: &'static str, refusal: &Refusal) -> Check {
    super::told(name, &Failure::from(refusal.clone()))
}

fn named(probe: &Probe) -> String {
    match probe {
        Probe::Path(path) => format!("`{}`", plain(path)),
        Probe::Program(name) => format!("the program `{}`", plain(name)),
    }
}
