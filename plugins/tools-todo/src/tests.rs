use hermes_plugin_api::archive::{Excerpt, Said};
use hermes_plugin_api::harness::{Collected, Harness, block_on, check_manifest};
use hermes_plugin_api::manifest::Kind;
use hermes_plugin_api::model::{Message, Role};
use serde_json::Value;

use super::*;

fn todo(harness: &Harness) -> Todo {
    Todo { host: harness.context("tools-todo").host, lists: Mutex::default() }
}

fn call(todo: &Todo, session: &str, arguments: Value) -> CallResult {
    let context = CallContext { token: "t".to_owned(), session: session.to_owned() };
    let call = ToolCall { name: NAME.to_owned(), arguments, context };
    block_on(todo.call(call, Collected::default().sink(), Cancel::never())).expect("a result")
}

/// The list as `id:status`, in one line.
fn short(result: &CallResult) -> String {
    let value: Value = serde_json::from_str(&result.joined()).expect("JSON");
    let item =
        |item: &Value| format!("{}:{}", item["id"].as_str().unwrap_or("?"), item["status"].as_str().unwrap_or("?"));
    value["todos"].as_array().expect("a list").iter().map(item).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_manifest_fits() {
    let manifest = check_manifest::<Config>(include_str!("../plugin.yaml")).expect("fits");
    assert!(manifest.declares(Kind::McpServer, "todo"));
    assert_eq!(manifest.permissions.session, ["search"]);
}

#[test]
fn a_list_is_replaced_merged_and_read() {
    let todo = todo(&Harness::default());
    assert_eq!(short(&call(&todo, "s", json!({}))), "");
    let two = json!([{ "id": "1", "content": "one", "status": "in_progress" }, { "id": "2", "content": " two " }]);
    assert_eq!(short(&call(&todo, "s", json!({ "todos": two }))), "1:in_progress 2:pending");
    let more = json!([{ "id": "1", "status": "completed" }, { "id": "3", "content": "three" }]);
    let merged = call(&todo, "s", json!({ "todos": more, "merge": true }));
    assert_eq!(short(&merged), "1:completed 2:pending 3:pending");
    assert!(merged.joined().contains(r#""content":"two""#), "{}", merged.joined());
    assert_eq!(short(&call(&todo, "s", json!({}))), "1:completed 2:pending 3:pending");
    assert_eq!(short(&call(&todo, "other", json!({}))), "");
    let last = json!([{ "id": "9", "content": "nine", "status": "cancelled" }]);
    assert_eq!(short(&call(&todo, "s", json!({ "todos": last }))), "9:cancelled");
}

#[test]
fn what_cannot_be_is_told_and_changes_nothing() {
    let todo = todo(&Harness::default());
    call(&todo, "s", json!({ "todos": [{ "id": "1", "content": "one" }] }));
    let many: Vec<Value> = (0..ITEMS).map(|n| json!({ "id": format!("n{n}"), "content": "x" })).collect();
    for (arguments, why) in [
        (json!({ "todos": [{ "id": "2" }], "merge": true }), "`2` is new and has no `content`"),
        (json!({ "todos": [{ "id": "2", "content": " " }], "merge": true }), "`2` is new and has no `content`"),
        (json!({ "todos": [{ "id": "1" }, { "id": "1" }], "merge": true }), "`1` stands there twice"),
        (json!({ "todos": many, "merge": true }), "101 items, and 100 is the most"),
        (json!({ "todos": [{ "id": "1", "content": "x", "status": "done" }] }), "unknown variant `done`"),
    ] {
        let result = call(&todo, "s", arguments);
        assert!(result.is_error && result.joined().contains(why), "{}", result.joined());
    }
    assert_eq!(short(&call(&todo, "s", json!({}))), "1:pending");
}

#[test]
fn the_list_of_an_earlier_process_comes_back() {
    let harness = Harness::default();
    let say = |text: &str| Said {
        message: Message { role: Role::Tool, content: text.to_owned(), ..Message::default() },
        ..Said::default()
    };
    let old = call(&todo(&harness), "s", json!({ "todos": [{ "id": "1", "content": "one\n\"quoted\"" }] }));
    let said = vec![say(&old.joined()), say("Arguments do not fit: something")];
    harness.answer("archive.look", Ok(json!(Excerpt { said, ..Excerpt::default() })));
    let again = todo(&harness);
    let merged = call(&again, "s", json!({ "todos": [{ "id": "1", "status": "completed" }], "merge": true }));
    assert_eq!(short(&merged), "1:completed");
    let (method, asked) = harness.calls().pop().expect("the host was asked");
    assert_eq!((method.as_str(), &asked["tool"], &asked["token"]), ("archive.look", &json!("todo"), &json!("t")));
}

#[test]
fn a_host_without_an_archive_is_no_reason_not_to_keep_a_list() {
    let harness = Harness::default();
    let result = call(&todo(&harness), "s", json!({ "todos": [{ "id": "1", "content": "one" }] }));
    assert_eq!((short(&result).as_str(), result.is_error), ("1:pending", false));
}
