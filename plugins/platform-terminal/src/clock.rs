//! How long things take, for those who watch. No time of day.

use std::time::Instant;

/// This moment.
#[expect(clippy::disallowed_methods, reason = "how long things take on the screen, which the host is not asked")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
