//! `cargo xtask bench`: the numbers we promise, over an optimised build.

use std::process::Command;

use anyhow::Result;

use crate::build::{Profile, loudly};
use crate::install;
use crate::workspace::Workspace;

/// Build optimised and measure what we promise
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    let prefix = workspace.target.join("bench-prefix");
    install::build_into(workspace, &prefix, Profile::Release)?;
    let mut bench = Command::new(Profile::Release.dir(workspace).join("bench"));
    bench.arg(&prefix).env("HERMES_TEST_PREFIX", &prefix);
    if args.json {
        bench.arg("--json");
    }
    loudly(bench)
}
