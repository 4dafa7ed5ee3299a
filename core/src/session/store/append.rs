//! What is written into the store: sessions, what is said in them, titles; and what is taken out again.
//!
//! Nothing gets in that still shows a secret.

use std::borrow::Cow;

use hermes_plugin_api::model::{CallRequest, Message, Role};
use rusqlite::{OptionalExtension as _, Transaction, params};
use serde_json::{Map, Value};

use super::{Store, StoreError};
use crate::host::clock;
use crate::redact::{self, redact};
use crate::session::spent::Spent;
use crate::session::title;

/// The most of a call's text that a search looks into, in bytes.
const SOUGHT: usize = 16 << 10;

/// What is known of a session before anything is said in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// Its id.
    pub id: String,
    /// The session that it goes on from, where there is one.
    pub parent: Option<String>,
    /// Where it came from.
    pub source: String,
    /// What answers in it.
    pub model: String,
}

/// What became of an attempt to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Appended {
    /// It stands there. The session has this title.
    Done(Option<String>),
    /// The session is not there although something of it was stored before: all of it must come again.
    Gone,
}

impl Store {
    /// Makes a session, if it is not there yet.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn begin(&mut self, about: &About) -> Result<(), StoreError> {
        self.write(|transaction| begin(transaction, about).map(drop))
    }

    /// Adds messages to a session that holds `kept` of them at least, and what they cost. A session that is not
    /// there is made. All or nothing.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn append(
        &mut self,
        about: &About,
        kept: usize,
        messages: &[Message],
        spent: &Spent,
    ) -> Result<Appended, StoreError> {
        let rows: Vec<Row<'_>> = messages.iter().map(row).collect();
        let made = title::make(messages);
        self.write(|transaction| {
            let there = session(transaction, &about.id)?;
            let (session, title) = match there {
                None if kept > 0 => return Ok(Appended::Gone),
                None => (begin(transaction, about)?, None),
                Some(there) => there,
            };
            insert(transaction, session, &rows)?;
            let title = match (title, made) {
                (None, Some(made)) => Some(entitle(transaction, session, &made)?),
                (title, _) => title,
            };
            spend(transaction, session, spent, rows.len())?;
            transaction.execute("UPDATE sessions SET model = ?2 WHERE n = ?1", params![session, about.model])?;
            Ok(Appended::Done(title))
        })
    }

    /// Takes the last `count` messages of a session out again.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn take_back(&mut self, id: &str, count: usize) -> Result<(), StoreError> {
        let limit = i64::try_from(count).unwrap_or(i64::MAX);
        self.write(|transaction| {
            let Some((session, _)) = session(transaction, id)? else { return Ok(()) };
            let gone = transaction.execute(
                "DELETE FROM messages WHERE n IN
                    (SELECT n FROM messages WHERE session = ?1 ORDER BY place DESC LIMIT ?2)",
                params![session, limit],
            )?;
            let update = "UPDATE sessions SET messages = max(messages - ?2, 0), last_ms = ?3 WHERE n = ?1";
            transaction.execute(update, params![session, gone, now()]).map(drop)
        })
    }

    /// Gives a session the title that a person chose.
    ///
    /// # Errors
    /// [`StoreError::TitleTaken`], [`StoreError::TitleForm`], [`StoreError::Unknown`], or what the database reports.
    pub fn rename(&mut self, id: &str, title: &str) -> Result<String, StoreError> {
        let title = title::read(title).ok_or(StoreError::TitleForm)?;
        enum Named {
            Done,
            Taken(String),
            Unknown,
        }
        let named = self.write(|transaction| {
            let other = "SELECT id FROM sessions WHERE title = ?1 COLLATE NOCASE AND id <> ?2";
            let other = transaction.query_row(other, params![title, id], |row| row.get(0)).optional()?;
            if let Some(other) = other {
                return Ok(Named::Taken(other));
            }
            let update = "UPDATE sessions SET title = ?2, title_is_own = 1 WHERE id = ?1";
            let found = transaction.execute(update, params![id, title])?;
            Ok(if found == 1 { Named::Done } else { Named::Unknown })
        })?;
        match named {
            Named::Done => Ok(title),
            Named::Taken(by) => Err(StoreError::TitleTaken { title, by }),
            Named::Unknown => Err(StoreError::Unknown { name: id.to_owned(), near: Vec::new() }),
        }
    }

    /// Gives a session another title that was made for it, as near to `title` as can be, unless a person chose one or
    /// it is none. Returns what it is called then; `None` where nothing changed.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn suggest(&mut self, id: &str, title: &str) -> Result<Option<String>, StoreError> {
        let Some(title) = title::read(title) else { return Ok(None) };
        self.write(|transaction| {
            let made = "SELECT n FROM sessions
                WHERE id = ?1 AND title_is_own = 0 AND (title IS NULL OR title <> ?2 COLLATE NOCASE)";
            let session = transaction.query_row(made, params![id, title], |row| row.get(0)).optional()?;
            session.map(|session| entitle(transaction, session, &title)).transpose()
        })
    }

    /// Deletes a session and everything that was said in it. Returns whether it was there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn delete(&mut self, id: &str) -> Result<bool, StoreError> {
        self.write(|transaction| {
            let Some((session, _)) = session(transaction, id)? else { return Ok(false) };
            transaction.execute("DELETE FROM messages WHERE session = ?1", [session])?;
            transaction.execute("DELETE FROM sessions WHERE n = ?1", [session])?;
            Ok(true)
        })
    }

    /// Gives the space of what was deleted back to the disk, and what stood there with it. Another process that
    /// reads meanwhile may keep a part of it until later.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn shrink(&mut self) -> Result<(), StoreError> {
        let shrink = || {
            // Each step gives one page back.
            let mut vacuum = self.connection.prepare("PRAGMA incremental_vacuum")?;
            let mut pages = vacuum.query([])?;
            while pages.next()?.is_some() {}
            drop(pages);
            // Answers with a row, which says whether somebody was in the way.
            self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        };
        shrink().map_err(|error| super::fault::of(&self.path, error))
    }
}

