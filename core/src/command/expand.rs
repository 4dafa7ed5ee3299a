//! Expands words as bash does: braces, tilde, parameters, substitutions, arithmetic, splitting. What cannot
//! be known stays in the word as a piece that says why.

mod arith;
mod brace;
mod fields;
mod param;
mod pattern;

use super::ast::{Part, Word as Ast};
use super::env::{Space, Value};
use super::run::{Reader, Scope};
use super::simple::Separators;
use super::text::{self, Text};
use fields::Fields;
use hermes_plugin_api::command::{Piece, Word};

/// Stands among the variables for whether braces are off; no variable can have this name.
pub(super) const BRACES: &str = "set B";

/// What a part of a word becomes.
pub(super) enum Expanded<'p> {
    /// One text.
    One(Text),
    /// `$@` and the like: each its own field.
    Many(Vec<Text>),
    /// `$*` and the like: joined inside quotes, fields outside.
    Joined(Vec<Text>),
    /// Outside quotes: the word of `${x:-word}`, with its own quotes.
    Operand(&'p Ast),
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
        if !brace::may_expand(&word.parts) || !self.expands_braces(word) {
            return self.fields_of(&word.parts, word, scope, out);
        }
        match brace::expand(&word.parts, &mut self.budget) {
            Some(alternatives) => {
                if alternatives.iter().any(|parts| brace::makes_expansion(parts)) {
                    self.opaque("Braces put together a `$` and a name", Some(word.span));
                }
                for parts in alternatives {
                    self.fields_of(&parts, word, scope, out);
                }
            }
            None => self.fields_of(&word.parts, word, scope, out),
        }
    }

    /// Whether braces are on (`set +B`).
    fn expands_braces(&mut self, word: &Ast) -> bool {
        match self.variable(BRACES) {
            Value::Outer => true,
            Value::Unset => false,
            _ => {
                self.opaque("It cannot be known whether braces are expanded", Some(word.span));
                true
            }
        }
    }

    /// Pieces with the home directory that this line has set.
    fn at_home(&mut self, pieces: Vec<Piece>) -> Vec<Piece> {
        if !pieces.contains(&Piece::Home) || self.env.get(Space::Variable, "HOME") == [Value::Outer] {
            return pieces;
        }
        let mut all = Text::new();
        for piece in pieces {
            match piece {
                Piece::Home => {
                    let home = self.variable("HOME");
                    let home = self.pieces("HOME", home);
                    text::push_all(&mut all, &home);
                }
                other => text::push_piece(&mut all, other),
            }
        }
        all
    }

    /// Expands an assignment that is an argument: not split, but braces count.
    pub(super) fn declared(&mut self, word: &Ast, scope: &Scope, out: &mut Vec<Word>) {
        let alternatives =
            if brace::may_expand(&word.parts) { brace::expand(&word.parts, &mut self.budget) } else { None };
        let Some(alternatives) = alternatives else {
            let word = self.assigned_after(word, true, scope);
            return out.push(word);
        };
        for parts in alternatives {
            let mut pieces = Text::new();
            for part in &parts {
                let one = self.single_parts(std::slice::from_ref(std::borrow::Borrow::borrow(part)), scope, false);
                text::push_all(&mut pieces, &one);
            }
            out.push(Word { pieces, span: word.span });
        }
    }

    fn fields_of<P: std::borrow::Borrow<Part>>(&mut self, parts: &[P], word: &Ast, scope: &Scope, out: &mut Vec<Word>) {
        let separators = self.separators();
        // A POSIX shell expands no tilde in `dd of=~/x`.
        let assigns = word.assigns() && !self.posix;
        let mut fields = Fields::new(word.span, separators);
        for (index, part) in parts.iter().enumerate() {
            let part = part.borrow();
            match part {
                Part::Plain(plain) if assigns => {
                    let eq = if index == 0 { plain.find('=').map_or(0, |eq| eq + 1) } else { 0 };
                    fields.plain(&plain[..eq]);
                    let pieces = self.at_home(tildes(&plain[eq..], index == 0, index + 1 == parts.len()));
                    for piece in pieces {
                        match piece {
                            Piece::Text(text) => fields.plain(&text),
                            other => fields.quoted(&[other]),
                        }
                    }
                }
                Part::Plain(plain) if index == 0 => {
                    let (home, rest) = tilde_prefix(plain, parts.len() == 1);
                    let home = self.at_home(home);
                    fields.quoted_unmarked(&home);
                    fields.plain(rest);
                }
                Part::Plain(plain) => fields.plain(plain),
                Part::Quoted(quoted) => fields.quoted(&[Piece::Text(quoted.clone())]),
                Part::Double(inner) => self.double(inner, parts.len() > 1, scope, &mut fields),
                other => {
                    let expanded = self.part(other, scope, false);
                    let expanded = if parts.len() > 1 { self.settled(expanded) } else { expanded };
                    self.add_unquoted(expanded, scope, &mut fields);
                }
            }
        }
        let done = fields.finish();
        self.charge(done.iter().map(|word| 16 + text::len(&word.pieces)).sum());
        out.extend(done);
    }

    fn part_settled<'p>(&mut self, part: &'p Part, scope: &Scope, joins: bool) -> Expanded<'p> {
        let expanded = self.part(part, scope, true);
        if joins && matches!(expanded, Expanded::Many(_)) { self.settled(expanded) } else { expanded }
    }

    /// Elements that join the text beside them: for one that may be no element it matters whether it is.
    fn settled<'p>(&mut self, expanded: Expanded<'p>) -> Expanded<'p> {
        let values = match expanded {
            Expanded::Many(values) | Expanded::Joined(values)
                if values.len() > 1 && values.iter().any(|value| is_loose(value)) =>
            {
                values
            }
            other => return other,
        };
        let mut kept = Vec::with_capacity(values.len());
        for value in values {
            let taken = if is_loose(&value) { self.choose(2) } else { Some(0) };
            match taken {
                Some(0) => kept.push(value),
                Some(_) => {}
                None => {
                    return Expanded::Many(vec![vec![text::unknown(hermes_plugin_api::command::Why::Variable, "@")]]);
                }
            }
        }
        Expanded::Many(kept)
    }

    fn add_unquoted(&mut self, expanded: Expanded<'_>, scope: &Scope, fields: &mut Fields) {
        match expanded {
            Expanded::Operand(word) => self.operand(word, scope, fields),
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

    fn operand(&mut self, word: &Ast, scope: &Scope, fields: &mut Fields) {
        for (index, part) in word.parts.iter().enumerate() {
            match part {
                Part::Plain(plain) if index == 0 => {
                    let (home, rest) = tilde_prefix(plain, word.parts.len() == 1);
                    let home = self.at_home(home);
                    fields.quoted_unmarked(&home);
                    fields.split(&[Piece::Text(rest.to_owned())]);
                }
                Part::Plain(plain) => fields.split(&[Piece::Text(plain.clone())]),
                Part::Quoted(quoted) => fields.quoted(&[Piece::Text(quoted.clone())]),
                Part::Double(inner) => self.double(inner, word.parts.len() > 1, scope, fields),
                other => {
                    let expanded = self.part(other, scope, false);
                    self.add_unquoted(expanded, scope, fields);
                }
            }
        }
    }

    fn double(&mut self, inner: &[Part], beside: bool, scope: &Scope, fields: &mut Fields) {
        let only_parameters = matches!(inner, [Part::Param(_)]);
        for part in inner {
            match part {
                Part::Plain(plain) => fields.quoted(&[Piece::Text(plain.clone())]),
                Part::Quoted(quoted) => fields.quoted(&[Piece::Text(quoted.clone())]),
                other => match self.part_settled(other, scope, beside || inner.len() > 1) {
                    Expanded::One(value) => fields.quoted(&value),
                    Expanded::Operand(word) => fields.quoted(&self.single(word, scope).pieces),
                    Expanded::Joined(values) => fields.quoted(&self.joined(&values)),
                    Expanded::Many(values) if values.is_empty() && only_parameters => return,
                    Expanded::Many(values) => {
                        for (index, value) in values.iter().enumerate() {
                            if index > 0 {
                                fields.end();
                            }
                            fields.element(value);
                        }
                    }
                },
            }
        }
        fields.quoted(&[]);
    }

    /// Joins the elements of `"$*"` with the first separator.
    pub(super) fn joined(&self, values: &[Text]) -> Text {
        if values.iter().any(|value| is_loose(value)) || self.separators() == Separators::Unknown {
            return vec![text::unknown(hermes_plugin_api::command::Why::Variable, "*")];
        }
        let separator = match self.separators() {
            Separators::These(all) => all.chars().next().map(String::from).unwrap_or_default(),
            Separators::Usual | Separators::Unknown => " ".to_owned(),
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

    /// Like [`Reader::single`], for an assigned value: tilde after `:` too.
    pub(super) fn assigned(&mut self, word: &Ast, scope: &Scope) -> Word {
        self.assigned_after(word, false, scope)
    }

    /// `named`: the word begins with the name and `=`.
    fn assigned_after(&mut self, word: &Ast, named: bool, scope: &Scope) -> Word {
        let mut pieces = Text::new();
        for (index, part) in word.parts.iter().enumerate() {
            match part {
                Part::Plain(plain) => {
                    let last = index + 1 == word.parts.len();
                    let eq = if named && index == 0 { plain.find('=').map_or(0, |eq| eq + 1) } else { 0 };
                    text::push_str(&mut pieces, &plain[..eq]);
                    let tildes = self.at_home(tildes(&plain[eq..], index == 0, last));
                    text::push_all(&mut pieces, &tildes);
                }
                other => {
                    let inner = self.single_parts(std::slice::from_ref(other), scope, false);
                    text::push_all(&mut pieces, &inner);
                }
            }
        }
        self.charge(text::len(&pieces));
        Word { pieces, span: word.span }
    }

    pub(super) fn single_parts(&mut self, parts: &[Part], scope: &Scope, tilde: bool) -> Text {
        let mut all = Text::new();
        for (index, part) in parts.iter().enumerate() {
            match part {
                Part::Plain(plain) if index == 0 && tilde => {
                    let (home, rest) = tilde_prefix(plain, parts.len() == 1);
                    all.extend(self.at_home(home));
                    text::push_str(&mut all, rest);
                }
                Part::Plain(plain) | Part::Quoted(plain) => text::push_str(&mut all, plain),
                Part::Double(inner) => {
                    let inner = self.single_parts(inner, scope, false);
                    text::push_all(&mut all, &inner);
                }
                other => {
                    let value = self.as_one(other, scope);
                    text::push_all(&mut all, &value);
                }
            }
        }
        self.charge(text::len(&all));
        all
    }

    /// A part where no words are split: elements are joined by blanks.
    fn as_one(&mut self, part: &Part, scope: &Scope) -> Text {
        match self.part(part, scope, true) {
            Expanded::One(value) => value,
            Expanded::Operand(word) => self.single(word, scope).pieces,
            Expanded::Joined(values) => self.joined(&values),
            Expanded::Many(values) if values.iter().any(|value| is_loose(value)) => {
                vec![text::unknown(hermes_plugin_api::command::Why::Variable, "@")]
            }
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
        }
    }

    /// Expands a part that is neither text nor quotes.
    fn part<'p>(&mut self, part: &'p Part, scope: &Scope, quoted: bool) -> Expanded<'p> {
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

    pub(super) fn charge(&mut self, bytes: usize) {
        self.budget.expanded(bytes);
    }
}

/// Whether text, as an element of a list, may be any number of elements.
pub(super) fn is_loose(value: &[Piece]) -> bool {
    value.iter().any(|piece| match piece {
        Piece::Unknown(unknown) => !unknown.quoted,
        Piece::Glob(_) => true,
        Piece::Text(_) | Piece::Home => false,
    })
}

/// Resolves a leading `~` or `~user`: the pieces it becomes, and the rest of the text.
fn tilde_prefix(plain: &str, alone: bool) -> (Vec<Piece>, &str) {
    let Some(after) = plain.strip_prefix('~') else {
        return (Vec::new(), plain);
    };
    let end = match after.find('/') {
        Some(end) => end,
        None if alone => after.len(),
        None => return (Vec::new(), plain),
    };
    let (user, rest) = after.split_at(end);
    let home = match user {
        "" => Piece::Home,
        "root" => Piece::Text("/root".to_owned()),
        user => text::unknown(hermes_plugin_api::command::Why::Variable, &format!("~{user}")),
    };
    (vec![home], rest)
}

/// Resolves `~` at the start of an assigned value and after each `:` of it.
fn tildes(plain: &str, first: bool, last: bool) -> Text {
    let mut all = Text::new();
    let count = plain.matches(':').count();
    for (index, section) in plain.split(':').enumerate() {
        if index > 0 {
            text::push_str(&mut all, ":");
        }
        let begins = first || index > 0;
        let (home, rest) = if begins { tilde_prefix(section, last || index < count) } else { (Vec::new(), section) };
        home.into_iter().for_each(|piece| text::push_piece(&mut all, piece));
        text::push_str(&mut all, rest);
    }
    all
}
