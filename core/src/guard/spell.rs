//! Spells simple commands as text, for globs that users write, and turns such globs into expressions.

use std::borrow::Cow;

use globset::GlobBuilder;
use hermes_plugin_api::command::{Piece, RedirectOp, Simple, Word};
use hermes_plugin_api::error::{PluginError, Result};

/// Returns the text of a simple command: its words with one blank between them, then its redirections.
pub(crate) fn simple(simple: &Simple) -> String {
    let mut text = words(&simple.words);
    for redirect in &simple.redirects {
        let op = match redirect.op {
            RedirectOp::Read => "<",
            RedirectOp::Write => ">",
            RedirectOp::Append => ">>",
            RedirectOp::ReadWrite => "<>",
            RedirectOp::Duplicate | RedirectOp::Text => continue,
        };
        text.push_str(&format!(" {op} {}", word(&redirect.target)));
    }
    text
}

/// Returns words with one blank between them.
pub(super) fn words(words: &[Word]) -> String {
    words.iter().map(word).collect::<Vec<_>>().join(" ")
}

/// Returns a word as it would be after expansion; what is not known stands as `$name` or `$?`.
pub(super) fn word(word: &Word) -> Cow<'_, str> {
    match word.pieces.as_slice() {
        [Piece::Text(text)] => Cow::Borrowed(text),
        pieces => pieces.iter().map(piece).collect::<String>().into(),
    }
}

fn piece(piece: &Piece) -> Cow<'_, str> {
    match piece {
        Piece::Text(text) | Piece::Glob(text) => Cow::Borrowed(text),
        Piece::Home => Cow::Borrowed("~"),
        Piece::Unknown(unknown) if unknown.name.is_empty() => Cow::Borrowed("$?"),
        Piece::Unknown(unknown) => Cow::Owned(format!("${}", unknown.name)),
    }
}

/// Returns a glob as an anchored expression, in which `*` stands for any text. Matching takes time linear in
/// the text.
///
/// # Errors
/// `CONFIG` naming the glob when it is not one.
pub(super) fn expression(glob: &str) -> Result<String> {
    match GlobBuilder::new(glob).literal_separator(false).backslash_escape(true).build() {
        Ok(built) => Ok(built.regex().to_owned()),
        Err(error) => Err(PluginError::config(format!("`{glob}` is not a glob: {}", error.kind()))),
    }
}
