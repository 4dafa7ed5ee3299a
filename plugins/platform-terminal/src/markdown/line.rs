//! What a line is, by how it begins. It looks at no more than the beginning.

/// A line whose nature is not clear by then is prose, in bytes.
const BEGINNING: usize = 64;

/// What a line is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Blank,
    Prose(Prose),
    /// Prose in which nothing is marked.
    Literal,
    Row,
    Rule,
    Fence(Fence),
    Code,
}

/// A line of words, and what stands before them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Prose {
    pub(super) indent: usize,
    /// How deep it is quoted.
    pub(super) quotes: usize,
    /// Of a heading.
    pub(super) level: usize,
    /// What marks an entry of a list, with the blank behind it.
    pub(super) mark: Option<String>,
    /// Where the words begin, in bytes.
    pub(super) content: usize,
}

/// The line that begins code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fence {
    pub(super) indent: usize,
    pub(super) language: String,
    mark: char,
    length: usize,
}

impl Fence {
    fn of(line: &str) -> Option<Self> {
        let text = line.trim_start_matches(' ');
        let mark = text.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let info = text.trim_start_matches(mark);
        let length = text.len() - info.len();
        let is_one = length >= 3 && !(mark == '`' && info.contains('`'));
        let language = info.trim().to_owned();
        is_one.then(|| Self { indent: line.len() - text.len(), language, mark, length })
    }

    /// Whether this line ends the code.
    pub(super) fn is_closed_by(&self, line: &str) -> bool {
        let text = line.trim();
        text.len() >= self.length && text.chars().all(|c| c == self.mark)
    }

    /// A line of the code without the blanks before the fence.
    pub(super) fn content<'a>(&self, line: &'a str) -> &'a str {
        let blanks = line.len() - line.trim_start_matches(' ').len();
        &line[blanks.min(self.indent)..]
    }
}

/// What a line is; `None` when that is not clear yet. Without `marks` only tables are not literal.
pub(super) fn kind(line: &str, whole: bool, marks: bool, listing: bool) -> Option<Kind> {
    let is_long = line.len() >= BEGINNING;
    let text = line.trim_start_matches([' ', '\t']);
    if text.is_empty() {
        return if whole { Some(Kind::Blank) } else { is_long.then_some(Kind::Literal) };
    }
    if text.starts_with('|') {
        return Some(Kind::Row);
    }
    let indented = line.starts_with('\t') || line.len() - text.len() >= 4;
    if !marks || indented && !listing {
        return Some(Kind::Literal);
    }
    if text.starts_with("```") || text.starts_with("~~~") {
        return match whole {
            true => Some(Fence::of(line).map_or(Kind::Literal, Kind::Fence)),
            // A long line is one of words that begins oddly.
            false => (line.len() >= 4 * BEGINNING).then_some(Kind::Literal),
        };
    }
    let whole_or_long = whole || is_long;
    if !whole_or_long && is_begun(text) {
        return None;
    }
    if whole && is_rule(text) {
        return Some(Kind::Rule);
    }
    prose(line, whole_or_long).map(Kind::Prose)
}

/// Whether this may become a fence or a rule.
fn is_begun(text: &str) -> bool {
    let bytes = text.as_bytes();
    match bytes[0] {
        b'`' | b'~' => bytes.len() < 3 && bytes.iter().all(|byte| *byte == bytes[0]),
        b'-' | b'*' | b'_' => bytes.iter().all(|byte| *byte == bytes[0] || *byte == b' '),
        _ => false,
    }
}

fn is_rule(text: &str) -> bool {
    let mark = text.chars().next().filter(|c| matches!(c, '-' | '*' | '_'));
    mark.is_some_and(|mark| {
        text.chars().all(|c| c == mark || c == ' ') && text.chars().filter(|c| *c == mark).count() >= 3
    })
}

