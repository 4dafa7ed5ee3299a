//! `hermes redact`: a filter that hides secrets, those of this home by value and all others by shape.
//!
//! It decides nothing; what is a secret stands in `redact.rs`.

use std::io::{Read as _, Write as _};

use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use super::check::jsonl;
use super::runtime;
use crate::app::Ground;
use crate::config::layers::Config;
use crate::error::{Failure, OK};
use crate::redact::{Stream, know, redact};

/// So much is read at a time.
const PIECE: usize = 64 * 1024;

/// How to read standard input.
#[derive(Debug, Args)]
pub struct RedactArgs {
    /// Read one JSON object `{"id", "text"}` a line, and answer each with one.
    #[arg(long)]
    jsonl: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(default, rename = "id")]
    _id: Option<Value>,
    text: String,
}

/// Runs it.
///
/// # Errors
/// When the configuration, input or output fails: then nothing was promised for the rest.
pub fn run(args: &RedactArgs, ground: &Ground) -> Result<u8, Failure> {
    know(Config::load(&ground.sources())?.secret_values());
    match args.jsonl {
        true => runtime::block_on(jsonl::run(async |line| answer(line)))?,
        false => filter().map_err(|error| Failure::new(format!("Failed to go on filtering: {error}"))),
    }
}

fn answer(line: Value) -> Result<Value, String> {
    let asked: Asked = serde_json::from_value(line).map_err(|error| format!("Not a text to redact: {error}"))?;
    Ok(json!({ "text": redact(&asked.text) }))
}

/// Bytes that are not UTF-8 become `U+FFFD`: within one a secret could not be known.
fn filter() -> std::io::Result<u8> {
    let (mut input, mut output) = (std::io::stdin().lock(), std::io::stdout().lock());
    let (mut stream, mut held, mut piece) = (Stream::default(), Vec::new(), vec![0; PIECE]);
    loop {
        let length = input.read(&mut piece)?;
        held.extend_from_slice(&piece[..length]);
        let whole = if length == 0 { held.len() } else { complete(&held) };
        let text = String::from_utf8_lossy(&held[..whole]).into_owned();
        held.drain(..whole);
        output.write_all(stream.push(&text).as_bytes())?;
        output.flush()?;
        if length == 0 {
            output.write_all(stream.finish().as_bytes())?;
            output.flush()?;
            return Ok(OK);
        }
    }
}

/// Up to where no character is cut in two.
fn complete(bytes: &[u8]) -> usize {
    match std::str::from_utf8(bytes) {
        Err(error) if error.error_len().is_none() => error.valid_up_to(),
        Err(_) => {
            let tail = bytes.len().saturating_sub(3);
            let cut = bytes[tail..].iter().rposition(|byte| *byte >= 0xc0);
            cut.map_or(bytes.len(), |at| tail + at)
        }
        Ok(_) => bytes.len(),
    }
}
