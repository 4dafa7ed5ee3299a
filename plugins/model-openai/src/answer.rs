//! An answer, put together from the pieces that a server streams. Servers differ in what they leave out.

use std::collections::BTreeMap;

use hermes_plugin_api::endpoint::Endpoint;
use hermes_plugin_api::model::{CallRequest, Completion, Delta, Finish, Usage};
use hermes_plugin_api::prelude::*;
use serde_json::{Map, Value, json};

/// Most calls that one answer may ask for: far more than anybody runs.
const CALLS: usize = 256;

/// An answer as far as it came.
pub(crate) struct Assembly {
    content: String,
    calls: Vec<Call>,
    usage: Usage,
    finish: Option<Finish>,
    done: bool,
    /// Names of fields that the provider wants back, and what they hold so far.
    keep: Vec<String>,
    kept: Map<String, Value>,
}

struct Call {
    index: Option<u64>,
    request: CallRequest,
}

impl Assembly {
    pub(crate) fn new(facts: &BTreeMap<String, Value>) -> Self {
        let keep = facts.get("keep").and_then(Value::as_array).into_iter().flatten();
        Self {
            content: String::new(),
            calls: Vec::new(),
            usage: Usage::default(),
            finish: None,
            done: false,
            keep: keep.filter_map(|name| name.as_str().map(str::to_owned)).collect(),
            kept: Map::new(),
        }
    }

    /// Takes one piece. Returns what there is to show of it.
    pub(crate) fn chunk(&mut self, endpoint: &Endpoint, data: &str) -> Result<Vec<Delta>> {
        let chunk: Value = serde_json::from_str(data)
            .map_err(|error| endpoint.no_answer(&format!("a piece of its answer is no JSON: {error}")))?;
        self.take(endpoint, &chunk, "delta")
    }

    /// Takes an answer in one piece.
    pub(crate) fn whole(&mut self, endpoint: &Endpoint, answer: &Value) -> Result<Vec<Delta>> {
        if answer["choices"].as_array().is_none_or(Vec::is_empty) && answer.get("error").is_none() {
            return Err(endpoint.no_answer("its answer holds no choice"));
        }
        self.take(endpoint, answer, "message")
    }

    /// The server says that the answer is over.
    pub(crate) fn done(&mut self) {
        self.done = true;
    }

    /// Whether the answer came to its end.
    pub(crate) fn is_over(&self) -> bool {
        self.done || self.finish.is_some()
    }

    /// The answer.
    pub(crate) fn finish(self, provider: &str) -> Completion {
        let keep = match self.kept.is_empty() {
            true => Value::Null,
            false => json!({ "provider": provider, "message": self.kept }),
        };
        let named = |(number, call): (usize, Call)| match call.request.id.is_empty() {
            // Some local servers give none.
            true => CallRequest { id: format!("call_{}", number + 1), ..call.request },
            false => call.request,
        };
        Completion {
            content: self.content,
            tool_calls: self.calls.into_iter().enumerate().map(named).collect(),
            usage: self.usage,
            finish: self.finish.unwrap_or_default(),
            keep,
        }
    }

    fn take(&mut self, endpoint: &Endpoint, answer: &Value, place: &str) -> Result<Vec<Delta>> {
        if let Some(error) = answer.get("error").filter(|error| !error.is_null()) {
            return Err(endpoint.reported(error));
        }
        if answer["usage"].is_object() {
            self.usage = usage(&answer["usage"]);
        }
        let choice = &answer["choices"][0];
        let said = &choice[place];
        let mut deltas = Vec::new();
        for field in ["reasoning_content", "reasoning"] {
            if let Some(text) = said[field].as_str().filter(|text| !text.is_empty()) {
                deltas.push(Delta::Thinking { text: text.to_owned() });
                break;
            }
        }
        self.keep(said);
        for text in texts(&said["content"]).chain(said["refusal"].as_str()).filter(|text| !text.is_empty()) {
            self.content.push_str(text);
            deltas.push(Delta::Text { text: text.to_owned() });
        }
        for call in said["tool_calls"].as_array().into_iter().flatten() {
            self.call(endpoint, call)?;
        }
        match choice["finish_reason"].as_str() {
            Some("error") => return Err(endpoint.reported(choice)),
            Some("length") => self.finish = Some(Finish::Length),
            Some("content_filter") => self.finish = Some(Finish::Filter),
            Some(_) => self.finish = Some(Finish::Stop),
            None => {}
        }
        Ok(deltas)
    }

