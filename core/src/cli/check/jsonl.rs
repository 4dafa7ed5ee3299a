//! Many checks in one process: one JSON object a line in, one a line out, in the same order.
//!
//! A line that makes no sense is answered with an error, and the run goes on.

use std::io::{BufRead, Read as _, Write as _};

use serde_json::{Value, json};

use crate::error::{Failure, OK};

/// Longer lines are refused, and not kept.
const LONGEST: u64 = 64 << 20;

/// Answers every line of standard input. An `answer` is an object, or why there is none.
///
/// # Errors
/// When input or output fails.
pub(in crate::cli) async fn run(mut answer: impl AsyncFnMut(Value) -> Result<Value, String>) -> Result<u8, Failure> {
    let mut input = std::io::stdin().lock();
    let mut output = std::io::BufWriter::new(std::io::stdout().lock());
    let failed = |error: std::io::Error| Failure::new(format!("Failed to go on checking: {error}"));
    while let Some(line) = next(&mut input).map_err(failed)? {
        let answer = match line {
            Line::Blank => continue,
            Line::Text(text) => answered(&text, &mut answer).await,
            Line::TooLong => json!({ "error": format!("The line is longer than {} MiB", LONGEST >> 20) }),
        };
        // Written at once: who asks may wait for each answer.
        writeln!(output, "{answer}").and_then(|()| output.flush()).map_err(failed)?;
    }
    Ok(OK)
}

enum Line {
    Blank,
    Text(Vec<u8>),
    TooLong,
}

fn next(input: &mut impl BufRead) -> std::io::Result<Option<Line>> {
    let mut line = Vec::new();
    if input.by_ref().take(LONGEST).read_until(b'\n', &mut line)? == 0 {
        return Ok(None);
    }
    if line.last() != Some(&b'\n') && line.len() as u64 == LONGEST {
        input.skip_until(b'\n')?;
        return Ok(Some(Line::TooLong));
    }
    Ok(Some(if line.trim_ascii().is_empty() { Line::Blank } else { Line::Text(line) }))
}

async fn answered(line: &[u8], answer: &mut impl AsyncFnMut(Value) -> Result<Value, String>) -> Value {
    let value: Value = match serde_json::from_slice(line) {
        Ok(value) => value,
        Err(error) => return json!({ "error": format!("Not a JSON object: {error}") }),
    };
    if !value.is_object() {
        return json!({ "error": "Not a JSON object" });
    }
    let id = value.get("id").cloned();
    with_id(id, answer(value).await.unwrap_or_else(|error| json!({ "error": error })))
}

/// The id comes back as it was given.
fn with_id(id: Option<Value>, answer: Value) -> Value {
    let mut whole = serde_json::Map::new();
    whole.extend(id.map(|id| ("id".to_owned(), id)));
    if let Value::Object(fields) = answer {
        whole.extend(fields);
    }
    Value::Object(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_apart() {
        let mut input: &[u8] = b"{}\n \nlast";
        let mut kinds = Vec::new();
        while let Some(line) = next(&mut input).expect("readable") {
            kinds.push(match line {
                Line::Blank => "blank".to_owned(),
                Line::Text(text) => String::from_utf8(text).expect("UTF-8"),
                Line::TooLong => "too long".to_owned(),
            });
        }
        assert_eq!(kinds, ["{}\n", "blank", "last"]);
    }

    #[test]
    fn an_id_comes_back_as_it_was() {
        assert_eq!(with_id(Some(json!([1])), json!({ "error": "x" })).to_string(), r#"{"error":"x","id":[1]}"#);
        assert_eq!(with_id(None, json!({ "error": "x" })).to_string(), r#"{"error":"x"}"#);
    }
}
