//! What becomes of good, bad and hostile answers.

use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::harness::{Harness, Reply, block_on};

const KEY: &str = "sk-very-secret-0123456789";

fn endpoint(harness: &Harness) -> Endpoint {
    Endpoint {
        host: harness.context("model-test").host,
        title: "Acme".into(),
        base_url: "https://api.acme.example/v1/".into(),
        base_url_key: "acme.base_url".into(),
        headers: vec![("authorization".into(), format!("Bearer {KEY}"))],
        key: Some(("ACME_API_KEY".into(), Secret::new(KEY))),
        head: Duration::from_secs(5),
        idle: Duration::from_secs(3),
    }
}

fn post(reply: Reply) -> Result<Vec<Event>> {
    let harness = Harness::default();
    harness.reply(reply);
    block_on(async {
        let cancel = Cancel::never();
        match endpoint(&harness).post("/chat", &json!({"a": 1}), &cancel).await? {
            Answer::Whole(value) => Ok(vec![Event { name: "whole".into(), data: value.to_string() }]),
            Answer::Events(mut events) => {
                let mut all = Vec::new();
                while let Some(event) = events.next(&cancel).await? {
                    all.push(event);
                }
                Ok(all)
            }
        }
    })
}

fn failure(status: u16, body: &str) -> PluginError {
    post(Reply::new(status, "application/json", body)).expect_err("a failure")
}

