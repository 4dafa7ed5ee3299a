//! What an edit changed, as a unified diff in bounds: for the person and for the model.

use std::time::Duration;

use similar::TextDiff;

/// Most lines that are shown.
const LINES: usize = 200;
/// Longest line that is shown, in characters.
const WIDTH: usize = 500;
/// How long a diff may take to find; one that takes longer is coarser.
const TIME: Duration = Duration::from_millis(500);

/// The diff between two texts of a file; empty when they are the same. A file that is new has no old one.
pub(crate) fn unified(path: &str, old: Option<&str>, new: &str) -> String {
    let diff = TextDiff::configure().timeout(TIME).diff_lines(old.unwrap_or_default(), new);
    let from = if old.is_some() { path } else { "/dev/null" };
    let unified = diff.unified_diff().header(from, path).to_string();
    let mut shown = String::new();
    for line in unified.lines().take(LINES) {
        shown.extend(line.trim_end_matches('\r').chars().take(WIDTH));
        shown.push('\n');
    }
    let more = unified.lines().count().saturating_sub(LINES);
    if more > 0 {
        shown.push_str(&format!("[{more} more lines]\n"));
    }
    shown
}
