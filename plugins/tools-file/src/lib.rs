//! Tools for the model: read, write, patch and search files of the session, wherever that is.
//!
//! All access goes through the host, which resolves links and asks the guard; nothing here opens a file.
#![forbid(unsafe_code)]

mod config;
mod diff;
mod patch;
mod read;
mod search;
mod seen;
#[cfg(test)]
mod tests;
mod text;
mod write;

use hermes_plugin_api::prelude::*;
use hermes_plugin_api::tools::{CallResult, Progress, Tool, ToolCall, arguments_of};

use config::Config;
use seen::Seen;

struct Files {
    host: Host,
    seen: Seen,
}

/// One call, on its way.
struct Job<'a> {
    host: &'a Host,
    seen: &'a Seen,
    token: String,
    session: String,
    progress: Sink<Progress>,
    cancel: &'a Cancel,
}

impl McpServer for Files {
    async fn tools(&self) -> Result<Vec<Tool>> {
        Ok(vec![read::tool(), write::tool(), patch::tool(), search::tool()])
    }

    async fn call(&self, call: ToolCall, progress: Sink<Progress>, cancel: Cancel) -> Result<CallResult> {
        let ToolCall { name, arguments, context } = call;
        let (token, session) = (context.token, context.session);
        let job = Job { host: &self.host, seen: &self.seen, token, session, progress, cancel: &cancel };
        let result = match name.as_str() {
            read::NAME => read::call(&job, arguments_of(arguments)?).await,
            write::NAME => write::call(&job, arguments_of(arguments)?).await,
            patch::NAME => patch::call(&job, arguments_of(arguments)?).await,
            search::NAME => search::call(&job, arguments_of(arguments)?).await,
            other => Err(PluginError::unsupported(other)),
        };
        result.or_else(CallResult::telling)
    }
}

export_plugin!(mcp_server "file" => |ctx| {
    let Config {} = ctx.config()?;
    Ok(Files { host: ctx.host.clone(), seen: Seen::default() })
});
