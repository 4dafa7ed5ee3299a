//! Shortens texts: what a model or a person reads is bounded, and says what was left out.

/// A text of at most about `max` characters, its head and its tail kept.
pub(super) fn shortened(text: String, max: usize) -> String {
    let count = text.chars().count();
    if count <= max {
        return text;
    }
    let head = max * 2 / 5;
    let tail = max - head;
    let start: String = text.chars().take(head).collect();
    let end: String = text.chars().skip(count - tail).collect();
    format!("{start}\n\n[… {} characters left out …]\n\n{end}", count - max)
}

/// The first line of a text, at most `max` characters.
pub(super) fn one_line(text: &str, max: usize) -> String {
    let trimmed = text.trim();
    let line = trimmed.lines().next().unwrap_or_default();
    let mut short: String = line.chars().take(max).collect();
    if short.len() < trimmed.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn head_and_tail_are_kept() {
        let text = format!("{}{}", "ä".repeat(500), "ö".repeat(500));
        let short = shortened(text, 100);
        assert!(short.starts_with(&"ä".repeat(40)) && short.ends_with(&"ö".repeat(60)), "{short}");
        assert!(short.contains("900 characters left out"));
        assert_eq!(shortened("short".into(), 5), "short");
    }

    #[test]
    fn one_line_says_when_there_is_more() {
        assert_eq!(one_line("  a\nb", 10), "a…");
        assert_eq!(one_line("abc", 2), "ab…");
        assert_eq!(one_line("abc\n", 10), "abc");
    }
}
