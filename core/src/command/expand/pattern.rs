//! Matching of known text against patterns, for `${x#…}`, `${x/…}` and `case`. Linear in text times
//! pattern; gives up over a bound instead of guessing.

use super::fields::bracket_len;

/// Larger products of text and pattern are not computed.
const MAX_WORK: usize = 64 * 1024;

/// An element of a pattern.
enum Element {
    Char(char),
    Any,
    Star,
    Set(Vec<(char, char)>, bool),
}

/// A pattern of known text.
pub(super) struct Pattern(Vec<Element>);

impl Pattern {
    /// Reads a pattern given as runs of text that are quoted (`true`) or not. `None` for what is not
    /// computed: extended patterns, character classes.
    pub(super) fn new(runs: &[(String, bool)]) -> Option<Pattern> {
        let mut elements = Vec::new();
        for (text, quoted) in runs {
            if *quoted {
                elements.extend(text.chars().map(Element::Char));
            } else {
                read(text, &mut elements)?;
            }
        }
        Some(Pattern(elements))
    }

    /// Elements, at least one.
    pub(super) fn len(&self) -> usize {
        self.0.len().max(1)
    }

    /// All lengths of prefixes of `text` that match, in bytes.
    pub(super) fn prefixes(&self, text: &str) -> Option<Vec<usize>> {
        if text.len().saturating_mul(self.0.len() + 1) > MAX_WORK {
            return None;
        }
        let mut states = vec![false; self.0.len() + 1];
        states[0] = true;
        self.close(&mut states);
        let mut lengths = Vec::new();
        if states[self.0.len()] {
            lengths.push(0);
        }
        for (at, c) in text.char_indices() {
            let mut next = vec![false; states.len()];
            for (index, element) in self.0.iter().enumerate().filter(|(index, _)| states[*index]) {
                match element {
                    Element::Star => next[index] = true,
                    other if other.takes(c) => next[index + 1] = true,
                    _ => {}
                }
            }
            self.close(&mut next);
            states = next;
            if states[self.0.len()] {
                lengths.push(at + c.len_utf8());
            }
            if !states.contains(&true) {
                break;
            }
        }
        Some(lengths)
    }

    fn close(&self, states: &mut [bool]) {
        for (index, element) in self.0.iter().enumerate() {
            if states[index] && matches!(element, Element::Star) {
                states[index + 1] = true;
            }
        }
    }

    /// Whether the whole text matches.
    pub(super) fn is_match(&self, text: &str) -> Option<bool> {
        Some(self.prefixes(text)?.last() == Some(&text.len()))
    }
}

impl Element {
    fn takes(&self, c: char) -> bool {
        match self {
            Element::Char(own) => *own == c,
            Element::Any => true,
            Element::Star => false,
            Element::Set(ranges, negated) => ranges.iter().any(|(from, to)| (*from..=*to).contains(&c)) != *negated,
        }
    }
}

fn read(text: &str, elements: &mut Vec<Element>) -> Option<()> {
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let mut used = c.len_utf8();
        let extended = matches!(c, '*' | '?' | '+' | '@' | '!') && rest[1..].starts_with('(');
        match c {
            _ if extended => return None,
            '*' => elements.push(Element::Star),
            '?' => elements.push(Element::Any),
            '[' => {
                let len = bracket_len(rest.as_bytes());
                if len == 0 {
                    elements.push(Element::Char('['));
                } else {
                    elements.push(set(&rest[1..len - 1])?);
                    used = len;
                }
            }
            '\\' => {
                if let Some(next) = rest[1..].chars().next() {
                    elements.push(Element::Char(next));
                    used += next.len_utf8();
                }
            }
            other => elements.push(Element::Char(other)),
        }
        rest = &rest[used..];
    }
    Some(())
}

fn set(inner: &str) -> Option<Element> {
    if inner.contains("[:") || inner.contains("[.") || inner.contains("[=") {
        return None;
    }
    let negated = inner.starts_with(['!', '^']);
    let chars: Vec<char> = inner[usize::from(negated)..].chars().collect();
    let mut ranges = Vec::new();
    let mut at = 0;
    while at < chars.len() {
        if chars.get(at + 1) == Some(&'-') && at + 2 < chars.len() {
            ranges.push((chars[at], chars[at + 2]));
            at += 3;
        } else {
            ranges.push((chars[at], chars[at]));
            at += 1;
        }
    }
    Some(Element::Set(ranges, negated))
}
