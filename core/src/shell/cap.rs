//! Output in bounds: the head and the tail of a long one, and the last of one that never ends.
//!
//! What is kept while output comes is a little more than what is shown, so that a secret which is cut by the
//! bound is still whole when it is looked for.

use crate::redact::redact;

/// The most characters of a command's output that are shown.
pub(super) const SHOWN: usize = 50_000;
/// How many of them are the beginning.
const HEAD: usize = SHOWN * 2 / 5;
/// How many of them are the end.
const TAIL: usize = SHOWN - HEAD;
/// How many more are kept than shown, on both sides.
const MARGIN: usize = 4_000;

/// Collects output, keeping its beginning and its end.
#[derive(Default)]
pub(super) struct Capped {
    head: String,
    head_chars: usize,
    tail: Rolling<{ TAIL + MARGIN }>,
}

impl Capped {
    /// Takes more in.
    pub(super) fn push(&mut self, mut text: &str) {
        let room = HEAD + MARGIN - self.head_chars;
        if room > 0 {
            let (head, rest) = text.split_at(nth_char(text, room));
            self.head.push_str(head);
            self.head_chars += head.chars().count();
            text = rest;
        }
        self.tail.push(text);
    }

    /// What is shown: redacted, and with a line for what is left out.
    pub(super) fn finish(self) -> String {
        let whole = self.tail.dropped() == 0;
        if whole {
            return cap(&redact(&(self.head + self.tail.text())));
        }
        let (head, tail) = (redact(&self.head), redact(self.tail.text()));
        let (head, tail) = (&head[..nth_char(&head, HEAD)], last_chars(&tail, TAIL));
        let total = self.head_chars as u64 + self.tail.total();
        join(head, tail, total.saturating_sub(SHOWN as u64))
    }
}

/// The head and the tail of a text that is longer than may be shown.
pub(super) fn cap(text: &str) -> String {
    let total = text.chars().count();
    if total <= SHOWN {
        return text.to_owned();
    }
    join(&text[..nth_char(text, HEAD)], last_chars(text, TAIL), (total - SHOWN) as u64)
}

fn join(head: &str, tail: &str, left_out: u64) -> String {
    format!("{head}\n[{left_out} characters left out here]\n{tail}")
}

/// The last characters of a stream, `N` at least while there are as many.
#[derive(Default)]
pub(super) struct Rolling<const N: usize> {
    text: String,
    chars: usize,
    dropped: u64,
}

impl<const N: usize> Rolling<N> {
    /// Takes more in.
    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
        self.chars += text.chars().count();
        // Seldom, so that each character is moved a few times at most.
        if self.text.len() > 8 * N {
            self.trim();
        }
    }

    /// How many characters there have been in all.
    pub(super) fn total(&self) -> u64 {
        self.dropped + self.chars as u64
    }

    /// How many characters have been dropped.
    pub(super) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// What is kept.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// What came after the first `seen` characters, as far as it is kept.
    pub(super) fn since(&self, seen: u64) -> &str {
        let skip = usize::try_from(seen.saturating_sub(self.dropped)).unwrap_or(usize::MAX);
        &self.text[nth_char(&self.text, skip)..]
    }

    /// The last `N` characters.
    pub(super) fn last(&self) -> &str {
        last_chars(&self.text, N)
    }

    /// Keeps four bytes for each of `N` characters: no character is longer.
    fn trim(&mut self) {
        let at = self.text.floor_char_boundary(self.text.len() - 4 * N);
        let dropped = self.text[..at].chars().count();
        self.text.drain(..at);
        self.chars -= dropped;
        self.dropped += dropped as u64;
    }
}

/// Where the `n`th character begins, or the end.
fn nth_char(text: &str, n: usize) -> usize {
    // As many bytes as characters at least: a short text need not be counted.
    if text.len() <= n {
        return text.len();
    }
    text.char_indices().nth(n).map_or(text.len(), |(at, _)| at)
}

fn last_chars(text: &str, n: usize) -> &str {
    if n == 0 {
        return "";
    }
    text.char_indices().nth_back(n - 1).map_or(text, |(at, _)| &text[at..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn capped(pieces: impl IntoIterator<Item = String>) -> String {
        let mut capped = Capped::default();
        pieces.into_iter().for_each(|piece| capped.push(&piece));
        capped.finish()
    }

    #[test]
    fn what_fits_stays_whole() {
        let text = "\u{e9}".repeat(SHOWN);
        assert!(capped([text.clone()]) == text);
        assert!(capped(text.chars().map(String::from)) == text);
    }

    #[test]
    fn of_more_the_head_and_the_tail_are_shown() {
        for (total, size) in [(SHOWN + 1, 1), (SHOWN + 7_000, 999), (1_000_000, 4096)] {
            let text: String = (0..total).map(|n| if n < HEAD { 'h' } else { 't' }).collect();
            let chars: Vec<char> = text.chars().collect();
            let shown = capped(chars.chunks(size).map(|piece| piece.iter().collect()));
            let line = format!("\n[{} characters left out here]\n", total - SHOWN);
            assert!(shown == format!("{}{line}{}", "h".repeat(HEAD), "t".repeat(TAIL)), "{total} in {size}");
        }
    }

    #[test]
    fn a_secret_on_the_edge_is_hidden() {
        let secret = format!("token={}", "s".repeat(100));
        for before in HEAD - 120..HEAD + 20 {
            let text = format!("{} {secret} {}", "x".repeat(before), "y".repeat(200_000));
            assert!(!capped([text]).contains("sss"), "{before}");
        }
    }

    #[test]
    fn a_rolling_text_keeps_the_last() {
        let mut rolling = Rolling::<10>::default();
        (0..100).for_each(|n| rolling.push(&(n % 10).to_string()));
        assert_eq!((rolling.last(), rolling.total()), ("0123456789", 100));
        assert!(rolling.text().len() <= 80 && rolling.dropped() >= 20);
        assert_eq!(rolling.since(97), "789");
        assert_eq!(rolling.since(500), "");
    }
}
