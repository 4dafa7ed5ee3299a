//! Reads what the shell prints for `export -p`.
//!
//! One variable a line, `declare -x NAME="value"`, quoted as the shell quotes: in double quotes, or in `$'…'`
//! where there are control characters.

use std::collections::BTreeMap;

use crate::config::dotenv::is_name;

/// The exported variables, by name. One without a value is declared only, or its value is not text.
pub(super) type Variables = BTreeMap<String, Option<String>>;

/// Reads the listing; `None` when it holds anything else, for example the output of a process in the background
/// that came in between: half of it would look as if the rest had been unset.
pub(super) fn parse(bytes: &[u8]) -> Option<Variables> {
    let mut variables = Variables::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (variable, after) = variable(rest)?;
        variables.extend(variable);
        rest = after.strip_prefix(b"\n")?;
    }
    Some(variables)
}

type Variable = (String, Option<String>);

/// The variable at the start of a line, and what follows it. Arrays are passed over.
fn variable(line: &[u8]) -> Option<(Option<Variable>, &[u8])> {
    let line = match line.strip_prefix(b"declare -") {
        None => line.strip_prefix(b"export ")?,
        Some(line) => {
            let flags = line.iter().position(|byte| *byte == b' ')?;
            if line[..flags].iter().any(|flag| matches!(flag, b'a' | b'A')) {
                let end = line.iter().position(|byte| *byte == b'\n')?;
                return Some((None, &line[end..]));
            }
            &line[flags + 1..]
        }
    };
    let end = line.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')?;
    let name = String::from_utf8(line[..end].to_vec()).ok().filter(|name| is_name(name))?;
    let (value, after) = match &line[end..] {
        [b'=', b'"', value @ ..] => double_quoted(value)?,
        [b'=', b'$', b'\'', value @ ..] => ansi_quoted(value)?,
        after => return Some((Some((name, None)), after)),
    };
    Some((Some((name, String::from_utf8(value).ok())), after))
}

fn double_quoted(bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut value = Vec::new();
    let mut rest = bytes;
    loop {
        match rest {
            [b'"', after @ ..] => return Some((value, after)),
            [b'\\', byte @ (b'"' | b'$' | b'`' | b'\\'), after @ ..] | [byte, after @ ..] => {
                value.push(*byte);
                rest = after;
            }
            [] => return None,
        }
    }
}

fn ansi_quoted(bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut value = Vec::new();
    let mut rest = bytes;
    loop {
        match rest {
            [b'\'', after @ ..] => return Some((value, after)),
            [b'\\', a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..] => {
                value.push((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'));
                rest = after;
            }
            [b'\\', escape, after @ ..] => {
                value.push(escaped(*escape));
                rest = after;
            }
            [byte, after @ ..] => {
                value.push(*byte);
                rest = after;
            }
            [] => return None,
        }
    }
}

fn escaped(escape: u8) -> u8 {
    match escape {
        b'a' => 7,
        b'b' => 8,
        b't' => b'\t',
        b'n' => b'\n',
        b'v' => 11,
        b'f' => 12,
        b'r' => b'\r',
        b'e' | b'E' => 27,
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn every_way_of_quoting_is_read() {
        let text = b"declare -x A=\"a \\\"b\\\" \\$c \\`d \\\\e\"\ndeclare -x B=$'a\\nb\\001\\'c\\303\\251'\n\
                     declare -x C\ndeclare -x D=\"two\ndeclare -x NOT=\\\"inside\\\"\"\nexport E=\"posix\"\n\
                     declare -rx F=\"\"\ndeclare -x G=$'\\377'\ndeclare -ax H=([0]=\"array\")\n";
        let all = parse(text).expect("whole");
        let value = |name: &str| all.get(name).cloned().unwrap_or_else(|| panic!("{name} is missing"));
        assert_eq!(value("A").as_deref(), Some("a \"b\" $c `d \\e"));
        assert_eq!(value("B").as_deref(), Some("a\nb\u{1}'c\u{e9}"));
        assert_eq!(value("C"), None);
        assert_eq!(value("D").as_deref(), Some("two\ndeclare -x NOT=\"inside\""));
        assert_eq!(value("E").as_deref(), Some("posix"));
        assert_eq!(value("F").as_deref(), Some(""));
        assert_eq!(value("G"), None, "not text");
        assert_eq!(all.len(), 7, "{all:?}");
    }

    #[test]
    fn a_listing_with_anything_else_in_it_is_none() {
        for text in
            ["declare -x A=\"cut", "declare -x A=\"1\"", "x\ndeclare -x A=\"1\"\n", "declare -x A=\"1\"x\n", "\n"]
        {
            assert_eq!(parse(text.as_bytes()), None, "{text:?}");
        }
        assert_eq!(parse(b"").map(|all| all.len()), Some(0));
    }
}
