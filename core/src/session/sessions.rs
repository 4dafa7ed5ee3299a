//! The sessions of a home, for code that must not wait: the store does its work on threads of its own.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::config::home::Home;
use crate::session::Session;
use crate::session::hold::{self, Hold};
use crate::session::keep::Keeping;
use crate::session::store::list::Summary;
use crate::session::store::{About, Store, StoreError};
use crate::session::transcript::Transcript;

/// The sessions of a home. Cheap to clone; clones share one store.
#[derive(Clone, Debug)]
pub struct Sessions {
    store: Arc<Mutex<Store>>,
    locks: PathBuf,
}

impl Sessions {
    /// Opens the store of a home, and makes it where there is none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn open(home: &Home) -> Result<Self, StoreError> {
        let io = |source| StoreError::Io { path: home.state_file(), source };
        home.create().map_err(|error| io(std::io::Error::other(error)))?;
        let store = Arc::new(Mutex::new(Store::open(&home.state_file())?));
        Ok(Self { store, locks: home.cache_dir().join("sessions") })
    }

    /// Opens the store of a home, if there is one.
    ///
    /// # Errors
    /// [`StoreError`].
    pub fn existing(home: &Home) -> Result<Option<Self>, StoreError> {
        if home.state_file().exists() { Self::open(home).map(Some) } else { Ok(None) }
    }

    /// The store, for code that may wait.
    pub fn store(&self) -> MutexGuard<'_, Store> {
        self.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has the store do something.
    ///
    /// # Errors
    /// What `work` reports, or [`StoreError::Closed`] when the program ends meanwhile.
    pub async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let sessions = self.clone();
        let work = move || {
            let mut store = sessions.store();
            store.follow()?;
            work(&mut store)
        };
        tokio::task::spawn_blocking(work).await.unwrap_or(Err(StoreError::Closed))
    }

    /// A session in which nothing was said yet. It is stored with its first message.
    #[must_use]
    pub fn begin(&self, id: String, source: &str, model: &str) -> Session {
        let about = About { id: id.clone(), parent: None, source: source.to_owned(), model: model.to_owned() };
        let keeping = Arc::new(Keeping::new(self.clone(), about));
        Session { id, transcript: Transcript::default(), keeping, prompt: None }
    }

    /// Goes on with a stored session. Nobody else can meanwhile.
    ///
    /// # Errors
    /// [`StoreError::InUse`], or what the store reports.
    pub async fn resume(&self, summary: Summary, model: &str) -> Result<Session, StoreError> {
        let hold = self.hold(&summary.id)?;
        let id = summary.id.clone();
        let messages = self.with(move |store| store.messages(&id)).await?;
        let Summary { id, parent, source, title, spent, .. } = summary;
        let about = About { id: id.clone(), parent, source, model: model.to_owned() };
        let keeping = Keeping::new(self.clone(), about).resumed(hold, title, spent);
        Ok(Session { id, transcript: Transcript::restore(messages), keeping: Arc::new(keeping), prompt: None })
    }

    /// Takes a session, so that nobody else goes on with it or deletes it.
    ///
    /// # Errors
    /// [`StoreError::InUse`], or [`StoreError::Io`].
    pub fn hold(&self, id: &str) -> Result<Hold, StoreError> {
        Hold::take(&self.locks, id)
    }

    /// Takes away the locks that processes left which were killed.
    pub fn sweep(&self) {
        for id in self.open_ids() {
            drop(self.hold(&id));
        }
    }

    /// The sessions that have a lock: those that are open, and those that were when a process was killed.
    #[must_use]
    pub fn open_ids(&self) -> Vec<String> {
        let entries = std::fs::read_dir(&self.locks).into_iter().flatten().flatten();
        entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
    }

    /// Which process has a session open; `None` when none has.
    #[must_use]
    pub fn in_use(&self, id: &str) -> Option<u32> {
        hold::in_use(&self.locks, id)
    }
}
