//! Keeps secrets out of what leaves the process: logs, transcripts, results and messages.
//!
//! Secrets are known by value, where the host holds them, and by shape otherwise. Time grows with the text and
//! with nothing else. It prefers hiding too much to hiding too little, but leaves code that only talks about
//! secrets readable.

mod shapes;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::{PoisonError, RwLock};

use hermes_plugin_api::secret::Secret;
use serde_json::Value;

/// What stands where a secret stood.
pub const REDACTED: &str = "[REDACTED]";

/// Shorter values are not looked for: they would be found everywhere.
const SHORTEST: usize = 6;
/// The most that a stream holds back.
const HOLD: usize = 8 * 1024;
/// How many words of an unfinished line a stream holds back: as many as a shape may span.
const WORDS: usize = 8;

static KNOWN: RwLock<Vec<Secret>> = RwLock::new(Vec::new());

/// Hides these exact values from now on, wherever they occur.
pub fn know(secrets: impl IntoIterator<Item = Secret>) {
    let mut known = KNOWN.write().unwrap_or_else(PoisonError::into_inner);
    known.extend(secrets.into_iter().filter(|secret| secret.expose().len() >= SHORTEST));
}

/// Replaces every secret in a text.
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(text);
    for secret in KNOWN.read().unwrap_or_else(PoisonError::into_inner).iter() {
        if text.contains(secret.expose()) {
            text = Cow::Owned(text.replace(secret.expose(), REDACTED));
        }
    }
    let found = shapes::find(&text);
    if found.is_empty() {
        return text;
    }
    let mut told = String::with_capacity(text.len());
    let mut end = 0;
    for secret in found {
        told.push_str(text.get(end..secret.start).unwrap_or_default());
        told.push_str(REDACTED);
        end = secret.end;
    }
    told.push_str(text.get(end..).unwrap_or_default());
    Cow::Owned(told)
}

/// Replaces every secret in the texts of a value. Names stay, and tell what is a secret: `{"api_key": "…"}`.
pub fn value(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Cow::Owned(redacted) = redact(text) {
                *text = redacted;
            }
        }
        Value::Array(values) => values.iter_mut().for_each(self::value),
        Value::Object(fields) => {
            for (name, field) in fields {
                self::value(field);
                if let Value::String(text) = field
                    && is_announced(name, text)
                {
                    *text = REDACTED.to_owned();
                }
            }
        }
        _ => {}
    }
}

/// Whether a field's name says that its text is a secret.
fn is_announced(name: &str, text: &str) -> bool {
    let hides = |text: &str| {
        let pair = format!("\"{name}\": \"{text}\"");
        redact(&pair) != pair
    };
    // Only a name that is one can make a secret of this.
    hides("plain words") && hides(text)
}

/// Redacts a text that comes in pieces, wherever the pieces are cut.
#[derive(Debug, Default)]
pub struct Stream {
    held: String,
    in_key: bool,
}

impl Stream {
    /// Takes a piece, and returns what can be told by now.
    pub fn push(&mut self, piece: &str) -> String {
        self.held.push_str(piece);
        let cut = settled(&self.held);
        let rest = self.held.split_off(cut);
        let told = std::mem::replace(&mut self.held, rest);
        self.tell(&told)
    }

    /// The rest.
    pub fn finish(&mut self) -> String {
        let told = std::mem::take(&mut self.held);
        self.tell(&told)
    }

    fn tell(&mut self, text: &str) -> String {
        let mut text = text;
        if self.in_key {
            // The key was announced as hidden when its beginning was told.
            let Some(end) = text.find("-----END").map(|at| at + "-----END".len()) else { return String::new() };
            let end = text[end..].find("-----").map_or(end, |at| end + at + "-----".len());
            text = &text[end..];
        }
        let begun =
            text.rfind("PRIVATE KEY-----").filter(|at| text[..*at].rfind("-----BEGIN") > text.rfind("-----END"));
        self.in_key = begun.is_some();
        redact(text).into_owned()
    }
}

/// Up to where no secret can still be growing: the last line break, or a few words before the end.
fn settled(text: &str) -> usize {
    let line = text.rfind('\n').map_or(0, |at| at + 1);
    let blanks = text[line..].rmatch_indices([' ', '\t']).map(|(at, _)| line + at + 1);
    let cut = blanks.into_iter().nth(WORDS - 1).unwrap_or(line);
    let least = text.len().saturating_sub(HOLD);
    if cut >= least { cut } else { text.ceil_char_boundary(least) }
}
