//! What sessions there are, what was said in one, and how much of everything.

use std::collections::BTreeMap;

use hermes_plugin_api::model::{Message, Role};
use rusqlite::{Connection, OptionalExtension as _, Row, params};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{Store, StoreError};
use crate::session::spent::Spent;

/// A session, without what was said in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: Option<String>,
    /// Where it came from.
    pub source: String,
    /// What answered last.
    pub model: String,
    /// The session that it goes on from.
    pub parent: Option<String>,
    /// When it began, in milliseconds since 1970.
    pub begun_ms: u64,
    /// When something was said last.
    pub last_ms: u64,
    /// How many messages it has.
    pub messages: u64,
    /// What it cost.
    pub spent: Spent,
}

/// A message and when it was said.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// Its place in the session, from 1.
    pub place: u64,
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// What.
    pub message: Message,
}

/// Which sessions.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Those from here.
    pub source: Option<String>,
    /// Those in which nothing was said since then.
    pub before_ms: Option<u64>,
    /// So many at most; all when absent.
    pub limit: Option<usize>,
    /// Without so many of the newest.
    pub skip: usize,
}

/// How much there is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Sessions.
    pub sessions: u64,
    /// Messages.
    pub messages: u64,
    /// Sessions by source.
    pub sources: BTreeMap<String, u64>,
    /// What all of it cost.
    pub spent: Spent,
    /// When the first session began.
    pub first_ms: Option<u64>,
    /// When something was said last.
    pub last_ms: Option<u64>,
}

/// The columns of a [`Summary`].
pub(super) const SUMMARY: &str = "id, title, source, model, parent, begun_ms, last_ms, messages,
    answers, input_tokens, output_tokens, cached_tokens, cache_written_tokens, thinking_tokens, cost_nano_usd";

impl Store {
    /// Lists sessions, the latest first.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn sessions(&self, wanted: &Wanted) -> Result<Vec<Summary>, StoreError> {
        let limit = wanted.limit.map_or(-1, |limit| i64::try_from(limit).unwrap_or(i64::MAX));
        let before = wanted.before_ms.map(|ms| i64::try_from(ms).unwrap_or(i64::MAX));
        self.read(|connection| {
            let mut statement = connection.prepare_cached(&format!(
                "SELECT {SUMMARY} FROM sessions
                 WHERE (?1 IS NULL OR source = ?1) AND (?2 IS NULL OR last_ms < ?2)
                 ORDER BY last_ms DESC, n DESC LIMIT ?3 OFFSET ?4"
            ))?;
            let rows = statement.query_map(params![wanted.source, before, limit, wanted.skip], summary)?;
            rows.collect()
        })
    }

    /// Finds a session by its whole id.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn session(&self, id: &str) -> Result<Option<Summary>, StoreError> {
        self.read(|connection| {
            let select = format!("SELECT {SUMMARY} FROM sessions WHERE id = ?1");
            connection.query_row(&select, [id], summary).optional()
        })
    }

    /// Returns the messages of a session, in their order.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn messages(&self, id: &str) -> Result<Vec<Message>, StoreError> {
        let mut messages = Vec::new();
        self.each(id, |said| {
            messages.push(said.message);
            Ok(())
        })?;
        Ok(messages)
    }

    /// Passes the messages of a session on, one after another, so that nobody needs to hold them all.
    ///
    /// # Errors
    /// [`StoreError`], or what `take` reports; then no more come.
    pub fn each(&self, id: &str, mut take: impl FnMut(Said) -> std::io::Result<()>) -> Result<(), StoreError> {
        let source = self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT place, at_ms, role, content, calls, rest FROM messages
                 WHERE session = (SELECT n FROM sessions WHERE id = ?1) ORDER BY place",
            )?;
            let mut rows = statement.query([id])?;
            while let Some(row) = rows.next()? {
                if let Err(error) = take(said(row)?) {
                    return Ok(Some(error));
                }
            }
            Ok(None)
        })?;
        source.map_or(Ok(()), |source| Err(StoreError::Output { source }))
    }

    /// Counts everything, or what is from one source.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn stats(&self, source: Option<&str>) -> Result<Stats, StoreError> {
        self.read(|connection| stats(connection, source))
    }
}

