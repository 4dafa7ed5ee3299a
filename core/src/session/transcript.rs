//! What was said, in a form that every provider takes back: a transcript cannot be made invalid.
//!
//! Ids of calls are unique, names and arguments are well-formed, each call is answered exactly once and before
//! anything else is said, and no message is empty. What a model got wrong is put right here, and its call says
//! so.

use std::collections::{BTreeMap, HashSet};

use hermes_plugin_api::model::{CallRequest, Message, Role};
use serde_json::{Map, Value};

use crate::turn::limits;

/// A conversation's messages.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    messages: Vec<Message>,
    ids: HashSet<String>,
    open: BTreeMap<usize, String>,
}

/// A call as the model meant it, its id the transcript's.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    /// Its id, unique in the transcript.
    pub id: String,
    /// The tool.
    pub name: String,
    /// The arguments, or what is wrong with them.
    pub arguments: Result<Map<String, Value>, String>,
}

impl Transcript {
    /// The messages.
    #[must_use]
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// Adds what a person said.
    pub fn user(&mut self, text: impl Into<String>) {
        self.settle("[Interrupted]");
        let text = text.into();
        let content = if text.trim().is_empty() { "(empty message)".to_owned() } else { text };
        self.messages.push(Message { role: Role::User, content, ..Message::default() });
    }

    /// Adds what the model said; without text and calls, nothing. Returns the calls, which [`Transcript::result`]
    /// must answer.
    pub fn assistant(&mut self, text: impl Into<String>, calls: Vec<CallRequest>) -> Vec<Call> {
        self.settle("[Interrupted]");
        let calls: Vec<Call> = calls.into_iter().map(|call| self.admit(call)).collect();
        let content = text.into();
        if content.trim().is_empty() && calls.is_empty() {
            return calls;
        }
        let tool_calls = calls.iter().map(written).collect();
        self.messages.push(Message { role: Role::Assistant, content, tool_calls, ..Message::default() });
        self.open = calls.iter().map(|call| call.id.clone()).enumerate().collect();
        calls
    }

    /// Keeps with the last answer what the model's plugin wants back with it.
    pub fn keep(&mut self, keep: Value) {
        if let Some(last) = self.messages.last_mut().filter(|last| last.role == Role::Assistant) {
            last.keep = keep;
        }
    }

    /// Answers a call that is still open.
    pub fn result(&mut self, id: &str, text: impl Into<String>, is_error: bool) {
        let Some(index) = self.open.iter().find_map(|(index, open)| (open == id).then_some(*index)) else { return };
        let Some(tool_call_id) = self.open.remove(&index) else { return };
        let text = text.into();
        let content = if text.trim().is_empty() { "(no output)".to_owned() } else { text };
        self.messages.push(Message { role: Role::Tool, content, tool_call_id, is_error, ..Message::default() });
    }

    /// Answers every call that is still open with `why`.
    pub fn settle(&mut self, why: &str) {
        for id in std::mem::take(&mut self.open).into_values() {
            let content = why.to_owned();
            let message = Message { role: Role::Tool, content, tool_call_id: id, is_error: true, ..Message::default() };
            self.messages.push(message);
        }
    }

    fn admit(&mut self, call: CallRequest) -> Call {
        let name: String = call.name.chars().take(limits::NAME).map(|c| if is_plain(c) { c } else { '_' }).collect();
        let name = if name.is_empty() { "unnamed".to_owned() } else { name };
        Call { id: self.unique(call.id), name, arguments: parse(&call.arguments) }
    }

    fn unique(&mut self, wanted: String) -> String {
        let fits = !wanted.is_empty() && wanted.len() <= limits::NAME && wanted.chars().all(is_plain);
        let mut id = if fits { wanted } else { format!("call_{}", self.ids.len() + 1) };
        let mut number = self.ids.len() + 1;
        while !self.ids.insert(id.clone()) {
            number += 1;
            id = format!("call_{number}");
        }
        id
    }
}

/// Whether providers take a character in ids and names.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || c == '-'
}

/// The arguments as an object. Models write nothing at all for a call without arguments.
fn parse(arguments: &str) -> Result<Map<String, Value>, String> {
    if arguments.len() > limits::ARGUMENTS {
        return Err(format!("The arguments are {} bytes; at most {} are read", arguments.len(), limits::ARGUMENTS));
    }
    if arguments.trim().is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_str(arguments) {
        Ok(Value::Object(arguments)) => Ok(arguments),
        Ok(other) => Err(format!("The arguments must be a JSON object, not {}", kind(&other))),
        Err(error) => {
            let start: String = arguments.chars().take(limits::EXCERPT).collect();
            Err(format!("The arguments are not JSON: {error}. They begin: {start}"))
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn written(call: &Call) -> CallRequest {
    let arguments = call.arguments.as_ref().map_or_else(|_| Map::new(), Clone::clone);
    CallRequest { id: call.id.clone(), name: call.name.clone(), arguments: Value::Object(arguments).to_string() }
}

/// Says what is wrong with a list of messages, for tests of whatever makes one.
#[cfg(test)]
pub(crate) fn fault(messages: &[Message]) -> Option<String> {
    let mut ids = HashSet::new();
    let mut open: Vec<&str> = Vec::new();
    for (index, message) in messages.iter().enumerate() {
        if message.content.trim().is_empty() && message.tool_calls.is_empty() {
            return Some(format!("message {index} is empty"));
        }
        if message.role == Role::Tool {
            let Some(at) = open.iter().position(|id| *id == message.tool_call_id) else {
                return Some(format!("message {index} answers no open call"));
            };
            open.remove(at);
            continue;
        }
        if !open.is_empty() {
            return Some(format!("message {index} stands before the answer to {open:?}"));
        }
        for call in &message.tool_calls {
            if !ids.insert(call.id.as_str()) {
                return Some(format!("id {} twice", call.id));
            }
            if !matches!(serde_json::from_str(&call.arguments), Ok(Value::Object(_))) {
                return Some(format!("arguments of {} are no object", call.id));
            }
            open.push(&call.id);
        }
    }
    (!open.is_empty()).then(|| format!("{open:?} are not answered"))
}

#[cfg(test)]
mod tests;
