//! Every toolset says what it has, in form, and refuses what it has not.

use std::collections::BTreeSet;

use hermes_plugin_api::error::PluginError;
use hermes_plugin_api::tools::{CallContext, Progress, Tool, ToolCall};
use serde_json::json;

use super::{Checks, graceful, timely};
use crate::app::App;
use crate::flow::{self, CancelSource};
use crate::plugin::handle::ToolsHandle;

pub(super) async fn check(checks: &mut Checks, app: &App, name: &str) {
    let all = app.plugins.tools().into_iter().flatten();
    let Some(server) = all.into_iter().find(|server| server.origin().name == name) else { return };
    let asked = server.clone();
    let tools = timely("tools", async move { asked.tools().await }).await;
    let what = format!("toolset `{name}` says which tools it has");
    let tools = match tools {
        Ok(tools) => tools,
        Err(error) => return checks.add(what, Err(error.message)),
    };
    checks.add(what, names(&tools));
    for tool in &tools {
        checks.add(format!("tool `{}` of `{name}` is described", tool.name), described(tool));
    }
    checks.add(format!("toolset `{name}` refuses a tool that it has not"), unknown(server).await);
}

fn names(tools: &[Tool]) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for Tool { name, .. } in tools {
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
        if name.is_empty() || name.len() > 64 || !plain {
            return Err(format!(
                "`{}` is no name for a tool: letters, digits, `_` and `-`, at most 64",
                name.escape_debug()
            ));
        }
        if !seen.insert(name) {
            return Err(format!("there are two tools called `{name}`"));
        }
    }
    Ok(())
}

fn described(tool: &Tool) -> Result<(), String> {
    if tool.description.trim().is_empty() {
        return Err("it has no description for the model".to_owned());
    }
    if tool.input_schema["type"] != "object" {
        return Err("`input_schema` is not the schema of an object".to_owned());
    }
    let schema = jsonschema::validator_for(&tool.input_schema);
    schema.map(drop).map_err(|error| format!("`input_schema` is not a JSON Schema: {error}"))
}

async fn unknown(server: ToolsHandle) -> Result<(), String> {
    let call = ToolCall { name: "no_such_tool".into(), arguments: json!({}), context: CallContext::default() };
    let asked = timely("call", async move {
        let (progress, _messages) = flow::messages::<Progress>(16);
        server.call(&call, progress, &CancelSource::new().handle()).await
    });
    match asked.await {
        Ok(result) if result.is_error => Ok(()),
        Ok(_) => Err("it answered as if there were such a tool".to_owned()),
        Err(error) => graceful(&error as &PluginError),
    }
}