fn stats(connection: &Connection, source: Option<&str>) -> rusqlite::Result<Stats> {
    let mut statement = connection.prepare(
        "SELECT source, count(*), sum(messages), min(begun_ms), max(last_ms), sum(answers), sum(input_tokens),
            sum(output_tokens), sum(cached_tokens), sum(cache_written_tokens), sum(thinking_tokens), sum(cost_nano_usd)
         FROM sessions WHERE ?1 IS NULL OR source = ?1 GROUP BY source",
    )?;
    let mut rows = statement.query([source])?;
    let mut all = Stats::default();
    while let Some(row) = rows.next()? {
        let sessions = number(row, 1)?;
        all.sessions += sessions;
        all.messages += number(row, 2)?;
        all.sources.insert(row.get(0)?, sessions);
        let (first, last) = (number(row, 3)?, number(row, 4)?);
        all.first_ms = Some(all.first_ms.map_or(first, |ms| ms.min(first)));
        all.last_ms = Some(all.last_ms.map_or(last, |ms| ms.max(last)));
        all.spent.add(&spent(row, 5)?);
    }
    Ok(all)
}

/// Reads the columns of [`SUMMARY`].
pub(super) fn summary(row: &Row<'_>) -> rusqlite::Result<Summary> {
    Ok(Summary {
        id: row.get(0)?,
        title: row.get(1)?,
        source: row.get(2)?,
        model: row.get(3)?,
        parent: row.get(4)?,
        begun_ms: number(row, 5)?,
        last_ms: number(row, 6)?,
        messages: number(row, 7)?,
        spent: spent(row, 8)?,
    })
}

fn spent(row: &Row<'_>, from: usize) -> rusqlite::Result<Spent> {
    Ok(Spent {
        answers: number(row, from)?,
        input_tokens: number(row, from + 1)?,
        output_tokens: number(row, from + 2)?,
        cached_tokens: number(row, from + 3)?,
        cache_written_tokens: number(row, from + 4)?,
        thinking_tokens: number(row, from + 5)?,
        cost_nano_usd: number(row, from + 6)?,
    })
}

/// A number that cannot be negative; one that is counts as none.
pub(super) fn number(row: &Row<'_>, index: usize) -> rusqlite::Result<u64> {
    Ok(u64::try_from(row.get::<_, i64>(index)?).unwrap_or_default())
}

/// Reads a message.
pub(super) fn said(row: &Row<'_>) -> rusqlite::Result<Said> {
    let json = |index: usize| -> rusqlite::Result<Option<Value>> {
        let text: Option<String> = row.get(index)?;
        let wrong = |error: serde_json::Error| {
            rusqlite::Error::FromSqlConversionFailure(index, rusqlite::types::Type::Text, error.into())
        };
        text.map(|text| serde_json::from_str(&text).map_err(wrong)).transpose()
    };
    let mut fields = match json(5)? {
        Some(Value::Object(fields)) => fields,
        _ => Map::new(),
    };
    if let Some(calls) = json(4)? {
        fields.insert("tool_calls".into(), calls);
    }
    let message = if fields.is_empty() { Ok(Message::default()) } else { serde_json::from_value(fields.into()) };
    let message: Message = message
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(5, rusqlite::types::Type::Text, error.into()))?;
    let role = match row.get_ref(2)?.as_str()? {
        "assistant" => Role::Assistant,
        "tool" => Role::Tool,
        _ => Role::User,
    };
    Ok(Said {
        place: number(row, 0)?,
        at_ms: number(row, 1)?,
        message: Message { role, content: row.get(3)?, ..message },
    })
}
