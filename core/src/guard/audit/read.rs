//! Reads decisions back, newest first.

use std::io::Result;
use std::path::Path;

use super::line::Line;

/// Returns the last decisions of a log, oldest first: at most `count`, of one session if one is named. Lines that
/// are not decisions are left out; [`verify`](super::verify::verify) names them.
///
/// # Errors
/// When a file cannot be read.
pub fn last(home: &Path, count: usize, session: Option<&str>) -> Result<Vec<Line>> {
    let mut found = Vec::new();
    for file in super::files(&home.join("logs"))?.iter().rev() {
        let bytes = std::fs::read(file)?;
        let lines = bytes.rsplit(|c| *c == b'\n').filter_map(|line| serde_json::from_slice::<Line>(line).ok());
        let wanted = lines.filter(|line| session.is_none_or(|session| line.session == session));
        found.extend(wanted.take(count - found.len()));
        if found.len() == count {
            break;
        }
    }
    found.reverse();
    Ok(found)
}
