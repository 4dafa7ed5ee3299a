//! Expands words as bash does: braces, tilde, parameters, substitutions, arithmetic, splitting. What cannot
//! be known stays in the word as a piece that says why.

mod arith;
mod brace;
mod fields;
mod param;
mod pattern;

use super::ast::{Part, Word as Ast};
use super::run::{Reader, Scope};
use super::text::{self, Text};
use fields::Fields;
use hermes_plugin_api::command::{Piece, Word};
use std::borrow::Cow;

/// What a part of a word becomes.
pub(super) enum Expanded {
    /// One text.
    One(Text),
    /// `$@` and the like: each its own field.
    Many(Vec<Text>),
    /// `$*` and the like: joined inside quotes, fields outside.
    Joined(Vec<Text>),
}

impl Reader {
    /// Expands a word of a command to the words that the command gets.
    pub(super) fn fields(&mut self, word: &Ast, scope: &Scope, out: &mut Vec<Word>) {
        if let [Part::Plain(plain)] = &word.parts[..]
            && !plain.bytes().any(|b| matches!(b, b'{' | b'~' | b'*' | b'?' | b'[' | b'('))
        {
            self.charge(plain.len());
            out.push(text::word(plain, word.span));
            return;
        }
        if !brace::may_expand(&word.parts) {
            return self.fields_of(&word.parts, word, scope, out);
        }
        match brace::expand(&word.parts, &mut self.budget) {
            Some(alternatives) => {
                for parts in alternatives {
                    self.fields_of(&parts, word, scope, out);
                }
            }
            None => self.fields_of(&word.parts, word, scope, out),
        }
    }

    fn fields_of<P: std::borrow::Borrow<Part>>(&mut self, parts: &[P], word: &Ast, scope: &Scope, out: &mut Vec<Word>) {
        let separators = self.separators();
        let mut fields = Fields::new(word.span, separators);
        for (index, part) in parts.iter().enumerate() {
            let part = part.borrow();
            match part {
                Part::Plain(plain) => {
                    let rest = if index == 0 { self.tilde(plain, parts.len() == 1, &mut fields) } else { plain };
                    fields.plain(rest);
                }
                Part::Quoted(quoted) => fields.quoted(&[Piece::Text(quoted.clone())]),
                Part::Double(inner) => self.double(inner, scope, &mut fields),
                other => {
                    let expanded = self.part(other, scope, false);
                    self.add_unquoted(expanded, &mut fields);
                }
            }
        }
        let done = fields.finish();
        self.charge(done.iter().map(|word| text::len(&word.pieces)).sum());
        out.extend(done);
    }

    fn add_unquoted(&mut self, expanded: Expanded, fields: &mut Fields) {
        match expanded {
            Expanded::One(value) => fields.split(&value),
            Expanded::Many(values) | Expanded::Joined(values) => {
                for (index, value) in values.iter().enumerate() {
                    if index > 0 {
                        fields.end();
                    }
                    fields.split(value);
                }
            }
        }
    }

    fn double(&mut self, inner: &[Part], scope: &Scope, fields: &mut Fields) {
        let only_parameters = matches!(inner, [Part::Param(_)]);
        for part in inner {
            match part {
                Part::Plain(plain) => fields.quoted(&[Piece::Text(plain.clone())]),
                Part::Quoted(quoted) => fields.quoted(&[Piece::Text(quoted.clone())]),
                other => match self.part(other, scope, true) {
                    Expanded::One(value) => fields.quoted(&value),
                    Expanded::Joined(values) => fields.quoted(&self.joined(&values)),
                    Expanded::Many(values) if values.is_empty() && only_parameters => return,
                    Expanded::Many(values) => {
                        for (index, value) in values.iter().enumerate() {
                            if index > 0 {
                                fields.end();
                            }
                            fields.quoted(value);
                        }
                    }
                },
            }
        }
        fields.quoted(&[]);
    }

    /// Joins the elements of `"$*"` with the first separator.
    pub(super) fn joined(&self, values: &[Text]) -> Text {
        let separator = match self.separators() {
            Some(all) => all.chars().next().map(String::from).unwrap_or_default(),
            None => " ".to_owned(),
        };
        let mut all = Text::new();
        for (index, value) in values.iter().enumerate() {
            if index > 0 {
                text::push_str(&mut all, &separator);
            }
            text::push_all(&mut all, value);
        }
        all
    }

