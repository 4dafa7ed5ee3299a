//! Bytes of the web as text: which characters they mean, and whether they are text at all.

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

/// As much is looked at for a declaration.
const HEAD: usize = 2048;

/// What a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Html,
    Plain,
    Pdf,
    Picture,
    /// Anything else.
    Other,
}

/// What a body is, by what its server says, or else by how it begins.
pub(crate) fn kind(content_type: Option<&str>, body: &[u8]) -> Kind {
    let media = content_type.map(|said| said.split(';').next().unwrap_or_default().trim().to_ascii_lowercase());
    match media.as_deref().unwrap_or_default() {
        "text/html" | "application/xhtml+xml" => Kind::Html,
        "application/pdf" | "application/x-pdf" => Kind::Pdf,
        "" | "application/octet-stream" | "binary/octet-stream" => guessed(body),
        said if said.starts_with("image/") && said != "image/svg+xml" => Kind::Picture,
        said if is_text(said) => Kind::Plain,
        _ => Kind::Other,
    }
}

fn is_text(media: &str) -> bool {
    const NAMES: [&str; 9] = [
        "application/json",
        "application/xml",
        "application/javascript",
        "application/ecmascript",
        "application/yaml",
        "application/x-yaml",
        "application/toml",
        "application/x-ndjson",
        "application/x-sh",
    ];
    media.starts_with("text/") || NAMES.contains(&media) || media.ends_with("+json") || media.ends_with("+xml")
}

fn guessed(body: &[u8]) -> Kind {
    let head = body.get(..body.len().min(HEAD)).unwrap_or_default();
    let begins =
        |with: &[u8]| head.trim_ascii_start().get(..with.len()).is_some_and(|it| it.eq_ignore_ascii_case(with));
    if begins(b"%PDF-") {
        return Kind::Pdf;
    }
    if begins(b"<!doctype html") || begins(b"<html") {
        return Kind::Html;
    }
    let wide = Encoding::for_bom(head).is_some();
    if !wide && head.contains(&0) { Kind::Other } else { Kind::Plain }
}

/// Decodes a body: by its byte order mark, what the server says, what a page says of itself, and else as UTF-8 or, if
/// it is none, as browsers do.
pub(crate) fn decoded(content_type: Option<&str>, body: &[u8]) -> String {
    let head = body.get(..body.len().min(HEAD)).unwrap_or_default();
    let said = content_type.and_then(charset).or_else(|| charset(&String::from_utf8_lossy(head)));
    let encoding = match said {
        Some(encoding) => encoding,
        None if std::str::from_utf8(body).is_ok_and(|_| true) || cut_utf8(body) => UTF_8,
        None => WINDOWS_1252,
    };
    // A byte order mark beats them all.
    encoding.decode(body).0.into_owned()
}

/// UTF-8 whose end was cut off inside a character.
fn cut_utf8(body: &[u8]) -> bool {
    std::str::from_utf8(body).is_err_and(|error| error.error_len().is_none())
}

fn charset(text: &str) -> Option<&'static Encoding> {
    let lower = text.to_ascii_lowercase();
    let at = lower.find("charset")? + "charset".len();
    let value = lower.get(at..)?.trim_start().strip_prefix('=')?.trim_start().trim_start_matches(['"', '\'']);
    let end = value.find(|c: char| !c.is_ascii_alphanumeric() && !"-_:.".contains(c)).unwrap_or(value.len());
    Encoding::for_label(value.get(..end)?.as_bytes())
}

/// The characters from `offset` on, at most `limit`, and how many there are.
pub(crate) fn window(text: &str, offset: usize, limit: usize) -> (&str, usize) {
    let at = |n: usize| text.char_indices().nth(n).map_or(text.len(), |(at, _)| at);
    let (start, end) = (at(offset), at(offset.saturating_add(limit)));
    (text.get(start..end).unwrap_or_default(), text.chars().count())
}

/// Without characters that nobody sees and that could hide something from whoever reads along.
pub(crate) fn visible(text: &str) -> String {
    let hidden = |c: char| {
        let control = c.is_control() && !matches!(c, '\n' | '\t');
        control
            || matches!(c, '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{e0000}'..='\u{e007f}')
    };
    text.chars().filter(|c| !hidden(*c)).collect()
}
