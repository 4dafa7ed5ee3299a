//! What the word prints.

use hermes_plugin_api::harness::{Collected, block_on};
use hermes_plugin_api::manifest::{Kind, Manifest};

use super::*;

#[test]
fn it_greets() {
    let output = Collected::default();
    let code = block_on(Greet.run("{{name}}", vec!["you".into(), "me".into()], output.output()));
    assert_eq!(code, Ok(0));
    assert_eq!(output.bytes(), b"{{name}} says hello to you and me\n");
}

#[test]
fn the_manifest_declares_it() {
    let manifest =
        Manifest::parse(include_str!("../plugin.yaml")).expect("the manifest is readable");
    assert!(manifest.declares(Kind::Commands, "{{name}}"));
}
