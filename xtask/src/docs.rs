//! `cargo xtask docs`: writes the references under `docs/reference` that are made from the code, or checks that
//! they are what the code says.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::build::Profile;
use crate::install;
use crate::workspace::Workspace;

/// Write the references that are made from the code
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Change nothing, and fail where a reference is not what the code says
    #[arg(long)]
    check: bool,
}

pub(crate) fn run(workspace: &Workspace, args: &Args) -> Result<()> {
    let prefix = workspace.prefix();
    install::build_into(workspace, &prefix, Profile::Dev)?;
    let references = [
        ("backends.md", catalogued(workspace, &prefix, "backends")?),
        ("configuration.md", catalogued(workspace, &prefix, "configuration")?),
        ("environment.md", catalogued(workspace, &prefix, "environment")?),
        ("rules.md", output(Command::new(reference(workspace)).arg("rules"))?),
        ("cli.md", command_line(&prefix)?),
    ];
    let dir = workspace.root.join("docs/reference");
    fs::create_dir_all(&dir)?;
    let mut stale = Vec::new();
    for (name, text) in references {
        let path = dir.join(name);
        if fs::read_to_string(&path).is_ok_and(|there| there == text) {
            continue;
        }
        if !args.check {
            fs::write(&path, text).with_context(|| format!("Failed to write `{}`", path.display()))?;
        }
        stale.push(name);
    }
    match (args.check, stale.is_empty()) {
        (true, false) => bail!("docs/reference/{{{}}} is not what the code says; `cargo xtask docs`", stale.join(",")),
        (_, true) => println!("docs: the references are what the code says"),
        (false, false) => println!("docs: wrote {}", stale.join(", ")),
    }
    Ok(())
}

fn reference(workspace: &Workspace) -> std::path::PathBuf {
    Profile::Dev.dir(workspace).join("reference")
}

/// A reference that is made from the catalogue too.
fn catalogued(workspace: &Workspace, prefix: &Path, name: &str) -> Result<String> {
    output(Command::new(reference(workspace)).arg(name).arg(prefix.join("lib/hermes/catalogue.yaml")))
}

/// Returns the help of every command, found by following the help itself.
fn command_line(prefix: &Path) -> Result<String> {
    let home = tempfile::tempdir()?;
    let mut text = String::from("# Command line\n\nThe help of every command, made by `cargo xtask docs`.\n");
    let mut waiting = vec![Vec::<String>::new()];
    while let Some(words) = waiting.pop() {
        let mut hermes = Command::new(prefix.join("bin/hermes"));
        hermes.args(&words).arg("--help").env("HERMES_HOME", home.path()).env("COLUMNS", "100").env("NO_COLOR", "1");
        let help = output(&mut hermes)?;
        let title = [&["hermes".to_owned()], &words[..]].concat().join(" ");
        let help: Vec<&str> = help.lines().map(str::trim_end).collect();
        text.push_str(&format!("\n## {title}\n\n```text\n{}\n```\n", help.join("\n").trim_end()));
        let mut inner: Vec<Vec<String>> =
            subcommands(&help).map(|word| [&words[..], &[word.to_owned()]].concat()).collect();
        inner.reverse();
        waiting.extend(inner);
    }
    Ok(text)
}

/// Returns the words that a help text lists under `Commands:`.
pub(crate) fn subcommands<'a>(help: &'a [&'a str]) -> impl Iterator<Item = &'a str> {
    let listed = help.iter().skip_while(|line| **line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let named = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    named.filter_map(|line| line.split_whitespace().next()).filter(|word| *word != "help")
}

/// Returns what a command prints, which must succeed.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("Failed to start {command:?}"))?;
    let said = String::from_utf8(output.stdout)?;
    ensure!(output.status.success(), "{command:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
    Ok(said)
}

#[cfg(test)]
mod tests {
    use super::subcommands;

    #[test]
    fn commands_are_read_from_a_help_text() {
        let help = [
            "About",
            "",
            "Commands:",
            "  list  What there is",
            "          and more of it",
            "  help  Print this",
            "",
            "Options:",
            "  -h",
        ];
        assert_eq!(subcommands(&help).collect::<Vec<_>>(), ["list"]);
    }
}
