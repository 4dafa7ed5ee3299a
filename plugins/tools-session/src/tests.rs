use hermes_plugin_api::archive::{Excerpt, Found, Said};
use hermes_plugin_api::harness::{Collected, Harness, block_on, check_manifest};
use hermes_plugin_api::manifest::Kind;
use hermes_plugin_api::model::{CallRequest, Message, Role};
use hermes_plugin_api::tools::CallContext;
use serde_json::Value;

use super::*;

/// The clock of the harness.
const NOW: u64 = 1_700_000_000_000;

fn call(harness: &Harness, arguments: Value) -> CallResult {
    let sessions = Sessions(harness.context("tools-session").host);
    let context = CallContext { token: "t".to_owned(), session: "own".to_owned() };
    let call = ToolCall { name: NAME.to_owned(), arguments, context };
    block_on(sessions.call(call, Collected::default().sink(), Cancel::never())).expect("a result")
}

#[test]
fn the_manifest_fits() {
    let manifest = check_manifest::<Config>(include_str!("../plugin.yaml")).expect("fits");
    assert!(manifest.declares(Kind::McpServer, "session"));
    assert_eq!(manifest.permissions.session, ["search"]);
}

#[test]
fn what_is_found_is_told_with_where_it_stands() {
    let harness = Harness::default();
    let hit = Found {
        session: "0123456789abcdef".into(),
        title: "Fix the roof".into(),
        place: 7,
        role: "user".into(),
        at_ms: NOW - 3 * 86_400_000,
        piece: "the **roof**\nleaks".into(),
    };
    harness.answer("archive.search", Ok(json!([hit])));
    let said = call(&harness, json!({ "query": "roof" })).joined();
    let expected = "session 0123456789ab `Fix the roof`, message 7, user, 3 days ago:\n    the **roof** leaks";
    assert_eq!(said, expected);
    let asked = json!({ "token": "t", "words": "roof", "session": null, "limit": 10 });
    assert_eq!(harness.calls(), [("archive.search".to_owned(), asked)]);
    harness.answer("archive.search", Ok(json!([])));
    assert!(call(&harness, json!({ "query": "roof" })).joined().starts_with("Nothing like it"));
}

#[test]
fn a_session_is_read_piece_by_piece() {
    let harness = Harness::default();
    let calls =
        vec![CallRequest { id: "a".into(), name: "terminal".into(), arguments: "{\"command\":\n\"ls\"}".into() }];
    let asked = Message { role: Role::Assistant, tool_calls: calls, ..Message::default() };
    let long = Message { role: Role::Tool, content: "ä".repeat(2_001), ..Message::default() };
    let said =
        vec![Said { place: 2, at_ms: NOW, message: asked }, Said { place: 3, at_ms: NOW - 7_200_000, message: long }];
    harness.answer("archive.look", Ok(json!(Excerpt { session: "s".into(), title: "T".into(), messages: 9, said })));
    let text = call(&harness, json!({ "session": "current", "from": 2, "limit": 999 })).joined();
    assert!(
        text.starts_with(
            "session s `T`, 9 messages\n\nmessage 2, assistant, just now:\n[calls terminal {\"command\": \"ls\"}]"
        ),
        "{text}"
    );
    assert!(text.contains("message 3, tool, 2 hours ago:\nää") && text.contains("… (2 bytes more)"), "{text}");
    assert!(text.ends_with("Go on from message 4."), "{text}");
    let (_, look) = harness.calls().pop().expect("called");
    assert_eq!((&look["session"], &look["from"], &look["limit"]), (&json!("own"), &json!(2), &json!(50)));
}

#[test]
fn a_search_in_a_session_finds_it_by_its_name_first() {
    let harness = Harness::default();
    harness.answer("archive.look", Ok(json!({ "session": "0123" })));
    harness.answer("archive.search", Ok(json!([])));
    call(&harness, json!({ "query": "roof", "session": "Fix" }));
    assert_eq!(harness.calls()[1].1["session"], "0123");
    let unknown = PluginError::user("No session is called `x`").with_hint("near it: y");
    harness.answer("archive.look", Err(unknown));
    let result = call(&harness, json!({ "session": "x" }));
    assert_eq!((result.is_error, result.joined().as_str()), (true, "No session is called `x`\nhint: near it: y"));
    assert!(call(&harness, json!({ "limit": 3 })).joined().contains("Give `query`"));
}
