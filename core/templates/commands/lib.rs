//! A command-line word that greets. `run` is the place to begin.
#![forbid(unsafe_code)]

use hermes_plugin_api::prelude::*;

#[cfg(test)]
mod tests;

export_plugin!(commands "{{name}}" => |_| Ok(Greet));

struct Greet;

impl Commands for Greet {
    async fn run(&self, name: &str, argv: Vec<String>, output: Output) -> Result<i32> {
        output
            .write(format!("{name} says hello to {}\n", argv.join(" and ")))
            .await?;
        Ok(0)
    }
}
