//! Lists of lines, written for this project: evasions must all be found, and nothing is found in everyday lines.

use super::found;

/// Reads a list: one line each, `␤` for a line break; lines that begin with `## ` are headings.
fn lines(list: &str) -> Vec<String> {
    list.lines()
        .filter(|line| !line.is_empty() && !line.starts_with("## "))
        .map(|line| line.replace('␤', "\n"))
        .collect()
}

#[test]
fn evasions_are_found() {
    let lines = lines(include_str!("../../../fixtures/commands/evasions.txt"));
    assert!(lines.len() >= 300, "only {} lines", lines.len());
    let missed: Vec<&String> = lines.iter().filter(|line| found(line).is_empty()).collect();
    assert!(missed.is_empty(), "{} lines:\n{missed:#?}", missed.len());
}

#[test]
fn nothing_is_found_in_everyday_lines() {
    let lines = lines(include_str!("../../../fixtures/commands/everyday.txt"));
    assert!(lines.len() >= 500, "only {} lines", lines.len());
    let alarms: Vec<_> = lines.iter().map(|line| (line, found(line))).filter(|(_, found)| !found.is_empty()).collect();
    assert!(alarms.is_empty(), "{} lines:\n{alarms:#?}", alarms.len());
}
