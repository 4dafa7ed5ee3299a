//! A session: commands and files over the connections to one machine.
//!
//! It keeps no state between commands; that is the host's.

use hermes_plugin_api::backend::{ExecRequest, Exit, Keep, SessionFacts, SessionSpec};
use hermes_plugin_api::prelude::*;
use hermes_plugin_api::remote;

use crate::links::Links;

/// Goes where commands begin and tells who and where that is. Exit code 1: there is no such directory.
const ARRIVE: &str = r#"case ${1-} in ""|"~") d=$HOME;; "~/"*) d=$HOME/${1#??};; *) d=$1;; esac
case $d in /*) ;; *) exit 1;; esac
cd -- "$d" 2>/dev/null || exit 1
printf '%s\0' "$(id -un)" "$HOME" "$PWD""#;

pub(crate) struct SshSession {
    links: Links,
    spec: SessionSpec,
    facts: SessionFacts,
}

impl SshSession {
    pub(crate) async fn open(links: Links, spec: SessionSpec) -> Result<Self> {
        let asked = spec.cwd.as_deref().unwrap_or_default();
        let (code, told) = remote::script(&links, ARRIVE, &[asked], &[]).await?;
        let host = remote::Place::name(&links).to_owned();
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
        Ok(Self { links, spec, facts })
    }
}

impl BackendSession for SshSession {
    fn facts(&self) -> SessionFacts {
        self.facts.clone()
    }

    async fn exec(&self, mut request: ExecRequest, input: Channel, output: Output, cancel: Cancel) -> Result<Exit> {
        request.cwd.get_or_insert_with(|| self.facts.cwd.clone());
        remote::exec(&self.links, &self.spec.env, request, &input, &output, &cancel).await
    }

    async fn read_file(&self, path: &str, output: Output) -> Result<()> {
        remote::read_file(&self.links, &self.facts.cwd, path, &output).await
    }

    async fn write_file(&self, path: &str, data: Vec<u8>) -> Result<()> {
        remote::write_file(&self.links, &self.facts.cwd, path, &data).await
    }

    /// The connections stay open for a while, for whoever comes next.
    async fn close(&self, _: Keep) -> Result<()> {
        Ok(())
    }
}
