//! Brace expansion: `{a,b}` and `{1..3}`, before anything else is expanded. Must not look at values.

use crate::command::ast::{Param, ParamOp, Part};
use crate::command::bound::Budget;
use std::borrow::Borrow;

/// Most words that one word may become.
const MAX_WORDS: usize = 64 * 1024;

/// A part of a word, or a piece of unquoted text of it.
#[derive(Clone)]
enum Token<'p> {
    Part(&'p Part),
    Text(&'p str),
    Open,
    Comma,
    Close,
}

/// A part that is borrowed from the word or was made by the expansion.
pub(super) enum Expanded<'p> {
    Part(&'p Part),
    Text(Part),
}

impl Borrow<Part> for Expanded<'_> {
    fn borrow(&self) -> &Part {
        match self {
            Expanded::Part(part) => part,
            Expanded::Text(part) => part,
        }
    }
}

/// Whether a word can hold a brace expansion at all.
pub(super) fn may_expand(parts: &[Part]) -> bool {
    let plain = || {
        parts.iter().filter_map(|part| match part {
            Part::Plain(plain) => Some(plain.as_str()),
            _ => None,
        })
    };
    plain().any(|text| text.contains('{')) && plain().any(|text| text.contains(',') || text.contains(".."))
}

/// The words that a word becomes, or `None` if it stays as it is or grows over the bound.
pub(super) fn expand<'p>(parts: &'p [Part], budget: &mut Budget) -> Option<Vec<Vec<Expanded<'p>>>> {
    let tokens = tokens(parts);
    let mut expander = Expander { tokens: &tokens, matching: matching(&tokens), budget, made: 0 };
    let words = expander.sequence(0, tokens.len());
    let finished = expander.made <= MAX_WORDS && expander.budget.over().is_none();
    if !finished {
        expander.budget.exhaust();
        return None;
    }
    Some(words.into_iter().map(|word| join_names(word.into_iter().map(into_part).collect())).collect())
}

