//! What scripts make the model say, and how a wrong one is refused.

use std::io::Write as _;

use hermes_plugin_api::harness::{Collected, Harness, block_on, check_manifest};
use hermes_plugin_api::model::{Message, Role};
use serde_json::json;

use super::*;

fn model(script: &str) -> (Scripted, tempfile::NamedTempFile) {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(script.as_bytes()).expect("written");
    let harness = Harness::with_settings(json!({ "model.script": file.path() }));
    (Scripted::new(&harness.context("model-scripted")).expect("settings fit"), file)
}

fn complete(model: &Scripted, last: &str) -> (Result<Completion>, Vec<Delta>) {
    let collected = Collected::default();
    let message = Message { role: Role::User, content: last.into(), ..Message::default() };
    let request = Request { messages: vec![message], ..Request::default() };
    let completion = block_on(model.complete(request, collected.sink(), Cancel::never()));
    (completion, collected.messages().expect("deltas"))
}

fn error(script: &str) -> String {
    let (model, file) = model(script);
    let message = complete(&model, "").0.expect_err("must fail").message;
    message.replace(&file.path().display().to_string(), "FILE")
}

#[test]
fn the_manifest_fits() {
    check_manifest::<config::Config>(include_str!("../plugin.yaml")).expect("fits");
}

#[test]
fn steps_are_said_in_order_and_streamed() {
    let (model, _file) = model(
        "
- text: Let me see.
  thinking: hm
  tool_calls:
    - {name: terminal, arguments: {command: uname -a}}
    - {name: terminal, id: x, raw: '{\"command\": '}
- {expect: {last_contains: Linux}, text: It is Linux.}
",
    );
    let (said, deltas) = complete(&model, "what?");
    let said = said.expect("the first step");
    assert_eq!(said.content, "Let me see.");
    assert_eq!(said.tool_calls[0].arguments, r#"{"command":"uname -a"}"#);
    assert_eq!(said.tool_calls[1].arguments, r#"{"command": "#);
    assert_eq!(deltas.len(), 4);
    assert_eq!(complete(&model, "Linux box").0.expect("the second").content, "It is Linux.");
    assert!(complete(&model, "").0.expect("the end").content.ends_with("is over."));
}

#[test]
fn failures_and_repetitions_are_said() {
    let (model, _file) = model(
        "
- {repeat: 2, text: again}
- {error: {code: unavailable, message: Busy, retry_after_ms: 50}}
- {expect: {last_contains: Linux}}
",
    );
    assert_eq!(complete(&model, "").0.expect("one").content, "again");
    assert_eq!(complete(&model, "").0.expect("two").content, "again");
    let busy = complete(&model, "").0.expect_err("busy");
    assert_eq!((busy.code, busy.retry_after), (ErrorCode::UNAVAILABLE, Some(Duration::from_millis(50))));
    let unexpected = complete(&model, "Darwin").0.expect_err("not Linux").message;
    assert_eq!(unexpected, "Answer 4 expected `Linux` in the last message, which is: Darwin");
}

#[test]
fn a_wrong_script_is_refused_by_file_line_and_key() {
    assert!(error("- text: a\n- txt: b\n").starts_with("Script `FILE`: .[1]: unknown field `txt`"));
    assert!(error("- text: a\n- txt: b\n").contains("line 2"));
    assert!(error("- text: [\n").contains("line"));
    assert!(error("- {error: {code: broken, message: x}}").contains("unknown variant `broken`"));
    assert!(error("text: a").contains("expected a sequence"));
    let absent = Harness::with_settings(json!({ "model.script": "/nowhere/script.yaml" }));
    let model = Scripted::new(&absent.context("model-scripted")).expect("settings fit");
    assert!(complete(&model, "").0.expect_err("absent").message.contains("/nowhere/script.yaml"));
    let unset = Scripted::new(&Harness::default().context("model-scripted")).expect("settings fit");
    assert_eq!(
        complete(&unset, "").0.expect_err("unset").hint(),
        Some("set `model.script` to the path of a YAML script")
    );
}