/// Reads what stands before the words; `None` while more of it may come.
fn prose(line: &str, clear: bool) -> Option<Prose> {
    let mut prose = Prose::default();
    let mut rest = line;
    while let Some(quoted) = rest.trim_start_matches(' ').strip_prefix('>') {
        if quoted.is_empty() && !clear {
            return None;
        }
        prose.quotes += 1;
        rest = quoted.strip_prefix(' ').unwrap_or(quoted);
        if prose.quotes >= 8 {
            break;
        }
    }
    let text = rest.trim_start_matches([' ', '\t']);
    if text.is_empty() && !clear {
        return None;
    }
    prose.indent = rest[..rest.len() - text.len()].chars().map(|c| if c == '\t' { 4 } else { 1 }).sum();
    let (level, mark, used) = match mark(text) {
        Mark::None => (0, None, 0),
        Mark::Begun if !clear => return None,
        Mark::Begun => (0, None, 0),
        Mark::Heading(level) => (level, None, level + 1),
        Mark::Entry(mark, used) => (0, Some(mark), used),
    };
    (prose.level, prose.mark) = (level, mark);
    prose.content = line.len() - text.len() + used;
    Some(prose)
}

/// What a text begins with.
enum Mark {
    None,
    /// What may become one of the others.
    Begun,
    Heading(usize),
    Entry(String, usize),
}

fn mark(text: &str) -> Mark {
    let hashes = text.len() - text.trim_start_matches('#').len();
    let digits = text.len() - text.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    let (mark, shown) = match text.as_bytes()[..] {
        [] => return Mark::None,
        [b'#', ..] if hashes > 6 => return Mark::None,
        [b'#', ..] if hashes == text.len() => return Mark::Begun,
        [b'#', ..] if text[hashes..].starts_with(' ') => return Mark::Heading(hashes),
        [b'-' | b'*' | b'+', ..] => (1, "• ".to_owned()),
        [b'0'..=b'9', ..] if digits > 9 => return Mark::None,
        [b'0'..=b'9', ..] if digits == text.len() => return Mark::Begun,
        [b'0'..=b'9', ..] if text[digits..].starts_with(['.', ')']) => (digits + 1, format!("{} ", &text[..=digits])),
        _ => return Mark::None,
    };
    match text[mark..].chars().next() {
        None => Mark::Begun,
        Some(' ') => Mark::Entry(shown, mark + 1),
        Some(_) => Mark::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is(line: &str) -> Kind {
        kind(line, true, true, false).expect("clear")
    }

    #[test]
    fn lines_are_told_apart() {
        assert_eq!(is("  "), Kind::Blank);
        assert_eq!(is("| a |"), Kind::Row);
        assert_eq!((is("---"), is(" * * *"), is("___")), (Kind::Rule, Kind::Rule, Kind::Rule));
        assert!(matches!(is("--"), Kind::Prose(prose) if prose.mark.is_none()));
        assert!(matches!(is("## Head"), Kind::Prose(prose) if prose.level == 2 && prose.content == 3));
        assert!(matches!(is("##Head"), Kind::Prose(prose) if prose.level == 0));
        assert!(matches!(is("  - x"), Kind::Prose(prose) if prose.indent == 2 && prose.content == 4));
        assert!(matches!(is("12) x"), Kind::Prose(prose) if prose.mark.as_deref() == Some("12) ")));
        assert!(matches!(is("> > x"), Kind::Prose(prose) if prose.quotes == 2 && prose.content == 4));
        assert!(matches!(is("    code"), Kind::Literal));
        assert!(matches!(is("**bold**"), Kind::Prose(prose) if prose.mark.is_none() && prose.content == 0));
        assert!(matches!(is("```rust"), Kind::Fence(fence) if fence.language == "rust"));
        assert!(matches!(is("```not` a fence"), Kind::Literal));
    }

    #[test]
    fn what_is_decided_early_is_decided_right() {
        for line in
            ["# h", "- x", "---", "- - -", "-x", "1. x", "12", "> q", ">q", "```x", "``x``", "**b**", "#", "é", "> - x"]
        {
            let last = is(line);
            for at in (1..line.len()).filter(|at| line.is_char_boundary(*at)) {
                if let Some(early) = kind(&line[..at], false, true, false) {
                    assert_eq!(early, last, "{line:?} cut at {at}");
                }
            }
        }
    }

    #[test]
    fn code_ends_where_its_fence_says() {
        let fence = Fence::of("  ````").expect("one");
        assert!(fence.is_closed_by("````") && fence.is_closed_by("  `````  "));
        assert!(!fence.is_closed_by("```") && !fence.is_closed_by("~~~~") && !fence.is_closed_by("````x"));
        assert_eq!((fence.content("    x"), fence.content(" x")), ("  x", "x"));
    }
}
