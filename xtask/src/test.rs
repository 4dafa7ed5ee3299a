//! `cargo xtask test`: builds the plugins, then runs every test against what was just built.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::process::{Command, Stdio};
use std::{env, fs};

use anyhow::{Result, bail};

use crate::build::{self, Profile, loudly};
use crate::install;
use crate::workspace::Workspace;

/// Build everything and run the tests
#[derive(clap::Args)]
pub(crate) struct Args {
    /// What the test runner gets: a filter, mostly; with any, documentation tests are left out
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    args: Vec<OsString>,
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    let prefix = workspace.prefix();
    install::build_into(workspace, &prefix, Profile::Dev)?;
    let skips = workspace.target.join("skipped-tests");
    fs::write(&skips, "")?;
    let in_ci = env::var_os("CI").is_some_and(|ci| ci == "true");

    let prepare = |mut cargo: Command| {
        cargo.env("HERMES_TEST_PREFIX", &prefix).env("HERMES_TEST_SKIPS", &skips);
        cargo
    };
    let mut cargo = prepare(build::cargo(workspace));
    match has_nextest(workspace) {
        true => cargo.args(["nextest", "run", "--workspace"]),
        false => cargo.args(["test", "--workspace", "--lib", "--bins", "--tests"]),
    };
    loudly(with_args(cargo, &args.args))?;
    if args.args.is_empty() {
        let mut cargo = prepare(build::cargo(workspace));
        cargo.args(["test", "--workspace", "--doc", "--quiet"]);
        loudly(cargo)?;
    }

    let skipped: BTreeSet<String> = fs::read_to_string(&skips)?.lines().map(str::to_owned).collect();
    for line in &skipped {
        println!("skipped: {line}");
    }
    if in_ci && !skipped.is_empty() {
        bail!("In CI no test may be skipped");
    }
    Ok(())
}

fn with_args(mut cargo: Command, args: &[OsString]) -> Command {
    cargo.args(args);
    cargo
}

fn has_nextest(workspace: &Workspace) -> bool {
    let mut cargo = build::cargo(workspace);
    cargo.args(["nextest", "--version"]).stdout(Stdio::null()).stderr(Stdio::null());
    cargo.status().is_ok_and(|status| status.success())
}
