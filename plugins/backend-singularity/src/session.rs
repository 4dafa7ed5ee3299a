//! Opening a session: what the instance is, and where commands begin in it.

use hermes_plugin_api::backend::{Keep, SessionFacts, SessionSpec};
use hermes_plugin_api::prelude::*;
use hermes_plugin_api::remote::{self, Place as _, RemoteSession};

use crate::facts::{Facts, PROBE};
use crate::instance::Instance;

/// Opens a session in an instance that runs.
///
/// # Errors
/// `UNAVAILABLE` when it cannot be looked at, or has no `bash`; `CONFIG` when the directory is not there.
pub(crate) async fn open(instance: Instance, mut spec: SessionSpec) -> Result<RemoteSession<Instance>> {
    match look(&instance, &mut spec).await {
        Ok(facts) => Ok(RemoteSession::new(instance, spec.env, facts)),
        Err(error) => {
            // What could not be looked at is not left running.
            let _ = instance.leave(Keep::Files).await;
            Err(error)
        }
    }
}

async fn look(instance: &Instance, spec: &mut SessionSpec) -> Result<SessionFacts> {
    let asked = spec.cwd.clone().unwrap_or_default();
    let (_, told) = remote::script(instance, PROBE, &[&asked], &[]).await?;
    let facts = Facts::read(&String::from_utf8_lossy(&told));
    if !facts.bash {
        return Err(PluginError::unavailable("The image has no `bash`, which commands are written for")
            .with_hint("set `terminal.singularity_image` to an image that has it"));
    }
    let home = if facts.home { "/root" } else { "/tmp" };
    let begin = if facts.workspace { "/workspace" } else { home };
    let cwd = spec.cwd.clone().unwrap_or_else(|| begin.to_owned());
    if !cwd.starts_with('/') || !(asked.is_empty() || facts.cwd) {
        return Err(
            PluginError::config(format!("`{cwd}` is not a directory in the container")).with_hint("set `terminal.cwd`")
        );
    }
    spec.env.entry("HOME".to_owned()).or_insert_with(|| home.to_owned());
    let why = told_as(&facts, instance.lacking());
    Ok(SessionFacts { boundary: facts.open.is_empty(), why, cwd, home: home.to_owned() })
}

/// One sentence that says what the instance is.
pub(crate) fn told_as(facts: &Facts, lacking: &[String]) -> String {
    let mut why = match facts.open.is_empty() {
        true => "Commands run in a container without a network".to_owned(),
        false => format!("Commands run in a container that is no boundary: {}", facts.open.join("; ")),
    };
    if !lacking.is_empty() {
        why += &format!("; not limited on this machine: {}", lacking.join(", "));
    }
    why
}
