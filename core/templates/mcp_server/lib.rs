//! A toolset of one tool that says its words again. `tools` and `call` are the places to begin.
#![forbid(unsafe_code)]

use hermes_plugin_api::prelude::*;
use hermes_plugin_api::tools::{CallResult, Progress, Tool, ToolCall};
use serde_json::json;

#[cfg(test)]
mod tests;

export_plugin!(mcp_server "{{name}}" => |_| Ok(Repeat));

struct Repeat;

impl McpServer for Repeat {
    async fn tools(&self) -> Result<Vec<Tool>> {
        Ok(vec![Tool {
            name: "repeat".to_owned(),
            description: "Says a text again".to_owned(),
            input_schema: json!({
                "type": "object",
                "properties": {"text": {"type": "string"}},
                "required": ["text"],
                "additionalProperties": false,
            }),
            read_only: true,
            parallel: true,
            ..Tool::default()
        }])
    }

    async fn call(&self, call: ToolCall, _: Sink<Progress>, _: Cancel) -> Result<CallResult> {
        // The arguments fit the schema: the host has seen to it.
        let text = call.arguments["text"].as_str().unwrap_or_default();
        Ok(match call.name.as_str() {
            "repeat" => CallResult::text(text),
            other => CallResult::error(format!("There is no tool `{other}`")),
        })
    }
}
