//! Keeps a session as it goes on. What cannot be stored now is tried again with the next message; nothing is left
//! out, and the person is told once.

use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt as _;
use hermes_plugin_api::model::Message;

use crate::host::clock;
use crate::host::scope::BoxFuture;
use crate::session::hold::Hold;
use crate::session::sessions::Sessions;
use crate::session::spent::Spent;
use crate::session::store::{About, Appended, StoreError};
use crate::session::transcript::Transcript;
use crate::turn::Keeper;

/// Keeps one session.
#[derive(Debug)]
pub struct Keeping {
    sessions: Sessions,
    about: About,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    hold: Option<Hold>,
    title: Option<String>,
    /// What the whole session cost.
    total: Spent,
    /// What of that is not stored yet.
    unkept: Spent,
    /// How many tokens the last answer and all before it were; 0 is not known.
    filled: u64,
    /// The last attempt failed, and the person knows.
    failing: bool,
}

impl Keeping {
    /// Keeps a session that is not stored yet.
    #[must_use]
    pub fn new(sessions: Sessions, about: About) -> Self {
        Self { sessions, about, state: Mutex::default() }
    }

    /// Keeps one that is.
    #[must_use]
    pub fn resumed(self, hold: Hold, title: Option<String>, total: Spent) -> Self {
        let state = Mutex::new(State { hold: Some(hold), title, total, ..State::default() });
        Self { state, ..self }
    }

    /// Whether the session is stored.
    #[must_use]
    pub fn is_stored(&self) -> bool {
        let state = self.state();
        state.hold.is_some() && !state.failing
    }

    /// The session's title.
    #[must_use]
    pub fn title(&self) -> Option<String> {
        self.state().title.clone()
    }

    /// What the session cost.
    #[must_use]
    pub fn spent(&self) -> Spent {
        self.state().total
    }

    /// How many tokens the session is, as the model counted with its last answer; 0 before that.
    #[must_use]
    pub fn filled(&self) -> u64 {
        self.state().filled
    }

    /// Gives the session the title that a person chose. Returns it as it is now.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn rename(&self, title: String) -> Result<String, StoreError> {
        self.take()?;
        let about = self.about.clone();
        let title = self.sessions.with(move |store| {
            store.begin(&about)?;
            store.rename(&about.id, &title)
        });
        let title = title.await?;
        self.state().title = Some(title.clone());
        Ok(title)
    }

    /// Gives the session a title that was made for it, unless a person chose one. Returns it as it is then.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn suggest(&self, title: String) -> Result<Option<String>, StoreError> {
        let id = self.about.id.clone();
        let title = self.sessions.with(move |store| store.suggest(&id, &title)).await?;
        if title.is_some() {
            self.state().title.clone_from(&title);
        }
        Ok(title)
    }

    /// Counts what was spent on the session beside its messages; it is stored with the next of them.
    pub fn spend(&self, spent: &Spent) {
        let mut state = self.state();
        state.total.add(spent);
        state.unkept.add(spent);
    }

    /// Takes back what a person said last and what came of it. Returns what they said.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing is taken back.
    pub async fn take_back(&self, transcript: &mut Transcript) -> Result<Option<String>, StoreError> {
        let mut shorter = transcript.clone();
        let said = shorter.take_back();
        let count = transcript.kept() - shorter.kept();
        if count > 0 {
            let id = self.about.id.clone();
            self.sessions.with(move |store| store.take_back(&id, count)).await?;
        }
        *transcript = shorter;
        Ok(said)
    }

    /// Puts a summary in place of what stands before message `at`. What stands there stays in the store, as a session
    /// that this one goes on from.
    ///
    /// # Errors
    /// [`StoreError`]; then nothing is changed.
    pub async fn fold(
        &self,
        transcript: &mut Transcript,
        at: usize,
        summary: &str,
        spent: &Spent,
    ) -> Result<(), StoreError> {
        let unkept = self.state().unkept;
        self.append(transcript, &unkept).await?;
        self.state().unkept = Spent::default();
        let staying = transcript.messages().len().saturating_sub(at);
        let (folded, beginning) = transcript.folded(at, summary);
        let (about, earlier, spent) = (self.about.clone(), clock::random_id(), *spent);
        let there = self.sessions.with(move |store| store.fold(&about, &earlier, staying, &beginning, &spent)).await?;
        if !there {
            return Err(StoreError::Unknown { name: self.about.id.clone(), near: Vec::new() });
        }
        self.state().total.add(&spent);
        *transcript = folded;
        Ok(())
    }

    /// What was said before the summary that the session begins with, in the session that it goes on from.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn earlier(&self) -> Result<Vec<Message>, StoreError> {
        let id = self.about.id.clone();
        self.sessions
            .with(move |store| match store.session(&id)?.and_then(|session| session.parent) {
                Some(parent) => store.messages(&parent),
                None => Ok(Vec::new()),
            })
            .await
    }

    async fn append(&self, transcript: &mut Transcript, spent: &Spent) -> Result<(), StoreError> {
        self.take()?;
        loop {
            let (about, spent) = (self.about.clone(), *spent);
            let (kept, new) = (transcript.kept(), transcript.unkept().to_vec());
            let count = kept + new.len();
            match self.sessions.with(move |store| store.append(&about, kept, &new, &spent)).await? {
                Appended::Done(title) => {
                    transcript.set_kept(count);
                    self.state().title = title;
                    return Ok(());
                }
                // The store was moved away or the session deleted by other means: all of it is stored again.
                Appended::Gone => transcript.set_kept(0),
            }
        }
    }

    fn take(&self) -> Result<(), StoreError> {
        let mut state = self.state();
        if state.hold.is_none() {
            state.hold = Some(self.sessions.hold(&self.about.id)?);
        }
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Keeper for Keeping {
    fn keep<'a>(&'a self, transcript: &'a mut Transcript, spent: Spent) -> BoxFuture<'a, Option<String>> {
        async move {
            let all = {
                let mut state = self.state();
                state.total.add(&spent);
                state.unkept.add(&spent);
                if spent.answers > 0 {
                    state.filled = spent.input_tokens.saturating_add(spent.output_tokens);
                }
                state.unkept
            };
            if transcript.unkept().is_empty() && all == Spent::default() {
                return None;
            }
            let result = self.append(transcript, &all).await;
            let mut state = self.state();
            let failed_before = mem::replace(&mut state.failing, result.is_err());
            match result {
                Ok(()) => {
                    state.unkept = Spent::default();
                    failed_before.then(|| "The session is stored again, and nothing is missing".to_owned())
                }
                Err(error) => {
                    tracing::error!(%error, session = self.about.id, "The session could not be stored.");
                    let text = format!("⚠ This session is not stored for now. {}", error.told());
                    (!failed_before).then_some(text)
                }
            }
        }
        .boxed()
    }
}
