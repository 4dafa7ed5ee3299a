//! A session whose beginning was summarised: the beginning becomes a session of its own, which the other goes on from.
//!
//! Nothing that was said is changed or lost, and the id stays with what goes on, so that whatever names the session
//! goes on with it too.

use hermes_plugin_api::model::Message;
use rusqlite::{OptionalExtension as _, params};

use super::append::{About, begin, entitle, insert, row, spend};
use super::{Store, StoreError};
use crate::session::spent::Spent;

impl Store {
    /// Splits a session before its last `staying` messages: what stands before becomes the session `earlier`, and the
    /// rest goes on behind `beginning`. What making that cost is the rest's. All or nothing; returns whether the
    /// session was there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn fold(
        &mut self,
        about: &About,
        earlier: &str,
        staying: usize,
        beginning: &[Message],
        spent: &Spent,
    ) -> Result<bool, StoreError> {
        let rows: Vec<_> = beginning.iter().map(row).collect();
        self.write(|transaction| {
            let select = "SELECT n, title, title_is_own FROM sessions WHERE id = ?1";
            let found = transaction.query_row(select, [&about.id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)));
            let Some((old, title, is_own)): Option<(i64, Option<String>, bool)> = found.optional()? else {
                return Ok(false);
            };
            transaction.execute("UPDATE sessions SET parent = ?2 WHERE parent = ?1", params![about.id, earlier])?;
            transaction.execute("UPDATE sessions SET id = ?2, title = NULL WHERE n = ?1", params![old, earlier])?;
            let new = begin(transaction, &About { parent: Some(earlier.to_owned()), ..about.clone() })?;
            if let Some(title) = title {
                let update = "UPDATE sessions SET title = ?2, title_is_own = ?3 WHERE n = ?1";
                transaction.execute(update, params![new, title, is_own])?;
                entitle(transaction, old, &title)?;
            }
            insert(transaction, new, &rows)?;
            let select = "SELECT coalesce(max(place), 0) FROM messages WHERE session = ?1";
            let last: i64 = transaction.query_row(select, [old], |row| row.get(0))?;
            let first = last - i64::try_from(staying).unwrap_or(last);
            let moved = transaction.execute(
                "UPDATE messages SET session = ?2, place = place - ?3 + ?4 WHERE session = ?1 AND place > ?3",
                params![old, new, first, rows.len()],
            )?;
            transaction.execute("UPDATE sessions SET messages = messages - ?2 WHERE n = ?1", params![old, moved])?;
            spend(transaction, new, spent, rows.len() + moved)?;
            Ok(true)
        })
    }
}
