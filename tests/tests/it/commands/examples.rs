//! Each rule matches and spares what its examples say.

use std::collections::BTreeMap;

use super::found;

#[derive(serde::Deserialize)]
struct Examples {
    matches: Vec<String>,
    spares: Vec<String>,
}

#[test]
fn rules_match_and_spare_what_their_examples_say() {
    let text = include_str!("../../../../plugins/scanner-commands/examples.yaml");
    let examples: BTreeMap<String, Examples> = serde_yaml::from_str(text).unwrap();
    let mut wrong = Vec::new();
    for (id, Examples { matches, spares }) in &examples {
        let has = |line: &str| found(line).contains(id);
        wrong.extend(matches.iter().filter(|line| !has(line)).map(|line| format!("{id} misses `{line}`")));
        wrong.extend(spares.iter().filter(|line| has(line)).map(|line| format!("{id} matches `{line}`")));
    }
    assert!(wrong.is_empty(), "{} examples:\n{}", wrong.len(), wrong.join("\n"));
}
