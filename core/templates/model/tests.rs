//! What it answers.

use hermes_plugin_api::harness::{Collected, block_on};
use hermes_plugin_api::manifest::{Kind, Manifest};
use hermes_plugin_api::model::Message;

use super::*;

#[test]
fn it_says_the_last_message_again() {
    let deltas = Collected::default();
    let message = Message {
        content: "hello".to_owned(),
        ..Message::default()
    };
    let request = Request {
        messages: vec![message],
        ..Request::default()
    };
    let completion = block_on(Parrot.complete(request, deltas.sink(), Cancel::never()));
    assert_eq!(
        completion.map(|completion| completion.content),
        Ok("hello".to_owned())
    );
    assert_eq!(
        deltas.messages(),
        Ok(vec![Delta::Text {
            text: "hello".to_owned()
        }])
    );
}

#[test]
fn the_manifest_declares_it() {
    let manifest =
        Manifest::parse(include_str!("../plugin.yaml")).expect("the manifest is readable");
    assert!(manifest.declares(Kind::Model, "{{name}}"));
}
