//! What bash cannot parse has to be a problem of the reading, and nothing else may be one: over written lines,
//! which bash parses (`-n`) and does not run.

use hermes_core::command::read;
use hermes_plugin_api::command::ProblemKind;
use std::process::{Command, Stdio};

#[test]
fn what_bash_cannot_parse_cannot_be_read() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/fixtures/commands/commands.jsonl");
    let text = std::fs::read_to_string(file).expect("the lines are there");
    let mut compared = 0;
    let mut wrong = Vec::new();
    for line in text.lines().filter_map(input).filter(|line| !line.contains('\0')) {
        let Some(parses) = bash_parses(&line) else {
            assert!(std::env::var_os("CI").is_none(), "bash does not start");
            return println!("skipped: the reader's grammar against bash; needs bash");
        };
        let reads = !read(&line).problems.iter().any(|problem| problem.kind == ProblemKind::Unparsable);
        compared += 1;
        if parses != reads {
            wrong.push((line, parses));
        }
    }
    assert!(wrong.is_empty(), "read differently (line, whether bash parses it): {wrong:#?}");
    assert!(compared > 500, "only {compared} lines were compared");
}

fn input(line: &str) -> Option<String> {
    serde_json::from_str::<serde_json::Value>(line).ok()?.get("input")?.as_str().map(str::to_owned)
}

/// Whether bash takes the line; `None` where it does not start.
pub(crate) fn bash_parses(line: &str) -> Option<bool> {
    let bash = Command::new("/bin/bash")
        .args(["--norc", "--noprofile", "-n", "-O", "extglob", "-c", line])
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    Some(bash.ok()?.success())
}