#[test]
fn a_request_is_sent_and_events_come_back() {
    let harness = Harness::default();
    harness.reply(Reply::new(200, "text/event-stream; charset=utf-8", "data: a\n\ndata: b\n\n"));
    let answer = block_on(endpoint(&harness).post("/chat", &json!({"a": 1}), &Cancel::never()));
    assert!(matches!(answer, Ok(Answer::Events(_))));
    let (service, request) = harness.calls().remove(0);
    assert_eq!(service, "http");
    assert_eq!(request["url"], "https://api.acme.example/v1/chat");
    assert_eq!(request["body"], r#"{"a":1}"#);
    assert_eq!(request["timeout_ms"], 5000);
    assert_eq!(post(Reply::new(200, "", "data: a\n\ndata: b")).expect("events").len(), 2);
    assert_eq!(post(Reply::new(200, "application/json", "{}")).expect("whole")[0].name, "whole");
}

#[test]
fn statuses_become_causes() {
    let said = |status, body: &str| {
        let error = failure(status, body);
        (error.code, Cause::of(&error).expect("a cause"))
    };
    let error = |message: &str| json!({ "error": { "message": message, "type": "invalid_request_error" } }).to_string();
    for (status, body, code, cause) in [
        (401, error("Incorrect API key"), ErrorCode::CONFIG, Cause::Key),
        (403, "{}".into(), ErrorCode::CONFIG, Cause::Key),
        (402, "{}".into(), ErrorCode::USER, Cause::Quota),
        (429, error("Slow down"), ErrorCode::UNAVAILABLE, Cause::RateLimit),
        (429, r#"{"error": {"message": "x", "code": "insufficient_quota"}}"#.into(), ErrorCode::USER, Cause::Quota),
        (400, error("Your credit balance is too low"), ErrorCode::USER, Cause::Quota),
        (404, error("The model `x` does not exist"), ErrorCode::CONFIG, Cause::Model),
        (404, r#"{"error": "model 'x' not found, try pulling it first"}"#.into(), ErrorCode::CONFIG, Cause::Model),
        (400, error("x is not a valid model ID"), ErrorCode::CONFIG, Cause::Model),
        (404, "<html>not here</html>".into(), ErrorCode::CONFIG, Cause::Malformed),
        (301, String::new(), ErrorCode::CONFIG, Cause::Malformed),
        (500, "oops".into(), ErrorCode::UNAVAILABLE, Cause::Overloaded),
        (529, error("Overloaded"), ErrorCode::UNAVAILABLE, Cause::Overloaded),
        (504, String::new(), ErrorCode::TIMEOUT, Cause::Overloaded),
        (422, r#"{"detail": [{"loc": ["body"]}]}"#.into(), ErrorCode::USER, Cause::Request),
        (413, String::new(), ErrorCode::USER, Cause::ContextOverflow),
    ] {
        assert_eq!(said(status, &body), (code, cause), "{status} {body}");
    }
}

#[test]
fn a_conversation_that_is_too_long_is_known_whoever_says_so() {
    for (status, body) in [
        (
            400,
            r#"{"error": {"message": "This model's maximum context length is 8192 tokens", "code": "context_length_exceeded"}}"#,
        ),
        (
            400,
            r#"{"type": "error", "error": {"type": "invalid_request_error", "message": "prompt is too long: 210000 tokens > 200000 maximum"}}"#,
        ),
        (
            400,
            r#"{"error": {"message": "the request exceeds the available context size. try increasing the context size", "type": "exceed_context_size_error"}}"#,
        ),
        (
            400,
            r#"[{"error": {"code": 400, "message": "The input token count (2000000) exceeds the maximum number of tokens allowed", "status": "INVALID_ARGUMENT"}}]"#,
        ),
        (400, r#"{"object": "error", "message": "'max_tokens' is too large: the model's context window is 4096"}"#),
        (500, r#"{"error": "input length exceeds the context length"}"#),
        (413, r#"{"error": {"type": "request_too_large", "message": "Request exceeds the maximum size"}}"#),
    ] {
        assert_eq!(Cause::of(&failure(status, body)), Some(Cause::ContextOverflow), "{body}");
    }
}

#[test]
fn a_refused_key_names_its_variable_and_never_itself() {
    let error = failure(401, &format!("{{\"error\": {{\"message\": \"Bad key: {KEY}\\n\\u001b[2J\"}}}}"));
    assert_eq!(error.message, "Acme answered 401: Bad key: **** [2J");
    let hint = error.hint().expect("a hint");
    assert!(hint.contains("hermes config set ACME_API_KEY"), "{hint}");
    assert!(!format!("{error:?}").contains(KEY), "{error:?}");
    let long = failure(400, &"x".repeat(100_000));
    assert!(long.message.chars().count() < 340, "{}", long.message);
}

#[test]
fn a_wait_that_is_asked_for_is_passed_on() {
    let mut reply = Reply::new(429, "application/json", "{}");
    reply.headers.push(("retry-after".into(), "7".into()));
    assert_eq!(post(reply).expect_err("busy").retry_after, Some(Duration::from_secs(7)));
}

#[test]
fn what_is_no_answer_says_so() {
    for (kind, body) in [("text/html", "<html>"), ("application/json", "{\"a\""), ("application/octet-stream", "\0")] {
        let error = post(Reply::new(200, kind, body)).expect_err("no answer");
        assert_eq!((error.code, Cause::of(&error)), (ErrorCode::PROTOCOL, Some(Cause::Malformed)));
        assert!(error.hint().is_some_and(|hint| hint.contains("acme.base_url")), "{error:?}");
    }
}

#[test]
fn silence_and_breaks_are_told_apart() {
    let silent = Reply { hangs: true, ..Reply::new(200, "text/event-stream", "data: a\n\n") };
    let error = post(silent).expect_err("silence");
    assert_eq!((error.code, error.message.as_str()), (ErrorCode::TIMEOUT, "Acme sent nothing for 3 s"));
    let mut broken = Reply::new(200, "text/event-stream", "data: a\n\n");
    broken.pieces.push_back(Err(PluginError::unavailable("reset by peer")));
    let error = post(broken).expect_err("a break");
    assert_eq!((error.code, Cause::of(&error)), (ErrorCode::UNAVAILABLE, Some(Cause::Cut)));
}

#[test]
fn endless_answers_are_not_kept() {
    let endless = |kind: &str, line: &str, pieces| {
        let mut reply = Reply::new(200, kind, "");
        reply.pieces = std::iter::repeat_n(Ok(line.repeat((1 << 20) / line.len()).into_bytes()), pieces).collect();
        post(reply).map(|events| events.len()).expect_err("too long").message
    };
    let (comment, data) = (format!(":{}\n", "x".repeat(1000)), format!("data:{}\n", "x".repeat(1000)));
    assert!(endless("application/json", "         \n", 40).contains("is longer than 33554432 bytes"));
    assert!(endless("text/event-stream", &comment, 80).contains("is longer than 67108864 bytes"));
    assert!(endless("text/event-stream", "aaaaaaaaaa", 20).contains("is longer than 8388608 bytes"));
    assert!(endless("text/event-stream", &data, 20).contains("is longer than 8388608 bytes"));
}

#[test]
fn an_error_within_an_answer_is_one() {
    let endpoint = endpoint(&Harness::default());
    let cause = |error: Value| {
        let error = endpoint.reported(&error);
        (error.code, Cause::of(&error).expect("a cause"))
    };
    let overloaded = json!({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}});
    assert_eq!(cause(overloaded), (ErrorCode::UNAVAILABLE, Cause::Overloaded));
    assert_eq!(cause(json!({"error": {"code": 429, "message": "x"}})), (ErrorCode::UNAVAILABLE, Cause::RateLimit));
    assert_eq!(cause(json!({"error": "prompt is too long"})), (ErrorCode::USER, Cause::ContextOverflow));
    assert_eq!(cause(json!({"message": "x", "code": 403})), (ErrorCode::CONFIG, Cause::Key));
}

proptest! {
    /// Whatever a server sends, there is an error with a cause, short and on one line, without the key.
    #[test]
    fn any_failure_is_told(status in 300..600u16, body in "\\PC{0,200}|\\{\"error\": ?(\\{\"message\": ?\"\\PC{0,50}\"\\}|[0-9]+|\"x\")\\}", at in 0..20usize) {
        let mut body = body;
        let at = body.char_indices().map(|(at, _)| at).nth(at).unwrap_or(0);
        body.insert_str(at, KEY);
        let error = failure(status, &body);
        prop_assert!(Cause::of(&error).is_some());
        prop_assert!(!error.message.contains(char::is_control) && error.message.chars().count() < 340);
        prop_assert!(!error.message.contains(KEY));
    }
}