/// The number and the title of a session.
fn session(transaction: &Transaction<'_>, id: &str) -> rusqlite::Result<Option<(i64, Option<String>)>> {
    let mut statement = transaction.prepare_cached("SELECT n, title FROM sessions WHERE id = ?1")?;
    statement.query_row([id], |row| Ok((row.get(0)?, row.get(1)?))).optional()
}

pub(super) fn begin(transaction: &Transaction<'_>, about: &About) -> rusqlite::Result<i64> {
    let About { id, parent, source, model } = about;
    let insert = "INSERT INTO sessions (id, parent, source, model, begun_ms, last_ms) VALUES (?1, ?2, ?3, ?4, ?5, ?5)
                  ON CONFLICT (id) DO NOTHING";
    transaction.execute(insert, params![id, parent, source, model, now()])?;
    transaction.query_row("SELECT n FROM sessions WHERE id = ?1", [id], |row| row.get(0))
}

pub(super) fn insert(transaction: &Transaction<'_>, session: i64, rows: &[Row<'_>]) -> rusqlite::Result<()> {
    let mut last = transaction.prepare_cached("SELECT coalesce(max(place), 0) FROM messages WHERE session = ?1")?;
    let mut place: i64 = last.query_row([session], |row| row.get(0))?;
    let mut insert = transaction.prepare_cached(
        "INSERT INTO messages (session, place, role, content, calls, rest, sought, at_ms)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    for row in rows {
        place += 1;
        let Row { role, content, calls, rest, sought } = row;
        insert.execute(params![session, place, role, content, calls, rest, sought, now()])?;
    }
    Ok(())
}

pub(super) fn spend(
    transaction: &Transaction<'_>,
    session: i64,
    spent: &Spent,
    messages: usize,
) -> rusqlite::Result<()> {
    let mut update = transaction.prepare_cached(
        "UPDATE sessions SET last_ms = ?2, messages = messages + ?3, answers = answers + ?4,
            input_tokens = input_tokens + ?5, output_tokens = output_tokens + ?6,
            cached_tokens = cached_tokens + ?7, cache_written_tokens = cache_written_tokens + ?8,
            thinking_tokens = thinking_tokens + ?9, cost_nano_usd = cost_nano_usd + ?10 WHERE n = ?1",
    )?;
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    update.execute(params![
        session,
        now(),
        messages,
        count(spent.answers),
        count(spent.input_tokens),
        count(spent.output_tokens),
        count(spent.cached_tokens),
        count(spent.cache_written_tokens),
        count(spent.thinking_tokens),
        count(spent.cost_nano_usd),
    ])?;
    Ok(())
}

