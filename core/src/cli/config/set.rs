//! `hermes config set`: one value, typed by its key, into the file where it belongs.
//!
//! A secret never gets into `config.yaml`, and is never printed.

use std::io::{IsTerminal as _, Read as _};

use crate::cli::ask::hidden_line;
use crate::cli::out;
use crate::config::dotenv::{Dotenv, is_name};
use crate::config::edit::file::{Mode, change, edit_config};
use crate::config::edit::{Edit, EditError};
use crate::config::keys::{Key, KeyPath, KeySpace, Owner};
use crate::config::layers::{Origin, Reading, Sources};
use crate::config::schema::fit_text;
use crate::error::{Failure, OK, USAGE};

pub(super) fn run(sources: &Sources, key: &str, value: Option<String>) -> Result<u8, Failure> {
    if is_variable(key) {
        return set_variable(sources, key, &given(value, key, true)?);
    }
    let space = sources.key_space();
    let path: KeyPath = key.parse().map_err(|error| Failure::new(format!("{error}")).code(USAGE))?;
    let known = space.key(&path).ok_or_else(|| unknown(&space, &path))?;
    if known.secret {
        let name = known.env.last().ok_or_else(|| {
            Failure::new(format!("`{path}` is a secret, and has no variable"))
                .hint("put it into the environment, not into `config.yaml`")
        })?;
        return set_variable(sources, name, &given(value, key, true)?);
    }
    let text = given(value, key, false)?;
    let value = fit_text(&text, &known.schema).map_err(|error| Failure::new(error.about(&format!("`{path}`"))))?;
    let changed = edit_config(&sources.home, &Edit::Set(path.clone(), value))?;
    let said = if changed { "is set" } else { "was set already" };
    out::line(&format!("`{path}` {said} in `{}`", sources.home.config_file().display()));
    remark(sources, known, &path);
    Ok(OK)
}

/// A variable is written as variables are: `ACME_API_KEY`.
fn is_variable(key: &str) -> bool {
    is_name(key) && !key.contains(|c: char| c.is_ascii_lowercase())
}

fn set_variable(sources: &Sources, name: &str, value: &str) -> Result<u8, Failure> {
    let path = sources.home.env_file();
    let changed = change(&sources.home, &path, Mode::Private, |text| {
        Dotenv::set(text, name, value).map_err(|error| EditError::Dotenv { path: path.clone(), error })
    })?;
    let said = if changed { "is set" } else { "was set already" };
    out::line(&format!("`{name}` {said} in `{}`", path.display()));
    if sources.env.process(name).is_some_and(|other| other != value) {
        out::note(&format!("warning: `{name}` in the environment of this shell covers it"));
    }
    Ok(OK)
}

/// Says what keeps a value that was just written from being in force.
fn remark(sources: &Sources, known: &Key, path: &KeyPath) {
    if let Owner::Plugin { id, installed: false, .. } = &known.owner {
        out::note(&format!("warning: `{path}` belongs to plugin `{id}`, which is not installed"));
    }
    let Ok(reading) = Reading::of(sources) else { return };
    if let Some(Origin::Dotenv(name) | Origin::Process(name)) = reading.origin(path) {
        out::note(&format!("warning: the variable `{name}` covers it"));
    }
}

pub(super) fn unknown(space: &KeySpace, path: &KeyPath) -> Failure {
    if space.section(path).is_some() {
        return Failure::new(format!("`{path}` is a section"))
            .hint(format!("set one of its keys: `hermes config show {path}`"));
    }
    let failure = Failure::new(format!("Unknown key `{path}`"));
    match space.nearest(path) {
        Some(nearest) => failure.hint(format!("did you mean `{nearest}`?")),
        None => failure.hint("`hermes config show` lists the keys"),
    }
}

/// The value from the command line, else from standard input; on a terminal a secret is not echoed.
fn given(value: Option<String>, key: &str, is_secret: bool) -> Result<String, Failure> {
    if let Some(value) = value {
        return Ok(value);
    }
    let stdin = std::io::stdin();
    let mut text = String::new();
    if !stdin.is_terminal() {
        stdin.lock().read_to_string(&mut text)?;
    } else if is_secret {
        return hidden_line(&format!("Value of {key} (not shown):\n"));
    } else {
        out::note(&format!("Value of {key}:"));
        stdin.read_line(&mut text)?;
    }
    let text = text.strip_suffix('\n').unwrap_or(&text);
    Ok(text.strip_suffix('\r').unwrap_or(text).to_owned())
}
