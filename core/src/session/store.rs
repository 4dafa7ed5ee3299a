//! `state.db`: the sessions of a home, in SQLite. This file opens it, and says what is wrong with one that cannot
//! be used; what stands in it is in the files below.
//!
//! It blocks: code that must not wait goes through [`Sessions`](crate::session::sessions::Sessions). It never
//! makes room by forgetting: a store that is damaged, foreign or from a newer program is left as it is.

mod append;
mod excerpt;
pub mod fault;
pub mod find;
mod fold;
pub mod list;
mod schema;
pub mod search;

use std::fs::{File, OpenOptions, Permissions};
use std::io::Read as _;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

pub use self::append::{About, Appended};
pub use self::fault::StoreError;

/// How long a writer waits for another one.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long it waits between two tries, where SQLite itself does not wait.
const STEP: Duration = Duration::from_millis(10);
/// The first bytes of every database.
const MAGIC: &[u8] = b"SQLite format 3\0";

/// A store that is open.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    connection: Connection,
    /// Device and inode of the file that is open: somebody may move it away.
    file: (u64, u64),
}

impl Store {
    /// Opens a store, and makes it where there is none, 0600. One of an older version is brought up to date.
    ///
    /// # Errors
    /// [`StoreError`]; a store that is not ours to write is then as it was.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let io = |source| StoreError::Io { path: path.to_owned(), source };
        let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path).map_err(io)?;
        let meta = file.metadata().map_err(io)?;
        if meta.mode() & 0o077 != 0 {
            file.set_permissions(Permissions::from_mode(0o600)).map_err(io)?;
        }
        inspect(path, &mut file)?;
        drop(file);
        let store = || {
            let connection = connect(path)?;
            Ok((schema::settle(&connection)?, connection))
        };
        let (settled, connection) = store().map_err(|error| fault::of(path, error))?;
        match settled {
            schema::Settled::Ready => Ok(Self { path: path.to_owned(), connection, file: (meta.dev(), meta.ino()) }),
            schema::Settled::Newer(found) => Err(StoreError::Newer { path: path.to_owned(), found }),
            schema::Settled::Foreign => Err(StoreError::Foreign { path: path.to_owned() }),
        }
    }

    /// Opens the store again when another file stands in its place by now, so that nothing is written into a file
    /// that nobody will find.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn follow(&mut self) -> Result<(), StoreError> {
        let there = std::fs::metadata(&self.path).is_ok_and(|meta| (meta.dev(), meta.ino()) == self.file);
        if !there {
            *self = Self::open(&self.path)?;
        }
        Ok(())
    }

    /// Where it lies.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many bytes it takes on the disk.
    #[must_use]
    pub fn size(&self) -> u64 {
        let size = |suffix: &str| {
            let path = format!("{}{suffix}", self.path.display());
            std::fs::metadata(path).map_or(0, |meta| meta.len())
        };
        size("") + size("-wal")
    }

    /// Reads, all from one moment.
    fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let read = || {
            let moment = self.connection.unchecked_transaction()?;
            work(&moment)
        };
        read().map_err(|error| fault::of(&self.path, error))
    }

    /// Writes all or nothing. Other writers wait meanwhile.
    fn write<T>(&mut self, work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        let connection = &mut self.connection;
        let write = || {
            let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        };
        write().map_err(|error| fault::of(&self.path, error))
    }
}

/// Looks at the file before SQLite does, which could not but write beside it.
fn inspect(path: &Path, file: &mut File) -> Result<(), StoreError> {
    let mut head = Vec::new();
    let read = file.take(100).read_to_end(&mut head);
    read.map_err(|source| StoreError::Io { path: path.to_owned(), source })?;
    let number = |at: usize| {
        let bytes: [u8; 4] = head.get(at..at + 4)?.try_into().ok()?;
        Some(u32::from_be_bytes(bytes))
    };
    match (number(60), number(68)) {
        _ if head.is_empty() => Ok(()),
        _ if !head.starts_with(MAGIC) => {
            Err(StoreError::Damaged { path: path.to_owned(), why: "it does not begin like a database".into() })
        }
        // A store that is just being made has no application yet.
        (Some(0), Some(0)) => Ok(()),
        (Some(version), Some(schema::APPLICATION)) if version > schema::VERSION => {
            Err(StoreError::Newer { path: path.to_owned(), found: version })
        }
        (_, Some(schema::APPLICATION)) => Ok(()),
        _ => Err(StoreError::Foreign { path: path.to_owned() }),
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    #[expect(clippy::disallowed_methods, reason = "this file is the door")]
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(PATIENCE)?;
    // What the file says of itself is data: it may run nothing.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    // One that turns out not to be ours is left as it is also when it is closed.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    Ok(connection)
}

#[cfg(test)]
mod tests;
