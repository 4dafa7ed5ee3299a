//! Calls cargo, quietly unless it takes long.

use std::io::{IsTerminal as _, Read, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, io, thread};

use anyhow::{Context as _, Result, bail, ensure};

use crate::workspace::Workspace;

/// How long a build may take before it is shown.
const PATIENCE: Duration = Duration::from_millis(1500);

/// How to build.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    Dev,
    Release,
}

impl Profile {
    /// Returns the directory, inside the target directory, that holds what was built.
    pub(crate) fn dir(self, workspace: &Workspace) -> PathBuf {
        workspace.target.join(match self {
            Self::Dev => "debug",
            Self::Release => "release",
        })
    }
}

/// Builds the whole workspace: the program and every plugin. Always all of it, so that features, and with them
/// what was built before, stay the same for every verb.
pub(crate) fn build(workspace: &Workspace, profile: Profile) -> Result<()> {
    let mut cargo = cargo(workspace);
    cargo.args(["build", "--workspace"]);
    if profile == Profile::Release {
        cargo.arg("--release");
    }
    quietly(cargo)
}

/// Returns a cargo to be called in the repository, with the target directory of this build.
pub(crate) fn cargo(workspace: &Workspace) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(&workspace.root).env("CARGO_TARGET_DIR", &workspace.target);
    cargo
}

/// Runs a command with its output on ours.
pub(crate) fn loudly(mut command: Command) -> Result<()> {
    let status = command.status().with_context(|| format!("Failed to start {command:?}"))?;
    ensure!(status.success(), "{command:?} ended with {status}");
    Ok(())
}

/// Runs cargo and shows what it says only when it fails or takes long.
fn quietly(mut cargo: Command) -> Result<()> {
    if io::stderr().is_terminal() {
        cargo.env("CARGO_TERM_COLOR", "always");
        cargo.env("CARGO_TERM_PROGRESS_WHEN", "always").env("CARGO_TERM_PROGRESS_WIDTH", "80");
    }
    let started = Instant::now();
    let mut child = cargo.stderr(Stdio::piped()).spawn().context("Failed to start cargo")?;
    let mut stderr = child.stderr.take().context("cargo has no standard error")?;
    let reader = thread::spawn(move || show_late(&mut stderr, started));
    let status = child.wait()?;
    let Ok(held_back) = reader.join() else { bail!("The reader of cargo's output panicked") };
    if !status.success() {
        io::stderr().write_all(&held_back)?;
        bail!("The build failed");
    }
    Ok(())
}

/// Copies to standard error what comes after our patience has ended, together with all before it. Returns what
/// was not shown.
fn show_late(from: &mut impl Read, started: Instant) -> Vec<u8> {
    let mut held_back = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(n @ 1..) = from.read(&mut buffer) {
        held_back.extend_from_slice(&buffer[..n]);
        if started.elapsed() > PATIENCE && io::stderr().write_all(&held_back).is_ok() {
            held_back.clear();
        }
    }
    held_back
}
