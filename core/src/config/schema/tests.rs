//! Values as their schemas mean them.

use serde_json::{Value, json};

use super::{Source, expected, fit, fit_text};

fn fits(schema: Value, value: Value, meant: Value) {
    assert_eq!(fit(&value, &schema, Source::File), Ok(meant), "{value} in {schema}");
}

fn refuses(schema: Value, value: Value, expected: &str) {
    let error = fit(&value, &schema, Source::File).expect_err(&value.to_string());
    assert_eq!(error.expected, expected);
}

#[test]
fn words_for_truth_are_truth_where_truth_is_wanted() {
    let boolean = json!({"type": "boolean"});
    for (word, truth) in [("on", true), ("Yes", true), ("off", false), ("NO", false), ("true", true)] {
        fits(boolean.clone(), json!(word), json!(truth));
    }
    fits(json!({"type": "string"}), json!("off"), json!("off"));
    refuses(boolean.clone(), json!("maybe"), "`true` or `false`");
    refuses(boolean, json!(1), "`true` or `false`");
}

#[test]
fn a_choice_takes_off_in_every_spelling() {
    let schema = json!({"oneOf": [{"const": "manual", "type": "string"}, {"const": "off", "type": "string"}]});
    fits(schema.clone(), json!("off"), json!("off"));
    fits(schema.clone(), json!(false), json!("off"));
    fits(schema.clone(), json!("no"), json!("off"));
    fits(schema.clone(), json!("Manual"), json!("manual"));
    refuses(schema.clone(), json!(true), "one of `manual`, `off`");
    refuses(schema, json!("of"), "one of `manual`, `off`");
}

#[test]
fn numbers_are_text_where_text_is_wanted() {
    let list = json!({"type": "array", "items": {"type": "string"}});
    fits(list.clone(), json!([12345, "x", true]), json!(["12345", "x", "true"]));
    refuses(list.clone(), json!([["x"]]), "text");
    refuses(list, json!("x"), "a list, each item text");
}

#[test]
fn numbers_stay_in_range() {
    let schema = json!({"type": "integer", "minimum": 1, "maximum": 9});
    fits(schema.clone(), json!(9), json!(9));
    fits(schema.clone(), json!(3.0), json!(3));
    refuses(schema.clone(), json!(0), "a whole number from 1 to 9");
    refuses(schema.clone(), json!(3.5), "a whole number from 1 to 9");
    refuses(json!({"type": "number", "exclusiveMinimum": 0}), json!(0), "a number above 0");
    refuses(schema, json!("5"), "a whole number from 1 to 9");
}

#[test]
fn nested_faults_name_their_place() {
    let schema = json!({"type": "array", "items": {"type": "object", "required": ["path"],
        "properties": {"path": {"type": "string"}}, "additionalProperties": false}});
    let error = fit(&json!([{"path": "x"}, {"path": "y", "sha": 1}]), &schema, Source::File).expect_err("unknown");
    assert_eq!(error.path, ["2", "sha"]);
    let error = fit(&json!([{}]), &schema, Source::File).expect_err("missing");
    assert_eq!((error.path.join("."), error.expected), ("1".to_owned(), "key `path`".to_owned()));
}

#[test]
fn text_is_read_as_its_key_wants_it() {
    let check = |schema: Value, text: &str, meant: Value| {
        assert_eq!(fit_text(text, &schema), Ok(meant), "{text} in {schema}");
    };
    check(json!({"type": "integer"}), " 5 ", json!(5));
    check(json!({"type": "boolean"}), "1", json!(true));
    check(json!({"type": "string"}), "5", json!("5"));
    check(json!({"type": ["string", "null"]}), "a, b", json!("a, b"));
    check(json!({"type": "array", "items": {"type": "string"}}), "a, b,", json!(["a", "b"]));
    check(json!({"type": "array", "items": {"type": "string"}}), "['a, b']", json!(["a, b"]));
    check(json!({"type": "object", "additionalProperties": {"type": "boolean"}}), "{x: off}", json!({"x": false}));
    check(json!({"anyOf": [{"enum": ["a"]}, {"type": "null"}]}), "a", json!("a"));
    assert!(fit_text("x", &json!({"type": "integer"})).is_err());
}

#[test]
fn expectations_are_said_in_words() {
    assert_eq!(expected(&json!({"type": ["string", "null"]})), "text");
    assert_eq!(expected(&json!({"type": "number", "minimum": 1})), "a number of at least 1");
    assert_eq!(expected(&json!({"type": "number", "exclusiveMinimum": 0})), "a number above 0");
    assert_eq!(expected(&json!({})), "any value");
}
