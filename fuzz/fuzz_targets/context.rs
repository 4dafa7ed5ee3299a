//! No text makes the scan of context files panic, point where nothing stands, or take long.
#![no_main]

use std::time::Duration;

use context::scan;
use libfuzzer_sys::fuzz_target;
use rustix::time::{ClockId, clock_gettime};

#[path = "../../plugins/scanner-context/src"]
mod context {
    pub(crate) mod scan;
}

fuzz_target!(|text: &str| {
    for hit in scan::scan(text) {
        assert!(text.get(hit.span.clone()).is_some_and(|found| !found.is_empty()), "{hit:?}");
        assert!(!hit.rule.is_empty() && !hit.title.is_empty());
    }
    if text.len() < 64 {
        grows_with(text);
    }
});

fn grows_with(text: &str) {
    let time = |times: usize| {
        let text = text.repeat(times);
        let started = used();
        let _ = scan::scan(&text);
        used().saturating_sub(started)
    };
    let (short, long) = (time(100), time(400));
    let bound = short.max(Duration::from_millis(5)) * 12;
    assert!(long < bound || time(400) < bound, "{short:?}, and {long:?} for four times as much");
}

/// Processor time of this thread, so that a busy machine raises no alarm.
fn used() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
