//! The guard for URLs that somebody else than the owner chose, with its scanners.

use std::path::Path;
use std::sync::Weak;

use hermes_plugin_api::manifest::{Kind, Provide};
use serde_json::Value;

use super::scanners;
use crate::config::layers::Config;
use crate::guard::Audit;
use crate::guard::egress::Egress;
use crate::plugin::registry::Plugins;

/// As [`guard`], for services that may outlive the plugins; without them nothing is fetched.
pub(super) fn late(plugins: &Weak<Plugins>, config: &Config, root: &Path) -> Egress {
    match plugins.upgrade() {
        Some(plugins) => guard(&plugins, config, root),
        None => Egress::new(Vec::new(), &["the plugins are gone".to_owned()], Audit::new(root)),
    }
}

/// The guard with every enabled scanner of URLs. One that a setting asks for and that is not there is never just
/// left out.
pub(super) fn guard(plugins: &Plugins, config: &Config, root: &Path) -> Egress {
    let slots = scanners::of(plugins, config, "url");
    let listed = plugins.catalogue().provides(Kind::Scanner).map(|(listed, offer)| (listed.id.as_str(), offer));
    let manifests = plugins.entries().iter().filter_map(|entry| Some((entry, entry.found.manifest.as_ref().ok()?)));
    let installed = manifests
        .flat_map(|(entry, manifest)| manifest.provides.iter().map(move |offer| (entry.found.id.as_str(), offer)));
    let wanted = listed.chain(installed).filter(|(_, offer)| judges_urls(offer) && is_wanted(config, offer));
    let mut missing: Vec<&str> = wanted.map(|(id, _)| id).collect();
    missing.retain(|id| !slots.iter().any(|slot| slot.plugin == *id));
    missing.sort_unstable();
    missing.dedup();
    let why = |id: &&str| {
        let refusal = plugins.absence(id);
        format!("{refusal} ({})", refusal.hint)
    };
    Egress::new(slots, &missing.iter().map(why).collect::<Vec<_>>(), Audit::new(root))
}

fn judges_urls(offer: &Provide) -> bool {
    offer.kind == Kind::Scanner && offer.subjects.iter().any(|subject| subject == "url")
}

/// Whether a setting asks for what a scanner enforces: its manifest says which do.
fn is_wanted(config: &Config, offer: &Provide) -> bool {
    let keys = offer.facts.get("required_if").and_then(Value::as_array).into_iter().flatten();
    keys.filter_map(Value::as_str).any(|key| config.get(key) == Some(&Value::Bool(true)))
}
