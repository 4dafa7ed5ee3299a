//! `hermes config edit`: a person's editor on a copy, which is checked before it becomes the file.
//!
//! What is saved has no errors. What another process wrote meanwhile is not overwritten.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::process::Command;

use crate::cli::out;
use crate::config::Environment;
use crate::config::check::check;
use crate::config::dotenv::Dotenv;
use crate::config::edit::EditError;
use crate::config::edit::file::{Mode, change};
use crate::config::layers::Sources;
use crate::config::problem::Severity;
use crate::env_policy::{self, Asking, Child};
use crate::error::{FAILED, Failure, OK};

/// What a first edit begins with.
const FIRST: &str = "# The configuration of hermes. `hermes config show` lists the keys and their values.\n";

pub(super) fn run(sources: &Sources) -> Result<u8, Failure> {
    sources.home.create()?;
    let path = sources.home.config_file();
    let space = sources.key_space();
    let before = text(&path)?;
    let copy = tempfile::Builder::new().prefix(".config-edit.").suffix(".yaml").tempfile_in(sources.home.root())?;
    fs::write(copy.path(), if before.is_empty() { FIRST } else { &before })?;
    let after = loop {
        open(sources, copy.path())?;
        let after = text(copy.path())?;
        if after == before || before.is_empty() && after == FIRST {
            out::line("Nothing changed");
            return Ok(OK);
        }
        let problems = check(&after, &path, &space).problems;
        problems.iter().for_each(super::note);
        if !problems.iter().any(|problem| problem.severity == Severity::Error) {
            break after;
        }
        if !again()? {
            out::note("Nothing was saved");
            return Ok(FAILED);
        }
    };
    let mut raced = false;
    change(&sources.home, &path, Mode::Keep, |now| {
        raced = now != before;
        Ok((!raced).then(|| after.clone()))
    })?;
    if raced {
        let (_, kept) = copy.keep().map_err(|error| error.error)?;
        let failure = Failure::new(format!("Another process changed `{}` meanwhile", path.display()));
        return Err(failure.hint(format!("nothing was saved; your version is `{}`", kept.display())));
    }
    out::line(&format!("Saved `{}`", path.display()));
    Ok(OK)
}

/// Reads a file that need not exist.
pub(super) fn text(path: &Path) -> Result<String, Failure> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(String::new()),
        Err(source) => Err(EditError::Io { path: path.to_owned(), source }.into()),
    }
}

/// The environment, with what can be read of `.env`: no editor needs its secrets, and one that is malformed may be
/// what is to be mended.
fn environment(sources: &Sources) -> Environment {
    let file = fs::read_to_string(sources.home.env_file()).ok().and_then(|text| Dotenv::parse(&text).ok());
    file.map_or_else(|| sources.env.clone(), |file| sources.env.clone().with_file(&file))
}

fn secrets(sources: &Sources) -> BTreeSet<String> {
    let space = sources.key_space();
    let keys = space.keys().iter().filter(|key| key.secret).flat_map(|key| key.env.iter().cloned());
    keys.chain(sources.catalogue.secrets.iter().cloned()).collect()
}

/// Runs the person's editor on the person's terminal, which is why it is not a child like others.
#[expect(clippy::disallowed_methods, reason = "the editor takes over the terminal, before anything else runs")]
fn open(sources: &Sources, file: &Path) -> Result<(), Failure> {
    let named = |name: &str| sources.env.text(name).filter(|editor| !editor.trim().is_empty());
    let editor = named("VISUAL").or_else(|| named("EDITOR")).unwrap_or("vi");
    // The setting may carry options, as in `code --wait`: a shell takes it apart as every program does.
    let env = env_policy::of(Child::Editor, Asking::new(&environment(sources), &secrets(sources)));
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("{editor} \"$@\""), editor]).arg(file).env_clear().envs(env);
    let status = shell.status()?;
    match status.success() {
        true => Ok(()),
        false => Err(Failure::new(format!("The editor `{editor}` failed, {status}"))
            .hint("nothing was saved; set `VISUAL` or `EDITOR` to the editor you want")),
    }
}

/// Asks whether to go back to the editor; without a person there is nobody to go back.
fn again() -> Result<bool, Failure> {
    if !io::stdin().is_terminal() {
        return Ok(false);
    }
    write!(io::stderr(), "Edit again? [Y/n] ")?;
    let mut answer = String::new();
    let read = io::stdin().read_line(&mut answer)?;
    Ok(read > 0 && !matches!(answer.trim().to_ascii_lowercase().as_str(), "n" | "no"))
}
