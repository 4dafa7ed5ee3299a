//! What it finds, and what it leaves alone.

use hermes_plugin_api::harness::{block_on, command};
use hermes_plugin_api::manifest::{Kind, Manifest};

use super::*;

fn found(words: &[&str]) -> Vec<String> {
    let findings = block_on(Hello.scan(&command(words))).expect("a command can be judged");
    findings.into_iter().map(|finding| finding.rule).collect()
}

#[test]
fn a_loud_greeting_is_found_in_every_spelling() {
    assert_eq!(found(&["hello", "-l", "world"]), ["hello-loud"]);
    assert_eq!(found(&["/usr/bin/hello", "--loud"]), ["hello-loud"]);
}

#[test]
fn a_quiet_greeting_is_left_alone() {
    assert!(found(&["hello", "world"]).is_empty());
    assert!(found(&["echo", "hello", "--loud"]).is_empty());
}

#[test]
fn the_manifest_declares_it() {
    let manifest = Manifest::parse(include_str!("../plugin.yaml")).expect("the manifest is readable");
    assert!(manifest.declares(Kind::Scanner, "hello"));
}
