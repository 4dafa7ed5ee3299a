//! `cargo xtask run`: builds, installs into `target/prefix`, and becomes hermes.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::build::Profile;
use crate::install;
use crate::workspace::Workspace;

/// Build everything and run hermes
#[derive(clap::Args)]
pub(crate) struct Args {
    /// What hermes gets
    #[arg(last = true)]
    args: Vec<std::ffi::OsString>,
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    let prefix = workspace.prefix();
    install::build_into(workspace, &prefix, Profile::Dev)?;
    let hermes = prefix.join("bin/hermes");
    let error = Command::new(&hermes).args(&args.args).exec();
    Err(error).with_context(|| format!("Failed to start `{}`", hermes.display()))
}
