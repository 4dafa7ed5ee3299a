//! Pieces of what was said in one session, for those who do not want all of it.

use hermes_plugin_api::model::Role;
use rusqlite::params;

use super::list::{Said, said};
use super::{Store, StoreError};

/// How much of a session is passed on at a time, in bytes.
const LARGEST: usize = 256 << 10;

impl Store {
    /// Returns messages of a session in their order: at most `limit` from `from` on, or the last ones. It ends early
    /// where they are long, but not before the first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn excerpt(&self, id: &str, from: Option<u64>, limit: usize) -> Result<Vec<Said>, StoreError> {
        let (condition, order) = match from {
            Some(_) => ("place >= ?2", "place"),
            None => ("?2 IS NULL", "place DESC"),
        };
        let from = from.map(|from| i64::try_from(from).unwrap_or(i64::MAX));
        let mut found = self.read(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT place, at_ms, role, content, calls, rest FROM messages
                 WHERE session = (SELECT n FROM sessions WHERE id = ?1) AND {condition} ORDER BY {order} LIMIT ?3"
            ))?;
            let mut rows = statement.query(params![id, from, limit])?;
            let (mut found, mut size) = (Vec::new(), 0);
            while let Some(row) = rows.next()? {
                let said = said(row)?;
                size += said.message.content.len();
                if size > LARGEST && !found.is_empty() {
                    break;
                }
                found.push(said);
            }
            Ok(found)
        })?;
        if from.is_none() {
            found.reverse();
        }
        Ok(found)
    }

    /// Returns the last results of a tool in a session, at most `limit`, in their order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn results_of(&self, id: &str, tool: &str, limit: usize) -> Result<Vec<Said>, StoreError> {
        let mut found = self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT place, at_ms, role, content, calls, rest FROM messages
                 WHERE session = (SELECT n FROM sessions WHERE id = ?1) AND (role = 'tool' OR calls IS NOT NULL)
                 ORDER BY place DESC",
            )?;
            let mut rows = statement.query([id])?;
            // Results of the calls that come next, seen from the end.
            let (mut results, mut found): (Vec<Said>, Vec<Said>) = Default::default();
            while let Some(row) = rows.next()? {
                let said = said(row)?;
                if said.message.role == Role::Tool {
                    results.push(said);
                    continue;
                }
                let calls = said.message.tool_calls;
                let is_its = |result: &Said| {
                    calls.iter().any(|call| call.name == tool && call.id == result.message.tool_call_id)
                };
                found.extend(results.drain(..).filter(is_its));
                if found.len() >= limit {
                    break;
                }
            }
            found.truncate(limit);
            Ok(found)
        })?;
        found.reverse();
        Ok(found)
    }
}
