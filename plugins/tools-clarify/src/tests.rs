use hermes_plugin_api::harness::{Collected, Harness, block_on, check_manifest};
use hermes_plugin_api::manifest::Kind;
use hermes_plugin_api::prelude::*;
use hermes_plugin_api::tools::{CallContext, CallResult, ToolCall};
use serde_json::{Value, json};

use crate::config::Config;
use crate::{Clarify, NAME};

fn call(harness: &Harness, arguments: Value) -> Result<CallResult> {
    let clarify = Clarify(harness.context("tools-clarify").host);
    let context = CallContext { token: "t".to_owned(), session: "s".to_owned() };
    let call = ToolCall { name: NAME.to_owned(), arguments, context };
    block_on(clarify.call(call, Collected::default().sink(), Cancel::never()))
}

fn answered(answer: Result<Value>) -> Result<CallResult> {
    let harness = Harness::default();
    harness.answer("ask", answer);
    call(&harness, json!({ "question": "Which?", "choices": ["a", "b"] }))
}

#[test]
fn the_manifest_fits() {
    let manifest = check_manifest::<Config>(include_str!("../plugin.yaml")).expect("fits");
    assert!(manifest.declares(Kind::McpServer, "clarify"));
    assert_eq!(manifest.permissions.session, ["ask"]);
}

#[test]
fn the_question_reaches_the_host_with_the_calls_token() {
    let harness = Harness::default();
    harness.answer("ask", Ok(json!({ "kind": "declined" })));
    let _ = call(&harness, json!({ "question": "Which?", "choices": ["a"] })).expect("a result");
    let expected = json!({ "token": "t", "question": "Which?", "choices": ["a"], "free_text": true, "timeout": null });
    assert_eq!(harness.calls(), [("ask".to_owned(), expected)]);
}

#[test]
fn every_answer_is_told() {
    for (answer, said) in [
        (json!({ "kind": "chosen", "index": 1, "text": "b" }), "The person chose 2: b"),
        (json!({ "kind": "typed", "text": "neither" }), "The person answered: neither"),
        (json!({ "kind": "declined" }), "The person did not want to answer. Go on"),
        (json!({ "kind": "nobody" }), "Nobody is there to answer. Go on"),
        (json!({ "kind": "late" }), "Nobody answered in time. Go on"),
    ] {
        let result = answered(Ok(answer.clone())).expect("a result");
        assert!(result.joined().starts_with(said) && !result.is_error, "{}", result.joined());
        assert_eq!(result.structured, Some(answer));
    }
}

#[test]
fn a_host_that_is_too_old_to_ask_is_a_fault() {
    let error = call(&Harness::default(), json!({ "question": "Which?" })).expect_err("no result");
    assert_eq!(error.code, ErrorCode::UNSUPPORTED);
}

#[test]
fn a_bad_question_is_told_and_an_interruption_is_no_result() {
    let result = answered(Err(PluginError::user("Choice 2 stands there twice"))).expect("a result");
    assert_eq!((result.joined().as_str(), result.is_error), ("Choice 2 stands there twice", true));
    let error = answered(Err(PluginError::cancelled())).expect_err("no result");
    assert_eq!(error.code, ErrorCode::CANCELLED);
    let result = call(&Harness::default(), json!({ "prompt": "?" })).expect("a result");
    assert!(result.is_error && result.joined().contains("unknown field `prompt`"), "{}", result.joined());
}
