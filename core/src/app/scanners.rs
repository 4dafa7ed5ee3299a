//! The scanners of a kind of subject: those that are enabled, loaded now, each under its own policy.

use std::time::Duration;

use hermes_plugin_api::manifest::{Kind, Provide};
use serde_json::Value;

use crate::config::layers::Config;
use crate::config::settings;
use crate::guard::{OnFailure, ScannerSlot};
use crate::plugin::handle::ScannerHandle;
use crate::plugin::lock::Source;
use crate::plugin::registry::Plugins;

/// How long a scanner may take when nobody says otherwise.
const SCAN_TIMEOUT: Duration = Duration::from_secs(5);
/// A scanner that keeps time itself has this much longer, to say what was late.
const SAYS_SO: Duration = Duration::from_millis(500);

/// The policy of a scanner where `security.scanners` has none for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Own {
    timeout: Duration,
    on_failure: OnFailure,
}

impl Default for Own {
    fn default() -> Self {
        Self { timeout: SCAN_TIMEOUT, on_failure: OnFailure::Closed }
    }
}

impl Own {
    /// What the settings say that a manifest names: `facts: {timeout: KEY, fail_open: KEY}`. What is not plainly so
    /// counts as not said.
    fn named(config: &Config, offer: &Provide) -> Self {
        let setting = |fact: &str| config.get(offer.facts.get(fact)?.as_str()?);
        let seconds = setting("timeout").and_then(Value::as_f64);
        let timeout = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let open = setting("fail_open") == Some(&Value::Bool(true));
        Self {
            timeout: timeout.map_or(SCAN_TIMEOUT, |timeout| timeout.saturating_add(SAYS_SO)),
            on_failure: if open { OnFailure::Open } else { OnFailure::Closed },
        }
    }
}

/// Those of a kind of subject, such as `command`.
pub(super) fn of(plugins: &Plugins, config: &Config, subject: &str) -> Vec<ScannerSlot> {
    let security = &config.settings.security;
    let required = |plugin: &str, name: &str| security.required_scanners.iter().any(|one| one == plugin || one == name);
    let offers = plugins.offers(Kind::Scanner);
    let judging = offers.filter(|(_, offer)| offer.subjects.iter().any(|judged| judged == subject));
    let slots = judging.map(|(entry, offer)| {
        let scanner = plugins.scanner(entry, &offer.name).map_err(|refusal| refusal.to_string());
        let own = Own::named(config, offer);
        let (plugin, at_once) = (&entry.found.id, offer.at_once && entry.found.source == Source::Bundled);
        ScannerSlot { at_once, ..slot(config, plugin, &offer.name, required(plugin, &offer.name), scanner, own) }
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
    own: Own,
) -> ScannerSlot {
    let scanners = &config.settings.security.scanners;
    let policy = scanners.get(plugin).or_else(|| scanners.get(name));
    let timeout = policy.and_then(|policy| policy.timeout).map(Duration::from_secs_f64).unwrap_or(own.timeout);
    let on_failure = match policy.and_then(|policy| policy.on_failure) {
        Some(settings::OnFailure::Open) => OnFailure::Open,
        Some(settings::OnFailure::Closed) => OnFailure::Closed,
        None => own.on_failure,
    };
    let (plugin, name) = (plugin.to_owned(), name.to_owned());
    ScannerSlot { plugin, name, required, at_once: false, timeout, on_failure, scanner }
}
