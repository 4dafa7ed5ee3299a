//! `cargo xtask bench`: the numbers we promise, over an optimised build.

use std::fs;
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
    /// Only what concerns backends
    #[arg(long)]
    backends: bool,
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    let prefix = workspace.target.join("bench-prefix");
    install::build_into(workspace, &prefix, Profile::Release)?;
    let mut bench = Command::new(Profile::Release.dir(workspace).join("bench"));
    bench.arg(&prefix).env("HERMES_TEST_PREFIX", &prefix);
    bench.args(
        [(args.json, "--json"), (args.backends, "--backends")].into_iter().filter(|(is, _)| *is).map(|(_, flag)| flag),
    );
    let skips = workspace.target.join("skipped-rows");
    fs::write(&skips, "")?;
    bench.env("HERMES_TEST_SKIPS", &skips);
    loudly(bench)?;
    for line in fs::read_to_string(&skips)?.lines() {
        eprintln!("no rows: {line}");
    }
    Ok(())
}
