//! `hermes sessions delete` and `prune`: for good, after a yes, and never what another process has open.

use std::time::Duration;

use super::{confirmed, one_line};
use crate::cli::out;
use crate::error::{FAILED, Failure, OK};
use crate::host::clock;
use crate::session::sessions::Sessions;
use crate::session::store::StoreError;
use crate::session::store::find::{called, short};
use crate::session::store::list::{Summary, Wanted};

/// How many sessions are named before the question.
const NAMED: usize = 10;

pub(super) fn named(sessions: &Sessions, names: &[String], yes: bool) -> Result<u8, Failure> {
    let mut chosen: Vec<Summary> = Vec::new();
    for name in names {
        let found = sessions.store().find(name)?;
        if !chosen.contains(&found) {
            chosen.push(found);
        }
    }
    delete(sessions, &chosen, yes)
}

pub(super) fn old(sessions: &Sessions, age: Duration, source: Option<String>, yes: bool) -> Result<u8, Failure> {
    let age = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
    let before_ms = Some(clock::now_ms().saturating_sub(age));
    let chosen = sessions.store().sessions(&Wanted { source, before_ms, ..Wanted::default() })?;
    if chosen.is_empty() {
        return super::nothing();
    }
    delete(sessions, &chosen, yes)
}

fn delete(sessions: &Sessions, chosen: &[Summary], yes: bool) -> Result<u8, Failure> {
    if !yes {
        for summary in chosen.iter().take(NAMED) {
            out::note(&format!("  {}  {}", short(&summary.id), one_line(&called(summary), 60)));
        }
        if chosen.len() > NAMED {
            out::note(&format!("  and {} more", chosen.len() - NAMED));
        }
        if !confirmed(&format!("Delete {} for good?", count(chosen.len())))? {
            out::line("Nothing was deleted.");
            return Ok(FAILED);
        }
    }
    let mut deleted = 0;
    let mut kept = false;
    for summary in chosen {
        // Held meanwhile, so that nobody goes on with what is being deleted.
        match sessions.hold(&summary.id) {
            Ok(_held) => deleted += usize::from(sessions.store().delete(&summary.id)?),
            Err(error @ StoreError::InUse { .. }) => {
                out::note(&format!("note: {error}: it stays"));
                kept = true;
            }
            Err(error) => return Err(error.into()),
        }
    }
    sessions.sweep();
    if deleted > 0 {
        sessions.store().shrink()?;
    }
    out::line(&format!("Deleted {}.", count(deleted)));
    Ok(if kept && deleted == 0 { FAILED } else { OK })
}

fn count(n: usize) -> String {
    if n == 1 { "1 session".to_owned() } else { format!("{n} sessions") }
}

/// Reads an age: a number and one of `m h d w`.
///
/// # Errors
/// What an age looks like.
pub(super) fn age(text: &str) -> Result<Duration, String> {
    let wrong = || "an age is a number with m, h, d or w behind it, such as 30d".to_owned();
    let unit = text.chars().last().ok_or_else(wrong)?;
    let seconds: u64 = match unit {
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        'w' => 7 * 86_400,
        _ => return Err(wrong()),
    };
    let number: u64 = text.strip_suffix(unit).unwrap_or_default().parse().map_err(|_| wrong())?;
    number.checked_mul(seconds).map(Duration::from_secs).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_read() {
        for (text, seconds) in [("30d", 2_592_000), ("12h", 43_200), ("0m", 0), ("2w", 1_209_600)] {
            assert_eq!(age(text), Ok(Duration::from_secs(seconds)));
        }
        for text in ["", "d", "30", "-1d", "1.5d", "30 d", "30D", "99999999999999999999d", "30378000000000000w", "3日"]
        {
            assert!(age(text).is_err(), "{text}");
        }
    }
}
