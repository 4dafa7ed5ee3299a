//! Edits make exactly the intended difference and keep what a person wrote.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Edit, Obstacle, apply};
use crate::config::yaml::Document;

fn set(key: &str, value: Value) -> Edit {
    Edit::Set(key.parse().expect("a key"), value)
}

fn unset(key: &str) -> Edit {
    Edit::Unset(key.parse().expect("a key"))
}

fn add(key: &str, item: &str) -> Edit {
    Edit::ListAdd(key.parse().expect("a key"), json!(item))
}

fn remove(key: &str, item: &str) -> Edit {
    Edit::ListRemove(key.parse().expect("a key"), json!(item))
}

fn check(edit: Edit, before: &str, after: &str) {
    match apply(before, &edit) {
        Ok(Some(text)) => assert_eq!(text, after, "{edit:?} in {before:?}"),
        other => panic!("{edit:?} in {before:?}: {other:?}"),
    }
}

fn refused(edit: Edit, before: &str, reason: &str) {
    match apply(before, &edit) {
        Err(Obstacle::Refused(found)) => assert!(found.contains(reason), "{edit:?} in {before:?}: {found}"),
        other => panic!("{edit:?} in {before:?}: {other:?}"),
    }
}

#[test]
fn a_value_is_replaced_where_it_stands() {
    check(set("a", json!(2)), "# h\na: 1 # c\nb: 1\n", "# h\na: 2 # c\nb: 1\n");
    check(set("a.b", json!(true)), "a:\n    b: 'x'   # c\n    c: 1", "a:\n    b: true   # c\n    c: 1");
    check(set("a", json!("y z")), "a: \"x\"\n", "a: \"y z\"\n");
    check(set("a", json!("it's")), "a: 'x'\n", "a: 'it''s'\n");
    check(set("a", json!("off")), "a: x\n", "a: 'off'\n");
    check(set("a", json!("12")), "a: x\n", "a: '12'\n");
    check(set("a", json!("a\nb")), "a: 'x'\n", "a: \"a\\nb\"\n");
    check(set("a", json!(["x", "y: z"])), "a: [q] # c\n", "a: [x, 'y: z'] # c\n");
    check(set("a", json!(["x"])), "a: 1 # c\n", "a: [x] # c\n");
    check(set("a", json!(["x", "z"])), "a: # c\n  - y\n# d\nb: 1\n", "a: # c\n  - x\n  - z\n# d\nb: 1\n");
    check(set("a", json!([])), "a: # c\n  - y\nb: 1\n", "a: [] # c\nb: 1\n");
    check(set("a", json!("x")), "a: | # c\n  one\n  two\n\nb: 1\n", "a: x # c\n\nb: 1\n");
    check(set("a.b", json!(2)), "a: {c: 1, b: 1} # c\n", "a: {c: 1, b: 2} # c\n");
    check(set("é.ü", json!("ö")), "é:\r\n  ü: x # ß\r\n", "é:\r\n  ü: 'ö' # ß\r\n");
}

#[test]
fn an_empty_value_is_filled() {
    check(set("a", json!(1)), "a:\nb: 1\n", "a: 1\nb: 1\n");
    check(set("a", json!(1)), "a: # c\n", "a: 1 # c\n");
    check(set("a", json!(1)), "a: ~ # c\n", "a: 1 # c\n");
    check(set("a", json!(["x"])), "a: # c\nb: 1", "a: # c\n  - x\nb: 1");
    check(set("a.b", json!(1)), "a: # c\n  # d\nb: 1\n", "a: # c\n  b: 1\n  # d\nb: 1\n");
    check(set("a.b", json!(1)), "a:", "a:\n  b: 1\n");
    check(set("a.b", json!(1)), "a: null # c\n", "a: {b: 1} # c\n");
    check(set("a.b", json!(1)), "{a: }", "{a: {b: 1} }");
}

