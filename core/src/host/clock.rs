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

#[cfg(test)]
mod tests {
    #[test]
    fn ids_are_long_and_differ() {
        let (one, other) = (super::random_id(), super::random_id());
        assert_eq!(one.len(), 32);
        assert_ne!(one, other);
    }
}
