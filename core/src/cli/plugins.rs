//! `hermes plugins …`: what is installed, and what its owner does about it. One file per verb.
//!
//! Listing, showing and installing read manifests, locks and bytes alone; only `verify` and `test` load anything.

mod enable;
mod info;
mod install;
mod list;
mod new;
mod test;
mod verify;

use std::path::PathBuf;

use clap::Subcommand;

use crate::app::Ground;
use crate::config::layers::Config;
use crate::error::Failure;
use crate::plugin::lock::Source;
use crate::plugin::registry::{Entry, Plugins};

/// What to do with plugins.
#[derive(Debug, Subcommand)]
pub enum PluginsCommand {
    /// List what is installed, without loading any of it.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show all there is to know of one, without loading it.
    Info {
        /// Its id.
        id: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Install one from a folder: as it is shipped, or a crate that was built. It is not enabled by that.
    Install {
        /// The folder with its `plugin.yaml`.
        path: PathBuf,
        /// Use it where it lies, whenever it is built again.
        #[arg(long)]
        dev: bool,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Remove one that was installed.
    Remove {
        /// Its id.
        id: String,
    },
    /// Enable one. What others wrote is trusted only after you agreed to what it asks for.
    Enable {
        /// Its id.
        id: String,
        /// Agree without being asked.
        #[arg(long)]
        trust: bool,
    },
    /// Disable one.
    Disable {
        /// Its id.
        id: String,
    },
    /// Check files and load each one that may be loaded; say what is wrong.
    Verify {
        /// Only this one.
        id: Option<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Begin a plugin of your own: a crate that builds and passes its tests.
    New {
        /// What it offers: scanner, backend, platform, mcp_server, model, gate or commands.
        kind: String,
        /// Its id, for example `scanner-mine`.
        name: String,
        /// Where to put the folder [default: here].
        #[arg(long, value_name = "DIR")]
        path: Option<PathBuf>,
    },
    /// Load the plugin that lies in a folder, in a home that is thrown away, and put it to the test.
    Test {
        /// The folder with its `plugin.yaml`.
        path: PathBuf,
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
        PluginsCommand::List { json } => list::run(ground, json),
        PluginsCommand::Info { id, json } => info::run(ground, &id, json),
        PluginsCommand::Install { path, dev, json } => install::run(&ground, &path, dev, json),
        PluginsCommand::Remove { id } => install::remove(&ground, &id),
        PluginsCommand::Enable { id, trust } => enable::enable(ground, &id, trust),
        PluginsCommand::Disable { id } => enable::disable(&ground, &id),
        PluginsCommand::Verify { id, json } => verify::run(ground, id.as_deref(), json),

        PluginsCommand::New { kind, name, path } => new::run(&kind, &name, path.as_deref()),
        PluginsCommand::Test { path, json } => test::run(&ground, &path, json),
    }
}

/// The plugins, to be looked at, and the configuration that chose among them.
fn survey(ground: Ground) -> Result<(Plugins, Config), Failure> {
    let config = Config::load(&ground.sources())?;
    let plugins = ground.plugins(&config, None);
    Ok((plugins, config))
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