#[test]
fn missing_keys_are_made_with_their_sections() {
    check(set("a.b", json!(1)), "", "a:\n  b: 1\n");
    check(set("a.b", json!(1)), "# only\n# comments", "# only\n# comments\na:\n  b: 1\n");
    check(set("a", json!(1)), "\u{feff}# x\r\n", "\u{feff}# x\r\na: 1\r\n");
    check(set("a", json!(1)), "---\n# x\n", "---\n# x\na: 1\n");
    check(set("b", json!(1)), "a: 1", "a: 1\nb: 1\n");
    check(set("a.c", json!(1)), "a:\n    b: 1 # c\n\n# d\ne: 1\n", "a:\n    b: 1 # c\n    c: 1\n\n# d\ne: 1\n");
    check(set("a.c.d", json!([1])), "a:\n  b: 1\n", "a:\n  b: 1\n  c:\n    d:\n      - 1\n");
    check(set("a.c", json!({"x": {"y": 1}})), "a: {}\n", "a: {c: {x: {'y': 1}}}\n");
    check(set("a.c.d", json!("x")), "a: {b: 1} # c\n", "a: {b: 1, c: {d: x}} # c\n");
    check(set("c", json!(1)), "a: |\n  x\n\n# d\n", "a: |\n  x\nc: 1\n\n# d\n");
    check(set("a.x*y", json!(1)), "a: {\n b: 1}\n", "a: {\n b: 1, x*y: 1}\n");
    check(set("b", json!(1)), "a: 1\n...\n# x\n", "a: 1\nb: 1\n...\n# x\n");
    check(set("b", json!({})), "a:\n- x\n- y # c\n", "a:\n- x\n- y # c\nb: {}\n");
}

#[test]
fn lists_grow_at_their_end() {
    check(add("l", "b"), "l:\n  - a # c\n  # d\nm: 1\n", "l:\n  - a # c\n  - b\n  # d\nm: 1\n");
    check(add("l", "b"), "l:\n- a", "l:\n- a\n- b\n");
    check(add("l", "git push *"), "l: [] # c\n", "l: [git push *] # c\n");
    check(add("l", "b"), "l: [a] # c\n", "l: [a, b] # c\n");
    check(add("l", "b"), "l: [a, ] # c\n", "l: [a, b, ] # c\n");
    check(add("l", "b"), "l: [\n  a, # c\n  x # d\n]\n", "l: [\n  a, # c\n  x, b # d\n]\n");
    check(add("l", "b"), "l: # c\n# d\n", "l: # c\n  - b\n# d\n");
    check(add("l", "b"), "l: ~\n", "l: [b]\n");
    check(add("l", "b"), "# c\n", "# c\nl:\n  - b\n");
    check(add("s.l", "b"), "s:\n  k: 1\n", "s:\n  k: 1\n  l:\n    - b\n");
    check(add("l", "- x # y: 'z'"), "l: []", "l: ['- x # y: ''z''']");
    assert_eq!(apply("l: [a, b]\n", &add("l", "b")), Ok(None));
}

#[test]
fn lists_shrink_where_the_item_stood() {
    check(remove("l", "b"), "l:\n  - a\n  - b # gone\n  # kept\n  - c\n", "l:\n  - a\n  # kept\n  - c\n");
    check(remove("l", "b"), "l: # c\n  - b\n# d\n", "l: [] # c\n# d\n");
    check(remove("l", "b"), "l: [a, b, c]\n", "l: [a, c]\n");
    check(remove("l", "b"), "l: [b, b, a, b]\n", "l: [a]\n");
    check(remove("l", "b"), "l: [b] # c\n", "l: [] # c\n");
    check(remove("l", "b"), "l:\n- b\n- a\n- b", "l:\n- a\n");
    assert_eq!(apply("l: [a]\n", &remove("l", "b")), Ok(None));
    assert_eq!(apply("", &remove("l", "b")), Ok(None));
}

