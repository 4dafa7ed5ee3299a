//! Filters over known text: `base64 -d`, `rev`, `tr`, `xxd -r`. Anything else is unknown.

/// What a filter makes of known input.
pub(super) fn filter(program: &str, options: &[String], operands: &[String], input: &str) -> Option<String> {
    let has = |names: &[&str]| options.iter().any(|option| names.contains(&&**option));
    match program {
        "base64" if has(&["-d", "-D", "--decode", "-di", "-id"]) => {
            let rest =
                options.iter().all(|option| matches!(&**option, "-d" | "-D" | "--decode" | "-i" | "-di" | "-id"));
            if rest { base64(input) } else { None }
        }
        "base32" if has(&["-d", "--decode"]) => base32(input),
        "rev" if options.is_empty() => Some(rev(input)),
        "tac" if options.is_empty() => Some(input.split_inclusive('\n').rev().collect()),
        "tr" => tr(options, operands, input),
        "xxd" if has(&["-r"]) || has(&["-rp", "-pr"]) => {
            let plain = has(&["-p", "-ps", "-plain", "-rp", "-pr"]);
            if plain { hex(input) } else { None }
        }
        "sed" => super::sed::sed(options, operands, input),
        "sort" | "uniq" | "head" | "tail"
            if options.is_empty() && operands.is_empty() && input.lines().count() <= 1 =>
        {
            Some(input.to_owned())
        }
        _ => None,
    }
}

fn rev(input: &str) -> String {
    let mut out = String::with_capacity(input.len());
    for line in input.split_inclusive('\n') {
        let body = line.strip_suffix('\n').unwrap_or(line);
        out.extend(body.chars().rev());
        out.push_str(&line[body.len()..]);
    }
    out
}

fn base64(input: &str) -> Option<String> {
    let value = |b: u8| match b {
        b'A'..=b'Z' => Some(b - b'A'),
        b'a'..=b'z' => Some(b - b'a' + 26),
        b'0'..=b'9' => Some(b - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    };
    bits(input, 6, value)
}

fn base32(input: &str) -> Option<String> {
    let value = |b: u8| match b {
        b'A'..=b'Z' => Some(b - b'A'),
        b'2'..=b'7' => Some(b - b'2' + 26),
        _ => None,
    };
    bits(input, 5, value)
}

/// Puts digits of some bits each together to bytes.
fn bits(input: &str, width: u32, value: impl Fn(u8) -> Option<u8>) -> Option<String> {
    let mut out = Vec::with_capacity(input.len());
    let (mut held, mut count) = (0u32, 0u32);
    for byte in input.bytes().filter(|b| !matches!(b, b'\n' | b'\r' | b' ' | b'\t')) {
        if byte == b'=' {
            (held, count) = (0, 0);
            continue;
        }
        held = held << width | u32::from(value(byte)?);
        count += width;
        if count >= 8 {
            count -= 8;
            out.push((held >> count) as u8);
            held &= (1 << count) - 1;
        }
    }
    String::from_utf8(out).ok()
}

fn hex(input: &str) -> Option<String> {
    let digits: Option<Vec<u32>> = input.chars().filter(|c| !c.is_whitespace()).map(|c| c.to_digit(16)).collect();
    let bytes = digits?.chunks_exact(2).map(|pair| (pair[0] * 16 + pair[1]) as u8).collect();
    String::from_utf8(bytes).ok()
}

fn tr(options: &[String], operands: &[String], input: &str) -> Option<String> {
    let deletes = match options {
        [] => false,
        [option] if option == "-d" => true,
        _ => return None,
    };
    let from = set(operands.first()?)?;
    if deletes {
        return Some(input.chars().filter(|c| !from.contains(c)).collect());
    }
    let to = set(operands.get(1)?)?;
    let last = *to.last()?;
    let change = |c: char| match from.iter().rposition(|own| *own == c) {
        Some(at) => to.get(at).copied().unwrap_or(last),
        None => c,
    };
    Some(input.chars().map(change).collect())
}

/// A set of `tr`: ranges, escapes and the classes of letters and digits.
fn set(text: &str) -> Option<Vec<char>> {
    match text {
        "[:upper:]" | "[A-Z]" if text.starts_with("[:") => return Some(('A'..='Z').collect()),
        "[:lower:]" => return Some(('a'..='z').collect()),
        "[:digit:]" => return Some(('0'..='9').collect()),
        "[:space:]" => return Some(vec![' ', '\t', '\n', '\r', '\u{b}', '\u{c}']),
        _ if text.contains("[:") || text.contains("[=") || text.contains('*') => return None,
        _ => {}
    }
    let mut bytes = Vec::new();
    crate::command::text::unescape_echo(text, &mut bytes, false);
    let chars: Vec<char> = String::from_utf8(bytes).ok()?.chars().collect();
    let mut all = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        if chars.get(at + 1) == Some(&'-') && at + 2 < chars.len() {
            if chars[at] > chars[at + 2] || u32::from(chars[at + 2]) - u32::from(chars[at]) > 0xffff {
                return None;
            }
            all.extend(chars[at]..=chars[at + 2]);
            at += 3;
        } else {
            all.push(chars[at]);
            at += 1;
        }
    }
    Some(all)
}
