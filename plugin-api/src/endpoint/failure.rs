//! What an HTTP error of a model service means. Providers say the same things in many ways; here they become few.
//!
//! What a provider writes is foreign text: it is shortened, made one line, and the key is taken out.

use std::time::Duration;

use serde_json::Value;

use crate::endpoint::Endpoint;
use crate::error::{ErrorCode, PluginError};
use crate::model::Cause;

/// As much of a provider's own words as is shown, in characters.
const WORDS: usize = 300;

/// How providers say that a conversation is too long, in lower case.
const TOO_LONG: &[&str] = &[
    "context_length_exceeded",
    "context length",
    "context window",
    "context size",
    "context_window",
    "exceed_context_size",
    "maximum context",
    "max_model_len",
    "maximum number of tokens",
    "prompt is too long",
    "prompt too long",
    "input is too long",
    "input too long",
    "input token count",
    "input tokens exceed",
    "too many input tokens",
    "reduce the length of the messages",
    "request_too_large",
    "string_above_max_length",
];

/// How they say that the account has nothing left.
const NOTHING_LEFT: &[&str] =
    &["insufficient_quota", "billing_hard_limit", "credit balance", "insufficient balance", "insufficient credits"];

/// How they say that there is no such model.
const NO_MODEL: &[&str] =
    &["model_not_found", "model not found", "not_found_error", "does not exist", "not a valid model", "unknown model"];

impl Endpoint {
    /// Returns the error that a response means. `wait` is what its head asks for.
    #[must_use]
    pub fn failure(&self, status: u16, body: &[u8], wait: Option<Duration>) -> PluginError {
        let body = String::from_utf8_lossy(body);
        let parsed: Option<Value> = serde_json::from_str(&body).ok();
        let said = parsed.as_ref().map_or_else(|| body.to_string(), words);
        let all = format!("{said} {}", parsed.as_ref().map(codes).unwrap_or_default()).to_lowercase();
        let kind = kind(status, &all, parsed.is_some());
        self.told(kind, &format!("answered {status}"), &said, wait).with("status", status)
    }

    /// Returns the error that a provider reports within an answer, with the kind it gives it.
    #[must_use]
    pub fn reported(&self, error: &Value) -> PluginError {
        let said = words(error);
        let codes = codes(error);
        let all = format!("{said} {codes}").to_lowercase();
        let status = error["code"].as_u64().or_else(|| error["error"]["code"].as_u64());
        let status = status.and_then(|status| u16::try_from(status).ok()).filter(|status| *status >= 400);
        let named = |names: &[&str]| names.iter().any(|name| codes.contains(name));
        let guess = match status {
            Some(status) => status,
            None if named(&["rate_limit"]) => 429,
            None if named(&["authentication", "permission"]) => 401,
            None if named(&["invalid_request"]) => 400,
            None => 500,
        };
        self.told(kind(guess, &all, true), "broke off its answer", &said, None)
    }

    fn told(&self, kind: Kind, how: &str, said: &str, wait: Option<Duration>) -> PluginError {
        let said = match &self.key {
            Some((_, secret)) if !secret.expose().is_empty() => said.replace(secret.expose(), "****"),
            _ => said.to_owned(),
        };
        let said = one_line(&said, WORDS);
        let said = if said.is_empty() { String::new() } else { format!(": {said}") };
        let mut error = PluginError::new(kind.code, format!("{} {how}{said}", self.title));
        if let Some(hint) = self.hint(kind.cause) {
            error = error.with_hint(hint);
        }
        if error.code.is_retryable() {
            error.retry_after = wait;
        }
        kind.cause.on(error)
    }

    fn hint(&self, cause: Cause) -> Option<String> {
        Some(match cause {
            Cause::Key => match &self.key {
                Some((name, _)) => format!("set the right key with `hermes config set {name}`, or `hermes model`"),
                None => "this server wants a key: set one with `hermes model`".to_owned(),
            },
            Cause::Model => "choose a model that it has with `hermes model`".to_owned(),
            Cause::Quota => "the account has nothing left: add credit, or choose another provider".to_owned(),
            Cause::ContextOverflow => "the conversation is too long for this model: begin a new one".to_owned(),
            Cause::Malformed => {
                format!("is `{}` (`{}`) the address of its interface?", self.base_url, self.base_url_key)
            }
            _ => return None,
        })
    }
}

struct Kind {
    code: ErrorCode,
    cause: Cause,
}

fn kind(status: u16, said: &str, is_json: bool) -> Kind {
    let says = |phrases: &[&str]| phrases.iter().any(|phrase| said.contains(phrase));
    let (code, cause) = match status {
        401 | 403 => (ErrorCode::CONFIG, Cause::Key),
        402 => (ErrorCode::USER, Cause::Quota),
        _ if says(NOTHING_LEFT) => (ErrorCode::USER, Cause::Quota),
        429 => (ErrorCode::UNAVAILABLE, Cause::RateLimit),
        413 => (ErrorCode::USER, Cause::ContextOverflow),
        400.. if says(TOO_LONG) => (ErrorCode::USER, Cause::ContextOverflow),
        408 | 504 => (ErrorCode::TIMEOUT, Cause::Overloaded),
        409 | 425 | 500.. => (ErrorCode::UNAVAILABLE, Cause::Overloaded),
        404 | 405 if !is_json => (ErrorCode::CONFIG, Cause::Malformed),
        404 => (ErrorCode::CONFIG, Cause::Model),
        400.. if says(NO_MODEL) && said.contains("model") => (ErrorCode::CONFIG, Cause::Model),
        400.. => (ErrorCode::USER, Cause::Request),
        // No success and no error: a redirect, most likely.
        _ => (ErrorCode::CONFIG, Cause::Malformed),
    };
    Kind { code, cause }
}

/// What a provider says, wherever it puts it.
fn words(body: &Value) -> String {
    let body = body.get(0).unwrap_or(body);
    let error = body.get("error").unwrap_or(body);
    let places = [&error["message"], &error["detail"], error, &body["message"], &body["detail"]];
    let found = places.iter().find_map(|place| place.as_str());
    found.map_or_else(|| body.to_string(), str::to_owned)
}

/// The names it gives to what happened.
fn codes(body: &Value) -> String {
    let body = body.get(0).unwrap_or(body);
    let error = body.get("error").unwrap_or(body);
    ["type", "code", "status"].iter().filter_map(|name| error[*name].as_str()).collect::<Vec<_>>().join(" ")
}

/// Foreign text as one line of at most `max` characters, without control characters.
pub(super) fn one_line(text: &str, max: usize) -> String {
    let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(max * 4).collect();
    let mut line = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() > max {
        line = line.chars().take(max).chain(['…']).collect();
    }
    line
}
