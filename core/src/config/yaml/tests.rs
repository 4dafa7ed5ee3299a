//! What is read, where it stands, what is refused.

use proptest::prelude::*;
use serde_json::json;

use super::{Document, MAX_DEPTH};

fn value(text: &str) -> serde_json::Value {
    Document::parse(text).expect(text).value()
}

fn refused(text: &str, line: usize, words: &str) {
    let start: String = text.chars().take(40).collect();
    let error = Document::parse(text).expect_err(&start);
    assert!(error.message.contains(words), "{start:?}: {error}");
    assert_eq!(error.line, line, "{start:?}: {error}");
}

#[test]
fn scalars_are_what_they_look_like() {
    let text =
        "[1, -2, 1.5, true, False, ~, null, off, yes, '1', \"a\\tb\", 0x1F, 007, +49123, 1.10, 1e3, 1_000, !!str 5]";
    assert_eq!(
        value(text),
        json!([
            1, -2, 1.5, true, false, null, null, "off", "yes", "1", "a\tb", "0x1F", "007", "+49123", "1.10", "1e3",
            "1_000", "5"
        ])
    );
}

#[test]
fn empty_documents_are_empty_mappings() {
    for text in ["", "\n", "# only a comment", "---\n", "---\n# c\n...\n", "\u{feff}", "~"] {
        assert_eq!(value(text), json!({}), "{text:?}");
    }
}

#[test]
fn what_is_not_acceptable_names_its_line() {
    refused("a: 1\nb: 2\na: 3\n", 3, "`a` stands here a second time");
    refused("a: {b: 1, b: 2}", 1, "second time");
    refused("a: 1\n---\nb: 1\n", 2, "second document");
    refused("a: 1\n? [x]\n: y\n", 2, "key must be plain text");
    refused("a: !include x\n", 1, "not supported");
    refused("a: 1\nb: \u{7}\n", 2, "Control character");
    refused("a: &x [*x]", 1, "contains it");
    refused("a: 1\nb: [1, 2\nc: 3\n", 3, "");
    refused("a: 'x\n\n", 1, "quoted scalar");
    refused("a: 1\n\tb: 2\n", 1, "tab");
    refused("a: b: c", 1, "not allowed");
    refused("a: *nowhere", 1, "anchor");
}

#[test]
fn size_depth_and_unfolding_are_bounded() {
    let deep = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
    assert!(Document::parse(deep(MAX_DEPTH)).is_ok());
    refused(&deep(MAX_DEPTH + 2), 1, "deeper");
    refused(&"[".repeat(100_000), 1, "deeper");
    refused(&"- ".repeat(100_000), 1, "deeper");
    refused(&"a".repeat(super::MAX_BYTES + 1), 1, "longer");
    let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
    for n in 1..9 {
        bomb.push_str(&format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(", ")));
    }
    refused(&bomb, 6, "values");
}

#[test]
fn spans_are_the_text_of_their_value() {
    let text = "\u{feff}é: 'it''s # no'   # one\r\nb: \"x\\\"y\"  # two\r\nc: [1, [2]] # three\r\nd: {é: ü } # four\r\ne: plain text # five\r\nf: &x 'q'\r\n";
    let document = Document::parse(text).expect("valid");
    let written = |key: &str| &text[document.find(&[key.to_owned()]).expect(key).value.span.clone()];
    assert_eq!(written("é"), "'it''s # no'");
    assert_eq!(written("b"), "\"x\\\"y\"");
    assert_eq!(written("c"), "[1, [2]]");
    assert_eq!(written("d"), "{é: ü }");
    assert_eq!(written("e"), "plain text");
    assert_eq!(written("f"), "&x 'q'");
    let comments: Vec<&str> = document.comments.iter().map(|span| &text[span.clone()]).collect();
    assert_eq!(comments, ["# one", "# two", "# three", "# four", "# five"]);
}

#[test]
fn comments_are_found_between_values_only() {
    let text =
        "# head\na: x#y # 1\nb: |  # 2\n  # text\n  more\n# 3\nc:\n  # 4\n  - '#'  # 5\n  -\n    # 6\n    - z\n# 7";
    let document = Document::parse(text).expect("valid");
    let comments: Vec<&str> = document.comments.iter().map(|span| &text[span.clone()]).collect();
    assert_eq!(comments, ["# head", "# 1", "# 2", "# 3", "# 4", "# 5", "# 6", "# 7"]);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}|[-a:b#\\[\\]{},'\"|>&*!?%~ \n\t\r]{0,60}") {
        if let Ok(document) = Document::parse(text.clone()) {
            prop_assert!(document.comments.iter().all(|span| text[span.clone()].starts_with('#')));
        }
    }

    /// Where both read a text, they read the same.
    #[test]
    fn values_agree_with_another_reader(text in "([a-d]: ?|- |  |\n|1|x|'q'|\"q\"|\\[|\\]|, |\\{|\\}|# c|~|\n  ){0,25}") {
        if let (Ok(own), Ok(other)) = (Document::parse(text.clone()), serde_yaml::from_str::<serde_json::Value>(&text)) {
            prop_assert_eq!(own.root.value(), other, "{:?}", text);
        }
    }
}