/// Whether braces put a `$` before text or quotes that it would expand.
pub(super) fn makes_expansion(parts: &[Expanded<'_>]) -> bool {
    parts.iter().enumerate().any(|(at, part)| match Borrow::<Part>::borrow(part) {
        Part::Plain(plain) => {
            let inside = plain
                .as_bytes()
                .windows(2)
                .any(|pair| pair[0] == b'$' && (pair[1].is_ascii_alphanumeric() || b"_@*#?-$!{([".contains(&pair[1])));
            inside || plain.ends_with('$') && at + 1 < parts.len()
        }
        _ => false,
    })
}

/// `{$a,}b` is `$ab`: braces come before names are read.
fn join_names(parts: Vec<Expanded<'_>>) -> Vec<Expanded<'_>> {
    let mut joined: Vec<Expanded<'_>> = Vec::with_capacity(parts.len());
    for part in parts {
        let name_before = joined.last().and_then(|last| match Borrow::<Part>::borrow(last) {
            Part::Param(param)
                if !param.braced && param.name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') =>
            {
                Some(param.name.clone())
            }
            _ => None,
        });
        if let (Some(name), Expanded::Text(Part::Plain(plain))) = (name_before, &part) {
            let len = plain.bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
            if len > 0 {
                let name = name + &plain[..len];
                let param = Param { name, braced: false, subscript: None, indirect: false, length: false, op: None };
                joined.pop();
                joined.push(Expanded::Text(Part::Param(Box::new(param))));
                if len < plain.len() {
                    joined.push(Expanded::Text(Part::Plain(plain[len..].to_owned())));
                }
                continue;
            }
        }
        joined.push(part);
    }
    joined
}

#[derive(Clone)]
enum Bit<'p> {
    Part(&'p Part),
    Text(String),
}

type Bits<'p> = Vec<Bit<'p>>;

fn into_part(bit: Bit<'_>) -> Expanded<'_> {
    match bit {
        Bit::Part(part) => Expanded::Part(part),
        Bit::Text(text) => Expanded::Text(Part::Plain(text)),
    }
}

/// How many braces the operand of a `${…}` opens and does not close.
fn left_open(part: &Part) -> usize {
    let Part::Param(param) = part else { return 0 };
    let Some(ParamOp::Default { word, .. }) = &param.op else { return 0 };
    let braces = word.parts.iter().filter_map(|part| match part {
        Part::Plain(plain) => Some(plain.as_str()),
        _ => None,
    });
    braces.flat_map(str::chars).fold(0, |open: usize, c| match c {
        '{' => open + 1,
        '}' => open.saturating_sub(1),
        _ => open,
    })
}

fn tokens(parts: &[Part]) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    // Braces that a `${…}` left open: up to where they close, the text counts as its own.
    let mut open = 0usize;
    for part in parts {
        let Part::Plain(plain) = part else {
            open += left_open(part);
            tokens.push(Token::Part(part));
            continue;
        };
        let mut rest = plain.as_str();
        if open > 0 {
            let own = plain.find(|c| {
                open = match c {
                    '{' => open + 1,
                    '}' => open - 1,
                    _ => open,
                };
                open == 0
            });
            let (skipped, after) = plain.split_at(own.map_or(plain.len(), |at| at + 1));
            tokens.push(Token::Text(skipped));
            rest = after;
        }
        while let Some(at) = rest.find(['{', ',', '}']) {
            if at > 0 {
                tokens.push(Token::Text(&rest[..at]));
            }
            tokens.push(match rest.as_bytes()[at] {
                b'{' => Token::Open,
                b',' => Token::Comma,
                _ => Token::Close,
            });
            rest = &rest[at + 1..];
        }
        if !rest.is_empty() {
            tokens.push(Token::Text(rest));
        }
    }
    tokens
}

/// For each opening brace the index of its closing one.
fn matching(tokens: &[Token<'_>]) -> Vec<Option<usize>> {
    let mut closers = vec![None; tokens.len()];
    let mut open = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        match token {
            Token::Open => open.push(index),
            Token::Close => {
                if let Some(opener) = open.pop() {
                    closers[opener] = Some(index);
                }
            }
            _ => {}
        }
    }
    closers
}

struct Expander<'a, 'p> {
    tokens: &'a [Token<'p>],
    matching: Vec<Option<usize>>,
    budget: &'a mut Budget,
    made: usize,
}

impl<'p> Expander<'_, 'p> {
    fn sequence(&mut self, mut at: usize, end: usize) -> Vec<Bits<'p>> {
        let mut words: Vec<Bits<'p>> = vec![Bits::new()];
        while at < end && self.made <= MAX_WORDS && self.budget.over().is_none() {
            let close = self.matching[at].filter(|close| *close < end);
            let alternatives = match close {
                Some(close) if matches!(self.tokens[at], Token::Open) => self.alternatives(at, close),
                _ => None,
            };
            match alternatives {
                Some(alternatives) => {
                    words = self.product(&words, &alternatives);
                    at = close.map_or(end, |close| close + 1);
                }
                None => {
                    let token = self.tokens[at].clone();
                    self.budget.steps(words.len());
                    words.iter_mut().for_each(|word| add(word, &token));
                    at += 1;
                }
            }
        }
        words
    }

    fn product(&mut self, words: &[Bits<'p>], alternatives: &[Bits<'p>]) -> Vec<Bits<'p>> {
        let count = words.len().saturating_mul(alternatives.len());
        self.made += count;
        let bits: usize = words.iter().chain(alternatives).map(Vec::len).max().unwrap_or(0);
        if self.made > MAX_WORDS || !self.budget.steps(count.saturating_mul(bits + 1)) {
            self.made = MAX_WORDS + 1;
            return Vec::new();
        }
        let mut product = Vec::with_capacity(count);
        for word in words {
            for alternative in alternatives {
                let mut both = word.clone();
                alternative.iter().for_each(|bit| push(&mut both, bit.clone()));
                product.push(both);
            }
        }
        product
    }

    /// What stands between a pair of braces, if it is a list or a range.
    fn alternatives(&mut self, open: usize, close: usize) -> Option<Vec<Bits<'p>>> {
        let mut commas = Vec::new();
        let mut at = open + 1;
        while at < close {
            match (&self.tokens[at], self.matching[at]) {
                (Token::Open, Some(inner)) => at = inner,
                (Token::Comma, _) => commas.push(at),
                _ => {}
            }
            at += 1;
        }
        if commas.is_empty() {
            return self.range(open, close);
        }
        if !self.budget.enter() {
            self.budget.leave();
            return None;
        }
        let mut all = Vec::new();
        let mut start = open + 1;
        for end in commas.into_iter().chain([close]) {
            all.extend(self.sequence(start, end));
            start = end + 1;
        }
        self.budget.leave();
        self.made += all.len();
        Some(all)
    }

    /// `{1..5}`, `{a..e}`, `{1..9..2}`.
    fn range(&mut self, open: usize, close: usize) -> Option<Vec<Bits<'p>>> {
        let [Token::Text(text)] = &self.tokens[open + 1..close] else {
            return None;
        };
        let mut ends = text.split("..");
        let (from, to, step) = (ends.next()?, ends.next()?, ends.next());
        if ends.next().is_some() {
            return None;
        }
        let step = step.map_or(Ok(1), str::parse::<i64>).ok()?.unsigned_abs().max(1);
        let words = match (from.parse::<i64>(), to.parse::<i64>()) {
            (Ok(from_number), Ok(to_number)) => {
                let width = padding(from, to);
                self.count(from_number, to_number, step)?.map(|n| pad(n, width)).collect::<Vec<_>>()
            }
            _ => {
                let (from, to) = (single(from)?, single(to)?);
                self.count(from, to, step)?
                    .filter_map(|n| u8::try_from(n).ok())
                    .map(|b| char::from(b).to_string())
                    .collect()
            }
        };
        self.made += words.len();
        Some(words.into_iter().map(|word| vec![Bit::Text(word)]).collect())
    }

    fn count(&mut self, from: i64, to: i64, step: u64) -> Option<impl Iterator<Item = i64> + use<>> {
        let count = from.abs_diff(to) / step;
        if count > MAX_WORDS as u64 {
            self.made = MAX_WORDS + 1;
            return None;
        }
        self.budget.steps(count as usize);
        let step = i64::try_from(step).unwrap_or(i64::MAX);
        let sign = if to >= from { 1 } else { -1 };
        Some((0..=count as i64).map(move |n| from.wrapping_add(sign * n.wrapping_mul(step))))
    }
}

