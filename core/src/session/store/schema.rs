//! What stands in the store, version by version. Versions only go forward: a step that was released never changes.

use std::time::Instant;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};

use super::{PATIENCE, STEP};
use crate::host::clock;

/// Marks a database as a store of this program: `HRMS`.
pub(super) const APPLICATION: u32 = 0x4852_4d53;
/// The version that this program writes.
pub(super) const VERSION: u32 = STEPS.len() as u32;

/// What brings a store from one version to the next.
const STEPS: [&str; 1] = [FIRST];

/// Sessions, what was said in them, and the words of that.
///
/// `calls` are the calls of an answer and `rest` what else belongs to a message (the call that it answers, what a
/// model's plugin wants back), both as JSON; `sought` is the text of the calls, for the search alone.
const FIRST: &str = "
    CREATE TABLE sessions (
        n INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        parent TEXT,
        source TEXT NOT NULL,
        model TEXT NOT NULL,
        title TEXT,
        title_is_own INTEGER NOT NULL DEFAULT 0,
        begun_ms INTEGER NOT NULL,
        last_ms INTEGER NOT NULL,
        messages INTEGER NOT NULL DEFAULT 0,
        answers INTEGER NOT NULL DEFAULT 0,
        input_tokens INTEGER NOT NULL DEFAULT 0,
        output_tokens INTEGER NOT NULL DEFAULT 0,
        cached_tokens INTEGER NOT NULL DEFAULT 0,
        cache_written_tokens INTEGER NOT NULL DEFAULT 0,
        thinking_tokens INTEGER NOT NULL DEFAULT 0,
        cost_nano_usd INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE UNIQUE INDEX sessions_title ON sessions (title COLLATE NOCASE) WHERE title IS NOT NULL;
    CREATE INDEX sessions_last ON sessions (last_ms);
    CREATE INDEX sessions_parent ON sessions (parent) WHERE parent IS NOT NULL;

    CREATE TABLE messages (
        n INTEGER PRIMARY KEY,
        session INTEGER NOT NULL REFERENCES sessions (n),
        place INTEGER NOT NULL,
        role TEXT NOT NULL,
        content TEXT NOT NULL,
        calls TEXT,
        rest TEXT,
        sought TEXT,
        at_ms INTEGER NOT NULL,
        UNIQUE (session, place)
    ) STRICT;

    CREATE VIRTUAL TABLE words USING fts5 (
        content, sought, content = 'messages', content_rowid = 'n', tokenize = 'unicode61 remove_diacritics 2'
    );
    INSERT INTO words (words, rank) VALUES ('secure-delete', 1);
    CREATE TRIGGER messages_said AFTER INSERT ON messages BEGIN
        INSERT INTO words (rowid, content, sought) VALUES (new.n, new.content, new.sought);
    END;
    CREATE TRIGGER messages_gone AFTER DELETE ON messages BEGIN
        INSERT INTO words (words, rowid, content, sought) VALUES ('delete', old.n, old.content, old.sought);
    END;
";

/// What was found.
pub(super) enum Settled {
    /// A store of this version, by now.
    Ready,
    /// A store of a newer program.
    Newer(u32),
    /// A database that is something else.
    Foreign,
}

/// Brings a store up to date, or finds that it is not ours to write.
pub(super) fn settle(connection: &Connection) -> rusqlite::Result<Settled> {
    let begun = clock::instant();
    loop {
        match try_to_settle(connection) {
            // Not every wait for another process is SQLite's own.
            Err(error) if is_busy(&error) && may_wait(begun) => std::thread::sleep(STEP),
            result => return result,
        }
    }
}

fn may_wait(begun: Instant) -> bool {
    begun.elapsed() < PATIENCE
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

fn try_to_settle(connection: &Connection) -> rusqlite::Result<Settled> {
    let settled = match found(connection)? {
        Found::Settled(settled) => settled,
        Found::Older(version) => {
            if version == 0 {
                // Before the first table, so that space can be given back.
                connection.execute_batch("PRAGMA auto_vacuum = INCREMENTAL")?;
            }
            connection.pragma_update(None, "journal_mode", "WAL")?;
            migrate(connection)?
        }
    };
    if matches!(settled, Settled::Ready) {
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, false)?;
        // What a crash of the machine may take are the last moments, never the store. What is deleted is overwritten.
        connection
            .execute_batch("PRAGMA synchronous = NORMAL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = FAST")?;
    }
    Ok(settled)
}

/// Takes every step that is missing, all or none. Another process may have been quicker.
fn migrate(connection: &Connection) -> rusqlite::Result<Settled> {
    let transaction = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let version = match found(&transaction)? {
        Found::Settled(settled) => return Ok(settled),
        Found::Older(version) => version,
    };
    for step in STEPS.iter().skip(version as usize) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()?;
    Ok(Settled::Ready)
}

enum Found {
    Settled(Settled),
    Older(u32),
}

fn found(connection: &Connection) -> rusqlite::Result<Found> {
    let number = |name: &str| connection.pragma_query_value(None, name, |row| row.get::<_, u32>(0));
    let (application, version) = (number("application_id")?, number("user_version")?);
    let empty = || connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get::<_, bool>(0));
    Ok(match (application, version) {
        (APPLICATION, VERSION) => Found::Settled(Settled::Ready),
        (APPLICATION, newer) if newer > VERSION => Found::Settled(Settled::Newer(newer)),
        (APPLICATION, older) => Found::Older(older),
        (0, 0) if empty()? => Found::Older(0),
        _ => Found::Settled(Settled::Foreign),
    })
}