    /// Takes a piece of a call. Pieces of one call have the same index; servers that send calls whole may give all
    /// of them the same index, or none.
    fn call(&mut self, endpoint: &Endpoint, piece: &Value) -> Result<()> {
        let index = piece["index"].as_u64();
        let id = piece["id"].as_str().unwrap_or_default();
        let function = &piece["function"];
        let name = function["name"].as_str().unwrap_or_default();
        let arguments = match &function["arguments"] {
            Value::String(text) => text.clone(),
            Value::Null => String::new(),
            // Written out already, against the interface.
            other => other.to_string(),
        };
        let same = |call: &Call| match index {
            Some(_) => call.index == index && (id.is_empty() || call.request.id.is_empty() || call.request.id == id),
            None => id.is_empty() && name.is_empty() || !id.is_empty() && call.request.id == id,
        };
        let known = self.calls.iter().rposition(same);
        let at = match known {
            Some(at) => at,
            None if self.calls.len() == CALLS => return Err(endpoint.no_answer("it asks for too many calls at once")),
            None => {
                self.calls.push(Call { index, request: CallRequest::default() });
                self.calls.len() - 1
            }
        };
        let request = &mut self.calls[at].request;
        if request.id.is_empty() {
            request.id = id.to_owned();
        }
        if request.name.is_empty() {
            request.name = name.to_owned();
        }
        request.arguments.push_str(&arguments);
        Ok(())
    }

    fn keep(&mut self, said: &Value) {
        for name in &self.keep {
            match (&said[name.as_str()], self.kept.get_mut(name)) {
                (Value::Null, _) => {}
                (Value::String(more), Some(Value::String(text))) => text.push_str(more),
                (Value::Array(more), Some(Value::Array(all))) => more.iter().for_each(|piece| join(all, piece)),
                (first, _) => drop(self.kept.insert(name.clone(), first.clone())),
            }
        }
    }
}

/// Adds a piece to a list of blocks: to the last one, where it goes on with that.
fn join(all: &mut Vec<Value>, piece: &Value) {
    let same = |last: &&mut Value| last.is_object() && last["index"] == piece["index"] && last["type"] == piece["type"];
    let (Some(last), Some(fields)) = (all.last_mut().filter(same), piece.as_object()) else {
        return all.push(piece.clone());
    };
    for (name, value) in fields {
        match (&mut last[name], value) {
            (Value::String(text), Value::String(more)) if ["text", "summary", "data"].contains(&name.as_str()) => {
                text.push_str(more);
            }
            (_, Value::Null) => {}
            (place, value) => *place = value.clone(),
        }
    }
}

/// Text as a string, or as parts of which some are text.
fn texts(content: &Value) -> impl Iterator<Item = &str> {
    let parts = content.as_array().into_iter().flatten();
    let parts = parts.filter(|part| part["type"] == "text").filter_map(|part| part["text"].as_str());
    content.as_str().into_iter().chain(parts)
}

fn usage(usage: &Value) -> Usage {
    let count = |value: &Value| value.as_u64().unwrap_or_default();
    let cached = &usage["prompt_tokens_details"]["cached_tokens"];
    let cached = if cached.is_null() { &usage["prompt_cache_hit_tokens"] } else { cached };
    Usage {
        input_tokens: count(&usage["prompt_tokens"]),
        output_tokens: count(&usage["completion_tokens"]),
        cached_tokens: count(cached),
        cache_written_tokens: 0,
        thinking_tokens: count(&usage["completion_tokens_details"]["reasoning_tokens"]),
        cost_nano_usd: usage["cost"].as_f64().map(|dollars| (dollars * 1e9) as u64),
    }
}
