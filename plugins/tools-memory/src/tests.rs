use hermes_plugin_api::harness::{Collected, Harness, block_on, check_manifest};
use hermes_plugin_api::manifest::Kind;
use hermes_plugin_api::tools::CallContext;
use serde_json::Value;

use super::*;

const KEPT: &str = "The person likes tea.\n§\nBuild with `make`.\n";

fn call(harness: &Harness, arguments: Value) -> CallResult {
    let memory = Memory(harness.context("tools-memory").host);
    let context = CallContext { token: "t".to_owned(), session: "s".to_owned() };
    let call = ToolCall { name: NAME.to_owned(), arguments, context };
    block_on(memory.call(call, Collected::default().sink(), Cancel::never())).expect("a result")
}

/// What a call says, and what it has the host write.
fn changed(arguments: Value) -> (String, Option<String>) {
    let harness = Harness::default();
    harness.answer("notes.read", Ok(json!(KEPT)));
    harness.answer("notes.write", Ok(json!({ "written": true })));
    let said = call(&harness, arguments).joined();
    let write = harness.calls().into_iter().find(|(method, _)| method == "notes.write");
    let text = write.map(|(_, request)| {
        assert_eq!((&request["was"], &request["notes"]), (&json!(KEPT), &json!("user")));
        request["text"].as_str().expect("text").to_owned()
    });
    (said, text)
}

#[test]
fn the_manifest_fits() {
    let manifest = check_manifest::<Config>(include_str!("../plugin.yaml")).expect("fits");
    assert!(manifest.declares(Kind::McpServer, "memory"));
    assert_eq!(manifest.permissions.session, ["notes"]);
}

#[test]
fn entries_are_added_replaced_and_removed() {
    let (said, text) = changed(json!({ "action": "add", "target": "user", "content": " Speaks Welsh.\n" }));
    assert_eq!(text.as_deref(), Some("The person likes tea.\n§\nBuild with `make`.\n§\nSpeaks Welsh.\n"));
    assert_eq!(said, "Kept. 3 entries, 59 of 1375 characters.");
    let arguments = json!({ "action": "replace", "target": "user", "old_text": "tea", "content": "Likes coffee." });
    assert_eq!(changed(arguments).1.as_deref(), Some("Likes coffee.\n§\nBuild with `make`.\n"));
    let (said, text) = changed(json!({ "action": "remove", "target": "user", "old_text": "make" }));
    assert_eq!(text.as_deref(), Some("The person likes tea.\n"));
    assert!(said.starts_with("Removed. 1 entry,"), "{said}");
    let (said, text) = changed(json!({ "action": "list", "target": "user" }));
    assert_eq!(text, None);
    assert!(said.ends_with("characters.\n1. The person likes tea.\n2. Build with `make`."), "{said}");
}

#[test]
fn what_is_not_clear_changes_nothing_and_shows_what_is_kept() {
    for (arguments, why) in [
        (json!({ "action": "remove", "target": "user", "old_text": "milk" }), "No entry holds `milk`"),
        (json!({ "action": "remove", "target": "user", "old_text": "e" }), "2 entries hold `e`: give more"),
        (json!({ "action": "replace", "target": "user", "old_text": "tea" }), "needs `content`"),
        (json!({ "action": "add", "target": "user", "content": " \n" }), "needs `content`"),
        (json!({ "action": "add", "target": "user", "content": "a\n § \nb" }), "no line that is `§`"),
        (json!({ "action": "forget", "target": "user" }), "unknown variant `forget`"),
    ] {
        let (said, text) = changed(arguments);
        assert!(said.contains(why), "{said}");
        assert_eq!(text, None, "{said}");
    }
}

#[test]
fn what_the_host_refuses_is_told_with_what_is_kept() {
    let harness = Harness::default();
    harness.answer("notes.read", Ok(json!(KEPT)));
    harness.answer("notes.write", Err(PluginError::user("Too long").with_hint("shorten")));
    let result = call(&harness, json!({ "action": "add", "target": "memory", "content": "x" }));
    let said = result.joined();
    assert!(result.is_error && said.starts_with("Too long. Nothing was changed. 2 entries"), "{said}");
    assert!(said.ends_with("2. Build with `make`.\nhint: shorten"), "{said}");
}

#[test]
fn who_was_quicker_is_not_overwritten() {
    let harness = Harness::default();
    harness.answer("notes.read", Ok(json!("one\n")));
    harness.answer("notes.write", Ok(json!({ "written": false, "text": "one\n§\ntwo\n" })));
    harness.answer("notes.write", Ok(json!({ "written": true })));
    let result = call(&harness, json!({ "action": "add", "target": "memory", "content": "three" }));
    assert!(result.joined().starts_with("Kept. 3 entries"), "{}", result.joined());
    let (_, last) = harness.calls().pop().expect("called");
    assert_eq!(last["text"], "one\n§\ntwo\n§\nthree\n");
}
