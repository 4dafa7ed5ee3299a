//! `hermes plugins list`: one row each, by manifest alone.

use serde_json::{Value, json};

use super::{lane, source, survey};
use crate::app::Ground;
use crate::cli::out;
use crate::error::{self, Failure};
use crate::plugin::asks::plain;
use crate::plugin::registry::{Entry, Plugins};
use crate::plugin::state::State;

/// So many names are written out.
const NAMED: usize = 2;

pub(super) fn run(ground: Ground, as_json: bool) -> Result<u8, Failure> {
    let (plugins, _) = survey(ground)?;
    if as_json {
        out::json(&plugins.entries().iter().map(|entry| describe(&plugins, entry)).collect());
        return Ok(error::OK);
    }
    let rows = plugins.entries().iter().map(|entry| row(&plugins, entry)).collect();
    out::table(&["ID", "VERSION", "OFFERS", "SOURCE", "LANE", "STATE"], rows);
    Ok(error::OK)
}

fn row(plugins: &Plugins, entry: &Entry) -> Vec<String> {
    let manifest = entry.found.manifest.as_ref().ok();
    let offers = manifest.map(|manifest| {
        let offers = manifest.provides.iter().map(|offer| format!("{} {}", offer.kind, offer.name));
        shorten(offers.collect())
    });
    vec![
        plain(&entry.found.id),
        manifest.map_or_else(|| "?".into(), |manifest| manifest.version.clone()),
        offers.unwrap_or_default(),
        source(entry.found.source).into(),
        lane(plugins, entry).into(),
        state(&entry.state),
    ]
}

/// The first few names; `plugins info` tells them all.
fn shorten(mut names: Vec<String>) -> String {
    let more = names.len().saturating_sub(NAMED);
    if more > 1 {
        names.truncate(NAMED);
        names.push(format!("{more} more"));
    }
    names.join(", ")
}

/// What is known of a plugin without opening its library.
pub(super) fn describe(plugins: &Plugins, entry: &Entry) -> Value {
    let manifest = entry.found.manifest.as_ref().ok();
    let broken = if let State::Broken(unusable) = &entry.state { Some(unusable) } else { None };
    json!({
        "id": entry.found.id,
        "version": manifest.map(|manifest| &manifest.version),
        "description": manifest.map(|manifest| &manifest.description),
        "provides": manifest.map(|manifest| &manifest.provides),
        "commands": manifest.map(|manifest| &manifest.commands),
        "source": source(entry.found.source),
        "folder": entry.found.folder,
        "lane": lane(plugins, entry),
        "state": name(&entry.state),
        "why": broken.map(|unusable| &unusable.why),
        "way_out": broken.map(|unusable| &unusable.way_out),
    })
}

fn name(state: &State) -> &'static str {
    match state {
        State::Enabled => "enabled",
        State::Disabled => "disabled",
        State::Broken(_) => "broken",
    }
}

/// The state, with its reason.
pub(super) fn state(state: &State) -> String {
    match state {
        State::Broken(unusable) => format!("broken: {}", plain(&unusable.why)),
        state => name(state).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::shorten;

    #[test]
    fn many_names_are_cut_and_a_few_are_not() {
        let names = |n: usize| (1..=n).map(|n| format!("model m{n}")).collect();
        assert_eq!(shorten(names(0)), "");
        assert_eq!(shorten(names(3)), "model m1, model m2, model m3");
        assert_eq!(shorten(names(21)), "model m1, model m2, 19 more");
    }
}
