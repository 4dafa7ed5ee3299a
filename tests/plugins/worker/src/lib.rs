//! A word that needs tokio: it brings a runtime of its own, and the host polls what runs there.

use std::time::Duration;

use hermes_plugin_api::prelude::*;
use hermes_plugin_api::runtime::OwnRuntime;

export_plugin!(commands "worker" => |ctx| Ok(Worker { host: ctx.host.clone(), runtime: OwnRuntime::start("worker")? }));

struct Worker {
    host: Host,
    runtime: OwnRuntime,
}

impl Commands for Worker {
    async fn run(&self, _: &str, argv: Vec<String>, output: Output) -> Result<i32> {
        let (host, fails) = (self.host.clone(), argv.first().is_some_and(|word| word == "panic"));
        let work = async move {
            // On the host's runtime this timer would find no reactor; a host service works from here as well.
            tokio::time::sleep(Duration::from_millis(20)).await;
            assert!(!fails, "on a runtime of its own");
            host.sleep(Duration::from_millis(20)).await;
            Ok(std::thread::current().name().unwrap_or_default().to_owned())
        };
        let thread = self.runtime.run(work).await?;
        output.write(format!("slept on `{thread}`\n")).await?;
        Ok(0)
    }
}
