//! Fits a value to the JSON Schema of its key.
//!
//! Reads `off`, `on`, `yes` and `no` as people mean them, numbers as text where text is wanted, and says in plain
//! words what was expected. Knows schemas only; what a key is for is none of its business.

use serde_json::{Number, Value};

/// Where a value comes from: text of the environment has no types of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A configuration file, whose values have types.
    File,
    /// An environment variable or command-line word: everything is text.
    Text,
}

/// A value that does not fit, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The keys and positions below the key that was checked.
    pub path: Vec<String>,
    /// What was expected.
    pub expected: String,
    /// What stands there instead, by kind and never by content. Empty where the kind is right.
    pub found: String,
}

impl Mismatch {
    /// Returns the sentence about a place.
    pub fn about(&self, place: &str) -> String {
        match self.found.as_str() {
            "" => format!("{place} must be {}", self.expected),
            found => format!("{place} must be {}, but is {found}", self.expected),
        }
    }
}

/// Returns the value as its schema means it.
///
/// # Errors
/// [`Mismatch`] with the first thing that does not fit.
pub fn fit(value: &Value, schema: &Value, source: Source) -> Result<Value, Mismatch> {
    if let Some(choices) = choices(schema) {
        return fit_choice(value, &choices);
    }
    if let Some(alternatives) = alternatives(schema) {
        return fit_any(value, schema, alternatives, source);
    }
    let kinds = kinds(schema);
    if kinds.is_empty() {
        return Ok(value.clone());
    }
    let fitted = kinds.iter().find_map(|kind| fit_kind(value, kind, schema, source));
    fitted.unwrap_or_else(|| Err(mismatch(expected(schema), value)))
}

/// Reads text from the environment or the command line as its schema means it. Lists are separated by commas, or
/// written `[a, b]`; sections are written `{a: b}`.
///
/// # Errors
/// [`Mismatch`] where it does not fit.
pub fn fit_text(text: &str, schema: &Value) -> Result<Value, Mismatch> {
    let kinds = kinds(schema);
    let wants = |kind: &str| kinds.iter().any(|k| k == kind);
    let written = text.trim();
    let structured = wants("object") && written.starts_with('{') || wants("array") && written.starts_with('[');
    if structured || kinds.is_empty() && alternatives(schema).is_none() && choices(schema).is_none() {
        let document = super::yaml::Document::parse(text).map_err(|error| Mismatch {
            path: Vec::new(),
            expected: expected(schema),
            found: error.message,
        })?;
        return fit(&document.root.value(), schema, Source::Text);
    }
    if wants("array") {
        let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
        return fit(&items.map(Value::from).collect(), schema, Source::Text);
    }
    fit(&Value::from(text), schema, Source::Text)
}

fn fit_kind(value: &Value, kind: &str, schema: &Value, source: Source) -> Option<Result<Value, Mismatch>> {
    match (kind, value) {
        ("null", Value::Null) => Some(Ok(Value::Null)),
        ("boolean", Value::Bool(_)) => Some(Ok(value.clone())),
        ("boolean", Value::String(text)) => truth(text).map(|truth| Ok(Value::Bool(truth))),
        ("boolean", Value::Number(number)) if source == Source::Text => {
            number.as_u64().filter(|n| *n < 2).map(|n| Ok(Value::Bool(n == 1)))
        }
        ("integer", Value::Number(number)) => whole(number).map(|number| in_range(number, schema)),
        ("number", Value::Number(number)) => Some(in_range(number.clone(), schema)),
        ("integer" | "number", Value::String(text)) if source == Source::Text => {
            let number: Number = text.trim().parse().ok()?;
            fit_kind(&Value::Number(number), kind, schema, source)
        }
        ("string", Value::String(_)) => Some(fit_string(value, schema)),
        ("string", Value::Number(_) | Value::Bool(_)) => Some(fit_string(&Value::from(value.to_string()), schema)),
        ("array", Value::Array(items)) => Some(fit_items(items, schema, source)),
        ("object", Value::Object(_)) => Some(fit_object(value, schema, source)),
        _ => None,
    }
}

