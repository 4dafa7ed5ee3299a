//! A session: commands and files in one instance.
//!
//! It keeps no state between commands; that is the host's.

use hermes_plugin_api::backend::{ExecRequest, Exit, Keep, SessionFacts, SessionSpec};
use hermes_plugin_api::prelude::*;
use hermes_plugin_api::remote;

use crate::facts::{Facts, PROBE};
use crate::instance::Instance;

pub(crate) struct SingularitySession {
    instance: Instance,
    spec: SessionSpec,
    facts: SessionFacts,
}

impl SingularitySession {
    pub(crate) async fn open(instance: Instance, mut spec: SessionSpec) -> Result<Self> {
        match Self::look(&instance, &mut spec).await {
            Ok(facts) => Ok(Self { instance, spec, facts }),
            Err(error) => {
                // What could not be looked at is not left running.
                let _ = instance.leave(Keep::Files).await;
                Err(error)
            }
        }
    }

    async fn look(instance: &Instance, spec: &mut SessionSpec) -> Result<SessionFacts> {
        let (_, told) = remote::script(instance, PROBE, &[], &[]).await?;
        let facts = Facts::read(&String::from_utf8_lossy(&told));
        if !facts.bash {
            return Err(PluginError::unavailable("The image has no `bash`, which commands are written for")
                .with_hint("set `terminal.singularity_image` to an image that has it"));
        }
        let home = if facts.home { "/root" } else { "/tmp" };
        let begin = if facts.workspace { "/workspace" } else { home };
        let cwd = spec.cwd.clone().unwrap_or_else(|| begin.to_owned());
        let (code, _) = remote::script(instance, r#"cd -- "$1""#, &[&cwd], &[]).await?;
        if !cwd.starts_with('/') || code != 0 {
            return Err(PluginError::config(format!("`{cwd}` is not a directory in the container"))
                .with_hint("set `terminal.cwd`"));
        }
        spec.env.entry("HOME".to_owned()).or_insert_with(|| home.to_owned());
        let why = told_as(&facts, &instance.lacking().await?);
        Ok(SessionFacts { boundary: facts.open.is_empty(), why, cwd, home: home.to_owned() })
    }
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

impl BackendSession for SingularitySession {
    fn facts(&self) -> SessionFacts {
        self.facts.clone()
    }

    async fn exec(&self, mut request: ExecRequest, input: Channel, output: Output, cancel: Cancel) -> Result<Exit> {
        request.cwd.get_or_insert_with(|| self.facts.cwd.clone());
        remote::exec(&self.instance, &self.spec.env, request, &input, &output, &cancel).await
    }

    async fn read_file(&self, path: &str, output: Output) -> Result<()> {
        remote::read_file(&self.instance, &self.facts.cwd, path, &output).await
    }

    async fn write_file(&self, path: &str, data: Vec<u8>) -> Result<()> {
        remote::write_file(&self.instance, &self.facts.cwd, path, &data).await
    }

    async fn close(&self, keep: Keep) -> Result<()> {
        self.instance.leave(keep).await
    }
}
