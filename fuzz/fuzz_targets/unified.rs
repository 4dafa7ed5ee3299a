//! No text makes the reader of unified diffs panic, return an empty change, or take long.
#![no_main]

use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use rustix::time::{ClockId, clock_gettime};

#[path = "../../plugins/tools-file/src/patch/unified.rs"]
mod unified;

fuzz_target!(|text: &str| {
    let Ok(files) = unified::parse(text) else { return grows_with(text) };
    for file in &files {
        assert!(file.old.is_some() || file.new.is_some());
        assert!(!file.hunks.is_empty());
        for hunk in &file.hunks {
            assert!(hunk.lines.iter().any(|line| line.kind != unified::Kind::Context));
            assert!(hunk.lines.iter().all(|line| !line.text.contains('\n') && (!line.bare || text.contains('\\'))));
        }
    }
    grows_with(text);
});

fn grows_with(text: &str) {
    let time = |times: usize| {
        let text = text.repeat(times);
        let started = used();
        let _ = unified::parse(&text);
        used().saturating_sub(started)
    };
    let (short, long) = (time(500), time(2_000));
    let bound = short.max(Duration::from_millis(5)) * 12;
    assert!(long < bound || time(2_000) < bound, "{short:?}, and {long:?} for four times as much");
}

/// Processor time of this thread, so that a busy machine raises no alarm.
fn used() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
