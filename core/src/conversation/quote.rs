//! Words of a plugin as a person sees them: harmless, and on lines of their own that cannot be taken for ours.
//!
//! It shortens nothing and asks nothing.

use unicode_width::UnicodeWidthChar as _;

/// Widest line, in columns: what is wider is broken, so that no terminal breaks it where nothing says whose it is.
const WIDTH: usize = 72;

/// The lines of a text, each of at most [`WIDTH`] columns, without what steers a terminal or turns text around.
pub(super) fn lines(text: &str) -> Vec<String> {
    text.trim().lines().flat_map(broken).collect()
}

/// A text on one line, of any width.
pub(super) fn line(text: &str) -> String {
    text.trim().chars().map(plain).collect()
}

/// Without control characters, line breaks excepted.
pub(super) fn typed(text: &str) -> String {
    text.trim().chars().map(|c| if c == '\n' { c } else { plain(c) }).collect()
}

fn broken(line: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut width = 0;
    for c in line.chars().map(plain) {
        let wide = c.width().unwrap_or_default();
        if width + wide > WIDTH && c == ' ' {
            lines.push(String::new());
            width = 0;
            continue;
        }
        if width + wide > WIDTH {
            // Between words, where there are any.
            let begun = lines.last_mut().and_then(|last| {
                let blank = last.rfind(' ').filter(|blank| !last[..*blank].trim().is_empty())?;
                let begun = last.split_off(blank + 1);
                last.truncate(blank);
                Some(begun)
            });
            let begun = begun.unwrap_or_default();
            width = begun.chars().map(|c| c.width().unwrap_or_default()).sum();
            lines.push(begun);
        }
        width += wide;
        if let Some(last) = lines.last_mut() {
            last.push(c);
        }
    }
    lines
}

fn plain(c: char) -> char {
    match c {
        '\t' => ' ',
        '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => char::REPLACEMENT_CHARACTER,
        c if c.is_control() => char::REPLACEMENT_CHARACTER,
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_broken_between_words_where_there_are_any() {
        let words = lines(&"four ".repeat(20));
        assert_eq!(words, [["four"; 14].join(" "), ["four"; 6].join(" ")]);
        assert_eq!(lines(&format!("{} two", "x".repeat(72))), ["x".repeat(72).as_str(), "two"]);
        let word = "x".repeat(100);
        assert_eq!(lines(&format!("a {word}")), ["a", &word[..72], &word[72..]]);
        assert_eq!(lines(&format!("  {word}")[..])[0].len(), 72);
    }

    #[test]
    fn nothing_steers_the_terminal_and_people_can_write_their_own_language() {
        assert_eq!(lines("a\u{1b}[2J\u{202e}b\r\nc\td"), ["a\u{fffd}[2J\u{fffd}b", "c d"]);
        assert_eq!(line("می‌خواهم 👩‍💻 ⚠️\n$ "), "می‌خواهم 👩‍💻 ⚠️\u{fffd}$");
        assert_eq!(typed(" yes\u{7},\nplease "), "yes\u{fffd},\nplease");
    }

    #[test]
    fn no_line_is_wider_than_a_terminal() {
        let text = format!("{}{}", "ab ".repeat(100), "漢".repeat(100));
        let broken = lines(&text);
        let words = |text: &str| text.replace(' ', "");
        assert_eq!(words(&broken.concat()), words(&text));
        let width = |line: &String| line.chars().filter_map(|c| c.width()).sum::<usize>();
        assert!(broken.len() > 6 && broken.iter().all(|line| width(line) <= WIDTH), "{broken:?}");
        assert_eq!(lines("  "), Vec::<String>::new());
    }
}
