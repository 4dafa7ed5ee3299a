//! The set of rules: complete, well named, switchable. What each matches is tested with the reader, in `tests/`.

use std::collections::{BTreeMap, BTreeSet};

use hermes_plugin_api::harness::{block_on, command};
use hermes_plugin_api::manifest::is_id;
use serde::Deserialize;

use super::*;

/// The examples of one rule. They are read and judged where the reader is at hand, in `tests/`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Examples {
    matches: Vec<String>,
    spares: Vec<String>,
}

fn findings(words: &[&str], config: Config) -> Vec<String> {
    let found = block_on(Rules { config }.scan(&command(words))).unwrap();
    found.into_iter().map(|finding| finding.rule).collect()
}

#[test]
fn every_rule_has_examples_and_every_example_a_rule() {
    let examples: BTreeMap<String, Examples> = serde_yaml::from_str(include_str!("../examples.yaml")).unwrap();
    let ids: BTreeSet<&str> = rules::ALL.iter().map(|rule| rule.id).collect();
    assert_eq!(ids.len(), rules::ALL.len(), "ids are used once");
    assert_eq!(ids, examples.keys().map(String::as_str).collect::<BTreeSet<_>>());
    for (id, Examples { matches, spares }) in &examples {
        assert!(matches.len() >= 5, "{id} has {} examples that match", matches.len());
        assert!(spares.len() >= 5, "{id} has {} examples that do not", spares.len());
    }
}

/// The allow-list tells rules from programs by their form.
#[test]
fn ids_are_words_joined_by_dashes() {
    for rule in rules::ALL.iter() {
        assert!(is_id(rule.id) && rule.id.contains('-'), "{}", rule.id);
        assert!(!rule.title.is_empty(), "{}", rule.id);
    }
}

#[test]
fn a_rule_can_be_switched_off() {
    assert_eq!(findings(&["rm", "-r", "x"], Config::default()), ["recursive-delete"]);
    let off: Config = serde_json::from_str(r#"{"approvals.rules": {"recursive-delete": false}}"#).unwrap();
    assert!(findings(&["rm", "-r", "x"], off).is_empty());
}

#[test]
fn other_subjects_are_not_judged() {
    let text = Subject::Message { text: "rm -rf /".into() };
    assert!(block_on(Rules { config: Config::default() }.scan(&text)).unwrap().is_empty());
}
