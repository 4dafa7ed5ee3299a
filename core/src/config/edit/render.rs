//! Writes values as YAML that every reader takes the same way.
//!
//! Plain where nobody can misread it, quoted otherwise: words such as `off` and texts that look like numbers get
//! quotes, because other readers of the file may know older YAML.

use serde_json::Value;

use crate::config::schema::truth;
use crate::config::yaml::Style;

/// Writes a value on one line.
pub(super) fn flow(value: &Value) -> String {
    match value {
        Value::String(text) => scalar(text, Style::Plain),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(flow).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(entries) => {
            let entries: Vec<String> = entries.iter().map(|(key, value)| pair(key, value)).collect();
            format!("{{{}}}", entries.join(", "))
        }
        other => other.to_string(),
    }
}

/// Writes `key: value` on one line.
pub(super) fn pair(key: &str, value: &Value) -> String {
    format!("{}: {}", scalar(key, Style::Plain), flow(value))
}

/// Writes `value` below a chain of keys on one line: `a: {b: value}`.
pub(super) fn nested(keys: &[String], value: &Value) -> String {
    match keys {
        [] => flow(value),
        [key] => pair(key, value),
        [key, rest @ ..] => format!("{}: {{{}}}", scalar(key, Style::Plain), nested(rest, value)),
    }
}

/// Writes text in quotes of the wanted kind where that can be, plain where that is safe.
pub(super) fn scalar(text: &str, style: Style) -> String {
    let printable = !text.chars().any(|c| c.is_control() || matches!(c, '\u{feff}' | '\u{2028}' | '\u{2029}'));
    match style {
        Style::SingleQuoted if printable => single(text),
        Style::DoubleQuoted => double(text),
        _ if is_plain(text) => text.to_owned(),
        _ if printable => single(text),
        _ => double(text),
    }
}

/// Writes a chain of keys and a value as lines, each indented and without a line end.
pub(super) fn lines(keys: &[String], value: &Value, indent: usize) -> Vec<String> {
    let mut lines = Vec::new();
    push_keys(keys, value, indent, &mut lines);
    lines
}

/// Writes the inside of a list or section as lines.
pub(super) fn block(value: &Value, indent: usize) -> Vec<String> {
    let mut lines = Vec::new();
    push_block(value, indent, &mut lines);
    lines
}

/// Returns whether a value takes lines of its own.
pub(super) fn is_block(value: &Value) -> bool {
    match value {
        Value::Array(items) => !items.is_empty(),
        Value::Object(entries) => !entries.is_empty(),
        _ => false,
    }
}

fn push_keys(keys: &[String], value: &Value, indent: usize, lines: &mut Vec<String>) {
    let Some((key, rest)) = keys.split_first() else { return push_block(value, indent, lines) };
    let pad = " ".repeat(indent);
    let key = scalar(key, Style::Plain);
    if rest.is_empty() && !is_block(value) {
        lines.push(format!("{pad}{key}: {}", flow(value)));
        return;
    }
    lines.push(format!("{pad}{key}:"));
    push_keys(rest, value, indent + 2, lines);
}

fn push_block(value: &Value, indent: usize, lines: &mut Vec<String>) {
    let pad = " ".repeat(indent);
    match value {
        Value::Array(items) => lines.extend(items.iter().map(|item| format!("{pad}- {}", flow(item)))),
        Value::Object(entries) => {
            for (key, value) in entries {
                push_keys(std::slice::from_ref(key), value, indent, lines);
            }
        }
        other => lines.push(format!("{pad}{}", flow(other))),
    }
}

fn is_plain(text: &str) -> bool {
    let first = |c: char| c.is_ascii_alphabetic() || matches!(c, '_' | '/');
    let inner = |c: char| c.is_ascii_alphanumeric() || "_./@+-*=~% ".contains(c);
    let word = matches!(text.to_ascii_lowercase().as_str(), "null" | "y" | "n");
    let number_like = matches!(text, "Infinity" | "NaN");
    text.starts_with(first)
        && text.chars().all(inner)
        && !text.ends_with(' ')
        && !(word || number_like || truth(text).is_some())
}

fn single(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

fn double(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c if c.is_control() || matches!(c, '\u{feff}' | '\u{2028}' | '\u{2029}') => {
                quoted.push_str(&format!("\\u{:04X}", u32::from(c)));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}
