//! The scanners of a kind of subject: those that are enabled, loaded now, each under its own policy.

use std::time::Duration;

use hermes_plugin_api::manifest::Kind;

use crate::config::layers::Config;
use crate::config::settings;
use crate::guard::{OnFailure, ScannerSlot};
use crate::plugin::handle::ScannerHandle;
use crate::plugin::registry::Plugins;

/// How long a scanner may take when nobody says otherwise.
const SCAN_TIMEOUT: Duration = Duration::from_secs(5);

/// Those of a kind of subject, such as `command`.
pub(super) fn of(plugins: &Plugins, config: &Config, subject: &str) -> Vec<ScannerSlot> {
    let security = &config.settings.security;
    let required = |plugin: &str, name: &str| security.required_scanners.iter().any(|one| one == plugin || one == name);
    let offers = plugins.offers(Kind::Scanner);
    let judging = offers.filter(|(_, offer)| offer.subjects.iter().any(|judged| judged == subject));
    let slots = judging.map(|(entry, offer)| {
        let scanner = plugins.scanner(entry, &offer.name).map_err(|refusal| refusal.to_string());
        slot(config, &entry.found.id, &offer.name, required(&entry.found.id, &offer.name), scanner)
    });
    slots.collect()
}

/// The place of one, whether it is there or not.
pub(super) fn slot(
    config: &Config,
    plugin: &str,
    name: &str,
    required: bool,
    scanner: Result<ScannerHandle, String>,
) -> ScannerSlot {
    let scanners = &config.settings.security.scanners;
    let policy = scanners.get(plugin).or_else(|| scanners.get(name));
    let timeout = policy.and_then(|policy| policy.timeout).map(Duration::from_secs_f64).unwrap_or(SCAN_TIMEOUT);
    let on_failure = match policy.and_then(|policy| policy.on_failure) {
        Some(settings::OnFailure::Open) => OnFailure::Open,
        _ => OnFailure::Closed,
    };
    ScannerSlot { plugin: plugin.to_owned(), name: name.to_owned(), required, timeout, on_failure, scanner }
}
