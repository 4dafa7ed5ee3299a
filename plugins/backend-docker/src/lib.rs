//! Commands run in a container of a Docker or Podman engine, as strictly closed as the security page wants it.
//!
//! Whether a session is a boundary is read from the container that runs, never taken from the settings.
#![forbid(unsafe_code)]

mod config;
mod container;
mod engine;
mod exec;
mod facts;
mod files;
mod image;
mod sandboxes;
mod session;
mod task;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use hermes_plugin_api::backend::SessionSpec;
use hermes_plugin_api::prelude::*;
use hermes_plugin_api::runtime::OwnRuntime;

use config::Config;
use session::{DockerSession, Parts};

struct Containers {
    host: Host,
    config: Arc<Config>,
    runtime: Arc<OwnRuntime>,
}

impl Backend for Containers {
    type Session = DockerSession;

    async fn open(&self, spec: SessionSpec) -> Result<DockerSession> {
        let (host, config, runtime) = (self.host.clone(), self.config.clone(), self.runtime.clone());
        let parts = self.runtime.run(async move { Parts::open(host, config, spec).await }).await?;
        Ok(DockerSession { parts: Arc::new(parts), runtime })
    }
}

/// The word that lists and takes away what tasks keep.
struct Sandboxes(Containers);

impl Commands for Sandboxes {
    async fn run(&self, _: &str, argv: Vec<String>, output: Output) -> Result<i32> {
        let (host, config) = (self.0.host.clone(), self.0.config.clone());
        self.0.runtime.run(async move { sandboxes::run(&host, &config, &argv, &output).await }).await
    }
}

impl Containers {
    fn new(ctx: &Context) -> Result<Self> {
        let runtime = Arc::new(OwnRuntime::start("docker")?);
        Ok(Self { host: ctx.host.clone(), config: Arc::new(ctx.config::<Config>()?), runtime })
    }
}

export_plugin!(
    backend "docker" => Containers::new,
    commands "sandboxes" => |ctx| Ok(Sandboxes(Containers::new(ctx)?)),
);
