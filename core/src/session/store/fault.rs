//! What can be wrong with the store, or with what is asked of it, and the way out.

use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use super::schema::VERSION;
use crate::session::title;

/// Why the store did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file cannot be used.
    #[error("Failed to open the session store `{}`", path.display())]
    Io {
        /// The store.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It was written by a later version of this program.
    #[error("The session store `{}` was written by a newer hermes: its version is {found}, this one knows {VERSION}", path.display())]
    Newer {
        /// The store.
        path: PathBuf,
        /// Its version.
        found: u32,
    },
    /// It is a database of something else.
    #[error("`{}` is a database, but no session store of hermes", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// What stands in it makes no sense.
    #[error("The session store `{}` is damaged: {why}", path.display())]
    Damaged {
        /// The store.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// Another process did not let go of it.
    #[error("The session store `{}` is kept busy by another process", path.display())]
    Busy {
        /// The store.
        path: PathBuf,
    },
    /// The disk is full, or the system refused.
    #[error("Failed to write the session store `{}`: {why}", path.display())]
    Write {
        /// The store.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The database refused for another reason.
    #[error("Failed to use the session store `{}`", path.display())]
    Sqlite {
        /// The store.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
    /// No session has this id or title.
    #[error("No session is called `{name}`")]
    Unknown {
        /// What was asked for.
        name: String,
        /// What comes near it.
        near: Vec<String>,
    },
    /// Several sessions may be meant.
    #[error("`{name}` may be any of {}", listed(among))]
    Ambiguous {
        /// What was asked for.
        name: String,
        /// The sessions.
        among: Vec<String>,
    },
    /// There is no session to go on with.
    #[error("There is no session from `{tag}` yet")]
    None {
        /// The source that was asked for.
        tag: String,
    },
    /// Another session has that title.
    #[error("Session `{by}` is called `{title}` already")]
    TitleTaken {
        /// The title.
        title: String,
        /// The other session.
        by: String,
    },
    /// It is no title.
    #[error("A title is one line of 1 to {} characters", title::LONGEST)]
    TitleForm,
    /// Another process has the session open.
    #[error("Session `{id}` is open in another process{}", pid.map(|pid| format!(" ({pid})")).unwrap_or_default())]
    InUse {
        /// The session.
        id: String,
        /// That process.
        pid: Option<u32>,
    },
    /// What was read cannot be passed on.
    #[error("Failed to write what was asked for")]
    Output {
        /// Why.
        source: io::Error,
    },
    /// The program is ending.
    #[error("The session store is closed")]
    Closed,
}

impl StoreError {
    /// What to do next, where that can be said.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            StoreError::Io { .. } => {
                "make the file readable and writable for you, or move it away to begin anew".into()
            }
            StoreError::Newer { .. } => "update hermes, or set `HERMES_HOME` to another home".into(),
            StoreError::Foreign { .. } => "move it away: hermes makes a store of its own".into(),
            StoreError::Damaged { path, .. } => format!(
                "move `{0}`, `{0}-wal` and `{0}-shm` away to begin anew; `sqlite3 {0} .recover` may save what was in it",
                path.display()
            ),
            StoreError::Busy { .. } => "end the other process, or try again".into(),
            StoreError::Write { .. } => "free space on that disk, or make the file writable".into(),
            StoreError::Unknown { near, .. } if !near.is_empty() => format!("did you mean {}?", listed(near)),
            StoreError::Unknown { .. } | StoreError::None { .. } => "`hermes sessions list` shows what there is".into(),
            StoreError::Ambiguous { .. } => "give more of it".into(),
            StoreError::TitleTaken { .. } => "choose another title, or rename that one first".into(),
            StoreError::InUse { .. } => "end it there first".into(),
            StoreError::Sqlite { .. } | StoreError::Output { .. } | StoreError::TitleForm | StoreError::Closed => {
                return None;
            }
        })
    }

    /// The error, its cause and its way out, for a chat.
    #[must_use]
    pub fn told(&self) -> String {
        let cause = std::error::Error::source(self).map(|cause| format!(": {cause}")).unwrap_or_default();
        let hint = self.hint().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
        format!("{self}{cause}{hint}")
    }
}

/// What an error of the database means.
pub(super) fn of(path: &Path, error: rusqlite::Error) -> StoreError {
    let path = path.to_owned();
    let why = match &error {
        rusqlite::Error::SqliteFailure(_, Some(text)) => text.clone(),
        other => other.to_string(),
    };
    match error.sqlite_error_code() {
        // `Unknown` is a table or a column that is not there although the version says that it is.
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt | ErrorCode::Unknown) => {
            StoreError::Damaged { path, why }
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy { path },
        Some(ErrorCode::DiskFull | ErrorCode::ReadOnly | ErrorCode::SystemIoFailure | ErrorCode::CannotOpen) => {
            StoreError::Write { path, why }
        }
        _ => match &error {
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..) => StoreError::Damaged { path, why },
            _ => StoreError::Sqlite { path, source: error },
        },
    }
}

fn listed(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
