//! A tool for the model: ask the person what they mean, when guessing would be worse.
//!
//! The question goes through the host, which shows and bounds it. What is answered allows nothing: effects are the
//! guard's to ask about.
#![forbid(unsafe_code)]

mod config;
#[cfg(test)]
mod tests;

use hermes_plugin_api::prelude::*;
use hermes_plugin_api::session::{Answer, AskRequest, CHOICE, CHOICES, QUESTION};
use hermes_plugin_api::tools::{CallResult, Progress, Tool, ToolCall};
use serde::Deserialize;
use serde_json::json;

use config::Config;

const NAME: &str = "clarify";

const DESCRIPTION: &str = "\
Ask the person a question and wait for the answer. Use it when the task can be understood in ways that lead to \
different results, when a decision is theirs to make, or when only they know something. Do not use it for what you can \
find out yourself, for small choices that are easily changed later, or to get leave for a command: the host asks about \
dangerous commands by itself.

Offer choices where you can, the one you recommend first; the person may answer in their own words as well. The answer \
is visible: never ask for passwords or keys.";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Arguments {
    question: String,
    #[serde(default)]
    choices: Vec<String>,
}

struct Clarify(Host);

impl McpServer for Clarify {
    async fn tools(&self) -> Result<Vec<Tool>> {
        let input_schema = json!({
            "type": "object",
            "properties": {
                "question": {
                    "type": "string",
                    "minLength": 1,
                    "maxLength": QUESTION,
                    "description": "The question, in the person's language.",
                },
                "choices": {
                    "type": "array",
                    "items": { "type": "string", "minLength": 1, "maxLength": CHOICE },
                    "maxItems": CHOICES,
                    "description": "Answers to choose from, one line each.",
                },
            },
            "required": ["question"],
            "additionalProperties": false,
        });
        let (name, description) = (NAME.to_owned(), DESCRIPTION.to_owned());
        Ok(vec![Tool { name, description, input_schema, read_only: true, ..Tool::default() }])
    }

    async fn call(&self, call: ToolCall, _: Sink<Progress>, cancel: Cancel) -> Result<CallResult> {
        if call.name != NAME {
            return Err(PluginError::unsupported(call.name));
        }
        let Arguments { question, choices } = match serde_json::from_value(call.arguments) {
            Ok(arguments) => arguments,
            Err(error) => return Ok(CallResult::error(format!("Arguments do not fit: {error}"))),
        };
        let request = AskRequest { token: call.context.token, question, choices, ..AskRequest::default() };
        match self.0.ask(&request, &cancel).await {
            Ok(answer) => Ok(CallResult { structured: Some(serde_json::to_value(&answer)?), ..told(answer) }),
            // What the model can do something about: a question that cannot be asked.
            Err(error) if error.code == ErrorCode::USER => Ok(CallResult::error(error.message)),
            Err(error) => Err(error),
        }
    }
}

/// The answer as the model reads it.
fn told(answer: Answer) -> CallResult {
    const GO_ON: &str = "Go on with what is safest and easily changed, and say what you assumed, or stop and say what \
                         you need to know. Do not ask the same again.";
    match answer {
        Answer::Chosen { index, text } => CallResult::text(format!("The person chose {}: {text}", index + 1)),
        Answer::Typed { text } => CallResult::text(format!("The person answered: {text}")),
        Answer::Declined => CallResult::text(format!("The person did not want to answer. {GO_ON}")),
        Answer::Nobody => CallResult::text(format!("Nobody is there to answer. {GO_ON}")),
        Answer::Late => CallResult::text(format!("Nobody answered in time. {GO_ON}")),
    }
}

export_plugin!(mcp_server "clarify" => |ctx| {
    let Config {} = ctx.config()?;
    Ok(Clarify(ctx.host.clone()))
});
