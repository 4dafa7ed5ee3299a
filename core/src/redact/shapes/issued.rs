//! Secrets that their issuers mark: prefixes, and forms that nothing else has.

use super::{Hit, head, run};

/// A longer beginning of a web token is taken for one without a look at what follows.
const HEADER: usize = 1024;
/// An address that lets anybody write is no longer than this.
const ADDRESS: usize = 512;

/// A prefix, how many characters must follow at least, and which.
type Mark = (&'static str, usize, fn(u8) -> bool);

/// What issuers mark. The longer of two that begin alike stands first.
#[rustfmt::skip]
const MARKS: &[Mark] = &[
    ("ghp_", 1, word), ("gho_", 1, word), ("ghu_", 1, word), ("ghs_", 1, word), ("ghr_", 1, word),
    ("github_pat_", 1, word),
    ("glpat-", 8, dashed), ("gldt-", 8, dashed), ("glrt-", 8, dashed), ("glcbt-", 8, dashed), ("glptt-", 8, dashed),
    ("glft-", 8, dashed), ("glsoat-", 8, dashed), ("glimt-", 8, dashed), ("glagent-", 8, dashed),
    ("gloas-", 8, dashed), ("GR1348941", 8, dashed), ("glsa_", 16, word), ("glc_", 24, base64),
    ("sk_live_", 1, word), ("sk_test_", 1, word), ("rk_live_", 1, word), ("rk_test_", 1, word), ("whsec_", 8, base64),
    ("hf_", 8, word), ("npm_", 16, word), ("pypi-", 16, dashed), ("rubygems_", 16, word), ("dckr_pat_", 8, dashed),
    ("xapp-", 8, dashed), ("xoxe.xox", 8, dotted),
    ("AKIA", 12, upper), ("ASIA", 12, upper), ("ABIA", 12, upper), ("ACCA", 12, upper),
    ("AIza", 16, dashed), ("ya29.", 4, dotted), ("GOCSPX-", 8, dashed), ("1//0", 20, dashed),
    ("SG.", 16, dotted), ("dop_v1_", 1, word), ("doo_v1_", 1, word), ("dor_v1_", 1, word),
    ("hvs.", 8, dashed), ("hvb.", 8, dashed), ("hvr.", 8, dashed), ("ATATT3", 16, dashed), ("ATCTT3", 16, dashed),
    ("shpat_", 16, word), ("shpca_", 16, word), ("shppa_", 16, word), ("shpss_", 16, word),
    ("sq0atp-", 8, dashed), ("sq0csp-", 8, dashed), ("rzp_live_", 8, word), ("figd_", 8, dashed),
    ("lin_api_", 8, word), ("ntn_", 16, word), ("PMAK-", 16, dashed), ("r8_", 16, word), ("gsk_", 16, word),
    ("xai-", 16, dashed), ("pplx-", 16, dashed), ("nvapi-", 8, dashed), ("sbp_", 16, word), ("sb_secret_", 8, dashed),
    ("phx_", 16, word), ("tskey-", 8, dashed), ("sntrys_", 16, dotted), ("sntryu_", 16, word), ("NRAK-", 16, upper),
    ("xkeysib-", 16, dashed), ("AGE-SECRET-KEY-1", 16, upper), ("fo1_", 16, dashed), ("FlyV1 fm", 8, base64),
    ("dapi", 32, hex), ("key-", 32, hex), ("SK", 32, hex), ("LTAI", 16, word), ("vault:v1:", 16, base64),
    ("CLOJARS_", 16, word), ("ops_eyJ", 16, base64), ("tfp_", 16, word), ("pul-", 32, hex), ("bkua_", 16, word),
    ("ghcr_", 16, word), ("vercel_", 16, word), ("secret_", 40, word),
];

/// First words of names that begin as a key does: style sheets, locales.
const NO_KEYS: [&str; 34] = [
    "circle",
    "folding",
    "fading",
    "cube",
    "cube1",
    "cube2",
    "bounce",
    "bounce1",
    "bounce2",
    "chase",
    "wave",
    "spinner",
    "rect1",
    "child",
    "dot1",
    "dot2",
    "plane",
    "pulse",
    "flow",
    "swing",
    "grid",
    "three",
    "double",
    "rotating",
    "learn",
    "wandering",
    "toggleable",
    "estimator",
    "container",
    "top",
    "parallel",
    "serial",
    "item",
    "label",
];

/// Returns a secret that begins here; `end` is where the word does.
pub(super) fn token(text: &[u8], at: usize, end: usize) -> Option<Hit> {
    let rest = &text[at..];
    let marked = match rest[0] {
        b'x' if rest.starts_with(b"xox") => workspace(rest),
        b's' if rest.starts_with(b"sk-") => key(rest),
        b'e' if rest.starts_with(b"eyJ") => web_token(rest),
        b'0'..=b'9' => bot(rest),
        b'M' | b'N' | b'O' => chat_bot(rest),
        b's' if rest.starts_with(b"s.") => legacy_vault(rest),
        _ => None,
    };
    let length = marked.or_else(|| prefixed(rest)).or_else(|| hook(text, at)).or_else(|| tilde(rest, end - at))?;
    Some(Hit::whole(at..at + length))
}

fn prefixed(rest: &[u8]) -> Option<usize> {
    let (first, second) = (rest[0], rest.get(1).copied()?);
    let mut marks = MARKS.iter().filter(|(prefix, ..)| {
        let prefix = prefix.as_bytes();
        prefix[0] == first && prefix[1] == second && rest.starts_with(prefix)
    });
    marks.find_map(|(prefix, least, is)| {
        let length = run(&rest[prefix.len()..], is);
        // What stands behind a form of one length must not go on like it.
        (length >= *least).then_some(prefix.len() + length)
    })
}

fn workspace(rest: &[u8]) -> Option<usize> {
    rest.get(3).filter(|kind| kind.is_ascii_lowercase())?;
    let length = 5 + run(rest.get(5..)?, dashed);
    (rest.get(4) == Some(&b'-') && length > 5).then_some(length)
}

/// `sk-…`, but no name of a style sheet, and no locale.
fn key(rest: &[u8]) -> Option<usize> {
    let first = &rest[3..][..run(head(&rest[3..], 16), |byte| byte.is_ascii_alphanumeric())];
    if first.is_empty() || NO_KEYS.iter().any(|known| known.as_bytes() == first) {
        return None;
    }
    let length = 3 + run(&rest[3..], dashed);
    let is_locale = matches!(&rest[3..length], b"SK" | b"sk");
    (!is_locale).then_some(length)
}

/// `header.claims.signature`; the last may be missing.
fn web_token(rest: &[u8]) -> Option<usize> {
    let header = run(head(rest, HEADER), dashed);
    if header == HEADER {
        // Nothing else is that long.
        return Some(run(rest, dashed));
    }
    if rest.get(header) != Some(&b'.') || header < 4 {
        return None;
    }
    let claims = run(rest.get(header + 1..)?, dashed);
    if claims == 0 {
        return None;
    }
    let mut length = header + 1 + claims;
    while rest.get(length) == Some(&b'.') && length < rest.len() {
        let part = run(&rest[length + 1..], dashed);
        length += 1 + part;
        if part == 0 {
            break;
        }
    }
    Some(length)
}

/// `123456789:AA…`
fn bot(rest: &[u8]) -> Option<usize> {
    let digits = run(rest, |byte| byte.is_ascii_digit());
    if !(6..=12).contains(&digits) || rest.get(digits) != Some(&b':') {
        return None;
    }
    let length = run(&rest[digits + 1..], dashed);
    (length >= 30).then_some(digits + 1 + length)
}

/// `M….G….…`: who, when, and the proof.
fn chat_bot(rest: &[u8]) -> Option<usize> {
    let who = run(head(rest, 29), dashed);
    if !(23..=28).contains(&who) || rest.get(who) != Some(&b'.') {
        return None;
    }
    let when = run(head(&rest[who + 1..], 7), dashed);
    let proof = who + 1 + when;
    if when != 6 || rest.get(proof) != Some(&b'.') {
        return None;
    }
    let length = run(&rest[proof + 1..], dashed);
    (length >= 27).then_some(proof + 1 + length)
}

fn legacy_vault(rest: &[u8]) -> Option<usize> {
    let body = &rest[2..2 + run(&rest[2..], word)];
    let mixed = body.iter().any(u8::is_ascii_digit) && body.iter().any(u8::is_ascii_uppercase);
    (body.len() == 24 && mixed).then_some(26)
}

/// Ends of addresses that let anybody write who knows them: `services/T…/B…/…`, `webhooks/123…/…`.
fn hook(text: &[u8], at: usize) -> Option<usize> {
    let rest = &text[at..];
    let is_below = at > 0 && text[at - 1] == b'/';
    let path: &[u8] = [&b"services/T"[..], b"webhooks/"].into_iter().find(|path| is_below && rest.starts_with(path))?;
    let length = run(head(&rest[path.len()..], ADDRESS), |byte| dashed(byte) || byte == b'/');
    let parts = rest[path.len()..path.len() + length].iter().filter(|byte| **byte == b'/').count();
    (length >= 24 && (1..=2).contains(&parts)).then_some(path.len() + length)
}

/// `abc8Q~…`: client secrets of one large cloud.
fn tilde(rest: &[u8], word_length: usize) -> Option<usize> {
    if word_length > 5 || rest.get(4) != Some(&b'Q') || rest.get(5) != Some(&b'~') || !rest[3].is_ascii_digit() {
        return None;
    }
    let length = run(&rest[6..], |byte| dotted(byte) || byte == b'~');
    (length >= 28).then_some(6 + length)
}

/// A whole private key, also one that is cut off.
pub(super) fn pem(text: &[u8], at: usize) -> Option<Hit> {
    let label = at + "-----BEGIN".len();
    let end = label + run(&text[label..], |byte| byte == b' ' || byte.is_ascii_uppercase() || byte.is_ascii_digit());
    if !text[end..].starts_with(b"-----") || !super::has(&text[label..end], "PRIVATE KEY") {
        return None;
    }
    let closing = find(&text[end..], b"-----END").map(|offset| end + offset + "-----END".len());
    let secret_end = closing.map_or(text.len(), |closing| {
        let label = run(&text[closing..], |byte| byte == b' ' || byte.is_ascii_uppercase() || byte.is_ascii_digit());
        let end = closing + label;
        end + if text[end..].starts_with(b"-----") { 5 } else { 0 }
    });
    Some(Hit::whole(at..secret_end))
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

fn word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn dashed(byte: u8) -> bool {
    word(byte) || byte == b'-'
}

fn dotted(byte: u8) -> bool {
    dashed(byte) || byte == b'.'
}

fn base64(byte: u8) -> bool {
    dashed(byte) || b"+/=".contains(&byte)
}

fn upper(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit()
}

fn hex(byte: u8) -> bool {
    byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
}
