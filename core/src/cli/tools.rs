//! `hermes tools`: the toolsets that a model may be offered, listed by their manifests, switched on and off as the
//! plugins that they are.

use clap::{Args, Subcommand};
use hermes_plugin_api::manifest::Kind;
use serde_json::{Value, json};

use super::out;
use super::plugins::{self, PluginsCommand};
use crate::app::Ground;
use crate::config::layers::Config;
use crate::error::{Failure, OK, USAGE};
use crate::plugin::asks::plain;
use crate::plugin::registry::Entry;
use crate::plugin::state::State;

/// What to do about tools; without a word, list them.
#[derive(Debug, Args)]
pub struct ToolsArgs {
    #[command(subcommand)]
    command: Option<ToolsCommand>,
}

/// What to do about tools.
#[derive(Debug, Subcommand)]
enum ToolsCommand {
    /// List the toolsets.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Offer a toolset to models, by its name or that of its plugin.
    Enable {
        /// The toolset.
        name: String,
        /// Agree to what a plugin of others asks for without being asked.
        #[arg(long)]
        trust: bool,
    },
    /// Do not offer a toolset.
    Disable {
        /// The toolset.
        name: String,
    },
}

/// A toolset that is installed.
struct Toolset {
    name: String,
    plugin: String,
    about: String,
    state: &'static str,
}

/// Runs it.
///
/// # Errors
/// What the command reports.
pub fn run(args: ToolsArgs, ground: Ground) -> Result<u8, Failure> {
    let config = Config::load(&ground.sources())?;
    let plugins = ground.clone().plugins(&config, None);
    let all: Vec<Toolset> = plugins.entries().iter().flat_map(toolsets).collect();
    match args.command.unwrap_or(ToolsCommand::List { json: false }) {
        ToolsCommand::List { json } => Ok(list(&all, json)),
        ToolsCommand::Enable { name, trust } => {
            let id = plugin(&all, &name)?;
            plugins::run(PluginsCommand::Enable { id, trust }, ground)
        }
        ToolsCommand::Disable { name } => {
            let id = plugin(&all, &name)?;
            plugins::run(PluginsCommand::Disable { id }, ground)
        }
    }
}

fn toolsets(entry: &Entry) -> Vec<Toolset> {
    let Ok(manifest) = &entry.found.manifest else { return Vec::new() };
    let state = match entry.state {
        State::Enabled => "on",
        State::Disabled => "off",
        State::Broken(_) => "broken",
    };
    let offers = manifest.provides.iter().filter(|offer| offer.kind == Kind::McpServer);
    let toolset = |name: &str| Toolset {
        name: plain(name),
        plugin: plain(&manifest.id),
        about: plain(&manifest.description),
        state,
    };
    offers.map(|offer| toolset(&offer.name)).collect()
}

fn list(all: &[Toolset], as_json: bool) -> u8 {
    if as_json {
        let row =
            |one: &Toolset| json!({ "name": one.name, "plugin": one.plugin, "about": one.about, "state": one.state });
        out::json(&Value::Array(all.iter().map(row).collect()));
        return OK;
    }
    let row = |one: &Toolset| vec![one.name.clone(), one.state.to_owned(), one.plugin.clone(), one.about.clone()];
    out::table(&["TOOLSET", "STATE", "PLUGIN", "ABOUT"], all.iter().map(row).collect());
    OK
}

/// The plugin that is meant.
fn plugin(all: &[Toolset], name: &str) -> Result<String, Failure> {
    if let Some(found) = all.iter().find(|one| one.name == name || one.plugin == name) {
        return Ok(found.plugin.clone());
    }
    let near = |one: &&Toolset| strsim::jaro_winkler(&one.name, name);
    let nearest = all.iter().max_by(|a, b| near(a).total_cmp(&near(b))).filter(|one| near(one) > 0.8);
    let failure = Failure::new(format!("No installed plugin offers the toolset `{}`", plain(name))).code(USAGE);
    Err(match nearest {
        Some(nearest) => failure.hint(format!("did you mean `{}`?", nearest.name)),
        None => failure.hint("`hermes tools` lists what there is"),
    })
}
