//! Who comes in.

use hermes_plugin_api::harness::block_on;
use hermes_plugin_api::manifest::{Kind, Manifest};

use super::*;

#[test]
fn a_stranger_stays_out() {
    assert_eq!(
        block_on(Closed.admit(Sender::default())),
        Ok(Admission::Unknown)
    );
}

#[test]
fn the_manifest_declares_it() {
    let manifest =
        Manifest::parse(include_str!("../plugin.yaml")).expect("the manifest is readable");
    assert!(manifest.declares(Kind::Gate, "{{name}}"));
}
