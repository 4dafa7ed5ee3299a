//! Tools for the model: search the web, read what is there, look at pictures.
//!
//! Pages are fetched through the host's guard for URLs, which decides about each; only the provider of searches is
//! an endpoint of the configuration. What comes from the web is marked as such, and never taken for instructions.
#![forbid(unsafe_code)]

mod config;
mod extract;
mod html;
mod mark;
mod pdf;
mod search;
#[cfg(test)]
mod tests;
mod text;
mod vision;

use hermes_plugin_api::prelude::*;
use hermes_plugin_api::tools::{CallResult, Progress, Tool, ToolCall, arguments_of};
use serde_json::Value;

use config::Config;

struct Web {
    host: Host,
    config: Config,
}

impl McpServer for Web {
    async fn tools(&self) -> Result<Vec<Tool>> {
        let search = search::provider(&self.config)?.map(|_| search::tool());
        Ok(search.into_iter().chain([extract::tool(), vision::tool()]).collect())
    }

    async fn call(&self, call: ToolCall, _: Sink<Progress>, cancel: Cancel) -> Result<CallResult> {
        let token = call.context.token;
        let result = match call.name.as_str() {
            search::NAME => search::call(self, &token, arguments_of(call.arguments)?).await,
            extract::NAME => extract::call(self, token, arguments_of(call.arguments)?, &cancel).await,
            vision::NAME => vision::call(self, token, arguments_of(call.arguments)?, &cancel).await,
            other => Err(PluginError::unsupported(other)),
        };
        result.or_else(refused)
    }
}

/// What the guard for URLs refuses, with the object that says by which rule; everything else as ever.
fn refused(error: PluginError) -> Result<CallResult> {
    if error.code != ErrorCode::DENIED || !error.details.contains_key("rule") {
        return CallResult::telling(error);
    }
    let object = Value::Object(error.details);
    let result = CallResult::error(format!("{}\n{object}", error.message));
    Ok(CallResult { structured: Some(object), ..result })
}

export_plugin!(mcp_server "web" => |ctx| {
    let config: Config = ctx.config()?;
    search::provider(&config)?;
    Ok(Web { host: ctx.host.clone(), config })
});
