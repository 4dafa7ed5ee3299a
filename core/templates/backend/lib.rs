//! A backend that runs nothing: it answers every command with its own words. `exec` is the place to begin.
#![forbid(unsafe_code)]

use hermes_plugin_api::backend::{ExecRequest, Exit, Keep, SessionFacts, SessionSpec};
use hermes_plugin_api::prelude::*;

#[cfg(test)]
mod tests;

export_plugin!(backend "{{name}}" => |_| Ok(Echo));

struct Echo;

struct Session {
    cwd: String,
}

impl Backend for Echo {
    type Session = Session;

    async fn open(&self, spec: SessionSpec) -> Result<Session> {
        Ok(Session {
            cwd: spec.cwd.unwrap_or_else(|| "/".to_owned()),
        })
    }
}

impl BackendSession for Session {
    fn facts(&self) -> SessionFacts {
        SessionFacts {
            boundary: false,
            why: "it has not been thought about yet".to_owned(),
            cwd: self.cwd.clone(),
            home: "/".to_owned(),
        }
    }

    async fn exec(
        &self,
        request: ExecRequest,
        _: Channel,
        output: Output,
        _: Cancel,
    ) -> Result<Exit> {
        output
            .write(format!("{}\n", request.argv.join(" ")))
            .await?;
        Ok(Exit {
            code: Some(0),
            signal: None,
        })
    }

    async fn read_file(&self, path: &str, _: Output) -> Result<()> {
        Err(PluginError::user(format!("There is no file `{path}`")))
    }

    async fn write_file(&self, path: &str, _: Vec<u8>) -> Result<()> {
        Err(PluginError::user(format!("`{path}` cannot be written")))
    }

    async fn close(&self, _: Keep) -> Result<()> {
        Ok(())
    }
}
