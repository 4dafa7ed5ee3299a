//! A model that is none: each message of the person is a command, and what the command prints is the answer.
//!
//! So a fresh install does something real before any provider is configured. It decides nothing about commands:
//! they take the same road through the guard as those of any model.
#![forbid(unsafe_code)]

mod config;

use hermes_plugin_api::model::{CallRequest, Completion, Delta, Message, Request, Role};
use hermes_plugin_api::prelude::*;

/// The tool that runs commands.
const TOOL: &str = "terminal";

struct Direct;

impl Model for Direct {
    async fn complete(&self, request: Request, _: Sink<Delta>, _: Cancel) -> Result<Completion> {
        match request.messages.last() {
            Some(Message { role: Role::User, content, .. }) if offers_commands(&request) => Ok(run(content)),
            Some(Message { role: Role::User, .. }) => Ok(say(NO_TOOL)),
            Some(Message { content, .. }) => Ok(say(&answer(content))),
            None => Ok(say("")),
        }
    }
}

const NO_TOOL: &str = "Without a model every message is a command, and no tool here runs commands. Enable the \
                       toolset that offers `terminal`, or configure a model.";

fn offers_commands(request: &Request) -> bool {
    request.tools.iter().any(|tool| tool.name == TOOL)
}

fn run(command: &str) -> Completion {
    let arguments = serde_json::json!({ "command": command }).to_string();
    let call = CallRequest { id: String::new(), name: TOOL.to_owned(), arguments };
    Completion { tool_calls: vec![call], ..Completion::default() }
}

/// What the command printed, and its exit code when that says something.
fn answer(result: &str) -> String {
    let mut lines: Vec<&str> = result.lines().collect();
    let told = lines.iter().rev().take_while(|line| line.starts_with('[') && line.ends_with(']')).count();
    let mut told = lines.split_off(lines.len() - told);
    told.retain(|line| *line != "[exit code 0]" && !line.starts_with("[working directory "));
    if !told.is_empty() {
        lines.retain(|line| *line != "(no output)");
    }
    [lines, told].concat().join("\n")
}

fn say(text: &str) -> Completion {
    Completion { content: text.to_owned(), ..Completion::default() }
}

hermes_plugin_api::export_plugin!(model "direct" => |ctx| ctx.config::<config::Config>().map(|_| Direct));

#[cfg(test)]
mod tests;
