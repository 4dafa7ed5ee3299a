//! An answer, put together from the events of a stream.

use hermes_plugin_api::endpoint::Endpoint;
use hermes_plugin_api::model::{CallRequest, Completion, Delta, Finish, Usage};
use hermes_plugin_api::prelude::*;
use serde_json::{Value, json};

/// Most blocks of one answer: far more than any has.
const BLOCKS: usize = 1024;

/// An answer as far as it came.
#[derive(Default)]
pub(crate) struct Assembly {
    blocks: Vec<Block>,
    usage: Usage,
    finish: Finish,
    over: bool,
}

struct Block {
    index: u64,
    /// As it began, without what came bit by bit.
    begun: Value,
    /// Text, thoughts, or the arguments of a call.
    text: String,
    signature: String,
}

impl Assembly {
    /// Takes an event. Returns what there is to show of it.
    pub(crate) fn event(&mut self, endpoint: &Endpoint, data: &str) -> Result<Option<Delta>> {
        let event: Value = serde_json::from_str(data)
            .map_err(|error| endpoint.no_answer(&format!("a piece of its answer is no JSON: {error}")))?;
        match event["type"].as_str() {
            Some("message_start") => self.count(&event["message"]["usage"]),
            Some("content_block_start") => return self.begin(endpoint, &event),
            Some("content_block_delta") => return Ok(self.go_on(&event)),
            Some("message_delta") => {
                self.count(&event["usage"]);
                self.ends_for(&event["delta"]["stop_reason"]);
            }
            Some("message_stop") => self.over = true,
            Some("error") => return Err(endpoint.reported(&event)),
            // A ping, the end of a block, or what a newer server has to say.
            _ => {}
        }
        Ok(None)
    }

    /// Takes an answer in one piece.
    pub(crate) fn whole(&mut self, endpoint: &Endpoint, answer: &Value) -> Result<Vec<Delta>> {
        if answer["type"] == "error" {
            return Err(endpoint.reported(answer));
        }
        let blocks = answer["content"].as_array().ok_or_else(|| endpoint.no_answer("its answer has no content"))?;
        let mut deltas = Vec::new();
        for (index, block) in blocks.iter().enumerate() {
            deltas.extend(self.begin(endpoint, &json!({ "index": index, "content_block": block }))?);
        }
        self.count(&answer["usage"]);
        self.ends_for(&answer["stop_reason"]);
        self.over = true;
        Ok(deltas)
    }

    /// Whether the answer came to its end.
    pub(crate) fn is_over(&self) -> bool {
        self.over
    }

    /// The answer. Where the model thought, all blocks are kept in their order, because that is how it wants its
    /// thoughts back: thoughts as they came, and of the rest what and how much it was.
    pub(crate) fn finish(mut self) -> Completion {
        self.blocks.sort_by_key(|block| block.index);
        let mut completion = Completion { usage: self.usage, finish: self.finish, ..Completion::default() };
        let mut kept = Vec::new();
        for block in self.blocks {
            match block.begun["type"].as_str() {
                Some("text") => {
                    kept.push(json!({ "type": "text", "bytes": block.text.len() }));
                    completion.content.push_str(&block.text);
                }
                Some("tool_use") => {
                    kept.push(json!({ "type": "tool_use" }));
                    completion.tool_calls.push(block.call());
                }
                Some("thinking" | "redacted_thinking") => kept.push(block.thought()),
                _ => {}
            }
        }
        if kept.iter().any(|block| block["type"] != "text" && block["type"] != "tool_use") {
            completion.keep = json!({ "anthropic": kept });
        }
        completion
    }

    fn begin(&mut self, endpoint: &Endpoint, event: &Value) -> Result<Option<Delta>> {
        if self.blocks.len() == BLOCKS {
            return Err(endpoint.no_answer("its answer has too many parts"));
        }
        let begun = event["content_block"].clone();
        let text = [&begun["text"], &begun["thinking"]].into_iter().find_map(Value::as_str);
        let text = text.unwrap_or_default().to_owned();
        let signature = begun["signature"].as_str().unwrap_or_default().to_owned();
        let shown = shown(&begun, &text);
        self.blocks.push(Block { index: event["index"].as_u64().unwrap_or_default(), begun, text, signature });
        Ok(shown)
    }

    fn go_on(&mut self, event: &Value) -> Option<Delta> {
        let block = self.blocks.iter_mut().rfind(|block| Some(block.index) == event["index"].as_u64())?;
        let delta = &event["delta"];
        if let Some(signature) = delta["signature"].as_str() {
            block.signature.push_str(signature);
        }
        let text = [&delta["text"], &delta["thinking"], &delta["partial_json"]].into_iter().find_map(Value::as_str)?;
        block.text.push_str(text);
        shown(&block.begun, text)
    }

    fn count(&mut self, usage: &Value) {
        let count = |name: &str, known: u64| usage[name].as_u64().unwrap_or(known);
        let old = self.usage;
        let fresh = old.input_tokens.saturating_sub(old.cached_tokens).saturating_sub(old.cache_written_tokens);
        let cached_tokens = count("cache_read_input_tokens", old.cached_tokens);
        let cache_written_tokens = count("cache_creation_input_tokens", old.cache_written_tokens);
        let fresh = count("input_tokens", fresh);
        self.usage = Usage {
            // The interface counts apart what goes to and comes from the cache.
            input_tokens: fresh.saturating_add(cached_tokens).saturating_add(cache_written_tokens),
            output_tokens: count("output_tokens", old.output_tokens),
            cached_tokens,
            cache_written_tokens,
            ..old
        };
    }

    fn ends_for(&mut self, reason: &Value) {
        match reason.as_str() {
            Some("max_tokens" | "model_context_window_exceeded") => self.finish = Finish::Length,
            Some("refusal") => self.finish = Finish::Filter,
            _ => {}
        }
    }
}

fn shown(block: &Value, text: &str) -> Option<Delta> {
    let text = Some(text).filter(|text| !text.is_empty())?.to_owned();
    match block["type"].as_str() {
        Some("text") => Some(Delta::Text { text }),
        Some("thinking") => Some(Delta::Thinking { text }),
        _ => None,
    }
}

impl Block {
    fn call(self) -> CallRequest {
        let name = |name: &str| self.begun[name].as_str().unwrap_or_default().to_owned();
        let whole = &self.begun["input"];
        let given = whole.as_object().is_some_and(|input| !input.is_empty());
        let arguments = if self.text.is_empty() && given { whole.to_string() } else { self.text.clone() };
        CallRequest { id: name("id"), name: name("name"), arguments }
    }

    /// The block as it would have come in one piece.
    fn thought(self) -> Value {
        let mut block = self.begun;
        if block["type"] == "thinking" {
            block["thinking"] = self.text.into();
            block["signature"] = self.signature.into();
        }
        block
    }
}
