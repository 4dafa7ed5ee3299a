//! `hermes plugins …`: what is installed, and what its owner does about it.
//!
//! Listing reads manifests and locks alone.

use clap::Subcommand;
use serde_json::{Value, json};

use crate::app::Ground;
use crate::cli::out;
use crate::config::layers::Config;
use crate::error::{self, Failure};
use crate::plugin::lock::Source;
use crate::plugin::registry::{Entry, Plugins, State};

/// What to do with plugins.
#[derive(Debug, Subcommand)]
pub enum PluginsCommand {
    /// List what is installed, without loading any of it.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Runs one.
///
/// # Errors
/// What the command reports.
pub fn run(command: PluginsCommand, ground: Ground) -> Result<u8, Failure> {
    match command {
        PluginsCommand::List { json } => list(ground, json),
    }
}

fn list(ground: Ground, as_json: bool) -> Result<u8, Failure> {
    let config = Config::load(&ground.sources())?;
    let plugins = ground.plugins(&config, None);
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
        offers.collect::<Vec<_>>().join(", ")
    });
    vec![
        entry.found.id.clone(),
        manifest.map_or_else(|| "?".into(), |manifest| manifest.version.clone()),
        offers.unwrap_or_default(),
        source(entry.found.source).into(),
        lane(plugins, entry).into(),
        state(&entry.state),
    ]
}

fn describe(plugins: &Plugins, entry: &Entry) -> Value {
    let manifest = entry.found.manifest.as_ref().ok();
    json!({
        "id": entry.found.id,
        "version": manifest.map(|manifest| &manifest.version),
        "description": manifest.map(|manifest| &manifest.description),
        "provides": manifest.map(|manifest| &manifest.provides),
        "source": source(entry.found.source),
        "folder": entry.found.folder,
        "lane": lane(plugins, entry),
        "state": match entry.state { State::Enabled => "enabled", State::Disabled => "disabled", State::Broken(_) => "broken" },
        "why": match &entry.state { State::Broken(why) => Some(why), _ => None },
    })
}

fn source(source: Source) -> &'static str {
    match source {
        Source::Bundled => "bundled",
        Source::Path => "installed",
        Source::Dev => "development",
    }
}

/// Where its code runs: in this process, or nowhere before its owner trusts it.
fn lane(plugins: &Plugins, entry: &Entry) -> &'static str {
    if entry.found.source == Source::Bundled || plugins.trusts(&entry.found.id) { "in process" } else { "untrusted" }
}

fn state(state: &State) -> String {
    match state {
        State::Enabled => "enabled".into(),
        State::Disabled => "disabled".into(),
        State::Broken(why) => format!("broken: {why}"),
    }
}