    /// Expands a word that stays one: an assigned value, a here-document, the subject of `case`.
    pub(super) fn single(&mut self, word: &Ast, scope: &Scope) -> Word {
        let pieces = self.single_parts(&word.parts, scope, true);
        Word { pieces, span: word.span }
    }

    /// Like [`Reader::single`], and an assigned value: tilde after `:` too.
    pub(super) fn assigned(&mut self, word: &Ast, scope: &Scope) -> Word {
        let mut value = self.single(word, scope);
        if let Some(Part::Plain(plain)) = word.parts.first()
            && plain.contains(":~")
            && let Some(Piece::Text(_)) = value.pieces.last()
            && word.parts.len() == 1
        {
            value.pieces = colon_tildes(plain);
        }
        value
    }

    pub(super) fn single_parts(&mut self, parts: &[Part], scope: &Scope, tilde: bool) -> Text {
        let mut all = Text::new();
        for (index, part) in parts.iter().enumerate() {
            match part {
                Part::Plain(plain) if index == 0 && tilde => {
                    let (home, rest) = tilde_prefix(plain, parts.len() == 1);
                    all.extend(home);
                    text::push_str(&mut all, &rest);
                }
                Part::Plain(plain) | Part::Quoted(plain) => text::push_str(&mut all, plain),
                Part::Double(inner) => {
                    let inner = self.single_parts(inner, scope, false);
                    text::push_all(&mut all, &inner);
                }
                other => {
                    let value = match self.part(other, scope, true) {
                        Expanded::One(value) => value,
                        Expanded::Many(values) => {
                            let mut spaced = Text::new();
                            for (index, value) in values.iter().enumerate() {
                                if index > 0 {
                                    text::push_str(&mut spaced, " ");
                                }
                                text::push_all(&mut spaced, value);
                            }
                            spaced
                        }
                        Expanded::Joined(values) => self.joined(&values),
                    };
                    text::push_all(&mut all, &value);
                }
            }
        }
        self.charge(text::len(&all));
        all
    }

    /// Expands a part that is neither text nor quotes.
    fn part(&mut self, part: &Part, scope: &Scope, quoted: bool) -> Expanded {
        match part {
            Part::Param(param) => self.param(param, scope, quoted),
            Part::Command(list) => Expanded::One(self.substitute(list, scope)),
            Part::Process { list, writes } => Expanded::One(self.process(list, *writes, scope)),
            Part::Arith(word) => Expanded::One(self.arithmetic(word, scope)),
            Part::Hole(index) => Expanded::One(self.hole(*index)),
            Part::Plain(plain) | Part::Quoted(plain) => Expanded::One(vec![Piece::Text(plain.clone())]),
            Part::Double(inner) => Expanded::One(self.single_parts(inner, scope, false)),
        }
    }

    /// Adds the tilde that begins a word and returns what follows it.
    fn tilde<'p>(&mut self, plain: &'p str, alone: bool, fields: &mut Fields) -> &'p str {
        if !plain.starts_with('~') {
            return plain;
        }
        let (home, rest) = tilde_prefix(plain, alone);
        fields.quoted_unmarked(&home);
        match rest {
            Cow::Borrowed(rest) => rest,
            Cow::Owned(rest) => {
                fields.quoted_unmarked(&[Piece::Text(rest)]);
                ""
            }
        }
    }

    pub(super) fn charge(&mut self, bytes: usize) {
        self.budget.expanded(bytes);
    }
}

/// Resolves a leading `~` or `~user`: the pieces it becomes, and the rest of the text.
fn tilde_prefix(plain: &str, alone: bool) -> (Vec<Piece>, Cow<'_, str>) {
    let unchanged = (Vec::new(), Cow::Borrowed(plain));
    let Some(after) = plain.strip_prefix('~') else {
        return unchanged;
    };
    let end = match after.find(['/', ':']) {
        Some(end) => end,
        None if alone => after.len(),
        None => return unchanged,
    };
    let (user, rest) = after.split_at(end);
    let home = match user {
        "" => Piece::Home,
        "root" => Piece::Text("/root".to_owned()),
        _ => text::unknown(hermes_plugin_api::command::Why::Variable, &format!("~{user}")),
    };
    (vec![home], Cow::Borrowed(rest))
}

fn colon_tildes(plain: &str) -> Text {
    let mut all = Text::new();
    for (index, section) in plain.split(':').enumerate() {
        if index > 0 {
            text::push_str(&mut all, ":");
        }
        let (home, rest) = tilde_prefix(section, true);
        home.into_iter().for_each(|piece| text::push_piece(&mut all, piece));
        text::push_str(&mut all, &rest);
    }
    all
}