fn add<'p>(word: &mut Bits<'p>, token: &Token<'p>) {
    let text = match token {
        Token::Part(part) => return word.push(Bit::Part(part)),
        Token::Text(text) => text,
        Token::Open => "{",
        Token::Comma => ",",
        Token::Close => "}",
    };
    push(word, Bit::Text(text.to_owned()));
}

fn push<'p>(word: &mut Bits<'p>, bit: Bit<'p>) {
    match (word.last_mut(), bit) {
        (Some(Bit::Text(last)), Bit::Text(more)) => last.push_str(&more),
        (_, bit) => word.push(bit),
    }
}

fn single(text: &str) -> Option<i64> {
    match text.as_bytes() {
        [byte] if byte.is_ascii_alphabetic() => Some(i64::from(*byte)),
        _ => None,
    }
}

/// Leading zeros make all numbers equally wide.
fn padding(from: &str, to: &str) -> usize {
    let padded = |text: &str| {
        let digits = text.trim_start_matches(['-', '+']);
        digits.len() > 1 && digits.starts_with('0')
    };
    if padded(from) || padded(to) { from.len().max(to.len()) } else { 0 }
}

fn pad(n: i64, width: usize) -> String {
    if n < 0 { format!("-{:0>w$}", n.unsigned_abs(), w = width.saturating_sub(1)) } else { format!("{n:0>width$}") }
}
