//! Commands run on this machine, as the user who runs hermes.
//!
//! It is no boundary, and says so: every command is checked by the guard before it comes here.
#![forbid(unsafe_code)]

mod config;
mod session;
#[cfg(test)]
mod tests;

use hermes_plugin_api::backend::SessionSpec;
use hermes_plugin_api::prelude::*;

use config::Config;
use session::LocalSession;

struct Local {
    host: Host,
}

impl Backend for Local {
    type Session = LocalSession;

    async fn open(&self, spec: SessionSpec) -> Result<LocalSession> {
        LocalSession::open(self.host.clone(), spec)
    }
}

export_plugin!(backend "local" => |ctx| {
    let Config {} = ctx.config()?;
    Ok(Local { host: ctx.host.clone() })
});
