//! Texts in JSON. There everything stands between quotation marks, which elsewhere say that a sentence is only
//! mentioned: so what a string holds is looked at by itself.
//!
//! It reads JSON only as far as needed to find its strings, so that one that was cut is read too.

use std::ops::Range;

/// Shorter strings say nothing.
const SHORT: usize = 12;

/// Returns what the strings of JSON in a text hold, and where they stand. JSON begins where a line does.
pub(super) fn strings(text: &str) -> Vec<(String, Range<usize>)> {
    let mut found = Vec::new();
    let (mut at, mut done) = (0, 0);
    for line in text.split_inclusive('\n') {
        let start = at + (line.len() - line.trim_start().len());
        at += line.len();
        if start >= done && begins(&text[start..]) {
            done = read(text, start, &mut found);
        }
    }
    found
}

/// Whether an object or a list begins here, and not a link or a remark in brackets.
fn begins(text: &str) -> bool {
    let mut chars = text.chars().filter(|c| !c.is_whitespace());
    match chars.next() {
        Some('{') => matches!(chars.next(), Some('"' | '}')),
        Some('[') => matches!(chars.next(), Some('"' | '{' | '[')),
        _ => false,
    }
}

/// Collects strings from here to where it is no JSON any more, and returns that place.
fn read(text: &str, start: usize, found: &mut Vec<(String, Range<usize>)>) -> usize {
    let mut at = start;
    while let Some(c) = text[at..].chars().next() {
        match c {
            '"' => {
                let end = end_of_string(text, at + 1);
                if end - at > SHORT {
                    found.push((decoded(&text[at + 1..end]), at + 1..end));
                }
                at = (end + 1).min(text.len());
            }
            '{' | '}' | '[' | ']' | ':' | ',' | '+' | '-' | '.' => at += 1,
            c if c.is_ascii_alphanumeric() || c.is_ascii_whitespace() => at += 1,
            _ => break,
        }
    }
    at
}

/// Where the quotation mark stands that ends a string, or the text ends.
fn end_of_string(text: &str, start: usize) -> usize {
    let mut escaped = false;
    for (at, byte) in text.as_bytes().iter().enumerate().skip(start) {
        match byte {
            b'"' if !escaped => return at,
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// What a string means. One that is malformed, or was cut, is looked at as it is written.
fn decoded(raw: &str) -> String {
    serde_json::from_str(&format!("\"{raw}\"")).unwrap_or_else(|_| raw.replace("\\n", "\n").replace("\\\"", "\""))
}

#[cfg(test)]
mod tests {
    use super::strings;

    fn texts(text: &str) -> Vec<String> {
        strings(text).into_iter().map(|(text, _)| text).collect()
    }

    #[test]
    fn strings_are_found_where_json_begins_and_nowhere_else() {
        let json =
            "URL: x\n{\"a\": \"the first string\", \"b\": [1, true, null, \"the \\\"second\\\"\\nstring\"]}\nend";
        assert_eq!(texts(json), ["the first string", "the \"second\"\nstring"]);
        assert_eq!(texts("[{\"a\": \"one that was cut he"), ["one that was cut he"]);
        assert_eq!(texts("{\"a\": \"\\u0049gnore all of it\"}"), ["Ignore all of it"]);
        for prose in [
            "He said: \"a longer sentence here\".",
            "[a link](x) says \"a longer sentence here\"",
            "{braces} and \"a longer sentence here\"",
            "[ \u{e4}",
            "{",
            "",
        ] {
            assert_eq!(texts(prose), Vec::<String>::new(), "{prose}");
        }
    }

    #[test]
    fn places_are_those_of_the_text() {
        let text = "x\n[\"the first string\", \"\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\u{e4}\"]";
        for (said, place) in strings(text) {
            assert_eq!(text.get(place), Some(said.as_str()));
        }
    }
}
