//! A tool for the model: a list of what is to be done in a session.
//!
//! The list is what the tool answered last: it stands in the transcript, comes back when a session goes on, and is
//! deleted with it. Nothing else keeps it.
#![forbid(unsafe_code)]

mod config;
mod list;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use hermes_plugin_api::archive::Look;
use hermes_plugin_api::prelude::*;
use hermes_plugin_api::tools::{CallContext, CallResult, Progress, Tool, ToolCall, arguments_of};
use serde::Deserialize;
use serde_json::json;

use config::Config;
use list::{CONTENT, Change, ID, ITEMS, List};

const NAME: &str = "todo";

const DESCRIPTION: &str = "\
Keep a list of what is to be done in this session. Use it for work of three steps or more, or when the person asks for \
several things; not for what is done in one go.

Without `todos` it returns the list. With `todos` the list becomes that, in that order; with `merge: true` items with \
known ids are changed, the others added, and what is left out stays as it is.

Keep one item `in_progress` at a time. Say `completed` as soon as it is done and you know that it is, and `cancelled` \
with a new item when something turns out otherwise. Every call returns the whole list.";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    todos: Option<Vec<Change>>,
    #[serde(default)]
    merge: bool,
}

struct Todo {
    host: Host,
    /// The lists by session, as far as they were asked for.
    lists: Mutex<HashMap<String, List>>,
}

impl McpServer for Todo {
    async fn tools(&self) -> Result<Vec<Tool>> {
        let input_schema = json!({
            "type": "object",
            "properties": {
                "todos": {
                    "type": "array",
                    "maxItems": ITEMS,
                    "items": {
                        "type": "object",
                        "properties": {
                            "id": { "type": "string", "minLength": 1, "maxLength": ID, "description": "Names the item." },
                            "content": { "type": "string", "maxLength": CONTENT, "description": "What is to be done." },
                            "status": { "enum": ["pending", "in_progress", "completed", "cancelled"] },
                        },
                        "required": ["id"],
                        "additionalProperties": false,
                    },
                    "description": "The items. New ones need `content`; they are pending where nothing else is said.",
                },
                "merge": { "type": "boolean", "description": "Change the list instead of replacing it." },
            },
            "additionalProperties": false,
        });
        let (name, description) = (NAME.to_owned(), DESCRIPTION.to_owned());
        Ok(vec![Tool { name, description, input_schema, idempotent: true, ..Tool::default() }])
    }

    async fn call(&self, call: ToolCall, _: Sink<Progress>, _: Cancel) -> Result<CallResult> {
        if call.name != NAME {
            return Err(PluginError::unsupported(call.name));
        }
        match self.change(call).await {
            Ok(list) => {
                Ok(CallResult { structured: Some(serde_json::to_value(&list)?), ..CallResult::text(list.told()) })
            }
            Err(error) => CallResult::telling(error),
        }
    }
}

impl Todo {
    async fn change(&self, call: ToolCall) -> Result<List> {
        let Arguments { todos, merge } = arguments_of(call.arguments)?;
        let list = self.list(&call.context).await;
        let list = match todos {
            None => list,
            Some(changes) if merge => list.merged(changes)?,
            Some(changes) => List::default().merged(changes)?,
        };
        self.lists().insert(call.context.session, list.clone());
        Ok(list)
    }

    /// The list of a session, as it is now.
    async fn list(&self, context: &CallContext) -> List {
        if let Some(list) = self.lists().get(&context.session) {
            return list.clone();
        }
        let look = Look { token: context.token.clone(), tool: Some(NAME.to_owned()), limit: 10, ..Look::default() };
        match self.host.look(&look).await {
            // The last one that is a list: others are errors.
            Ok(excerpt) => {
                let results = excerpt.said.iter().rev();
                results.filter_map(|said| List::read(&said.message.content)).next().unwrap_or_default()
            }
            Err(error) => {
                tracing::warn!(%error, "The list of an earlier process could not be read.");
                List::default()
            }
        }
    }

    fn lists(&self) -> std::sync::MutexGuard<'_, HashMap<String, List>> {
        self.lists.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

export_plugin!(mcp_server "todo" => |ctx| {
    let Config {} = ctx.config()?;
    Ok(Todo { host: ctx.host.clone(), lists: Mutex::default() })
});