/// Gives a session a title that no other has, as near to `made` as can be.
pub(super) fn entitle(transaction: &Transaction<'_>, session: i64, made: &str) -> rusqlite::Result<String> {
    let mut taken = transaction.prepare_cached("SELECT 1 FROM sessions WHERE title = ?1 COLLATE NOCASE")?;
    // After a few tries the session's own number, which is soon free: many sessions may begin with the same word.
    let own = usize::try_from(session).unwrap_or_default();
    for n in (1..10).chain(own.max(10)..) {
        let title = title::numbered(made, n);
        if !taken.exists([&title])? {
            transaction.execute("UPDATE sessions SET title = ?2 WHERE n = ?1", params![session, title])?;
            return Ok(title);
        }
    }
    Err(rusqlite::Error::QueryReturnedNoRows)
}

fn now() -> i64 {
    i64::try_from(clock::now_ms()).unwrap_or(i64::MAX)
}

/// A message as it is stored.
pub(super) struct Row<'a> {
    role: &'static str,
    content: Cow<'a, str>,
    calls: Option<String>,
    rest: Option<String>,
    sought: Option<String>,
}

pub(super) fn row(message: &Message) -> Row<'_> {
    let calls: Vec<CallRequest> = message.tool_calls.iter().map(clean).collect();
    let sought = (!calls.is_empty()).then(|| sought(&calls));
    let calls = (!calls.is_empty()).then(|| serde_json::to_string(&calls).unwrap_or_default());
    Row { role: role(message.role), content: redact(&message.content), calls, rest: rest(message), sought }
}

fn role(role: Role) -> &'static str {
    match role {
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::Tool => "tool",
    }
}

/// A call without secrets. Its arguments stay JSON.
fn clean(call: &CallRequest) -> CallRequest {
    let arguments = match serde_json::from_str::<Value>(&call.arguments) {
        Ok(mut arguments) => {
            redact::value(&mut arguments);
            arguments.to_string()
        }
        Err(_) => "{}".to_owned(),
    };
    CallRequest { arguments, ..call.clone() }
}

/// What else belongs to a message. What a plugin wants back unchanged is left out when it shows a secret: changed
/// it would be of no use.
fn rest(message: &Message) -> Option<String> {
    let bare = Message { role: message.role, content: String::new(), tool_calls: Vec::new(), ..message.clone() };
    let Ok(Value::Object(fields)) = serde_json::to_value(bare) else { return None };
    let fields = fields.into_iter().filter(|(name, _)| name != "role" && name != "content");
    let shows_none = |(_, value): &(String, Value)| {
        let mut clean = value.clone();
        redact::value(&mut clean);
        clean == *value
    };
    let fields: Map<String, Value> = fields.filter(shows_none).collect();
    (!fields.is_empty()).then(|| Value::Object(fields).to_string())
}

/// The text of calls: names and arguments.
fn sought(calls: &[CallRequest]) -> String {
    let mut text = String::new();
    for call in calls {
        text.push_str(&call.name);
        let arguments = serde_json::from_str(&call.arguments).unwrap_or_default();
        leaves(&arguments, &mut text);
        text.push('\n');
    }
    text.truncate(text.floor_char_boundary(SOUGHT));
    text
}

/// Adds the texts of a value. What is nested deeper than JSON may be was not read in the first place.
fn leaves(value: &Value, text: &mut String) {
    match value {
        Value::String(leaf) => {
            text.push(' ');
            text.push_str(leaf);
        }
        Value::Array(values) => values.iter().for_each(|value| leaves(value, text)),
        Value::Object(fields) => fields.values().for_each(|value| leaves(value, text)),
        _ => {}
    }
}
