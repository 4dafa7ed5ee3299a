//! What the tool answers.

use hermes_plugin_api::harness::{Collected, block_on};
use hermes_plugin_api::manifest::{Kind, Manifest};

use super::*;

#[test]
fn the_tool_says_it_again() {
    let call = ToolCall {
        name: "repeat".to_owned(),
        arguments: json!({"text": "hello"}),
        ..ToolCall::default()
    };
    let result = block_on(Repeat.call(call, Collected::default().sink(), Cancel::never()));
    assert_eq!(result.map(|result| result.joined()), Ok("hello".to_owned()));
}

#[test]
fn the_manifest_declares_it() {
    let manifest =
        Manifest::parse(include_str!("../plugin.yaml")).expect("the manifest is readable");
    assert!(manifest.declares(Kind::McpServer, "{{name}}"));
}