#[test]
fn keys_are_removed_with_their_line() {
    check(unset("a"), "# h\na: 1 # c\n# k\nb: 1\n", "# h\n# k\nb: 1\n");
    check(unset("a"), "a:\n  b: 1\n  c: 2", "");
    check(unset("a.b"), "a: # c\n  b: 1\nd: 1\n", "a: {} # c\nd: 1\n");
    check(unset("a.b"), "a: {b: 1, c: 2}\n", "a: {c: 2}\n");
    check(unset("a.c"), "a: {b: 1, c: 2}\n", "a: {b: 1}\n");
    check(unset("a.b"), "a: {b: 1} # c\n", "a: {} # c\n");
    check(unset("a"), "a:\nb: 1\n", "b: 1\n");
    assert_eq!(apply("a: 1\n", &unset("a.b.c")), Ok(None));
    assert_eq!(apply("a: 1\n", &unset("b")), Ok(None));
}

#[test]
fn what_cannot_be_done_exactly_is_refused() {
    refused(set("a.b", json!(1)), "a: text\n", "there is text");
    refused(set("a.b", json!(1)), "a: [x]\n", "there is a list");
    refused(set("a", json!(2)), "a: &x 1\nb: *x\n", "refer to it");
    refused(set("a.k", json!(2)), "a: &x {k: 1}\nb: *x\n", "");
    refused(set("b.k", json!(2)), "a: &x {k: 1}\nb: *x\n", "referred to here");
    refused(set("a", json!([1])), "a:\n  # why\n  - x\n", "comment would be lost");
    refused(add("a", "x"), "a: text\n", "not a list");
    refused(unset("a"), "? a\n: 1\n", "");
    assert!(matches!(apply("a: [", &set("b", json!(1))), Err(Obstacle::Malformed(_))));
    assert_eq!(
        set("a.b", json!(["x", "off"])).by_hand(),
        "nothing was written; set `a.b` to `[x, 'off']` with `hermes config edit`"
    );
}

/// A document with comments, blank lines, several indentations, flow and block forms.
fn documents() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        Just("1".to_owned()),
        Just("true".to_owned()),
        Just("plain text".to_owned()),
        Just("'single # no'".to_owned()),
        Just("\"double \\\" é\"".to_owned()),
        Just(String::new()),
        Just("~".to_owned()),
        Just("[]".to_owned()),
        Just("[x, 'y']".to_owned()),
        Just("{}".to_owned()),
        Just("{k: x, l: [y]}".to_owned()),
        Just("|\n      text # no\n      more".to_owned()),
        Just(">-\n      folded\n\n      more".to_owned()),
    ];
    let comment = prop_oneof![3 => Just(""), 1 => Just(" # c"), 1 => Just("   # it's: [a] {b}")];
    let value = (scalar, comment).prop_map(|(value, comment)| match value.split_once('\n') {
        Some((head, rest)) => format!(" {head}{comment}\n{rest}"),
        None => format!(" {value}{comment}"),
    });
    let between = prop_oneof![4 => Just(""), 1 => Just("\n"), 1 => Just("# own line\n"), 1 => Just("    # deep\n")];
    let inner = proptest::collection::vec((value.clone(), between.clone()), 0..4);
    let section =
        (inner, 1..4usize, any::<bool>(), any::<bool>()).prop_map(|(entries, indent, is_list, has_comment)| {
            let mut text = if has_comment { " # s\n".to_owned() } else { "\n".to_owned() };
            for (at, (value, between)) in entries.iter().enumerate() {
                let lead = if is_list { "-".to_owned() } else { format!("{}:", ["k", "l", "m", "n"][at]) };
                text.push_str(&format!("{}{lead}{value}\n{between}", " ".repeat(indent)));
            }
            text.trim_end_matches('\n').to_owned()
        });
    let entry = (prop_oneof![value, section], between);
    let crlf = any::<bool>();
    (proptest::collection::vec(entry, 0..4), any::<bool>(), crlf).prop_map(|(entries, ends, crlf)| {
        let mut text = String::from("# head\n");
        for (at, (value, between)) in entries.iter().enumerate() {
            text.push_str(&format!("{}:{value}\n{between}", ["a", "b", "c", "d"][at]));
        }
        let text = if ends { text } else { text.trim_end().to_owned() };
        if crlf { text.replace('\n', "\r\n") } else { text }
    })
}

