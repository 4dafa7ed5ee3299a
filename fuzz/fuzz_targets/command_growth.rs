//! Reading takes linear time: a text repeated, or nested, twice as often takes about twice as long.
#![no_main]

use libfuzzer_sys::fuzz_target;
use rustix::time::{ClockId, clock_gettime};
use std::time::Duration;

/// Shorter readings say nothing about growth.
const NOISE: Duration = Duration::from_millis(20);
/// Four times the text may take this many times as long.
const MOST: u32 = 12;

/// Processor time of this thread, so that a busy machine raises no alarm.
fn used() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn time(text: &str) -> Duration {
    // The best of three: other processes can only make it slower.
    let once = || {
        let start = used();
        std::hint::black_box(hermes_core::command::read(text));
        used().saturating_sub(start)
    };
    (0..3).map(|_| once()).min().unwrap_or_default()
}

fuzz_target!(|input: (&str, &str, &str)| {
    let (open, inner, close) = input;
    let unit = open.len() + close.len();
    if unit == 0 || unit > 64 || inner.len() > 64 {
        return;
    }
    let make = |n: usize| format!("{}{inner}{}", open.repeat(n), close.repeat(n));
    // Both even: a quote that stays open only in the shorter text would end its reading early.
    let few = 120 * 1024 / unit / 8 * 2;
    let (small, large) = (time(&make(few)), time(&make(few * 4)));
    assert!(
        large < NOISE || large < small.max(NOISE / 4) * MOST,
        "{small:?} became {large:?}: {open:?} {inner:?} {close:?}"
    );
    assert!(large < Duration::from_secs(2), "{large:?}: {open:?} {inner:?} {close:?}");
});
