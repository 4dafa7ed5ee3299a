//! The one door to time and randomness.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Milliseconds since 1970.
#[must_use]
pub fn now_ms() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "this file is the door")]
    let now = SystemTime::now();
    now.duration_since(UNIX_EPOCH).map_or(0, |time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

/// A point on the monotonic clock, for measuring.
#[must_use]
pub fn instant() -> Instant {
    #[expect(clippy::disallowed_methods, reason = "this file is the door")]
    Instant::now()
}

/// `n` bytes of the system's random source.
///
/// # Panics
/// When the system has no random source: nothing that needs one may go on without.
#[must_use]
pub fn random(n: usize) -> Vec<u8> {
    let mut bytes = vec![0; n];
    let mut filled = 0;
    while filled < n {
        let got = rustix::rand::getrandom(&mut bytes[filled..], rustix::rand::GetRandomFlags::empty());
        match got {
            Ok(more) => filled += more,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => panic!("the system's random source failed: {error}"),
        }
    }
    bytes
}

/// A random id of 128 bits, in hexadecimal.
#[must_use]
pub fn random_id() -> String {
    hex::encode(random(16))
}

/// A time as `2026-01-31T12:00:00.000Z`.
#[must_use]
pub fn stamp(ms: u64) -> String {
    let (days, of_day) = (ms / 86_400_000, ms % 86_400_000);
    let (year, month, day) = date(days);
    let (seconds, ms) = (of_day / 1000, of_day % 1000);
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
}

/// The Gregorian date so many days after 1970-01-01, counted in years that begin in March, whose leap day is the
/// last.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let era = days / 146_097;
    let of_era = days % 146_097;
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + u64::from(month <= 2), month, day)
}

/// How long ago a time was, in one unit.
#[must_use]
pub fn ago(ms: u64) -> String {
    let seconds = now_ms().saturating_sub(ms) / 1000;
    match seconds {
        0..60 => "just now".to_owned(),
        60..3600 => format!("{} min ago", seconds / 60),
        3600..86_400 => format!("{} h ago", seconds / 3600),
        _ => format!("{} d ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn times_are_written_in_utc() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_735_689_599_999, "2024-12-31T23:59:59.999Z"),
            (4_102_444_800_000, "2100-01-01T00:00:00.000Z"),
        ] {
            assert_eq!(super::stamp(ms), text);
        }
    }

    #[test]
    fn the_past_is_told_in_one_unit() {
        let now = super::now_ms();
        for (seconds, text) in [(0, "just now"), (130, "2 min ago"), (7300, "2 h ago"), (200_000, "2 d ago")] {
            assert_eq!(super::ago(now - seconds * 1000), text);
        }
    }

    #[test]
    fn ids_are_long_and_differ() {
        let (one, other) = (super::random_id(), super::random_id());
        assert_eq!(one.len(), 32);
        assert_ne!(one, other);
    }
}
