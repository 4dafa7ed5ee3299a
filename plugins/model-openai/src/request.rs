//! A conversation as the interface wants it.

use std::collections::BTreeMap;

use hermes_plugin_api::model::{CallRequest, Image, Message, Request, Role};
use hermes_plugin_api::tools::Tool;
use serde_json::{Value, json};

/// Returns the body of a request. `facts` are those of the provider that are this plugin's own.
pub(crate) fn body(request: &Request, provider: &str, facts: &BTreeMap<String, Value>) -> Value {
    let mut body = json!({
        "model": request.model,
        "messages": messages(request, provider),
        "stream": true,
    });
    if facts.get("stream_options") != Some(&Value::Bool(false)) {
        body["stream_options"] = json!({ "include_usage": true });
    }
    if !request.tools.is_empty() {
        body["tools"] = request.tools.iter().map(tool).collect();
    }
    if let Some(temperature) = request.temperature {
        body["temperature"] = temperature.into();
    }
    if let Some(max) = request.max_tokens {
        body[facts.get("max_tokens").and_then(Value::as_str).unwrap_or("max_tokens")] = max.into();
    }
    for (name, value) in facts.get("body").and_then(Value::as_object).into_iter().flatten() {
        body[name] = value.clone();
    }
    body
}

fn messages(request: &Request, provider: &str) -> Vec<Value> {
    let mut messages = Vec::with_capacity(request.messages.len() + 1);
    if !request.system.is_empty() {
        messages.push(json!({ "role": "system", "content": request.system }));
    }
    // A result can hold no picture: those follow once all calls are answered.
    let mut later: Vec<&Image> = Vec::new();
    for message in &request.messages {
        if message.role != Role::Tool && !later.is_empty() {
            messages.push(pictures(&std::mem::take(&mut later)));
        }
        messages.push(match message.role {
            Role::User => json!({ "role": "user", "content": content(message) }),
            Role::Assistant => assistant(message, provider),
            Role::Tool => {
                later.extend(&message.images);
                json!({ "role": "tool", "tool_call_id": message.tool_call_id, "content": message.content })
            }
        });
    }
    if !later.is_empty() {
        messages.push(pictures(&later));
    }
    messages
}

fn content(message: &Message) -> Value {
    if message.images.is_empty() {
        return message.content.clone().into();
    }
    let text = (!message.content.is_empty()).then(|| json!({ "type": "text", "text": message.content }));
    text.into_iter().chain(message.images.iter().map(picture)).collect()
}

fn pictures(images: &[&Image]) -> Value {
    let text = json!({ "type": "text", "text": "Pictures of the results above:" });
    let parts: Value = [text].into_iter().chain(images.iter().copied().map(picture)).collect();
    json!({ "role": "user", "content": parts })
}

fn picture(image: &Image) -> Value {
    json!({ "type": "image_url", "image_url": { "url": format!("data:{};base64,{}", image.media_type, image.data) } })
}

fn assistant(message: &Message, provider: &str) -> Value {
    let mut said = json!({ "role": "assistant" });
    if !message.content.is_empty() || message.tool_calls.is_empty() {
        said["content"] = message.content.clone().into();
    }
    if !message.tool_calls.is_empty() {
        said["tool_calls"] = message.tool_calls.iter().map(call).collect();
        // Some refuse it anywhere else, and what another provider thought is nothing to this one.
        let kept = Some(&message.keep).filter(|keep| keep["provider"] == provider);
        for (name, value) in kept.and_then(|keep| keep["message"].as_object()).into_iter().flatten() {
            said[name] = value.clone();
        }
    }
    said
}

fn call(call: &CallRequest) -> Value {
    let function = json!({ "name": call.name, "arguments": call.arguments });
    json!({ "id": call.id, "type": "function", "function": function })
}

fn tool(tool: &Tool) -> Value {
    let function = json!({ "name": tool.name, "description": tool.description, "parameters": tool.input_schema });
    json!({ "type": "function", "function": function })
}