fn fit_choice(value: &Value, choices: &[Value]) -> Result<Value, Mismatch> {
    let same = |choice: &&Value| match (choice, value) {
        (Value::String(choice), Value::String(text)) => choice == text,
        (Value::String(choice), Value::Bool(given)) => truth(choice) == Some(*given),
        (choice, value) => *choice == value,
    };
    let loosely = |choice: &&Value| match (choice, value) {
        (Value::String(choice), Value::String(text)) => {
            choice.eq_ignore_ascii_case(text.trim()) || truth(choice).is_some() && truth(choice) == truth(text)
        }
        _ => false,
    };
    let found = choices.iter().find(same).or_else(|| choices.iter().find(loosely));
    found.cloned().ok_or_else(|| match value {
        Value::String(_) => Mismatch { found: String::new(), ..mismatch(one_of(choices), value) },
        value => mismatch(one_of(choices), value),
    })
}

fn fit_any(value: &Value, schema: &Value, alternatives: &[Value], source: Source) -> Result<Value, Mismatch> {
    let mut deepest: Option<Mismatch> = None;
    for alternative in alternatives {
        match fit(value, alternative, source) {
            Ok(fitted) => return Ok(fitted),
            Err(error) if deepest.as_ref().is_none_or(|old| error.path.len() > old.path.len()) => {
                deepest = Some(error);
            }
            Err(_) => {}
        }
    }
    match deepest {
        Some(error) if !error.path.is_empty() => Err(error),
        _ => Err(mismatch(expected(schema), value)),
    }
}

fn fit_string(value: &Value, schema: &Value) -> Result<Value, Mismatch> {
    let text = value.as_str().unwrap_or_default();
    let length = text.chars().count() as u64;
    if schema["minLength"].as_u64().is_some_and(|min| length < min) {
        return Err(Mismatch { path: Vec::new(), expected: expected(schema), found: "an empty text".into() });
    }
    Ok(value.clone())
}

fn fit_items(items: &[Value], schema: &Value, source: Source) -> Result<Value, Mismatch> {
    let fitted = items
        .iter()
        .enumerate()
        .map(|(at, item)| fit(item, &schema["items"], source).map_err(|error| under(error, &(at + 1).to_string())));
    fitted.collect()
}

fn fit_object(value: &Value, schema: &Value, source: Source) -> Result<Value, Mismatch> {
    let mut fitted = serde_json::Map::new();
    for (key, item) in value.as_object().into_iter().flatten() {
        let known = schema["properties"].get(key);
        let schema = match (known, schema.get("additionalProperties")) {
            (Some(schema), _) => schema,
            (None, Some(Value::Bool(false))) => {
                let error =
                    Mismatch { path: Vec::new(), expected: "a known key".into(), found: "an unknown one".into() };
                return Err(under(error, key));
            }
            (None, other) => other.unwrap_or(&Value::Null),
        };
        if item.is_null() && known.is_some() {
            continue;
        }
        let item = fit(item, schema, source).map_err(|error| under(error, key))?;
        fitted.insert(key.clone(), item);
    }
    let required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    match required.into_iter().find(|key| !fitted.contains_key(*key)) {
        Some(key) => Err(Mismatch { path: Vec::new(), expected: format!("key `{key}`"), found: "none".into() }),
        None => Ok(Value::Object(fitted)),
    }
}

fn under(mut error: Mismatch, key: &str) -> Mismatch {
    error.path.insert(0, key.to_owned());
    error
}

fn whole(number: &Number) -> Option<Number> {
    let float = || number.as_f64().filter(|n| n.fract() == 0.0 && n.abs() < 9e15);
    match number.is_f64() {
        true => float().map(|n| Number::from(n as i64)),
        false => Some(number.clone()),
    }
}

