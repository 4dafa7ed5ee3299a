//! Tools for the model: run commands, and look after those that run in the background.
//!
//! Commands go to the session's shell, through the guard; nothing runs here.
#![forbid(unsafe_code)]

mod config;
mod process;
mod terminal;
#[cfg(test)]
mod tests;

use hermes_plugin_api::prelude::*;
use hermes_plugin_api::tools::{CallResult, Progress, Tool, ToolCall, arguments_of};

use config::Config;
use terminal::Places;

struct Terminal {
    host: Host,
    places: Places,
}

impl McpServer for Terminal {
    async fn tools(&self) -> Result<Vec<Tool>> {
        Ok(vec![terminal::tool(), process::tool()])
    }

    async fn call(&self, call: ToolCall, progress: Sink<Progress>, cancel: Cancel) -> Result<CallResult> {
        self.run(call, progress, &cancel).await.or_else(CallResult::telling)
    }
}

impl Terminal {
    async fn run(&self, call: ToolCall, progress: Sink<Progress>, cancel: &Cancel) -> Result<CallResult> {
        let ToolCall { name, arguments, context } = call;
        match name.as_str() {
            terminal::NAME => {
                terminal::call(&self.host, &self.places, context, arguments_of(arguments)?, progress, cancel).await
            }
            process::NAME => process::call(&self.host, context, arguments_of(arguments)?, cancel).await,
            other => Err(PluginError::unsupported(other)),
        }
    }
}

export_plugin!(mcp_server "terminal" => |ctx| {
    let Config {} = ctx.config()?;
    Ok(Terminal { host: ctx.host.clone(), places: Places::default() })
});
