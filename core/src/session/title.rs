//! Titles: short lines by which people know their sessions. Made here from the first message; unique in the store.

use hermes_plugin_api::model::{Message, Role};

use crate::redact::redact;

/// Longest title, in characters.
pub const LONGEST: usize = 100;
/// Longest title that is made from a message.
const MADE: usize = 60;

/// A title as a person typed it, tidied; `None` when it is none.
#[must_use]
pub fn read(text: &str) -> Option<String> {
    let title = plain(&redact(text));
    (!title.is_empty() && title.chars().count() <= LONGEST && !text.trim().contains('\n')).then_some(title)
}

/// A title for a session that begins with these messages.
#[must_use]
pub fn make(messages: &[Message]) -> Option<String> {
    let first = messages.iter().find(|message| message.role == Role::User)?;
    let line = first.content.lines().find(|line| !line.trim().is_empty())?;
    // Redacted whole: the rest of a secret must not hide that it is one.
    let text = plain(&redact(line));
    if text.chars().count() <= MADE {
        return Some(text).filter(|text| !text.is_empty());
    }
    let start: String = text.chars().take(MADE - 1).collect();
    let whole_words = start.rfind(' ').filter(|at| *at > MADE / 2).map_or(start.as_str(), |at| &start[..at]);
    Some(format!("{}…", whole_words.trim_end()))
}

/// The `n`th of several sessions that would have the same title.
#[must_use]
pub fn numbered(title: &str, n: usize) -> String {
    if n <= 1 { title.to_owned() } else { format!("{title} ({n})") }
}

/// One line without control characters or runs of blanks.
fn plain(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(text: &str) -> Option<String> {
        make(&[Message { role: Role::User, content: text.into(), ..Message::default() }])
    }

    #[test]
    fn a_title_is_the_first_line_shortened_at_a_word() {
        assert_eq!(made("\n  Fix the\tbuild \nand more"), Some("Fix the build".into()));
        let long = made(&"every good boy deserves fudge ".repeat(9)).expect("a title");
        assert_eq!(long, "every good boy deserves fudge every good boy deserves…");
        assert_eq!(made(&"ä".repeat(500)).expect("a title").chars().count(), MADE);
        assert_eq!(made(" \n\u{7}\n"), None);
        assert_eq!(make(&[]), None);
    }

    #[test]
    fn a_title_holds_no_secret_and_no_control_character() {
        let token = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
        assert_eq!(made(&format!("use {token} \u{1b}[2J now")), Some("use [REDACTED] [2J now".into()));
        let cut = made(&format!("{} {token}", "x".repeat(50))).expect("a title");
        assert!(!cut.contains("ghp"), "{cut}");
    }

    #[test]
    fn what_people_type_is_one_short_line() {
        assert_eq!(read("  My  work "), Some("My work".into()));
        for bad in ["", " \t", "a\nb", &"x".repeat(LONGEST + 1)] {
            assert_eq!(read(bad), None, "{bad:?}");
        }
    }
}
