//! `cargo xtask new-plugin KIND NAME`: a first-party plugin in the house shape, that builds and passes its test.

use std::fs;

use anyhow::{Context as _, Result, bail, ensure};

use crate::build::{cargo, loudly};
use crate::workspace::Workspace;

#[cfg_attr(not(test), expect(dead_code, reason = "a plugin of ours does not live alone"))]
#[expect(unreachable_pub, reason = "the file is core's, and serves `hermes plugins new` too")]
#[path = "../../core/src/plugin/template.rs"]
mod template;

/// Make a first-party plugin in `plugins/`
#[derive(clap::Args)]
pub(crate) struct Args {
    /// What it is: scanner, backend, platform, `mcp_server`, model, gate or commands
    kind: String,
    /// What it is called, without the kind: `docker`, `telegram`
    name: String,
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    let Args { kind, name } = args;
    let fits = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    ensure!(
        fits && name.starts_with(|c: char| c.is_ascii_lowercase()),
        "`{name}` is not lower-case words joined by `-`"
    );
    let id = format!("{}-{name}", template::prefix(kind));
    let Some(files) = template::render(kind, &id, template::Place::Member) else {
        bail!("There is no kind `{kind}`; the kinds are {}", template::kinds().collect::<Vec<_>>().join(", "));
    };
    let dir = workspace.root.join("plugins").join(&id);
    fs::create_dir(&dir).with_context(|| format!("Failed to make `{}`", dir.display()))?;
    for (path, text) in files {
        let path = dir.join(path);
        fs::create_dir_all(path.parent().context("A file of a template has no directory")?)?;
        fs::write(&path, text).with_context(|| format!("Failed to write `{}`", path.display()))?;
    }
    let mut fmt = cargo(workspace);
    fmt.args(["fmt", "--package", &format!("hermes-{id}")]);
    loudly(fmt)?;
    println!("Made plugins/{id}; now `cargo test -p hermes-{id}`");
    Ok(())
}
