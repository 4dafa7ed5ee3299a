//! The guard for URLs that somebody else than the owner chose, with its scanners.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Weak};

use hermes_plugin_api::manifest::{Kind, Provide};
use serde_json::Value;

use super::live::Live;
use super::scanners;
use crate::config::layers::Config;
use crate::guard::egress::Egress;
use crate::guard::{Audit, ScannerSlot};
use crate::plugin::registry::Plugins;

/// As [`guard`], for services that may outlive the plugins; without them nothing is fetched.
pub(super) fn late(plugins: &Weak<Plugins>, config: &Config, live: &Arc<Live>, root: &Path) -> Egress {
    match plugins.upgrade() {
        Some(plugins) => guard(&plugins, config, live, root),
        None => Egress::new(Vec::new(), Box::new(|| vec!["the plugins are gone".to_owned()]), Audit::new(root)),
    }
}

/// The guard with every enabled scanner of URLs. One that a setting asks for and that is not there is never just
/// left out, also when it is asked for later on.
pub(super) fn guard(plugins: &Plugins, config: &Config, live: &Arc<Live>, root: &Path) -> Egress {
    let slots = scanners::of(plugins, config, "url");
    let absent = absent(plugins, &slots);
    let live = live.clone();
    let missing = move || {
        if absent.is_empty() {
            return Vec::new();
        }
        match live.now() {
            Ok((_, config)) => {
                let wanted = absent.iter().filter(|(offer, _)| is_wanted(&config, offer));
                wanted.map(|(_, why)| why.clone()).collect::<BTreeSet<_>>().into_iter().collect()
            }
            Err(error) => vec![error.to_string()],
        }
    };
    Egress::new(slots, Box::new(missing), Audit::new(root))
}

/// What judges URLs and is not there, each with the reason.
fn absent(plugins: &Plugins, slots: &[ScannerSlot]) -> Vec<(Provide, String)> {
    let listed = plugins.catalogue().provides(Kind::Scanner).map(|(listed, offer)| (listed.id.as_str(), offer));
    let manifests = plugins.entries().iter().filter_map(|entry| Some((entry, entry.found.manifest.as_ref().ok()?)));
    let installed = manifests
        .flat_map(|(entry, manifest)| manifest.provides.iter().map(move |offer| (entry.found.id.as_str(), offer)));
    let judging = listed.chain(installed).filter(|(_, offer)| judges_urls(offer));
    let absent = judging.filter(|(id, _)| !slots.iter().any(|slot| slot.plugin == *id));
    let told = |(id, offer): (&str, &Provide)| {
        let refusal = plugins.absence(id);
        (offer.clone(), format!("{refusal} ({})", refusal.hint))
    };
    absent.map(told).collect()
}

fn judges_urls(offer: &Provide) -> bool {
    offer.kind == Kind::Scanner && offer.subjects.iter().any(|subject| subject == "url")
}

/// Whether a setting asks for what a scanner enforces: its manifest says which do.
fn is_wanted(config: &Config, offer: &Provide) -> bool {
    let keys = offer.facts.get("required_if").and_then(Value::as_array).into_iter().flatten();
    // What is not plainly off is on.
    let off = |value: &Value| matches!(value, Value::Null | Value::Bool(false));
    keys.filter_map(Value::as_str).any(|key| config.wanted(key).is_some_and(|value| !off(value)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::Ground;
    use crate::config::environment::Environment;
    use crate::config::home::Home;
    use crate::guard::egress::Dns;
    use crate::guard::report::Verdict;
    use crate::plugin::catalogue::Catalogue;
    use crate::plugin::find::Roots;

    const CATALOGUE: &str = "
version: 1
plugins:
  - id: scanner-site
    description: Judges addresses.
    provides: [{kind: scanner, name: site, subjects: [url], facts: {required_if: [security.site.enabled]}}]
    settings: {security.site.enabled: {type: boolean, default: false}}
";

    #[tokio::test]
    async fn a_policy_that_nobody_enforces_lets_nothing_through() {
        let folder = tempfile::tempdir().expect("a folder");
        let (file, root) = (folder.path().join("catalogue.yaml"), folder.path().join("home"));
        std::fs::write(&file, CATALOGUE).expect("written");
        let cases = [
            ("security: {site: {enabled: yes}}", Verdict::Deny),
            ("security: {site: {enabled: [1]}}", Verdict::Deny),
            ("security: {site: {enabled: off}}", Verdict::Allow),
            ("", Verdict::Allow),
        ];
        for (text, verdict) in cases {
            let home = Home::at(&root);
            home.create().expect("made");
            std::fs::write(home.config_file(), text).expect("written");
            let catalogue = Catalogue::read(&file).expect("read");
            let roots = Roots { extra: Vec::new(), home: root.clone(), bundle: None };
            let env = Environment::of([("HOME", folder.path().to_owned())]);
            let ground = Ground { home, env, roots, found: Vec::new(), catalogue };
            let sources = ground.sources();
            let files = vec![ground.home.config_file()];
            let (live, config) = Live::start(files, Box::new(move || Ok(Config::load(&sources)?))).expect("sound");
            let plugins = ground.plugins(&config, None);
            let report = guard(&plugins, &config, &Arc::new(live), &root)
                .check("http://93.184.216.34/", &[], &Dns::System)
                .await;
            assert_eq!(report.verdict, verdict, "{text}: {report:?}");
        }
    }
}
