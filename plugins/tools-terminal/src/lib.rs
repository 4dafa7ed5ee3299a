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
use hermes_plugin_api::tools::{CallResult, Progress, Tool, ToolCall};
use serde::de::DeserializeOwned;
use serde_json::Value;

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
        self.run(call, progress, &cancel).await.or_else(told)
    }
}

impl Terminal {
    async fn run(&self, call: ToolCall, progress: Sink<Progress>, cancel: &Cancel) -> Result<CallResult> {
        let ToolCall { name, arguments, context } = call;
        match name.as_str() {
            terminal::NAME => {
                terminal::call(&self.host, &self.places, context, read(arguments)?, progress, cancel).await
            }
            process::NAME => process::call(&self.host, context, read(arguments)?, cancel).await,
            other => Err(PluginError::unsupported(other)),
        }
    }
}

fn read<T: DeserializeOwned>(arguments: Value) -> Result<T> {
    serde_json::from_value(arguments).map_err(|error| PluginError::user(format!("Arguments do not fit: {error}")))
}

/// What the model should read, and can do something about, is a result; anything else is a fault.
fn told(error: PluginError) -> Result<CallResult> {
    let telling = [ErrorCode::DENIED, ErrorCode::USER, ErrorCode::UNAVAILABLE, ErrorCode::TIMEOUT];
    if !telling.contains(&error.code) {
        return Err(error);
    }
    let hint = error.hint().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
    Ok(CallResult::error(format!("{}{hint}", error.message)))
}

export_plugin!(mcp_server "terminal" => |ctx| {
    let Config {} = ctx.config()?;
    Ok(Terminal { host: ctx.host.clone(), places: Places::default() })
});
