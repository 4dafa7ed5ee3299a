//! Secrets that a name announces: `NAME=value`, `"name": "value"`, `name: value`, headers, and `user:password@`.

use super::name::{Name, announces};
use super::value::{is_called, is_harmless, is_identifier, is_mixed, read};
use super::{Hit, before, is_blank, run};

/// Names are looked at so far back.
const LONGEST: usize = 64;
/// A signature is at least as long.
const SIGNATURE: usize = 20;
/// So much may stand between a name and its separator.
const BETWEEN: usize = 4;

/// `NAME=value`, with or without blanks, also `NAME => value` and `NAME := value`.
pub(super) fn assigned(text: &[u8], at: usize) -> Option<Hit> {
    if matches!(text.get(at + 1), Some(b'=' | b'~'))
        || matches!(text.get(at.wrapping_sub(1)), Some(b'=' | b'!' | b'<' | b'>' | b'+'))
    {
        return None;
    }
    let arrow = usize::from(text.get(at + 1) == Some(&b'>'));
    let (name, end) = named(text, at)?;
    let start = at + 1 + arrow;
    let blanks = run(&text[start..], is_blank);
    let is_spaced = blanks > 0 || end < at || arrow > 0;
    let kind = announces(name).or_else(|| signature(text, name, start))?;
    let value = read(text, start + blanks);
    let body = &text[value.text.clone()];
    // What a shell keeps there, in every list of variables.
    let is_directory = name.eq_ignore_ascii_case(b"pwd") && body.starts_with(b"/");
    if is_directory || is_harmless(body) || (!value.quoted && is_called(text, value.end)) {
        return None;
    }
    let quoted_name = text[end..at].iter().any(|byte| b"\"'".contains(byte));
    let is_secret = match (is_spaced, value.quoted) {
        (false, true) => true,
        (false, false) => !is_argument(text, at, name, body),
        (true, true) => (kind > Name::Everyday || quoted_name) && is_said(kind, body),
        (true, false) => kind > Name::Everyday && is_mixed(body, 8) && !is_identifier(body),
    };
    is_secret.then(|| Hit { secret: outer(text, &value, is_spaced), resume: value.end })
}

/// Without blanks the quotes go with what is in them; with blanks they stay, as in code.
fn outer(text: &[u8], value: &super::value::Value, keeps_quotes: bool) -> std::ops::Range<usize> {
    match keeps_quotes || !value.quoted || text[value.text.start - 1] == b'`' {
        true => value.text.clone(),
        false => value.text.start - 1..value.end,
    }
}

/// The name before a separator, and where it ends: before blanks, quotes, a closing bracket.
fn named(text: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let is_between = |byte: &u8| is_blank(*byte) || b"\"'\\]:".contains(byte);
    let back = &text[at.saturating_sub(BETWEEN + 1)..at];
    let end = at - back.iter().rev().position(|byte| !is_between(byte))?;
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
    let from = end.saturating_sub(LONGEST);
    let start = text[from..end].iter().rposition(|byte| !is_name(byte)).map_or(from, |other| from + other + 1);
    (start < end).then_some((&text[start..end], end))
}

/// `sig=` and `signature=` of an address that was signed.
fn signature(text: &[u8], name: &[u8], start: usize) -> Option<Name> {
    let is_one = name.eq_ignore_ascii_case(b"sig") || name.eq_ignore_ascii_case(b"signature");
    let head = text.get(start..start + SIGNATURE)?;
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"%+/=_-".contains(byte);
    (is_one && head.iter().all(is_part)).then_some(Name::Strong)
}

/// An argument of code that only hands on: `f(password=password)`, `sorted(xs, key=len)`.
fn is_argument(text: &[u8], at: usize, name: &[u8], body: &[u8]) -> bool {
    let lower = |text: &[u8]| text.to_ascii_lowercase();
    let (name_end, value) = (lower(name), lower(body));
    let last = name_end.rsplit(|byte| b"_-.".contains(byte)).next().unwrap_or_default();
    let opened = before(text, at.saturating_sub(name.len()))
        .iter()
        .rev()
        .find(|byte| !is_blank(**byte))
        .is_some_and(|byte| b"(,".contains(byte));
    is_identifier(body)
        && (value == name_end || (opened && (value.ends_with(last) || body.contains(&b'.') || last == b"key")))
}

