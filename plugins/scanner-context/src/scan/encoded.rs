//! Orders in base64, hexadecimal, URL encoding, entities, escapes, rot13, and backwards.

use super::{Hit, is_order};

/// Longer runs are cut: an order stands at the beginning or nowhere.
const LONGEST: usize = 4096;

/// The bytes of which codes are made.
const CODE: [bool; 256] = {
    let mut code = [false; 256];
    let mut byte = 0u8;
    while byte < 128 {
        code[byte as usize] = byte.is_ascii_alphanumeric()
            || matches!(byte, b'+' | b'/' | b'=' | b'_' | b'-' | b'%' | b'&' | b'#' | b';' | b'\\');
        byte += 1;
    }
    code
};

/// Finds them.
pub(super) fn find(text: &str) -> Vec<Hit> {
    let mut hits = Vec::new();
    let mut at = 0;
    let bytes = text.as_bytes();
    while at < bytes.len() {
        let length = bytes[at..].iter().position(|byte| !CODE[usize::from(*byte)]).unwrap_or(bytes.len() - at);
        if length >= 16 {
            let run = &text[at..at + length.min(LONGEST)];
            if decoded(run).is_some_and(|decoded| is_order(&decoded)) {
                hits.push(Hit { rule: "encoded-instructions", title: "encoded instructions", span: at..at + length });
            }
        }
        at += length.max(1);
    }
    hits.extend(turned(text));
    hits
}

/// What a run means, if it is the code of a text.
fn decoded(run: &str) -> Option<String> {
    if run.contains('%') && run.matches('%').count() >= 3 {
        return printable(percent(run.as_bytes()));
    }
    if run.starts_with("&#") || run.contains(";&#") {
        return printable(entities(run));
    }
    if run.contains("\\x") || run.contains("\\u") {
        return printable(escapes(run));
    }
    let body = run.trim_matches(['"', '\'']);
    if body.len() >= 24 && body.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return printable(hex(body.as_bytes()));
    }
    printable(base64(body.as_bytes()))
}

fn printable(bytes: Vec<u8>) -> Option<String> {
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let seen = text.chars().filter(|c| !c.is_control() && *c != '\u{fffd}').count();
    (text.contains(' ') && seen * 10 >= text.chars().count() * 9).then_some(text)
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn hex(run: &[u8]) -> Vec<u8> {
    run.chunks_exact(2).filter_map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?)).collect()
}

fn percent(run: &[u8]) -> Vec<u8> {
    let mut told = Vec::with_capacity(run.len());
    let mut at = 0;
    while at < run.len() {
        let code = run.get(at + 1).and_then(|high| digit(*high)).zip(run.get(at + 2).and_then(|low| digit(*low)));
        match (run[at], code) {
            (b'%', Some((high, low))) => {
                told.push(high << 4 | low);
                at += 3;
            }
            (b'+', _) => {
                told.push(b' ');
                at += 1;
            }
            (byte, _) => {
                told.push(byte);
                at += 1;
            }
        }
    }
    told
}

fn entities(run: &str) -> Vec<u8> {
    let codes = run.split("&#").skip(1).filter_map(|part| {
        let (code, rest) = part.split_once(';').unwrap_or((part, ""));
        let code = match code.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => code.parse().ok()?,
        };
        Some(format!("{}{rest}", char::from_u32(code)?))
    });
    codes.collect::<String>().into_bytes()
}

fn escapes(run: &str) -> Vec<u8> {
    let codes = run.split('\\').skip(1).filter_map(|part| {
        let hex = part.strip_prefix(['x', 'u'])?;
        let length = if part.starts_with('x') { 2 } else { 4 };
        char::from_u32(u32::from_str_radix(hex.get(..length)?, 16).ok()?)
    });
    codes.collect::<String>().into_bytes()
}

fn base64(run: &[u8]) -> Vec<u8> {
    let (mut bits, mut held) = (0u32, 0);
    let mut told = Vec::with_capacity(run.len());
    for byte in run {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => break,
        };
        bits = bits << 6 | u32::from(value);
        held += 6;
        if held >= 8 {
            held -= 8;
            told.push(u8::try_from(bits >> held & 0xff).unwrap_or_default());
        }
    }
    told
}

/// Paragraphs in rot13 or backwards, known by two words that nothing else has.
fn turned(text: &str) -> Vec<Hit> {
    let mut hits = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let span = at..at + line.trim_end().len();
        at += line.len();
        let line = &line[..line.floor_char_boundary(line.len().min(LONGEST))];
        let turned = match telling(line) {
            (2.., _) => line.chars().map(rot13).collect::<String>(),
            (_, 2..) => line.chars().rev().collect(),
            _ => continue,
        };
        if is_order(&turned) {
            hits.push(Hit { rule: "encoded-instructions", title: "encoded instructions", span });
        }
    }
    hits
}

/// How many words of a line tell that it is in rot13, and how many that it stands backwards.
fn telling(line: &str) -> (usize, usize) {
    const ROT: &[&[u8]] =
        &[b"vtaber", b"qvfertneq", b"cerivbhf", b"vafgehpgvbaf", b"sbetrg", b"flfgrz", b"cebzcg", b"hfre"];
    const BACK: &[&[u8]] =
        &[b"erongi", b"drager", b"suoiverp", b"snoitcurtsni", b"tegrof", b"metsys", b"tpmorp", b"roirp"];
    let (mut rot, mut back) = (0, 0);
    for word in line.as_bytes().split(|byte| !byte.is_ascii_alphabetic()) {
        if matches!(word.len(), 4..=6 | 8 | 9 | 12) {
            let is = |known: &&[u8]| word.eq_ignore_ascii_case(known);
            rot += usize::from(ROT.iter().any(is));
            back += usize::from(BACK.iter().any(is));
        }
    }
    (rot, back)
}

fn rot13(c: char) -> char {
    match c {
        'a'..='m' | 'A'..='M' => char::from(u8::try_from(c).unwrap_or(b' ') + 13),
        'n'..='z' | 'N'..='Z' => char::from(u8::try_from(c).unwrap_or(b' ') - 13),
        c => c,
    }
}
