//! Opening a session: where commands begin, and as whom.

use hermes_plugin_api::backend::{SessionFacts, SessionSpec};
use hermes_plugin_api::prelude::*;
use hermes_plugin_api::remote::{self, Place as _, RemoteSession};

use crate::links::Links;

/// Goes where commands begin and tells who and where that is. Exit code 1: there is no such directory.
const ARRIVE: &str = r#"case ${1-} in ""|"~") d=$HOME;; "~/"*) d=$HOME/${1#??};; *) d=$1;; esac
case $d in /*) ;; *) exit 1;; esac
cd -- "$d" 2>/dev/null || exit 1
printf '%s\0' "$(id -un)" "$HOME" "$PWD""#;

/// Opens a session.
///
/// # Errors
/// `UNAVAILABLE` when the machine cannot be reached; `CONFIG` when its directory is not there.
pub(crate) async fn open(links: Links, spec: SessionSpec) -> Result<RemoteSession<Links>> {
    let asked = spec.cwd.as_deref().unwrap_or_default();
    let (code, told) = remote::script(&links, ARRIVE, &[asked], &[]).await?;
    let host = links.name().to_owned();
    if code != 0 {
        let message = format!("`{asked}` is not a directory on {host}");
        return Err(PluginError::config(message).with_hint("set `terminal.cwd`"));
    }
    let told = String::from_utf8(told).map_err(|error| PluginError::unavailable(error.to_string()))?;
    let [user, home, cwd] = told.split_terminator('\0').collect::<Vec<_>>()[..] else {
        return Err(PluginError::unavailable(format!("{host} does not say where commands begin")));
    };
    let why = format!("Commands run on {host} as {user}, over SSH");
    let facts = SessionFacts { boundary: false, why, cwd: cwd.to_owned(), home: home.to_owned() };
    Ok(RemoteSession::new(links, spec.env, facts))
}