fn edits() -> impl Strategy<Value = Edit> {
    let key = prop_oneof![
        Just("a"),
        Just("b"),
        Just("d"),
        Just("e"),
        Just("a.k"),
        Just("a.l"),
        Just("b.k.z"),
        Just("c.m"),
        Just("e.f.g"),
    ];
    let value = prop_oneof![
        Just(json!(5)),
        Just(json!(false)),
        Just(json!([])),
        Just(json!(["p", "q r"])),
        Just(json!({"s": 1, "t": ["u"]})),
        "\\PC{0,8}".prop_map(Value::String),
        "[-#:'\"\\[{|>&*!%@`\n\t ]{0,6}".prop_map(Value::String),
    ];
    let item =
        prop_oneof![Just(json!("x")), Just(json!("y")), Just(json!("plain text")), "\\PC{0,8}".prop_map(Value::String)];
    (key, value, item, 0..4u8).prop_map(|(key, value, item, kind)| {
        let key = key.parse().expect("a key");
        match kind {
            0 => Edit::Set(key, value),
            1 => Edit::Unset(key),
            2 => Edit::ListAdd(key, item),
            _ => Edit::ListRemove(key, item),
        }
    })
}

fn elsewhere(text: &str) -> Value {
    match serde_yaml::from_str(text).expect("valid elsewhere") {
        Value::Null => json!({}),
        value => value,
    }
}

fn own_line_comments(text: &str) -> Vec<&str> {
    let document = Document::parse(text).expect("valid");
    let spans = document
        .comments
        .iter()
        .filter(|span| text[..span.start].trim_end_matches(' ').ends_with('\n') || span.start == 0);
    spans.map(|span| text[span.clone()].trim_end()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn an_edit_changes_what_it_says_and_keeps_comments(text in documents(), edit in edits()) {
        let before = Document::parse(text.clone()).unwrap_or_else(|error| panic!("{text:?}: {error}"));
        match apply(&text, &edit) {
            Ok(Some(new)) => {
                let meant = edit.applied_to(before.value()).expect("possible");
                prop_assert_eq!(Document::parse(new.clone()).expect("valid").value(), meant.clone());
                // Another reader that agreed before agrees still.
                if elsewhere(&text) == before.value() {
                    prop_assert_eq!(elsewhere(&new), meant, "{:?}", new);
                }
                if !matches!(edit, Edit::Unset(_)) {
                    prop_assert_eq!(own_line_comments(&text), own_line_comments(&new), "{:?}", new);
                }
                prop_assert!(!new.contains('\n') || !text.contains("\r\n") || new.replace("\r\n", "").matches('\n').count() == 0, "{:?}", new);
                prop_assert_eq!(apply(&new, &edit), Ok(None));
            }
            Ok(None) => prop_assert_eq!(edit.applied_to(before.value()).expect("possible"), before.value()),
            Err(Obstacle::Refused(_)) => {}
            Err(Obstacle::Malformed(error)) => prop_assert!(false, "{}", error),
        }
    }

    /// Whatever stands there, an edit is exact or refused, and nothing panics.
    #[test]
    fn any_text_is_edited_exactly_or_not_at_all(
        text in "([a-d]: ?|- |  |\n|1|x|é|'q'|\"q\"|\\[|\\]|, |\\{|\\}| # c|~|\n  |\\||>-|&a |\\*a|!!str |\\? |\r\n|\t|---|\u{feff}|k){0,30}",
        edit in edits(),
    ) {
        if let Ok(Some(new)) = apply(&text, &edit) {
            let before = Document::parse(text).expect("valid").value();
            prop_assert_eq!(Document::parse(new).expect("valid").value(), edit.applied_to(before).expect("possible"));
        }
    }
}
