//! What it finds, and what it leaves alone.

use hermes_plugin_api::harness::{block_on, command};
use hermes_plugin_api::manifest::{Kind, Manifest};

use super::*;

fn found(words: &[&str]) -> Vec<String> {
    let findings = block_on(Rules.scan(&command(words))).expect("a command can be judged");
    findings.into_iter().map(|finding| finding.rule).collect()
}

#[test]
fn a_loud_hello_is_found() {
    assert_eq!(found(&["hello", "-l", "world"]), ["{{id}}-loud"]);
    assert_eq!(found(&["/usr/bin/hello", "--loud"]), ["{{id}}-loud"]);
}

#[test]
fn a_quiet_hello_is_not() {
    assert!(found(&["hello", "world"]).is_empty());
    assert!(found(&["echo", "hello", "-l"]).is_empty());
}

#[test]
fn the_manifest_declares_it() {
    let manifest =
        Manifest::parse(include_str!("../plugin.yaml")).expect("the manifest is readable");
    assert!(manifest.declares(Kind::Scanner, "{{name}}"));
}
