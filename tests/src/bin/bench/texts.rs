//! What it takes to look at texts: secrets hidden, and files judged before they enter the prompt.

use std::hint::black_box;
use std::time::{Duration, Instant};

use hermes_core::app::App;
use hermes_core::redact::redact;

use crate::rows::Rows;
use crate::runtime;

/// The length that the budgets speak of, in characters.
const LENGTH: usize = 20_000;
/// How often each is done; the fastest counts.
const TIMES: usize = 20;
const PROSE: &str = "Use cargo test, and keep functions short: see src/main.rs:12 for how max_tokens=4096 is read.\n";

/// Adds the rows of texts.
pub(crate) fn rows(rows: &mut Rows, app: &App) {
    let budget = Some(Duration::from_micros(500));
    let prose = |length: usize| PROSE.chars().cycle().take(length).collect::<String>();
    let (short, long) = (prose(LENGTH), prose(LENGTH * 50));
    rows.time("redaction, 20,000 characters", fastest(|| _ = black_box(redact(&short))), budget);
    rows.time("redaction, 1,000,000 characters", fastest(|| _ = black_box(redact(&long))), None);
    let contents = app.contents();
    let judge = |text: &str| _ = black_box(runtime().block_on(contents.judge("AGENTS.md", text)));
    judge(&short);
    rows.time("context file, 20,000 characters", fastest(|| judge(&short)), budget);
    rows.time("context file, 1,000,000 characters", fastest(|| judge(&long)), None);
}

fn fastest(work: impl Fn()) -> Duration {
    let once = |_| {
        let begun = Instant::now();
        work();
        begun.elapsed()
    };
    (0..TIMES).map(once).min().unwrap_or_default()
}
