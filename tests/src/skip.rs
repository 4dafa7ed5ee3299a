//! Tests that this machine cannot run: said aloud, and never in CI.

use std::fs::OpenOptions;
use std::io::Write as _;

/// Notes that a group of tests was skipped and what would enable it; `cargo xtask test` prints each once.
///
/// # Panics
/// In CI, where none may be skipped.
#[expect(clippy::disallowed_methods, reason = "what the test runner says, it says by variables")]
pub fn skip(group: &str, enabled_by: &str) {
    let line = format!("{group}: {enabled_by}\n");
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "In CI no test may be skipped: {line}");
    if let Some(path) = std::env::var_os("HERMES_TEST_SKIPS") {
        let file = OpenOptions::new().append(true).create(true).open(path);
        file.and_then(|mut file| file.write_all(line.as_bytes())).expect("the note can be written");
    }
}
