//! Commands run on another machine, over the system's own `ssh`.
//!
//! It is no boundary for that machine, and says so: every command is checked by the guard before it comes here.
#![forbid(unsafe_code)]

mod config;
mod links;
mod said;
mod session;
mod sockets;
mod target;
#[cfg(test)]
mod tests;

use hermes_plugin_api::backend::SessionSpec;
use hermes_plugin_api::prelude::*;
use hermes_plugin_api::remote::RemoteSession;

use config::Config;
use links::Links;
use sockets::Sockets;
use target::Target;

/// What `ssh` itself needs of this machine: where it is, whose it is, and the agent with the keys. A configuration may
/// have it send more to the other one; what it does not have it cannot send.
const ENVIRONMENT: [&str; 4] = ["HOME", "PATH", "SSH_AUTH_SOCK", "XDG_RUNTIME_DIR"];

struct Ssh {
    host: Host,
    config: Config,
}

impl Backend for Ssh {
    type Session = RemoteSession<Links>;

    async fn open(&self, spec: SessionSpec) -> Result<Self::Session> {
        let home = self.host.describe().home;
        let mut env = self.host.environment().await?;
        env.retain(|name, _| ENVIRONMENT.contains(&name.as_str()));
        let sockets = Sockets::new(&home, env.get("XDG_RUNTIME_DIR").map(String::as_str))?;
        let target = Target::new(&self.config, &home, env)?;
        let links = Links::new(self.host.clone(), target, sockets).await?;
        session::open(links, spec).await
    }
}

export_plugin!(backend "ssh" => |ctx| {
    Ok(Ssh { host: ctx.host.clone(), config: ctx.config()? })
});
