//! What becomes of a message.

use std::sync::Arc;

use hermes_plugin_api::conformance::{self, Check, Inline};
use hermes_plugin_api::harness::{Collected, block_on};
use hermes_plugin_api::manifest::{Kind, Manifest};

use super::*;

#[test]
fn a_message_comes_back_and_its_answer_does_not() {
    let loopback = Loopback::default();
    let inbox = Collected::default();
    let say = |op: &str| {
        let outbound = Outbound {
            op: op.to_owned(),
            chat: "me".to_owned(),
            body: Body::Message {
                text: "hello".to_owned(),
            },
        };
        block_on(loopback.send(outbound))
    };
    assert_eq!(
        say("0").map_err(|error| error.code),
        Err(ErrorCode::UNAVAILABLE)
    );
    *loopback.inbox.lock().expect("not poisoned") = Some(inbox.sink());
    for op in ["1", "2", "3"] {
        let id = Some(op.to_owned());
        assert_eq!(say(op), Ok(Receipt { id }));
    }
    let back: Vec<Inbound> = inbox.messages().expect("messages");
    let ids: Vec<&str> = back.iter().map(|inbound| inbound.id.as_str()).collect();
    assert_eq!(ids, ["back-1", "back-3"]);
}

#[test]
fn it_does_what_every_platform_must() {
    let checks = block_on(conformance::platform(
        &Inline,
        &Arc::new(Loopback::default()),
        "{{name}}",
    ));
    assert_eq!(checks.iter().find_map(Check::failed), None);
}

#[test]
fn the_manifest_declares_it() {
    let manifest =
        Manifest::parse(include_str!("../plugin.yaml")).expect("the manifest is readable");
    assert!(manifest.declares(Kind::Platform, "{{name}}"));
}
