//! The set of rules: complete and well named. What each matches is tested with the reader, in `tests/`.

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
fn a_command_is_judged() {
    let found = block_on(Rules.scan(&command(&["rm", "-r", "x"]))).unwrap();
    assert_eq!(found.iter().map(|finding| finding.rule.as_str()).collect::<Vec<_>>(), ["recursive-delete"]);
}

#[test]
fn other_subjects_are_not_judged() {
    let text = Subject::Message { text: "rm -rf /".into() };
    assert!(block_on(Rules.scan(&text)).unwrap().is_empty());
}
