//! Keeps secrets out of what leaves the process: logs, transcripts, results and messages.
//!
//! Secrets are known by value, where the host holds them, and by shape otherwise. The shapes are one regular
//! expression of linear time. It prefers hiding too much to hiding too little, but leaves code that only
//! talks about secrets readable.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::sync::{LazyLock, PoisonError, RwLock};

use hermes_plugin_api::secret::Secret;
use regex::{Captures, Regex};
use serde_json::Value;

/// What stands where a secret stood.
pub const REDACTED: &str = "[REDACTED]";

/// Shorter values are not looked for: they would be found everywhere.
const SHORTEST: usize = 6;
/// The most that a stream holds back.
const HOLD: usize = 8 * 1024;
/// How many words of an unfinished line a stream holds back: as many as a shape may span.
const WORDS: usize = 5;

static KNOWN: RwLock<Vec<Secret>> = RwLock::new(Vec::new());
static SHAPES: LazyLock<Regex> = LazyLock::new(|| Regex::new(&shapes()).expect("a constant expression"));

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
    match SHAPES.replace_all(&text, replacement) {
        Cow::Borrowed(_) => text,
        Cow::Owned(redacted) => Cow::Owned(redacted),
    }
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

/// The shapes of secrets, alternatives of one expression. What stands in a named group stays.
fn shapes() -> String {
    let name = "(?:[A-Za-z0-9]+[_.-])*(?i:token|key|api_?key|password|passwd|passphrase|pwd|secret|credentials?)";
    let name = format!("(?:{name}|[a-z][A-Za-z0-9]*(?:Token|Key|Secret|Password))");
    let value = r#""[^"\n]*"?|'[^'\n]*'?|[^\s&;,"'()]+"#;
    let issued = [
        "gh[pousr]_[A-Za-z0-9]+|github_pat_[A-Za-z0-9_]+|glpat-[A-Za-z0-9_-]{8,}",
        "sk-[A-Za-z0-9][A-Za-z0-9_-]*|[sr]k_(?:live|test)_[A-Za-z0-9]+|hf_[A-Za-z0-9]{8,}|npm_[A-Za-z0-9]{16,}",
        "xox[a-z]-[A-Za-z0-9-]+|xapp-[A-Za-z0-9-]+|A[KS]IA[0-9A-Z]{12,}|AIza[A-Za-z0-9_-]{16,}|ya29[.][A-Za-z0-9_-]+",
        "pypi-[A-Za-z0-9_-]{16,}|SG[.][A-Za-z0-9_.-]{16,}|dop_v1_[A-Za-z0-9]+|[0-9]{6,12}:[A-Za-z0-9_-]{30,}",
        "eyJ[A-Za-z0-9_-]+[.][A-Za-z0-9_-]+(?:[.][A-Za-z0-9_-]*)?",
    ];
    let shapes = [
        // A whole key, also one that is cut off.
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?s:.*?)(?:-----END [A-Z ]*PRIVATE KEY-----|\z)".to_owned(),
        // What its issuer marks.
        format!("<b>(?:{})", issued.join("|")),
        // What is announced.
        r"(?P<bearer><b>(?i:bearer)[ \t]+)[A-Za-z0-9._~+/=-]{3,}".to_owned(),
        r"(?P<basic><b>(?i:authorization:[ \t]*(?:basic|token|digest))[ \t]+)\S+".to_owned(),
        r"(?P<header><b>(?i:(?:x-)?(?:api-key|auth-token|access-token|auth-key)):[ \t]*)[^\s,;]+".to_owned(),
        format!("(?P<assign><b>{name}=)(?P<assigned>{value})"),
        format!(r#"(?P<field>["']{name}["']\s*:\s*["'])(?P<fielded>[^"'\n]{{4,}})"#),
        r"(?P<user><b>[a-z][a-z0-9+.-]*://[^\s/:@]*:)[^\s/@]+(?P<host>@)".to_owned(),
    ];
    // A word boundary of plain letters: the other kind is slow on text that is not ASCII.
    shapes.join("|").replace("<b>", r"(?-u:\b)")
}

fn replacement(found: &Captures<'_>) -> String {
    let value = found.name("assigned").or_else(|| found.name("fielded"));
    if value.is_some_and(|value| is_no_secret(value.as_str().trim_matches(['"', '\'']))) {
        return found[0].to_owned();
    }
    let kept = ["bearer", "basic", "assign", "field", "header", "user"].iter().find_map(|name| found.name(name));
    let tail = found.name("host").map_or("", |tail| tail.as_str());
    format!("{}{REDACTED}{tail}", kept.map_or("", |kept| kept.as_str()))
}

/// Code that says where a secret comes from, or that there is none.
fn is_no_secret(value: &str) -> bool {
    let words = ["lambda", "none", "null", "nil", "true", "false", "undefined"];
    let reference = |rest: &str| rest.starts_with(['{', '(']) || rest.starts_with(|c: char| c.is_ascii_uppercase());
    value.is_empty()
        || value.starts_with(['<', '{', '['])
        || value.strip_prefix('$').is_some_and(reference)
        || value.bytes().all(|byte| byte == b'*')
        || words.iter().any(|word| value.eq_ignore_ascii_case(word))
}
