//! What it takes to judge a URL without asking anybody for a name.

use std::time::{Duration, Instant};

use hermes_core::guard::egress::target::Target;

use crate::rows::Rows;

/// So many readings are timed together: one is too short for the clock.
const TOGETHER: u32 = 1000;

/// Adds what reading costs for an address, for another spelling of one, and for a name.
pub(crate) fn rows(rows: &mut Rows) {
    let urls = [
        ("address literal", "https://93.184.216.34/", Some(Duration::from_micros(2))),
        ("address in hexadecimal", "http://0x7f000001/", None),
        ("name", "https://www.example.com/a/b?c=d", None),
    ];
    for (title, url, budget) in urls {
        let read = || {
            let started = Instant::now();
            for _ in 0..TOGETHER {
                let _ = std::hint::black_box(Target::read(std::hint::black_box(url)));
            }
            started.elapsed() / TOGETHER
        };
        let fastest = (0..20).map(|_| read()).min().unwrap_or_default();
        rows.time(format!("URL check, {title}"), fastest, budget);
    }
}
