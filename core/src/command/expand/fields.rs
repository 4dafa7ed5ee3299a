//! Builds words from expanded pieces: splits what was not quoted, tells patterns from text. Must not expand.

use crate::command::simple::Separators;
use crate::command::text::{self, Text};
use hermes_plugin_api::command::{Piece, Span, Why, Word};

/// Words under construction.
pub(super) struct Fields {
    span: Span,
    separators: Separators,
    done: Vec<Word>,
    current: Text,
    /// The current word exists even if it is empty.
    started: bool,
}

impl Fields {
    pub(super) fn new(span: Span, separators: Separators) -> Self {
        Fields { span, separators, done: Vec::new(), current: Text::new(), started: false }
    }

    /// Adds text that stood quoted.
    pub(super) fn quoted(&mut self, pieces: &[Piece]) {
        self.started = true;
        for piece in pieces {
            let mut piece = piece.clone();
            if let Piece::Unknown(unknown) = &mut piece {
                unknown.quoted = true;
            }
            text::push_piece(&mut self.current, piece);
        }
    }

    /// Adds an element of a list: it is not split, but what was unknown about its number of words stays so.
    pub(super) fn element(&mut self, pieces: &[Piece]) {
        self.started = true;
        text::push_all(&mut self.current, pieces);
    }

    /// Adds text that is not split but does not keep an empty word.
    pub(super) fn quoted_unmarked(&mut self, pieces: &[Piece]) {
        if !pieces.is_empty() {
            self.quoted(pieces);
        }
    }

    /// Adds text of the line that stood outside quotes: not split, but patterns count.
    pub(super) fn plain(&mut self, plain: &str) {
        if !plain.is_empty() {
            self.started = true;
            push_patterns(&mut self.current, plain);
        }
    }

    /// Adds the result of an expansion outside quotes.
    pub(super) fn split(&mut self, value: &[Piece]) {
        for piece in value {
            match piece {
                Piece::Text(text) => self.split_text(text),
                Piece::Unknown(unknown) => {
                    self.started = true;
                    let mut unknown = unknown.clone();
                    unknown.quoted = false;
                    self.current.push(Piece::Unknown(unknown));
                }
                other => {
                    self.started = true;
                    self.current.push(other.clone());
                }
            }
        }
    }

    fn split_text(&mut self, text: &str) {
        let separators = match self.separators.clone() {
            Separators::Usual => " \t\n".to_owned(),
            Separators::These(these) => these,
            Separators::Unknown if text.is_empty() => return,
            Separators::Unknown => {
                self.started = true;
                return self.current.push(text::unknown(Why::Variable, "IFS"));
            }
        };
        let separators = separators.as_str();
        let mut rest = text;
        while !rest.is_empty() {
            let word = rest.find(|c| separators.contains(c)).unwrap_or(rest.len());
            self.plain(&rest[..word]);
            rest = self.skip_separators(&rest[word..], separators);
        }
    }

    /// Blanks around one other separator count as one; each other separator ends a word, even an empty one.
    fn skip_separators<'t>(&mut self, mut rest: &'t str, separators: &str) -> &'t str {
        let (before, mut hard) = (rest.len(), false);
        while let Some(c) = rest.chars().next().filter(|c| separators.contains(*c)) {
            if !matches!(c, ' ' | '\t' | '\n') {
                self.started = true;
                self.end();
                hard = true;
            }
            rest = &rest[c.len_utf8()..];
        }
        if !hard && rest.len() < before {
            self.end();
        }
        rest
    }

    /// Ends the current word, if there is one.
    pub(super) fn end(&mut self) {
        if std::mem::take(&mut self.started) {
            self.done.push(Word { pieces: std::mem::take(&mut self.current), span: self.span });
        }
    }

    pub(super) fn finish(mut self) -> Vec<Word> {
        self.end();
        self.done
    }
}

/// Whether unquoted text holds a pattern.
fn has_pattern(plain: &str) -> bool {
    plain.bytes().any(|b| matches!(b, b'*' | b'?' | b'['))
        || plain.contains("@(")
        || plain.contains("+(")
        || plain.contains("!(")
}

/// Adds unquoted text, patterns as pieces of their own.
fn push_patterns(current: &mut Text, plain: &str) {
    if !has_pattern(plain) {
        return text::push_str(current, plain);
    }
    let mut rest = plain;
    while !rest.is_empty() {
        let literal =
            rest.char_indices().find(|(at, _)| pattern_len(&rest[*at..]) > 0).map_or(rest.len(), |(at, _)| at);
        text::push_str(current, &rest[..literal]);
        rest = &rest[literal..];
        let mut len = 0;
        while pattern_len(&rest[len..]) > 0 {
            len += pattern_len(&rest[len..]);
        }
        if len > 0 {
            current.push(Piece::Glob(rest[..len].to_owned()));
            rest = &rest[len..];
        }
    }
}

/// The length of the pattern element that begins the text, 0 if none does.
fn pattern_len(text: &str) -> usize {
    let bytes = text.as_bytes();
    match bytes.first() {
        Some(b'*' | b'?' | b'@' | b'+' | b'!') if bytes.get(1) == Some(&b'(') => {
            close(bytes, 2).unwrap_or(usize::from(matches!(bytes[0], b'*' | b'?')))
        }
        Some(b'*' | b'?') => 1,
        Some(b'[') => bracket_len(bytes),
        _ => 0,
    }
}

fn close(bytes: &[u8], from: usize) -> Option<usize> {
    /// Longer patterns are taken as text.
    const LONGEST: usize = 256;
    let mut depth = 1usize;
    for (at, byte) in bytes.iter().enumerate().take(LONGEST).skip(from) {
        match byte {
            b'(' => depth += 1,
            b')' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at + 1);
        }
    }
    None
}

/// `[…]`, where `]` right after the bracket or its negation stands for itself.
pub(super) fn bracket_len(bytes: &[u8]) -> usize {
    /// Longer sets are taken as text.
    const LONGEST: usize = 256;
    let mut at = 1 + usize::from(matches!(bytes.get(1), Some(b'!' | b'^')));
    at += usize::from(bytes.get(at) == Some(&b']'));
    while at < LONGEST {
        match bytes.get(at) {
            None | Some(b'/') => return 0,
            Some(b']') => return at + 1,
            Some(b'[') if matches!(bytes.get(at + 1), Some(b':' | b'.' | b'=')) => {
                let kind = bytes[at + 1];
                let window = &bytes[at + 2..bytes.len().min(at + 2 + LONGEST)];
                match window.windows(2).position(|pair| pair == [kind, b']']) {
                    Some(end) => at += end + 4,
                    None => at += 1,
                }
            }
            Some(_) => at += 1,
        }
    }
    0
}