fn in_range(number: Number, schema: &Value) -> Result<Value, Mismatch> {
    let n = number.as_f64().unwrap_or(f64::NAN);
    let low = schema["minimum"].as_f64().is_some_and(|min| n < min)
        || schema["exclusiveMinimum"].as_f64().is_some_and(|min| n <= min);
    let high = schema["maximum"].as_f64().is_some_and(|max| n > max);
    match low || high || n.is_nan() {
        true => Err(Mismatch { path: Vec::new(), expected: expected(schema), found: format!("{number}") }),
        false => Ok(Value::Number(number)),
    }
}

/// YAML 1.1's words for truth.
pub fn truth(text: &str) -> Option<bool> {
    match text.trim().to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Some(true),
        "false" | "no" | "off" | "0" => Some(false),
        _ => None,
    }
}

/// Returns the fixed values a schema allows, where it lists them.
pub fn choices(schema: &Value) -> Option<Vec<Value>> {
    if let Some(list) = schema["enum"].as_array() {
        return Some(list.clone());
    }
    if let Some(one) = schema.get("const") {
        return Some(vec![one.clone()]);
    }
    if schema["type"] == "null" {
        return Some(vec![Value::Null]);
    }
    let lists = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array())?;
    let lists: Option<Vec<Vec<Value>>> = lists.iter().map(choices).collect();
    lists.map(|lists| lists.concat())
}

fn alternatives(schema: &Value) -> Option<&Vec<Value>> {
    schema["anyOf"].as_array().or_else(|| schema["oneOf"].as_array())
}

fn kinds(schema: &Value) -> Vec<String> {
    let kinds = match &schema["type"] {
        Value::String(kind) => vec![kind.clone()],
        Value::Array(kinds) => kinds.iter().filter_map(|kind| kind.as_str().map(str::to_owned)).collect(),
        _ => alternatives(schema).into_iter().flatten().flat_map(kinds).collect(),
    };
    match kinds.is_empty() && schema.get("properties").is_some() {
        true => vec!["object".to_owned()],
        false => kinds,
    }
}

/// Says in words what a schema wants.
pub fn expected(schema: &Value) -> String {
    if let Some(choices) = choices(schema) {
        return one_of(&choices);
    }
    let kinds = kinds(schema);
    let words = kinds.iter().filter(|kind| *kind != "null").map(|kind| match kind.as_str() {
        "boolean" => "`true` or `false`".to_owned(),
        "integer" => format!("a whole number{}", range(schema)),
        "number" => format!("a number{}", range(schema)),
        "array" => match expected(&schema["items"]).as_str() {
            "any value" => "a list".to_owned(),
            items => format!("a list, each item {items}"),
        },
        "object" => "a section".to_owned(),
        _ => "text".to_owned(),
    });
    match words.collect::<Vec<_>>().join(" or ") {
        words if words.is_empty() => "any value".to_owned(),
        words => words,
    }
}

fn range(schema: &Value) -> String {
    if let Value::Number(min) = &schema["exclusiveMinimum"] {
        return format!(" above {min}");
    }
    match (&schema["minimum"], &schema["maximum"]) {
        (Value::Number(min), Value::Number(max)) => format!(" from {min} to {max}"),
        (Value::Number(min), _) => format!(" of at least {min}"),
        (_, Value::Number(max)) => format!(" of at most {max}"),
        _ => String::new(),
    }
}

fn one_of(choices: &[Value]) -> String {
    let words = choices.iter().filter(|choice| !choice.is_null()).map(|choice| match choice {
        Value::String(text) => format!("`{text}`"),
        other => format!("`{other}`"),
    });
    let words: Vec<String> = words.collect();
    match words.as_slice() {
        [one] => one.clone(),
        words => format!("one of {}", words.join(", ")),
    }
}

/// Names the kind of a value for a message, never its content.
pub fn describe(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a truth value",
        Value::Number(number) if number.is_f64() => "a number",
        Value::Number(_) => "a whole number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a section",
    }
}

fn mismatch(expected: String, value: &Value) -> Mismatch {
    Mismatch { path: Vec::new(), expected, found: describe(value).to_owned() }
}

#[cfg(test)]
mod tests;
