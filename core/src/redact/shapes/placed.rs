//! Secrets that are known by their place: behind `Bearer`, `--password`, `curl -u user:`, `<password>`, in a
//! `.netrc`, in SQL.

use super::name::{Name, announces};
use super::value::{is_harmless, is_mixed, read};
use super::{Hit, before, has, is_blank, run};

/// What follows `bearer` in prose.
const PROSE: [&str; 31] = [
    "token",
    "tokens",
    "auth",
    "authentication",
    "authorization",
    "scheme",
    "header",
    "headers",
    "credentials",
    "realm",
    "is",
    "of",
    "the",
    "and",
    "or",
    "for",
    "format",
    "type",
    "prefix",
    "in",
    "with",
    "as",
    "to",
    "on",
    "key",
    "bond",
    "bonds",
    "share",
    "shares",
    "methods",
    "flow",
];

/// A word that says what comes next.
pub(super) fn word(text: &[u8], at: usize, end: usize) -> Option<Hit> {
    let next = end + run(&text[end..], is_blank);
    if next == end {
        return None;
    }
    let is = |word: &str| text[at..end].eq_ignore_ascii_case(word.as_bytes());
    match text[at] {
        b'b' | b'B' if is("bearer") => bearer(text, next),
        b'p' | b'P' if is("password") && has(before(text, at), "login ") => plain(text, next),
        b'b' | b'B' if is("by") && has(before(text, at), "identified") => plain(text, next),
        b'p' | b'P' if is("password") && matches!(text.get(next), Some(b'\'')) => plain(text, next),
        _ => None,
    }
}

fn bearer(text: &[u8], at: usize) -> Option<Hit> {
    let length = run(&text[at..], |byte| byte.is_ascii_alphanumeric() || b"._~+/=-".contains(&byte));
    let body = &text[at..at + length];
    let word = body.strip_suffix(b".").unwrap_or(body);
    let is_prose = PROSE.iter().any(|prose| word.eq_ignore_ascii_case(prose.as_bytes()));
    (length >= 3 && !is_prose).then(|| Hit::whole(at..at + length))
}

fn plain(text: &[u8], at: usize) -> Option<Hit> {
    let value = read(text, at);
    let body = &text[value.text.clone()];
    (body.len() >= 3 && !is_harmless(body)).then(|| Hit { secret: value.text.clone(), resume: value.end })
}

/// An option of a command line and its value.
pub(super) fn flag(text: &[u8], at: usize) -> Option<Hit> {
    if !at.checked_sub(1).is_none_or(|at| is_blank(text[at]) || b"\n\"'([".contains(&text[at])) {
        return None;
    }
    let end = at + run(&text[at..], |byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    let blanks = run(&text[end..], is_blank);
    let line = before(text, at);
    match &text[at..end] {
        b"-u" | b"--user" if has(line, "curl") => {
            user(text, end + blanks.max(usize::from(text.get(end) == Some(&b'='))))
        }
        b"-p" if blanks > 0 && (has(line, "sshpass") || has(line, " login ")) => plain(text, end + blanks),
        b"-a" if blanks > 0 && has(line, "redis-cli") => plain(text, end + blanks),
        [b'-', b'p', _, ..] if has(line, "mysql") && text[at + 2] != b'-' && !text[at..].starts_with(b"-pr") => {
            let value = read(text, at + 2);
            let body = &text[value.text.clone()];
            (!is_harmless(body)).then(|| Hit { secret: value.text.clone(), resume: value.end })
        }
        name if name.starts_with(b"--") && blanks > 0 => match announces(&name[2..])? {
            Name::Everyday if name.eq_ignore_ascii_case(b"--key") => None,
            _ => option(text, end + blanks),
        },
        _ => None,
    }
}

fn option(text: &[u8], at: usize) -> Option<Hit> {
    let value = read(text, at);
    let body = &text[value.text.clone()];
    let is_prose = ["is", "and", "or", "to", "with", "for", "option", "flag", "from", "the", "instead", "as", "if"];
    let is_prose = is_prose.iter().any(|word| body.eq_ignore_ascii_case(word.as_bytes()));
    let is_secret = body.len() >= 3 && body[0] != b'-' && body[0] != b'|' && !is_harmless(body) && !is_prose;
    is_secret.then(|| Hit { secret: value.text.clone(), resume: value.end })
}

/// `user:password`
fn user(text: &[u8], at: usize) -> Option<Hit> {
    let value = read(text, at);
    let colon = text[value.text.clone()].iter().position(|byte| *byte == b':')?;
    let secret = value.text.start + colon + 1..value.text.end;
    (!is_harmless(&text[secret.clone()])).then_some(Hit { secret, resume: value.end })
}

/// `<password>…</password>`
pub(super) fn element(text: &[u8], at: usize) -> Option<Hit> {
    let back = before(text, at);
    let open = back.iter().rposition(|byte| *byte == b'<')?;
    let name = &back[open + 1..];
    let kind =
        announces(name).filter(|_| name.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(byte)))?;
    let length = run(&text[at + 1..], |byte| byte >= b' ' && byte != b'<');
    let body = text[at + 1..at + 1 + length].trim_ascii();
    let closed = text[at + 1 + length..].starts_with(b"</");
    let is_secret = closed && body.len() >= 4 && !is_harmless(body) && (kind > Name::Everyday || is_mixed(body, 8));
    is_secret.then(|| Hit::whole(at + 1..at + 1 + length))
}
