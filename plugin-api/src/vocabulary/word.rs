//! Words: what is known of them.

use std::borrow::Cow;

use crate::command::{Piece, Span, Unknown, Word};

/// Returns the text of pieces if all of it is known. `~` and patterns are not known text.
pub fn known(pieces: &[Piece]) -> Option<Cow<'_, str>> {
    match pieces {
        [] => Some(Cow::Borrowed("")),
        [Piece::Text(only)] => Some(Cow::Borrowed(only)),
        many => many
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => Some(text.as_str()),
                _ => None,
            })
            .collect::<Option<String>>()
            .map(Cow::Owned),
    }
}

impl Word {
    /// Returns the text of the word if all of it is known. `~` and patterns are not known text.
    ///
    /// ```
    /// use hermes_plugin_api::command::{Piece, Word};
    /// assert_eq!(Word::from("rm").known().as_deref(), Some("rm"));
    /// let home = Word { pieces: vec![Piece::Home, Piece::Text("/x".into())], ..Word::default() };
    /// assert_eq!(home.known(), None);
    /// ```
    pub fn known(&self) -> Option<Cow<'_, str>> {
        known(&self.pieces)
    }

    /// Returns whether the word is exactly this text.
    pub fn is(&self, text: &str) -> bool {
        self.known().is_some_and(|known| known == text)
    }

    /// Returns whether the word is one of these texts.
    pub fn is_any(&self, texts: &[&str]) -> bool {
        self.known().is_some_and(|known| texts.contains(&&*known))
    }

    /// Returns whether some part of the word can only be known by running the line.
    pub fn is_unknown(&self) -> bool {
        self.unknowns().next().is_some()
    }

    /// Returns whether the word may turn into several words or none: an unquoted unknown part, or a pattern.
    pub fn may_split(&self) -> bool {
        self.pieces.iter().any(|piece| match piece {
            Piece::Glob(_) => true,
            Piece::Unknown(unknown) => !unknown.quoted,
            Piece::Text(_) | Piece::Home => false,
        })
    }

    /// Returns the unknown parts, in order.
    pub fn unknowns(&self) -> impl Iterator<Item = &Unknown> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Unknown(unknown) => Some(unknown),
            _ => None,
        })
    }

    /// Returns the known text at the start of the word, up to the first part that is not known.
    ///
    /// ```
    /// use hermes_plugin_api::command::{Piece, Word};
    /// let word = Word { pieces: vec![Piece::Text("of=".into()), Piece::Home], ..Word::default() };
    /// assert_eq!(word.leading(), "of=");
    /// ```
    pub fn leading(&self) -> Cow<'_, str> {
        match self.pieces.as_slice() {
            [Piece::Text(text)] => Cow::Borrowed(text),
            [Piece::Text(text), next, ..] if !matches!(next, Piece::Text(_)) => Cow::Borrowed(text),
            pieces => pieces
                .iter()
                .map_while(|piece| match piece {
                    Piece::Text(text) => Some(text.as_str()),
                    _ => None,
                })
                .collect::<String>()
                .into(),
        }
    }

    /// Returns the known texts of the word, leaving out what is not known: for rules that look for something
    /// inside a longer text, such as a statement inside a query.
    pub fn fragments(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Text(text) | Piece::Glob(text) => Some(text.as_str()),
            _ => None,
        })
    }

    /// Returns the word without this known text at its start: the value of `of=FILE`.
    pub fn strip_prefix(&self, prefix: &str) -> Option<Word> {
        self.leading().starts_with(prefix).then(|| self.skip_bytes(prefix.len()))
    }

    /// Returns the word without its first `count` bytes, which are known text.
    pub(crate) fn skip_bytes(&self, mut count: usize) -> Word {
        let mut pieces = Vec::with_capacity(self.pieces.len());
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) if count > 0 => {
                    let skipped = count.min(text.len());
                    count -= skipped;
                    if skipped < text.len() {
                        pieces.push(Piece::Text(text[skipped..].to_owned()));
                    }
                }
                piece => pieces.push(piece.clone()),
            }
        }
        Word { pieces, span: self.span }
    }
}

impl From<&str> for Word {
    fn from(text: &str) -> Self {
        Word {
            pieces: match text {
                "" => Vec::new(),
                text => vec![Piece::Text(text.to_owned())],
            },
            span: Span::default(),
        }
    }
}
