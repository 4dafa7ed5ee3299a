//! Keeps a tirith that fails again and again from being asked each time. What happened is kept in the plugin's
//! store, so that the next process knows.

use serde::{Deserialize, Serialize};

/// As many failures in a row are bad luck; with the last of them it is not asked for a while.
const PATIENCE: u32 = 3;
/// How long it is left alone. Then it gets one try.
const PAUSE_MS: u64 = 60_000;

/// How it went lately.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Breaker {
    /// Failures since the last answer.
    pub(crate) failures: u32,
    /// Milliseconds since 1970 until which it is not asked.
    pub(crate) until_ms: u64,
    /// The last failure.
    pub(crate) why: String,
}

impl Breaker {
    /// Whether it may be asked.
    ///
    /// # Errors
    /// Why not, and when it is tried again.
    pub(crate) fn admit(&self, now_ms: u64) -> Result<(), String> {
        // A clock that was set back does not hold it up for longer than a pause.
        let left = self.until_ms.saturating_sub(now_ms);
        if left == 0 || left > PAUSE_MS {
            return Ok(());
        }
        let (failures, why) = (self.failures, &self.why);
        Err(format!("tirith failed {failures} times in a row and is tried again in {} s: {why}", left.div_ceil(1000)))
    }

    /// Notes a failure.
    #[must_use]
    pub(crate) fn failed(&self, why: &str, now_ms: u64) -> Self {
        let failures = self.failures.saturating_add(1);
        let until_ms = if failures >= PATIENCE { now_ms.saturating_add(PAUSE_MS) } else { 0 };
        Self { failures, until_ms, why: why.to_owned() }
    }
}
