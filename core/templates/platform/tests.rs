//! What becomes of a message.

use hermes_plugin_api::harness::block_on;
use hermes_plugin_api::manifest::{Kind, Manifest};

use super::*;

#[test]
fn a_message_gets_a_receipt() {
    let body = Body::Message {
        text: "hello".to_owned(),
    };
    let receipt = block_on(Silence.send(Outbound {
        op: "1".to_owned(),
        chat: "me".to_owned(),
        body,
    }));
    assert_eq!(
        receipt,
        Ok(Receipt {
            id: Some("1".to_owned())
        })
    );
}

#[test]
fn the_manifest_declares_it() {
    let manifest =
        Manifest::parse(include_str!("../plugin.yaml")).expect("the manifest is readable");
    assert!(manifest.declares(Kind::Platform, "{{name}}"));
}
