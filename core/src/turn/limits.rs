//! How much of anything a turn takes. What a user may set is in [`Limits`], the rest is fixed.

use std::time::Duration;

/// Longest id or name of a call, in characters: what providers take back.
pub(crate) const NAME: usize = 64;
/// Longest arguments of a call, in bytes.
pub(crate) const ARGUMENTS: usize = 1 << 20;
/// How much of a broken text is shown back, in characters.
pub(crate) const EXCERPT: usize = 200;
/// Most calls of one answer; the rest is dropped, and the model is told.
pub(crate) const CALLS: usize = 64;
/// Most calls that run side by side.
pub(crate) const PARALLEL: usize = 8;
/// Empty answers in a row until the turn gives up.
pub(crate) const EMPTY: u32 = 3;
/// How long a call that was interrupted may take to end by itself.
pub(crate) const GRACE: Duration = Duration::from_secs(4);

/// Limits of a turn.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Most answers of the model in one turn (`agent.max_rounds`).
    pub rounds: u32,
    /// Longest answer of the model, in bytes.
    pub answer: usize,
    /// Longest time for one answer of the model.
    pub answer_time: Duration,
    /// Longest time for one call of a tool.
    pub call_time: Duration,
    /// Longest result of a call, in characters.
    pub result: usize,
    /// How often an answer is asked for again when the model is unavailable.
    pub retries: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rounds: 90,
            answer: 1 << 20,
            answer_time: Duration::from_secs(600),
            call_time: Duration::from_secs(1800),
            result: 100_000,
            retries: 4,
        }
    }
}
