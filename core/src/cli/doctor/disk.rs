//! The space that is left where the home is.

use super::Check;
use crate::config::home::Home;

/// Less than this, and messages may not be stored.
const LITTLE: u64 = 64 << 20;
/// Less than this is worth a word.
const SOME: u64 = 512 << 20;

pub(super) fn space(home: &Home) -> Check {
    // A home that is not there yet will be where the nearest directory above it is.
    let there = home.root().ancestors().find_map(|folder| rustix::fs::statvfs(folder).ok());
    let Some(space) = there else {
        return Check::warning("disk", "it cannot be told how much space is left", "check that the disk is mounted");
    };
    judged(space.f_bavail.saturating_mul(space.f_frsize), space.f_favail)
}

fn judged(bytes: u64, files: u64) -> Check {
    const NAME: &str = "disk";
    const FIX: &str = "free some space on the disk of the home";
    let said = format!("{} MiB are free", bytes >> 20);
    match bytes {
        // Some file systems do not count files, and say that none is left.
        0..LITTLE => Check::failed(NAME, format!("only {said}"), FIX),
        LITTLE..SOME => Check::warning(NAME, format!("only {said}"), FIX),
        _ if (1..100).contains(&files) => Check::warning(NAME, format!("only {files} more files fit"), FIX),
        _ => Check::ok(NAME, said),
    }
}

#[cfg(test)]
mod tests {
    use super::super::State;
    use super::*;

    #[test]
    fn little_space_fails_and_some_is_worth_a_word() {
        for (bytes, files, state) in [
            (0, 1_000, State::Failed),
            (LITTLE, 1_000, State::Warning),
            (SOME, 1_000, State::Ok),
            (SOME, 3, State::Warning),
            (u64::MAX, 0, State::Ok),
        ] {
            assert_eq!(judged(bytes, files).state, state, "{bytes}");
        }
    }
}
