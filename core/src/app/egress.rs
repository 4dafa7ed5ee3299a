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
            let config = Config::load(&ground.sources()).expect("sound");
            let plugins = ground.plugins(&config, None);
            let report = guard(&plugins, &config, &root).check("http://93.184.216.34/", &[], &Dns::System).await;
            assert_eq!(report.verdict, verdict, "{text}: {report:?}");
        }
    }
}
