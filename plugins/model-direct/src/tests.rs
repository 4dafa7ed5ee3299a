//! What becomes of a message, with and without a tool for it.

use hermes_plugin_api::harness::{Collected, block_on, check_manifest};
use hermes_plugin_api::tools::Tool;

use super::*;

fn complete(messages: Vec<Message>, tools: &[&str]) -> Completion {
    let tools = tools.iter().map(|name| Tool { name: (*name).into(), ..Tool::default() }).collect();
    let request = Request { messages, tools, ..Request::default() };
    block_on(Direct.complete(request, Collected::default().sink(), Cancel::never())).expect("it never fails")
}

fn message(role: Role, content: &str) -> Message {
    Message { role, content: content.into(), ..Message::default() }
}

#[test]
fn the_manifest_fits() {
    let manifest = check_manifest::<config::Config>(include_str!("../plugin.yaml")).expect("fits");
    assert!(manifest.provides[0].default && manifest.enabled_by_default);
}

#[test]
fn a_message_is_a_command_word_for_word() {
    let said = complete(vec![message(Role::User, "echo \"a\nb\" | rev")], &["process", TOOL]);
    assert_eq!(said.content, "");
    assert_eq!(said.tool_calls[0].name, TOOL);
    assert_eq!(said.tool_calls[0].arguments, r#"{"command":"echo \"a\nb\" | rev"}"#);
}

#[test]
fn the_result_is_the_answer() {
    let said = complete(vec![message(Role::User, "pwd"), message(Role::Tool, "/tmp")], &[TOOL]);
    assert_eq!((said.content.as_str(), said.tool_calls.len()), ("/tmp", 0));
}

#[test]
fn success_needs_no_words_and_failure_does() {
    for (result, answer) in [
        ("Linux\n[exit code 0]", "Linux"),
        ("(no output)\n[exit code 0]\n[working directory /tmp]", "(no output)"),
        ("no\n[exit code 3]", "no\n[exit code 3]"),
        ("(no output)\n[exit code 3]\n[working directory /tmp]", "[exit code 3]"),
        ("[exit code 0]\nthe end\n[exit code 0]", "[exit code 0]\nthe end"),
        ("BLOCKED: no", "BLOCKED: no"),
    ] {
        let said = complete(vec![message(Role::User, "x"), message(Role::Tool, result)], &[TOOL]);
        assert_eq!(said.content, answer);
    }
}

#[test]
fn without_the_tool_it_says_so() {
    let said = complete(vec![message(Role::User, "pwd")], &["process"]);
    assert!(said.content.contains("no tool here runs commands") && said.tool_calls.is_empty());
}
