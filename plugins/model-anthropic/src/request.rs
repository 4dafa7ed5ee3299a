//! A conversation as the interface wants it: blocks, results within messages of the user, marks for the cache, and
//! what the model thought, as it thought it.

use hermes_plugin_api::model::{Message, ModelInfo, Request, Role};
use serde_json::{Value, json};

use crate::config::Config;

/// Longest answer of a model that nothing is known of, in tokens.
const OUTPUT: u64 = 8192;

/// Returns the body of a request.
pub(crate) fn body(request: &Request, config: &Config, known: &ModelInfo) -> Value {
    let mut messages = messages(request);
    if config.prompt_caching {
        // The interface takes four marks: tools, system, and the ends of the last two messages of the user, so that
        // the one before is still found when this one is written.
        let users = messages.iter_mut().rev().filter(|message| message["role"] == "user");
        users.take(2).for_each(|message| mark(message["content"].as_array_mut().and_then(|blocks| blocks.last_mut())));
    }
    let limit = known.max_output.unwrap_or(OUTPUT);
    let mut max = request.max_tokens.map_or(limit, |max| u64::from(max).min(limit));
    let mut body = json!({ "model": request.model, "stream": true });
    if thinks(request, config) {
        let budget = u64::from(config.thinking_budget);
        // The answer comes on top of the thinking.
        max = max.max(budget + 1024);
        body["thinking"] = json!({ "type": "enabled", "budget_tokens": budget });
    } else if let Some(temperature) = request.temperature {
        body["temperature"] = temperature.into();
    }
    body["max_tokens"] = max.into();
    body["messages"] = messages.into();
    if !request.system.is_empty() {
        let mut system = [json!({ "type": "text", "text": request.system })];
        mark(system.last_mut().filter(|_| config.prompt_caching));
        body["system"] = system.into_iter().collect();
    }
    if !request.tools.is_empty() {
        let tool = |tool: &hermes_plugin_api::tools::Tool| json!({ "name": tool.name, "description": tool.description, "input_schema": tool.input_schema });
        let mut tools: Vec<Value> = request.tools.iter().map(tool).collect();
        mark(tools.last_mut().filter(|_| config.prompt_caching));
        body["tools"] = tools.into();
    }
    body
}

fn mark(block: Option<&mut Value>) {
    if let Some(block) = block {
        block["cache_control"] = json!({ "type": "ephemeral" });
    }
}

/// Whether the model may think. Not with a temperature, which excludes it, and not in the middle of calls that it
/// asked for without thinking: then the interface misses the thoughts.
fn thinks(request: &Request, config: &Config) -> bool {
    let said = request.messages.iter().rev().take_while(|message| message.role != Role::User);
    let mut asked = said.filter(|message| !message.tool_calls.is_empty());
    config.thinking_budget > 0 && request.temperature.is_none() && asked.all(|message| kept(message).is_some())
}

fn messages(request: &Request) -> Vec<Value> {
    let mut messages: Vec<Value> = Vec::new();
    for message in &request.messages {
        let (role, blocks) = match message.role {
            Role::User => ("user", said(message)),
            Role::Assistant => ("assistant", assistant(message)),
            Role::Tool => ("user", vec![result(message)]),
        };
        match messages.last_mut().filter(|last| last["role"] == role).and_then(|last| last["content"].as_array_mut()) {
            Some(content) => content.extend(blocks),
            None => messages.push(json!({ "role": role, "content": blocks })),
        }
    }
    messages
}

fn text(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

/// A message's text and pictures. An empty text is refused.
fn said(message: &Message) -> Vec<Value> {
    let text = (!message.content.trim().is_empty()).then(|| text(&message.content));
    let picture = |image: &hermes_plugin_api::model::Image| {
        let source = json!({ "type": "base64", "media_type": image.media_type, "data": image.data });
        json!({ "type": "image", "source": source })
    };
    message.images.iter().map(picture).chain(text).collect()
}

fn result(message: &Message) -> Value {
    let mut result = json!({ "type": "tool_result", "tool_use_id": message.tool_call_id, "content": said(message) });
    if message.is_error {
        result["is_error"] = true.into();
    }
    result
}

fn assistant(message: &Message) -> Vec<Value> {
    let calls: Vec<Value> = message.tool_calls.iter().map(call).collect();
    let blocks = kept(message).map(|kept| restored(kept, message, &calls));
    blocks.unwrap_or_else(|| said(message).into_iter().chain(calls).collect())
}

fn call(call: &hermes_plugin_api::model::CallRequest) -> Value {
    let input = serde_json::from_str(&call.arguments).ok().filter(Value::is_object).unwrap_or_else(|| json!({}));
    json!({ "type": "tool_use", "id": call.id, "name": call.name, "input": input })
}

/// What this plugin wanted back with a message.
fn kept(message: &Message) -> Option<&Vec<Value>> {
    message.keep["anthropic"].as_array()
}

/// The blocks of an answer in their order: thoughts as they came, the rest as it stands in the transcript. Where
/// that is not what the model said any more, thoughts come first, which is always allowed.
fn restored(kept: &[Value], message: &Message, calls: &[Value]) -> Vec<Value> {
    let mut rest = message.content.as_str();
    let mut left = calls.iter();
    let mut blocks = Vec::new();
    for block in kept {
        match block["type"].as_str() {
            Some("text") => {
                let bytes = block["bytes"].as_u64().and_then(|bytes| usize::try_from(bytes).ok());
                let Some((part, after)) = bytes.and_then(|bytes| rest.split_at_checked(bytes)) else { break };
                blocks.extend((!part.trim().is_empty()).then(|| text(part)));
                rest = after;
            }
            Some("tool_use") => blocks.extend(left.next().cloned()),
            _ => blocks.push(block.clone()),
        }
    }
    if rest.is_empty() && left.next().is_none() {
        return blocks;
    }
    let thoughts = kept.iter().filter(|block| !["text", "tool_use"].map(Some).contains(&block["type"].as_str()));
    thoughts.cloned().chain(said(message)).chain(calls.iter().cloned()).collect()
}
