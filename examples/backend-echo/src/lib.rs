//! A backend that runs commands on this machine and writes each into the log first. `exec` is the place to begin.
#![forbid(unsafe_code)]

use std::fs;
use std::path::{Path, PathBuf};

use hermes_plugin_api::backend::{ExecRequest, Exit, Keep, SessionFacts, SessionSpec};
use hermes_plugin_api::host::SpawnRequest;
use hermes_plugin_api::prelude::*;

#[cfg(test)]
mod tests;

export_plugin!(backend "echo" => |ctx| Ok(Echo { host: ctx.host.clone() }));

struct Echo {
    host: Host,
}

struct Session {
    host: Host,
    spec: SessionSpec,
    cwd: String,
}

impl Backend for Echo {
    type Session = Session;

    async fn open(&self, spec: SessionSpec) -> Result<Session> {
        let cwd = spec.cwd.clone().unwrap_or_else(|| "/".to_owned());
        Ok(Session {
            host: self.host.clone(),
            spec,
            cwd,
        })
    }
}

impl BackendSession for Session {
    fn facts(&self) -> SessionFacts {
        let home = self.spec.env.get("HOME").cloned();
        SessionFacts {
            // What runs here can hurt the host: so the guard judges every command.
            boundary: false,
            why: "commands run on this machine".to_owned(),
            cwd: self.cwd.clone(),
            home: home.unwrap_or_else(|| "/".to_owned()),
        }
    }

    async fn exec(
        &self,
        request: ExecRequest,
        input: Channel,
        output: Output,
        cancel: Cancel,
    ) -> Result<Exit> {
        tracing::info!(argv = ?request.argv, "Runs a command.");
        let mut env = self.spec.env.clone();
        env.extend(request.env);
        let spawn = SpawnRequest {
            argv: request.argv,
            cwd: Some(request.cwd.unwrap_or_else(|| self.cwd.clone())),
            env,
            merge_stderr: true,
            stdin: true,
        };
        // The host starts it, and ends it with all it started when `cancel` fires.
        self.host.run(&spawn, input, output, cancel).await
    }

    async fn read_file(&self, path: &str, output: Output) -> Result<()> {
        let data = fs::read(self.path(path))
            .map_err(|error| PluginError::user(format!("Failed to read `{path}`: {error}")))?;
        output.write(data).await
    }

    async fn write_file(&self, path: &str, data: Vec<u8>) -> Result<()> {
        // Whole or not at all: beside it first, then in its place.
        let id = u64::from_le_bytes(self.host.random(8).try_into().unwrap_or_default());
        let place = self.path(path);
        let beside = place.with_file_name(format!("{id:016x}.tmp"));
        let written = fs::write(&beside, data).and_then(|()| fs::rename(&beside, &place));
        written.map_err(|error| {
            let _ = fs::remove_file(&beside);
            PluginError::user(format!("Failed to write `{path}`: {error}"))
        })
    }

    async fn close(&self, _: Keep) -> Result<()> {
        Ok(())
    }
}

impl Session {
    fn path(&self, path: &str) -> PathBuf {
        Path::new(&self.cwd).join(path)
    }
}
