//! The labelled lines: what must not run unasked is found, and nothing is found in the rest.

use super::found;

#[derive(serde::Deserialize)]
struct Case {
    input: String,
    expect: String,
    why: String,
}

#[test]
fn labelled_lines_are_judged_as_labelled() {
    let text = include_str!("../../../fixtures/commands/commands.jsonl");
    let mut wrong = Vec::new();
    for line in text.lines() {
        let Case { input, expect, why } = serde_json::from_str(line).unwrap();
        let found = found(&input);
        if found.is_empty() == (expect == "ask") {
            wrong.push(format!("{expect}: {input:?} ({why}): {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{} lines:\n{}", wrong.len(), wrong.join("\n"));
}