/// A text that is one: a sentence that asks for a password is none.
fn is_said(kind: Name, body: &[u8]) -> bool {
    let asks = body.trim_ascii_end().ends_with(b":") || body.ends_with(b"?") || body.ends_with(b".");
    let blanks = body.iter().filter(|byte| is_blank(**byte)).count();
    body.len() >= 4 && !asks && (blanks == 0 || (kind == Name::Password && blanks <= 8))
}

/// `"name": "value"`, `name: value`, and headers.
pub(super) fn field(text: &[u8], at: usize) -> Option<Hit> {
    if text.get(at + 1) == Some(&b'=') {
        return None;
    }
    let quoted_name = text[..at].last().is_some_and(|byte| b"\"'".contains(byte));
    let (name, _) = named(text, at)?;
    let start = at + 1 + run(&text[at + 1..], is_blank);
    let kind = if let Some(kind) = announces(name) { kind } else { return header(text, name, start) };
    let value = read(text, start);
    let body = &text[value.text.clone()];
    if is_harmless(body) || (!value.quoted && is_called(text, value.end)) {
        return None;
    }
    let is_header = is_header(name) && !value.quoted;
    let is_secret = match (value.quoted, kind) {
        (true, Name::Everyday) if ends_with_key(name) => is_mixed(body, 16),
        (true, _) if quoted_name => body.len() >= 4,
        (true, kind) => is_said(kind, body),
        (false, _) if is_header => true,
        (false, Name::Password) => is_mixed(body, 6) && text.get(value.end) != Some(&b'('),
        (false, Name::Strong) => is_mixed(body, 12) && !is_identifier(body),
        (false, Name::Everyday) => !ends_with_key(name) && is_mixed(body, 16) && !is_identifier(body),
    };
    is_secret.then(|| Hit { secret: value.text.clone(), resume: value.end })
}

fn ends_with_key(name: &[u8]) -> bool {
    name.len() >= 3 && name[name.len() - 3..].eq_ignore_ascii_case(b"key")
}

fn is_header(name: &[u8]) -> bool {
    let names: [&[u8]; 14] = [
        b"x-api-key",
        b"api-key",
        b"apikey",
        b"x-auth-token",
        b"auth-token",
        b"x-access-token",
        b"access-token",
        b"x-auth-key",
        b"auth-key",
        b"private-token",
        b"x-vault-token",
        b"x-amz-security-token",
        b"x-goog-api-key",
        b"job-token",
    ];
    names.iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// `Authorization: Basic …`, whatever the scheme.
fn header(text: &[u8], name: &[u8], start: usize) -> Option<Hit> {
    if !name.to_ascii_lowercase().ends_with(b"authorization") {
        return None;
    }
    let scheme = run(&text[start..], |byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let blanks = run(&text[start + scheme..], is_blank);
    let at = if scheme > 0 && blanks > 0 { start + scheme + blanks } else { start };
    let length = run(&text[at..], |byte| byte > b' ' && !b"\"',;\\".contains(&byte));
    let body = &text[at..at + length];
    let plain = at == start && is_identifier(body);
    (length > 0 && !plain && !is_harmless(body)).then(|| Hit::whole(at..at + length))
}

/// `scheme://user:password@`, and a long token in the user's place.
pub(super) fn userinfo(text: &[u8], at: usize) -> Option<Hit> {
    if !text[at..].starts_with(b"://") {
        return None;
    }
    let start = at + 3;
    let length = run(&text[start..], |byte| byte > b' ' && !b"/?#\"'<>`,;)\\".contains(&byte));
    let authority = &text[start..start + length];
    let host = authority.iter().rposition(|byte| *byte == b'@')?;
    let secret = match authority[..host].iter().position(|byte| *byte == b':') {
        Some(colon) => colon + 1..host,
        None => is_mixed(&authority[..host], 20).then_some(0..host)?,
    };
    let body = &authority[secret.clone()];
    let resume = start + host;
    match is_harmless(body) || body.starts_with(b"$") {
        true => Some(Hit { secret: start..start, resume }),
        false => Some(Hit { secret: start + secret.start..start + secret.end, resume }),
    }
}
