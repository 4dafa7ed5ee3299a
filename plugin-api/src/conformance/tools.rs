//! Every toolset says what it has, in form, and refuses what it has not. No tool is called: it may do anything.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::json;

use super::{Check, Checks, Held, PATIENCE, Runner, graceful};
use crate::McpServer;
use crate::flow::Cancel;
use crate::harness::Collected;
use crate::tools::{CallContext, Tool, ToolCall};

/// Runs the checks of a toolset that the manifest calls `name`.
pub async fn tools(runner: &impl Runner, server: &Arc<impl McpServer>, name: &str) -> Vec<Check> {
    let mut checks = Checks::default();
    let what = format!("toolset `{name}` says which tools it has");
    let asked = server.clone();
    match runner.run(PATIENCE, async move { asked.tools().await }).await {
        Ok(tools) => {
            checks.add(what, names(&tools));
            for tool in &tools {
                checks.add(format!("tool `{}` of `{name}` is described", tool.name), described(runner, tool));
            }
        }
        Err(error) => checks.excused(what, &error),
    }
    checks.add(format!("toolset `{name}` refuses a tool that it has not"), unknown(runner, server.clone()).await);
    checks.0
}

fn names(tools: &[Tool]) -> Held {
    let mut seen = BTreeSet::new();
    for Tool { name, .. } in tools {
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
        if name.is_empty() || name.len() > 64 || !plain {
            let name = name.escape_debug();
            return Err(format!("`{name}` is no name for a tool: letters, digits, `_` and `-`, at most 64"));
        }
        if !seen.insert(name) {
            return Err(format!("there are two tools called `{name}`"));
        }
    }
    Ok(())
}

fn described(runner: &impl Runner, tool: &Tool) -> Held {
    if tool.description.trim().is_empty() {
        return Err("it has no description for the model".to_owned());
    }
    if tool.input_schema["type"] != "object" {
        return Err("`input_schema` is not the schema of an object".to_owned());
    }
    let schema = runner.check_schema(&tool.input_schema);
    schema.map_err(|error| format!("`input_schema` is not a JSON Schema: {error}"))
}

async fn unknown<S: McpServer>(runner: &impl Runner, server: Arc<S>) -> Held {
    let call = ToolCall { name: "no_such_tool".into(), arguments: json!({}), context: CallContext::default() };
    let asked = async move { server.call(call, Collected::default().sink(), Cancel::never()).await };
    match runner.run(PATIENCE, asked).await {
        Ok(result) if result.is_error => Ok(()),
        Ok(_) => Err("it answered as if there were such a tool".to_owned()),
        Err(error) => graceful(&error),
    }
}
