//! A choice, written: the key into `.env`, the rest into `config.yaml`, each whole or not at all.

use serde_json::Value;

use super::trial::Trial;
use crate::app::Ground;
use crate::cli::out;
use crate::config::dotenv::Dotenv;
use crate::config::edit::file::{Mode, change, edit_config_at_once};
use crate::config::edit::{Edit, EditError};
use crate::error::Failure;

/// Writes what was tried. The key comes first: without it the rest would not work.
pub(super) fn write(ground: &Ground, trial: &Trial) -> Result<(), Failure> {
    let home = &ground.home;
    if let Some((name, key)) = &trial.key {
        let path = home.env_file();
        change(home, &path, Mode::Private, |text| {
            Dotenv::set(text, name, key.expose()).map_err(|error| EditError::Dotenv { path: path.clone(), error })
        })?;
        if ground.env.process(name).is_some_and(|other| other != key.expose()) {
            out::note(&format!("warning: `{name}` in the environment of this shell covers the key in `.env`"));
        }
    }
    let edit = |(key, value): &(crate::config::keys::KeyPath, Value)| match value {
        Value::Null => Edit::Unset(key.clone()),
        value => Edit::Set(key.clone(), value.clone()),
    };
    let edits: Vec<Edit> = trial.settings.iter().map(edit).collect();
    edit_config_at_once(home, &edits)?;
    Ok(())
}
