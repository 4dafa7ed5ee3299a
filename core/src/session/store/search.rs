//! Finds what was said, by its words. Whatever a person types is words: nothing in it is syntax that could be wrong.

use rusqlite::{Connection, Row, params};
use serde::Serialize;

use super::find::escaped;
use super::list::number;
use super::{Store, StoreError};

/// What stands before and after a word that was found.
pub const MARKS: (char, char) = ('\u{2}', '\u{3}');
/// How many words of a message are shown.
const WORDS: u32 = 24;
/// The most words that are looked for.
const TERMS: usize = 64;
/// The most characters that are looked for letter by letter.
const LETTERS: usize = 256;

/// A message in which the words stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hit {
    /// The session.
    pub session: String,
    /// Its title.
    pub title: Option<String>,
    /// Where it came from.
    pub source: String,
    /// The message's place in it, from 1.
    pub place: u64,
    /// `user`, `assistant` or `tool`.
    pub role: String,
    /// When it was said, in milliseconds since 1970.
    pub at_ms: u64,
    /// A piece of it, with [`MARKS`] around what was found.
    pub piece: String,
}

impl Store {
    /// Finds messages that hold all words of `text`, the best first. `"Words in quotes"` stand together, `word*` begins
    /// so. Scripts that write without blanks are looked for letter by letter.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn search(&self, text: &str, source: Option<&str>, limit: usize) -> Result<Vec<Hit>, StoreError> {
        let place = source.map_or(Where::Anywhere, |source| Where::From(source.to_owned()));
        self.search_where(text, &place, limit)
    }

    /// As [`Store::search`], in some sessions only.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn search_where(&self, text: &str, place: &Where, limit: usize) -> Result<Vec<Hit>, StoreError> {
        let text = text.replace('\0', " ");
        if text.trim().is_empty() {
            return Ok(Vec::new());
        }
        self.read(|connection| match query(&text) {
            Some(query) => by_words(connection, &query, place, limit),
            None => by_letters(connection, text.trim(), place, limit),
        })
    }
}

/// In which sessions is looked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Where {
    /// In all.
    Anywhere,
    /// In those from this source.
    From(String),
    /// In the one with this id.
    In(String),
    /// In all but the one with this id.
    NotIn(String),
}

impl Where {
    /// The condition on a session `s`, and what it is compared with.
    fn condition(&self) -> (&'static str, &str) {
        match self {
            Self::Anywhere => ("?2 = ''", ""),
            Self::From(source) => ("s.source = ?2", source),
            Self::In(id) => ("s.id = ?2", id),
            Self::NotIn(id) => ("s.id <> ?2", id),
        }
    }
}

fn by_words(connection: &Connection, query: &str, place: &Where, limit: usize) -> rusqlite::Result<Vec<Hit>> {
    let (condition, value) = place.condition();
    let mut statement = connection.prepare_cached(&format!(
        "SELECT s.id, s.title, s.source, m.place, m.role, m.at_ms, snippet(words, -1, ?4, ?5, '…', ?6)
         FROM words JOIN messages m ON m.n = words.rowid JOIN sessions s ON s.n = m.session
         WHERE words MATCH ?1 AND {condition} ORDER BY words.rank LIMIT ?3"
    ))?;
    let (before, after) = (MARKS.0.to_string(), MARKS.1.to_string());
    statement.query_map(params![query, value, limit, before, after, WORDS], hit)?.collect()
}

/// Looks at every message: for what has no words that an index could hold.
fn by_letters(connection: &Connection, text: &str, place: &Where, limit: usize) -> rusqlite::Result<Vec<Hit>> {
    let (condition, value) = place.condition();
    let mut statement = connection.prepare_cached(&format!(
        "SELECT s.id, s.title, s.source, m.place, m.role, m.at_ms,
            CASE WHEN instr(m.content, ?4) > 0
                THEN substr(m.content, max(instr(m.content, ?4) - 40, 1), 120)
                ELSE substr(coalesce(m.sought, m.content), 1, 120) END
         FROM messages m JOIN sessions s ON s.n = m.session
         WHERE (m.content LIKE ?1 ESCAPE '\\' OR m.sought LIKE ?1 ESCAPE '\\') AND {condition}
         ORDER BY m.n DESC LIMIT ?3"
    ))?;
    let text: String = text.chars().take(LETTERS).collect();
    let like = format!("%{}%", escaped(&text));
    let mut hits =
        statement.query_map(params![like, value, limit, text], hit)?.collect::<rusqlite::Result<Vec<_>>>()?;
    for hit in &mut hits {
        hit.piece = hit.piece.replace(&text, &format!("{}{text}{}", MARKS.0, MARKS.1));
    }
    Ok(hits)
}

fn hit(row: &Row<'_>) -> rusqlite::Result<Hit> {
    Ok(Hit {
        session: row.get(0)?,
        title: row.get(1)?,
        source: row.get(2)?,
        place: number(row, 3)?,
        role: row.get(4)?,
        at_ms: number(row, 5)?,
        piece: row.get(6)?,
    })
}

/// The words as a query in which each is a string; `None` where an index of words cannot help.
fn query(text: &str) -> Option<String> {
    if text.chars().any(has_no_blanks) {
        return None;
    }
    let terms: Vec<String> = terms(text).take(TERMS).collect();
    (!terms.is_empty()).then(|| terms.join(" "))
}

/// Strings for each word and each phrase. What holds no letter and no digit is no word: it would match nothing.
fn terms(text: &str) -> impl Iterator<Item = String> {
    let pieces = text.split('"').enumerate();
    let words = pieces.flat_map(|(index, piece)| match index % 2 {
        0 => piece.split_whitespace().collect(),
        _ => vec![piece],
    });
    words.filter(|word| word.chars().any(char::is_alphanumeric)).map(|word| match word.strip_suffix('*') {
        Some(beginning) => format!("\"{beginning}\"*"),
        None => format!("\"{word}\""),
    })
}

/// Whether a character belongs to a script whose words stand without blanks between them.
fn has_no_blanks(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{2e80}'..='\u{9fff}'
        | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_becomes_a_string() {
        for (text, expected) in [
            ("fix the build", r#""fix" "the" "build""#),
            (r#"a "b c" d"#, r#""a" "b c" "d""#),
            ("NOT (x OR", r#""NOT" "(x" "OR""#),
            ("buil* -- ^ :x", r#""buil"* ":x""#),
            (r#"open "quote"#, r#""open" "quote""#),
        ] {
            assert_eq!(query(text).as_deref(), Some(expected), "{text}");
        }
        for text in ["--", "\"\"", "日本語", "***"] {
            assert_eq!(query(text), None, "{text}");
        }
    }
}
