//! What was said, in a form that every provider takes back: a transcript cannot be made invalid.
//!
//! Ids of calls are unique, names and arguments are well-formed, each call is answered exactly once and before
//! anything else is said, and no message is empty. What a model got wrong is put right here, and its call says
//! so.

use std::collections::{BTreeMap, HashSet};

use hermes_plugin_api::model::{CallRequest, Image, Message, Role};
use serde_json::{Map, Value};

use crate::turn::limits;

/// What the model reads as the result of a call that was interrupted.
pub const INTERRUPTED: &str = "[Interrupted]";
/// What stands where something was said that is not there any more.
const MISSING: &str = "[Missing]";
/// How the summary of what was said before begins.
const SUMMARY: &str = "[What was said before, in short]";
/// What the model says to it, where a person goes on.
const NOTED: &str = "[Noted]";
/// What stands where the model gave no answer.
const UNANSWERED: &str = "[No answer]";

/// A conversation's messages.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    messages: Vec<Message>,
    ids: HashSet<String>,
    open: BTreeMap<usize, String>,
    /// How many of the messages are kept somewhere.
    kept: usize,
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

    /// A transcript made of messages that were kept. Whatever made them invalid is put right: what was left open is
    /// answered, what answers nothing is left out.
    #[must_use]
    pub fn restore(messages: Vec<Message>) -> Self {
        let mut transcript = Self::default();
        for message in &messages {
            let before = transcript.messages.len();
            match message.role {
                Role::User => transcript.user(message.content.clone()),
                Role::Assistant => {
                    transcript.settle(INTERRUPTED);
                    if transcript.messages.last().is_none_or(|last| last.role == Role::Assistant) {
                        transcript.user(MISSING);
                    }
                    transcript.assistant(message.content.clone(), message.tool_calls.clone());
                }
                Role::Tool => transcript.result(&message.tool_call_id, message.content.clone(), message.is_error),
            }
            // What it carries besides is nobody's business here.
            if let Some(last) = transcript.messages[before..].last_mut().filter(|last| last.role == message.role) {
                last.images = message.images.clone();
                last.keep = message.keep.clone();
            }
        }
        transcript.settle(INTERRUPTED);
        let as_kept = messages.len() <= transcript.messages.len()
            && messages.iter().zip(&transcript.messages).all(|(kept, now)| kept.role == now.role);
        transcript.kept = if as_kept { messages.len() } else { transcript.messages.len() };
        transcript
    }

    /// What is not kept yet.
    #[must_use]
    pub fn unkept(&self) -> &[Message] {
        &self.messages[self.kept..]
    }

    /// How many messages are kept.
    #[must_use]
    pub fn kept(&self) -> usize {
        self.kept
    }

    /// Notes how many messages are kept.
    pub fn set_kept(&mut self, kept: usize) {
        self.kept = kept.min(self.messages.len());
    }

    /// How many messages at the beginning stand for what was said before.
    #[must_use]
    pub fn summary(&self) -> usize {
        let summary = |message: &Message| message.role == Role::User && message.content.starts_with(SUMMARY);
        let noted = |message: &Message| message.role == Role::Assistant && message.content == NOTED;
        match self.messages.as_slice() {
            [first, second, ..] if summary(first) && noted(second) => 2,
            [first, ..] if summary(first) => 1,
            _ => 0,
        }
    }

    /// The same conversation with a summary in place of what stands before message `at`, which is a person's or an
    /// answer to results. Returns it with the messages that are new.
    #[must_use]
    pub fn folded(&self, at: usize, summary: &str) -> (Self, Vec<Message>) {
        let staying = &self.messages[at.min(self.messages.len())..];
        let mut folded = Self::default();
        folded.user(format!("{SUMMARY}\n\n{}", summary.trim()));
        if staying.first().is_none_or(|message| message.role == Role::User) {
            folded.assistant(NOTED, Vec::new());
        }
        let new = folded.messages.clone();
        folded.ids = staying.iter().flat_map(|message| &message.tool_calls).map(|call| call.id.clone()).collect();
        folded.messages.extend_from_slice(staying);
        folded.kept = (new.len() + self.kept.saturating_sub(at)).min(folded.messages.len());
        (folded, new)
    }

    /// Takes back what a person said last and everything after it. Returns what they said. A summary stays.
    pub fn take_back(&mut self) -> Option<String> {
        let at = self.messages.iter().rposition(|message| message.role == Role::User)?;
        if at < self.summary() {
            return None;
        }
        let gone = self.messages.split_off(at);
        self.open.clear();
        self.kept = self.kept.min(at);
        for call in gone.iter().flat_map(|message| &message.tool_calls) {
            self.ids.remove(&call.id);
        }
        gone.into_iter().next().map(|message| message.content)
    }

    /// Adds what a person said. Where what they said before has no answer, it gets one that says so: providers want
    /// the two to take turns.
    pub fn user(&mut self, text: impl Into<String>) {
        self.settle(INTERRUPTED);
        if self.messages.last().is_some_and(|last| last.role == Role::User) {
            self.assistant(UNANSWERED, Vec::new());
        }
        let text = text.into();
        let content = if text.trim().is_empty() { "(empty message)".to_owned() } else { text };
        self.messages.push(Message { role: Role::User, content, ..Message::default() });
    }

    /// Adds pictures to what the person said last.
    pub fn show(&mut self, images: Vec<Image>) {
        if let Some(last) = self.messages.last_mut().filter(|last| last.role == Role::User) {
            last.images.extend(images);
        }
    }

    /// Adds what the model said; without text and calls, nothing. Returns the calls, which [`Transcript::result`]
    /// must answer.
    pub fn assistant(&mut self, text: impl Into<String>, calls: Vec<CallRequest>) -> Vec<Call> {
        self.settle(INTERRUPTED);
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
    let mut before = Some(Role::Assistant);
    for (index, message) in messages.iter().enumerate() {
        if message.content.trim().is_empty() && message.tool_calls.is_empty() {
            return Some(format!("message {index} is empty"));
        }
        if before.replace(message.role) == Some(message.role) && message.role != Role::Tool {
            return Some(format!(
                "message {index} is from the same side as the one before, or the first and no person's"
            ));
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
