//! Finds the session that a person means: by id, by the beginning of one, by title, or the latest.

use rusqlite::params;

use super::list::{SUMMARY, Summary, Wanted, summary};
use super::{Store, StoreError};
use crate::session::title;

/// The shortest beginning of an id that counts as one.
const SHORTEST: usize = 4;
/// How many of the latest sessions are looked through for what comes near an unknown name.
const NEAR: usize = 1000;
/// How many are named.
const NAMED: usize = 5;

impl Store {
    /// Finds the session that `name` means: exactly its id or its title, or the beginning of either, where only one
    /// begins so.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] and [`StoreError::Ambiguous`], naming others, or what the database reports.
    pub fn find(&self, name: &str) -> Result<Summary, StoreError> {
        let name: String = name.trim().chars().take(2 * title::LONGEST).collect();
        let name = name.as_str();
        let mut found = self.called("id = ?1 OR title = ?1 COLLATE NOCASE ORDER BY id = ?1 DESC", name, 1)?;
        if found.is_empty() && is_id(name) {
            found = self.called("id LIKE ?1 ORDER BY last_ms DESC", &format!("{name}%"), NAMED)?;
        }
        if found.is_empty() && !name.is_empty() {
            let begins = format!("{}%", escaped(name));
            // Of one that goes on in another, the other is meant.
            let goes_on = "id IN (SELECT parent FROM sessions WHERE parent IS NOT NULL)";
            let order = format!("title LIKE ?1 ESCAPE '\\' ORDER BY {goes_on}, last_ms DESC");
            found = self.called(&order, &begins, NAMED)?;
            let parents: Vec<String> = found.iter().filter_map(|session| session.parent.clone()).collect();
            found.retain(|session| !parents.contains(&session.id));
        }
        if found.len() > 1 {
            return Err(StoreError::Ambiguous { name: name.to_owned(), among: found.iter().map(called).collect() });
        }
        match found.pop() {
            Some(found) => Ok(found),
            None => Err(StoreError::Unknown { name: name.to_owned(), near: self.near(name)? }),
        }
    }

    /// Finds the latest session from a source.
    ///
    /// # Errors
    /// [`StoreError::None`], or what the database reports.
    pub fn latest(&self, source: &str) -> Result<Summary, StoreError> {
        let wanted = Wanted { source: Some(source.to_owned()), limit: Some(1), ..Wanted::default() };
        self.sessions(&wanted)?.pop().ok_or_else(|| StoreError::None { tag: source.to_owned() })
    }

    fn called(&self, condition: &str, name: &str, limit: usize) -> Result<Vec<Summary>, StoreError> {
        self.read(|connection| {
            let select = format!("SELECT {SUMMARY} FROM sessions WHERE {condition} LIMIT ?2");
            let mut statement = connection.prepare_cached(&select)?;
            statement.query_map(params![name, limit], summary)?.collect()
        })
    }

    /// Sessions whose name comes near, the nearest first.
    fn near(&self, name: &str) -> Result<Vec<String>, StoreError> {
        let all = self.sessions(&Wanted { limit: Some(NEAR), ..Wanted::default() })?;
        let name = name.to_lowercase();
        let likeness = |session: &Summary| {
            let title = session.title.as_deref().unwrap_or_default().to_lowercase();
            let beginning: String = title.chars().take(name.chars().count()).collect();
            let held = if title.contains(&name) { 1.0 } else { 0.0 };
            strsim::jaro_winkler(&title, &name)
                .max(strsim::jaro_winkler(&beginning, &name))
                .max(strsim::jaro_winkler(&session.id, &name) - 0.1)
                .max(held)
        };
        let mut near: Vec<(f64, &Summary)> = all.iter().map(|session| (likeness(session), session)).collect();
        near.retain(|(likeness, _)| *likeness > 0.75);
        near.sort_by(|(one, _), (other, _)| other.total_cmp(one));
        Ok(near.into_iter().take(NAMED).map(|(_, session)| called(session)).collect())
    }
}

/// What a person can call a session by.
#[must_use]
pub fn called(session: &Summary) -> String {
    session.title.clone().unwrap_or_else(|| short(&session.id).to_owned())
}

/// The beginning of an id that is shown in lists.
#[must_use]
pub fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}

fn is_id(name: &str) -> bool {
    name.len() >= SHORTEST && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A text in which nothing stands for something else in `LIKE`.
pub(super) fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}
