//! `hermes profile …`: homes beside the main one, each with everything of its own. Makes, chooses and removes them;
//! what stands in one is the business of the other commands.

use std::path::Path;

use clap::Subcommand;
use serde_json::json;

use crate::app::Ground;
use crate::cli::{ask, out};
use crate::config::home::{DEFAULT, Home, Profile};
use crate::config::layers::Config;
use crate::error::{FAILED, Failure, OK};
use crate::session::sessions::Sessions;

/// What is copied into a new profile that begins as another.
const COPIED: [&str; 3] = ["config.yaml", ".env", "SOUL.md"];

/// What to do with profiles.
#[derive(Debug, Subcommand)]
pub enum ProfileCommand {
    /// List the profiles there are.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Make a profile.
    Create {
        /// Its name.
        name: Profile,
        /// Let it begin with settings, keys and SOUL.md of the profile in use.
        #[arg(long)]
        clone: bool,
    },
    /// Use a profile from now on, where none is named; `default` is the main home.
    Use {
        /// Its name.
        name: Profile,
    },
    /// Delete a profile with everything in it, for good.
    Delete {
        /// Its name.
        name: Profile,
        /// Do not ask.
        #[arg(short, long)]
        yes: bool,
    },
    /// Show a profile; the one in use, without a name.
    Show {
        /// Its name.
        name: Option<Profile>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Runs one.
///
/// # Errors
/// What the command reports.
pub fn run(command: ProfileCommand, ground: Ground) -> Result<u8, Failure> {
    match command {
        ProfileCommand::List { json } => list(&ground.home, json),
        ProfileCommand::Create { name, clone } => create(&ground.home, name, clone),
        ProfileCommand::Use { name } => use_from_now_on(&ground.home, name),
        ProfileCommand::Delete { name, yes } => delete(&ground.home, name, yes),
        ProfileCommand::Show { name, json } => show(ground, name, json),
    }
}

/// The name of a home among the profiles.
pub(super) fn name_of(home: &Home) -> &str {
    home.profile_name().unwrap_or(DEFAULT)
}

fn list(home: &Home, as_json: bool) -> Result<u8, Failure> {
    let names = [vec![DEFAULT.to_owned()], home.profile_names()].concat();
    let root = |name: &str| Some(home.profile(name.parse().ok()?).root().to_owned());
    if as_json {
        let row = |name: &String| json!({ "name": name, "home": root(name), "in_use": name == name_of(home) });
        out::json(&names.iter().map(row).collect());
        return Ok(OK);
    }
    let row = |name: &String| {
        let mark = if name == name_of(home) { " *" } else { "" };
        vec![format!("{name}{mark}"), root(name).map(|root| root.display().to_string()).unwrap_or_default()]
    };
    out::table(&["PROFILE", "HOME"], names.iter().map(row).collect());
    Ok(OK)
}

fn create(home: &Home, name: Profile, clone: bool) -> Result<u8, Failure> {
    let fresh = home.profile(name);
    if fresh.profile_name().is_none() || fresh.root().exists() {
        let failure = Failure::new(format!("Profile `{}` is there already", name_of(&fresh)));
        return Err(failure.hint("`hermes profile list` shows all of them"));
    }
    fresh.create()?;
    if clone {
        for file in COPIED {
            copy(&home.root().join(file), &fresh.root().join(file))?;
        }
    }
    let name = name_of(&fresh);
    out::line(&format!("Made profile `{name}` in `{}`", fresh.root().display()));
    out::note(&format!("`hermes -p {name} …` uses it once, `hermes profile use {name}` from now on."));
    Ok(OK)
}

/// Copies a file for its owner alone, if it is there.
fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    match std::fs::read(from) {
        Ok(text) => Ok(crate::host::file::write_whole(to, &text, 0o600)?),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Failure::new(format!("Failed to read `{}`: {error}", from.display()))),
    }
}

fn use_from_now_on(home: &Home, name: Profile) -> Result<u8, Failure> {
    let chosen = home.profile(name);
    chosen.check()?;
    chosen.make_active()?;
    out::line(&format!("Profile `{}` is used from now on, in `{}`", name_of(&chosen), chosen.root().display()));
    Ok(OK)
}

fn delete(home: &Home, name: Profile, yes: bool) -> Result<u8, Failure> {
    let doomed = home.profile(name);
    let name = name_of(&doomed).to_owned();
    if doomed.profile_name().is_none() {
        let failure = Failure::new("The main home is no profile that could be deleted");
        return Err(failure.hint(format!("it lies in `{}`", doomed.root().display())));
    }
    doomed.check()?;
    if let Some(pid) = in_use(&doomed)? {
        let failure = Failure::new(format!("Profile `{name}` is in use by process {pid}"));
        return Err(failure.hint("end it there first"));
    }
    if !yes {
        if !ask::is_attended() {
            let failure = Failure::new("Nobody is there to confirm it");
            return Err(failure.hint("give `--yes` to go ahead without asking"));
        }
        let question = format!("Delete profile `{name}` with its settings, keys, sessions and notes, for good?");
        if !ask::yes(&question, false)? {
            out::line("Nothing was deleted.");
            return Ok(FAILED);
        }
    }
    if home.active_profile().is_ok_and(|active| active.is_some_and(|active| active.as_str() == name)) {
        home.profile(Profile::main()).make_active()?;
        out::note("The main home is used from now on.");
    }
    remove(doomed.root())?;
    out::line(&format!("Deleted profile `{name}`"));
    Ok(OK)
}

/// Removes a folder with everything in it. A link goes alone: what it leads to is somebody else's.
fn remove(folder: &Path) -> Result<(), Failure> {
    let failed = |error: std::io::Error| Failure::new(format!("Failed to delete `{}`: {error}", folder.display()));
    let meta = folder.symlink_metadata().map_err(failed)?;
    if meta.is_symlink() { std::fs::remove_file(folder) } else { std::fs::remove_dir_all(folder) }.map_err(failed)
}

/// A process that has a session of this home open.
fn in_use(home: &Home) -> Result<Option<u32>, Failure> {
    let Some(sessions) = Sessions::existing(home)? else { return Ok(None) };
    Ok(sessions.open_ids().into_iter().find_map(|id| sessions.in_use(&id)))
}

fn show(ground: Ground, name: Option<Profile>, as_json: bool) -> Result<u8, Failure> {
    let ground = match name {
        Some(name) => Ground::survey(ground.env, Some(name))?,
        None => ground,
    };
    let config = Config::load(&ground.sources())?;
    let model = &config.settings.model;
    let sessions = match Sessions::existing(&ground.home)? {
        Some(sessions) => sessions.store().stats(None)?.sessions,
        None => 0,
    };
    let (name, home) = (name_of(&ground.home), ground.home.root().display().to_string());
    let backend = config.settings.terminal.backend.clone().unwrap_or_default();
    let (provider, model) = (model.provider.clone().unwrap_or_default(), model.name.clone().unwrap_or_default());
    if as_json {
        out::json(&json!({
            "name": name, "home": home, "provider": provider, "model": model, "backend": backend, "sessions": sessions,
        }));
        return Ok(OK);
    }
    let label = if model.is_empty() { provider } else { format!("{model} ({provider})") };
    out::line(&format!(
        "profile   {name}\nhome      {home}\nmodel     {label}\nbackend   {backend}\nsessions  {sessions}"
    ));
    Ok(OK)
}
