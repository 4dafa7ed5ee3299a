//! `cargo xtask install`: the program, every plugin, their lock and catalogue, the sources of plugin-api, and what
//! shells and `man` look for.

use std::collections::BTreeMap;
use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::api_sources;
use crate::build::{self, Profile};
use crate::catalogue::Catalogue;
use crate::docs;
use crate::lock::{Entry, Lock};
use crate::prefix::Installation;
use crate::workspace::{Plugin, Workspace};

/// Build everything and install it
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where to [default: ~/.local]
    #[arg(long, value_name = "DIR")]
    prefix: Option<PathBuf>,
    /// Build optimised
    #[arg(long)]
    release: bool,
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    let prefix = args.prefix.clone().map_or_else(default_prefix, Ok)?;
    let profile = if args.release { Profile::Release } else { Profile::Dev };
    build_into(workspace, &prefix, profile)?;
    println!("Installed hermes and {} plugins into {}", workspace.plugins()?.len(), prefix.display());
    Ok(())
}

/// Returns `~/.local`.
pub(crate) fn default_prefix() -> Result<PathBuf> {
    let home = env::home_dir().context("There is no home directory; say `--prefix`")?;
    Ok(home.join(".local"))
}

/// Builds everything and installs it.
pub(crate) fn build_into(workspace: &Workspace, prefix: &Path, profile: Profile) -> Result<()> {
    build::build(workspace, profile)?;
    let mut installation = Installation::plan(prefix)?;
    let built = profile.dir(workspace);
    installation.copy(&built.join("hermes"), "bin/hermes", 0o755)?;
    let plugins = workspace.plugins()?;
    let mut lock = Lock { version: Lock::VERSION, plugins: BTreeMap::new() };
    for plugin in &plugins {
        lock.plugins.insert(plugin.id.clone(), add_plugin(&mut installation, plugin, &built)?);
    }
    installation.write("lib/hermes/plugins/plugins.lock", lock.to_text()?);
    installation.write("lib/hermes/catalogue.yaml", Catalogue::read(workspace, &plugins)?.to_text()?);
    add_manual(&mut installation, &built.join("hermes"))?;
    for (path, text) in api_sources::read(workspace)? {
        installation.write(&format!("share/hermes/plugin-api/{path}"), text);
    }
    installation.perform()
}

/// Adds pages of the manual and words for shells, as the program itself tells them.
fn add_manual(installation: &mut Installation, hermes: &Path) -> Result<()> {
    // A home of nobody: what is installed is the same for all.
    let home = tempfile::tempdir()?;
    let told = |words: &[&str]| {
        let mut command = Command::new(hermes);
        docs::output(command.args(words).env("HERMES_HOME", home.path()).env("NO_COLOR", "1"))
    };
    let help = told(&["--help"])?;
    let help: Vec<&str> = help.lines().collect();
    installation.write("share/man/man1/hermes.1", told(&["man"])?);
    for word in docs::subcommands(&help) {
        installation.write(&format!("share/man/man1/hermes-{word}.1"), told(&["man", word])?);
    }
    for (shell, path) in [
        ("bash", "share/bash-completion/completions/hermes"),
        ("zsh", "share/zsh/site-functions/_hermes"),
        ("fish", "share/fish/vendor_completions.d/hermes.fish"),
    ] {
        installation.write(path, told(&["completion", shell])?);
    }
    Ok(())
}

fn add_plugin(installation: &mut Installation, plugin: &Plugin, built: &Path) -> Result<Entry> {
    let dir = format!("lib/hermes/plugins/{}", plugin.id);
    let manifest = installation.write(&format!("{dir}/plugin.yaml"), plugin.text.clone());
    let failed = || format!("Plugin `{}` names the library `{}`", plugin.id, plugin.library);
    let library = built.join(&plugin.library);
    let library = installation.copy(&library, &format!("{dir}/{}", plugin.library), 0o644).with_context(failed)?;
    let files = BTreeMap::from([("plugin.yaml".to_owned(), manifest), (plugin.library.clone(), library)]);
    Ok(Entry { version: plugin.version.clone(), source: "bundled".into(), files })
}
