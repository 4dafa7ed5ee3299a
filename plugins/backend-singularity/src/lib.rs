//! Commands run in an instance of Apptainer or Singularity.
//!
//! Whether that is a boundary is read from the instance that runs, not from the settings: where it is none, the guard
//! checks every command.
#![forbid(unsafe_code)]

mod config;
mod engine;
mod facts;
mod image;
mod instance;
mod limits;
mod session;
mod task;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use hermes_plugin_api::backend::SessionSpec;
use hermes_plugin_api::prelude::*;
use hermes_plugin_api::remote::RemoteSession;

use config::{Config, Shared};
use engine::Engine;
use instance::Instance;

struct Singularity {
    host: Host,
    config: Config,
    shared: Shared,
    /// Which program there is.
    program: OnceLock<&'static str>,
}

impl Backend for Singularity {
    type Session = RemoteSession<Instance>;

    async fn open(&self, spec: SessionSpec) -> Result<Self::Session> {
        let engine = Engine::find(self.host.clone(), &self.program).await?;
        let home = self.host.describe().home;
        task::sweep(&engine, &home).await;
        let image = image::ready(&engine, &home, &self.config.image).await?;
        let instance = Instance::open(engine, &home, &image, &spec.task, &self.config, &self.shared).await?;
        session::open(instance, spec).await
    }
}

export_plugin!(backend "singularity" => |ctx| {
    Ok(Singularity { host: ctx.host.clone(), config: ctx.config()?, shared: ctx.config()?, program: OnceLock::new() })
});
