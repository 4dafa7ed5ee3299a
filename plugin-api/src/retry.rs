//! When it makes sense to ask again: what the other side asked for, and what is waited where it said nothing.
//!
//! Pure: it neither waits nor asks.

use std::time::Duration;

/// How often, and after which waits, something is tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    /// How often it is tried again.
    pub tries: u32,
    /// The first wait; each further one is twice as long.
    pub first: Duration,
    /// The longest wait. Whoever asks for a longer one is not asked again.
    pub longest: Duration,
}

impl Default for Backoff {
    fn default() -> Self {
        Self { tries: 4, first: Duration::from_secs(1), longest: Duration::from_secs(60) }
    }
}

impl Backoff {
    /// Returns how long to wait before trying again after `tried` further tries; none where there is no other try.
    /// `asked` is what the other side wants, and is never fallen short of. `random` keeps those who failed together
    /// from trying again together.
    #[must_use]
    pub fn wait(&self, tried: u32, asked: Option<Duration>, random: u32) -> Option<Duration> {
        if tried >= self.tries || asked.is_some_and(|asked| asked > self.longest) {
            return None;
        }
        let part = f64::from(random) / f64::from(u32::MAX);
        Some(match asked {
            // Up to a tenth more.
            Some(asked) => (asked + asked.mul_f64(part / 10.0)).min(self.longest),
            // Between a half and all of it.
            None => {
                let whole = self.first.saturating_mul(1 << tried.min(20)).min(self.longest);
                whole.mul_f64(0.5 + part / 2.0)
            }
        })
    }
}

/// Returns the wait that the head of an HTTP response asks for: `retry-after-ms`, else `retry-after` in seconds or
/// as a date. `now_ms` is the time in milliseconds since 1970.
#[must_use]
pub fn retry_after(headers: &[(String, String)], now_ms: u64) -> Option<Duration> {
    let header = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.trim());
    let amount = |text: &str| text.parse::<f64>().ok().filter(|amount| amount.is_finite() && *amount >= 0.0);
    let seconds = |amount: f64| Duration::try_from_secs_f64(amount).ok();
    if let Some(wait) = header("retry-after-ms").and_then(amount).and_then(|ms| seconds(ms / 1000.0)) {
        return Some(wait);
    }
    let text = header("retry-after")?;
    match amount(text) {
        Some(amount) => seconds(amount),
        None => Some(Duration::from_millis(date_ms(text)?.saturating_sub(now_ms))),
    }
}

/// Reads `Sun, 06 Nov 1994 08:49:37 GMT` as milliseconds since 1970.
fn date_ms(text: &str) -> Option<u64> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut parts = text.split_once(", ")?.1.split(' ');
    let day: u64 = parts.next()?.parse().ok().filter(|day| (1..=31).contains(day))?;
    let month = parts.next()?;
    let month = MONTHS.iter().position(|known| *known == month)? as u64 + 1;
    let year: u64 = parts.next()?.parse().ok().filter(|year| (1970..10_000).contains(year))?;
    let mut clock = parts.next()?.split(':').map(|part| part.parse::<u64>().ok().filter(|part| *part < 61));
    let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
    // Days since 1970, with years that begin in March, so that the leap day is the last one.
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = y * 365 + y / 4 - y / 100 + y / 400 + (m * 153 + 2) / 5 + day - 1 - 719_468;
    Some((((days * 24 + hour) * 60 + minute) * 60 + second) * 1000)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn asked(name: &str, value: &str) -> Option<f64> {
        let headers = [("content-type".to_owned(), "x".to_owned()), (name.to_owned(), value.to_owned())];
        retry_after(&headers, 784_111_770_000).map(|wait| wait.as_secs_f64())
    }

    #[test]
    fn heads_say_when() {
        assert_eq!(asked("retry-after", "7"), Some(7.0));
        assert_eq!(asked("retry-after", " 0.5 "), Some(0.5));
        assert_eq!(asked("retry-after-ms", "250"), Some(0.25));
        assert_eq!(asked("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"), Some(7.0));
        assert_eq!(asked("retry-after", "Sun, 06 Nov 1993 08:49:37 GMT"), Some(0.0));
        assert_eq!(asked("retry-after", "Tue, 29 Feb 2000 00:00:00 GMT"), Some(951_782_400.0 - 784_111_770.0));
        for bad in ["", "soon", "-1", "NaN", "inf", "1e300", "Sun, 06 Foo 1994 08:49:37 GMT", "Sun, 99 Nov 1994 1:2:3"]
        {
            assert_eq!(asked("retry-after", bad), None, "{bad}");
        }
        assert_eq!(asked("x-other", "7"), None);
    }

    #[test]
    fn waits_grow_up_to_a_limit_and_end() {
        let backoff = Backoff { tries: 9, ..Backoff::default() };
        let waits = |random| (0..9).map(move |tried| backoff.wait(tried, None, random).expect("another").as_millis());
        assert_eq!(waits(u32::MAX).collect::<Vec<_>>(), [1, 2, 4, 8, 16, 32, 60, 60, 60].map(|seconds| seconds * 1000));
        assert_eq!(waits(0).next(), Some(500));
        assert_eq!(backoff.wait(9, None, 0), None);
    }

    proptest! {
        #[test]
        fn what_is_asked_for_is_kept(ms in 0..200_000u64, tried in 0..6u32, random: u32) {
            let (backoff, asked) = (Backoff::default(), Duration::from_millis(ms));
            match backoff.wait(tried, Some(asked), random) {
                Some(wait) => prop_assert!(wait >= asked && wait <= backoff.longest && tried < 4),
                None => prop_assert!(tried >= 4 || asked > backoff.longest),
            }
        }

        #[test]
        fn any_head_is_read(value in "\\PC{0,40}|[A-Z][a-z]{2}, [0-9]{1,20} [A-Z][a-z]{2} [0-9]{1,20} [0-9:]{0,20}") {
            let _ = retry_after(&[("retry-after".to_owned(), value)], 0);
        }
    }
}
