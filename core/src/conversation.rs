//! A conversation between a person on a platform and the agent: turns one after another, prompts and their
//! answers, interruptions, and the words that are for the program itself.
//!
//! It knows one chat and one session. Who may talk is settled before; what may run is the guard's to say.

pub mod agent;
mod around;
pub(crate) mod auxiliary;
mod beside;
mod compress;
pub mod desk;
mod entitle;
pub mod kept;
pub mod line;
mod opening;
mod password;
pub mod pictures;
mod question;
mod quote;
mod recall;
mod rollback;
mod slash;
mod standing;
pub mod words;
pub mod workplace;

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hermes_plugin_api::model::Image;
use hermes_plugin_api::platform::{Body, Event, Inbound, Status};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::context::{Context, Prompt};
use crate::conversation::agent::Agent;
use crate::conversation::beside::Beside;
use crate::conversation::compress::Compressing;
use crate::conversation::line::Line;
use crate::conversation::pictures::Pictures;
use crate::conversation::slash::{Read, Slash};
use crate::conversation::words::Words;
use crate::conversation::workplace::{Workplace, Workspace};
use crate::error;
use crate::flow::{CancelSource, Messages};
use crate::guard::Guard;
use crate::host::clock;
use crate::host::scope::Scopes;
use crate::plugin::registry::Plugins;
use crate::session::Session;
use crate::session::keep::Keeping;
use crate::session::sessions::Sessions;
use crate::session::store::find::short;
use crate::turn::compress::Compressor;
use crate::turn::{Follower as _, Outcome, Said, Turn};

/// Most messages that wait while a turn runs.
const WAITING: usize = 16;
/// How long what runs may take to end when the program does.
const FAREWELL: Duration = Duration::from_secs(10);

/// What a conversation is made of.
#[derive(Clone)]
pub struct Parts {
    /// Who answers.
    pub agent: Arc<Agent>,
    /// The line to the person.
    pub line: Arc<Line>,
    /// Who decides about effects.
    pub guard: Arc<Guard>,
    /// Where commands run.
    pub workplace: Arc<dyn Workplace>,
    /// Where tool calls get their tokens.
    pub scopes: Scopes,
    /// What is installed.
    pub plugins: Arc<Plugins>,
    /// What the model is told first.
    pub context: Arc<Context>,
    /// Where sessions are kept.
    pub sessions: Sessions,
    /// Where its sessions come from, for those who look for them.
    pub source: String,
    /// The words of plugins.
    pub words: Words,
    /// Where pictures lie that the person names. Absent where who writes may name no files here.
    pub pictures: Option<Pictures>,
}

/// A signal from outside the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// The person pressed Ctrl-C.
    Interrupt,
    /// The program is to end.
    Terminate,
}

/// What became of a single message.
#[derive(Debug)]
pub struct Single {
    /// How its turn ended.
    pub outcome: Outcome,
    /// The last effect that the agent wanted was refused.
    pub refused: bool,
}

/// A conversation.
pub struct Conversation {
    parts: Parts,
    /// Absent while a turn has it.
    session: Option<Session>,
    id: String,
    keeping: Arc<Keeping>,
    workspace: Arc<dyn Workspace>,
    running: Option<Running>,
    waiting: VecDeque<String>,
    beside: Beside,
    ending: Option<Ending>,
    /// What the status line says.
    status: Option<Status>,
    /// Ctrl-C was pressed with nothing to interrupt.
    warned: bool,
}

struct Running {
    turn: Pin<Box<dyn Future<Output = (Session, Outcome)> + Send>>,
    cancel: CancelSource,
}

#[derive(Clone, Copy)]
struct Ending {
    code: u8,
    deadline: Option<Instant>,
}

impl Conversation {
    /// A conversation with a new session.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        let session = begin(&parts);
        Self::with(parts, session)
    }

    /// A conversation that goes on with a session.
    #[must_use]
    pub fn with(parts: Parts, session: Session) -> Self {
        let (id, keeping) = (session.id.clone(), session.keeping.clone());
        let workspace = parts.workplace.open(&id, &parts.line);
        let (session, waiting, beside) = (Some(session), VecDeque::new(), Beside::default());
        let (running, ending, status) = (None, None, None);
        Self { parts, session, id, keeping, workspace, running, waiting, beside, ending, status, warned: false }
    }

    /// Answers one message and ends.
    ///
    /// # Cancellation
    /// The first signal interrupts the turn, the second ends it at once.
    pub async fn single(mut self, text: String, mut signals: mpsc::Receiver<Signal>) -> Single {
        self.start(text);
        let mut deadline = None;
        loop {
            // A branch that is dropped loses nothing: the turn stands in `self`, a signal in its queue.
            tokio::select! {
                (_, outcome) = turn_of(&mut self.running) => {
                    if let Outcome::Answered(text) | Outcome::GaveUp(text) = &outcome {
                        self.parts.line.conclude(text).await;
                    }
                    let refused = self.workspace.refused();
                    self.close().await;
                    return Single { outcome, refused };
                }
                Some(_) = signals.recv() => match deadline {
                    None => {
                        deadline = Some(Instant::now() + FAREWELL);
                        self.cancel();
                    }
                    Some(_) => break,
                },
                () = until(deadline) => break,
            }
        }
        Single { outcome: Outcome::Interrupted, refused: false }
    }

    /// Talks until the person leaves. Returns the code to exit with.
    pub async fn converse(mut self, mut inbox: Messages<Inbound>, mut signals: mpsc::Receiver<Signal>) -> u8 {
        let goes_on = self.session.as_ref().is_some_and(|session| !session.transcript.messages().is_empty());
        if goes_on && !self.parts.line.is_quiet() {
            self.recall().await;
        }
        self.show_status().await;
        self.parts.line.show(Body::TurnEnd).await;
        let mut open = true;
        loop {
            if let Some(Ending { code, .. }) = self.ending.filter(|_| self.running.is_none() && !self.beside.is_busy())
            {
                self.part().await;
                self.close().await;
                return code;
            }
            let deadline = self.ending.and_then(|ending| ending.deadline);
            // A branch that is dropped loses nothing: the turn stands in `self`, the others in their queues.
            tokio::select! {
                (session, outcome) = turn_of(&mut self.running) => self.finished(session, outcome).await,
                done = self.beside.next() => self.done_beside(done).await,
                event = inbox.recv(), if open => match event {
                    Some(Ok(inbound)) => self.event(inbound.event).await,
                    Some(Err(error)) => tracing::warn!(%error, "An event could not be read."),
                    None => {
                        open = false;
                        self.left();
                    }
                },
                Some(signal) = signals.recv() => self.signal(signal).await,
                () = until(deadline) => {
                    self.running = None;
                    self.beside.abandon();
                }
            }
        }
    }

    async fn event(&mut self, event: Event) {
        match event {
            Event::Message { text, .. } => self.message(text).await,
            Event::Answer { prompt, text } => self.answer(&prompt, text),
            Event::Interrupt => self.signal(Signal::Interrupt).await,
            Event::Closed => self.left(),
        }
    }

    fn answer(&self, prompt: &str, text: String) {
        let text = slash::answer(&text).unwrap_or(text);
        let _ = self.parts.line.answer(prompt, text.clone()) || self.beside.answer(prompt, &text);
    }

    /// Answers whichever prompt asks for consent.
    async fn decide(&mut self, text: &str) {
        if !self.parts.line.decide(text) && !self.beside.decide(text) {
            self.notice("Nothing waits for a yes or a no".into()).await;
        }
    }

    async fn message(&mut self, text: String) {
        self.warned = false;
        match slash::read(&text) {
            Some(Read::Known(slash)) => self.obey(slash).await,
            Some(Read::Wrong(why)) => self.notice(why).await,
            Some(Read::Other(word)) => match self.parts.words.read(&text) {
                Some(call) => return self.run_word(call).await,
                None => self.notice(slash::unknown(&word, &self.parts.words.names())).await,
            },
            None if text.trim().is_empty() => {}
            None if self.running.is_none() => return self.start(text),
            None if self.waiting.len() < WAITING => self.waiting.push_back(text),
            None => self.notice(format!("{WAITING} messages wait already; this one is dropped")).await,
        }
        self.ready().await;
    }

    async fn obey(&mut self, slash: Slash) {
        let waits = matches!(
            slash,
            Slash::New | Slash::Resume(Some(_)) | Slash::Undo | Slash::Retry | Slash::History | Slash::Compress
        );
        if waits && self.running.is_some() {
            return self.notice("A turn is running: `/stop` it first".into()).await;
        }
        match slash {
            Slash::Approve(how) => self.decide(how.as_deref().unwrap_or("once")).await,
            Slash::Deny(reason) => self.decide(&format!("deny {}", reason.unwrap_or_default())).await,
            Slash::Background(text) => self.background(text).await,
            Slash::Queue(text) => self.queue(text).await,
            Slash::Model(wanted) => self.model(wanted).await,
            Slash::Tools => self.notice(self.tools()).await,
            Slash::Plugins => self.notice(self.plugins()).await,
            Slash::Help | Slash::Commands => {
                self.notice(format!("{}{}", slash::help(), self.parts.words.help())).await;
            }
            Slash::Status => self.notice(self.standing()).await,
            Slash::Yolo => self.toggle_yolo().await,
            Slash::Stop if self.running.is_none() && !self.beside.is_busy() => {
                self.notice("Nothing is running".into()).await
            }
            Slash::Stop => {
                self.beside.cancel();
                self.stop();
            }
            Slash::Quit => self.end(error::OK),
            Slash::New => self.renew().await,
            Slash::Resume(name) => self.resume(name).await,
            Slash::Title(title) => self.title(title).await,
            Slash::History => self.history().await,
            Slash::Undo => self.undo().await,
            Slash::Retry => self.retry().await,
            Slash::Usage => self.usage().await,
            Slash::Compress => self.compress(),
            Slash::Rollback(what) => self.roll_back(what.as_deref()).await,
        }
    }

    async fn toggle_yolo(&mut self) {
        let on = !self.parts.guard.is_yolo(&self.id);
        self.parts.guard.set_yolo(&self.id, on);
        let text = match on {
            true => "⚡ YOLO mode ON — all commands auto-approved. Use with caution.",
            false => "⚠ YOLO mode OFF — dangerous commands will require approval.",
        };
        self.notice(text.into()).await;
        self.show_status().await;
    }

    async fn renew(&mut self) {
        self.move_to(begin(&self.parts)).await;
        self.notice("A new session begins".into()).await;
    }

    async fn move_to(&mut self, session: Session) {
        self.workspace.close().await;
        self.id = session.id.clone();
        self.keeping = session.keeping.clone();
        self.workspace = self.parts.workplace.open(&self.id, &self.parts.line);
        self.session = Some(session);
        self.show_status().await;
    }

    async fn signal(&mut self, signal: Signal) {
        if let Some(Ending { deadline: Some(deadline), .. }) = &mut self.ending {
            // The second one does not wait.
            *deadline = Instant::now();
            return;
        }
        if signal == Signal::Terminate {
            return self.end(error::INTERRUPTED);
        }
        if self.parts.line.decline() || self.beside.decline() {
            return;
        }
        if self.running.is_some() {
            return self.stop();
        }
        if std::mem::replace(&mut self.warned, true) {
            return self.end(error::INTERRUPTED);
        }
        self.notice("Press Ctrl-C again to leave, or type /quit".into()).await;
        self.ready().await;
    }

    fn start(&mut self, text: String) {
        let Some(session) = self.session.take() else { return self.waiting.push_back(text) };
        let cancel = CancelSource::new();
        self.workspace.begin(&text);
        let turn = Box::pin(turn(self.parts.clone(), self.workspace.clone(), session, text, cancel.clone()));
        self.running = Some(Running { turn, cancel });
    }

    /// Runs a word of a plugin, as if it were a turn: it can be stopped, and nothing else runs meanwhile.
    async fn run_word(&mut self, call: words::Call) {
        let Some(session) = self.session.take() else {
            return self.notice("A turn is running: `/stop` it first".into()).await;
        };
        let cancel = CancelSource::new();
        let run = self.parts.words.clone().run(call, cancel.clone());
        let line = self.parts.line.clone();
        let turn = Box::pin(async move {
            let text = run.await;
            if !text.is_empty() {
                line.show(Body::Notice { text }).await;
            }
            (session, Outcome::Answered(String::new()))
        });
        self.running = Some(Running { turn, cancel });
    }

    async fn finished(&mut self, session: Session, outcome: Outcome) {
        self.running = None;
        if matches!(&outcome, Outcome::Answered(text) if !text.is_empty()) {
            self.have_titled(&session);
        }
        self.session = Some(session);
        self.parts.line.tidy().await;
        self.show_status().await;
        match outcome {
            Outcome::Answered(_) | Outcome::GaveUp(_) => {}
            Outcome::Interrupted => self.notice("Interrupted".into()).await,
            Outcome::Failed(error) => {
                let hint = error.hint().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
                self.notice(format!("The model failed: {error}{hint}")).await;
            }
        }
        match self.waiting.pop_front() {
            Some(text) => self.start(text),
            None => self.ready().await,
        }
    }

    /// Tells that the person may write, when that is so.
    async fn ready(&self) {
        if self.running.is_none() && self.ending.is_none() {
            self.parts.line.show(Body::TurnEnd).await;
        }
    }

    fn stop(&mut self) {
        self.waiting.clear();
        self.cancel();
    }

    fn cancel(&self) {
        if let Some(running) = &self.running {
            running.cancel.cancel();
        }
    }

    /// The person left. What they asked for is still done; nobody answers prompts any more.
    fn left(&mut self) {
        self.parts.line.leave();
        self.beside.leave();
        self.ending.get_or_insert(Ending { code: error::OK, deadline: None });
    }

    /// The end, as soon as what runs has stopped.
    fn end(&mut self, code: u8) {
        self.parts.line.leave();
        self.beside.leave();
        self.beside.cancel();
        self.stop();
        self.ending = Some(Ending { code, deadline: Some(Instant::now() + FAREWELL) });
    }

    /// Says how to come back.
    async fn part(&self) {
        if self.keeping.is_stored() && !self.parts.line.is_quiet() {
            self.notice(format!("Go on with this session by `hermes -r {}`", short(&self.id))).await;
        }
    }

    async fn close(&self) {
        if tokio::time::timeout(FAREWELL, self.workspace.close()).await.is_err() {
            tracing::warn!("The session could not be closed in time.");
        }
    }

    async fn notice(&self, text: String) {
        self.parts.line.show(Body::Notice { text }).await;
    }
}

/// A new session.
fn begin(parts: &Parts) -> Session {
    parts.sessions.begin(clock::random_id(), &parts.source, &parts.agent.label())
}

async fn turn(
    parts: Parts,
    workspace: Arc<dyn Workspace>,
    mut session: Session,
    text: String,
    cancel: CancelSource,
) -> (Session, Outcome) {
    let prompt = match session.prompt.take() {
        Some(prompt) => prompt,
        None => prompt(&parts).await,
    };
    session.prompt = Some(prompt.clone());
    let room = compress::room(&parts.agent).await;
    let compressing = Compressing { agent: &parts.agent, keeping: &session.keeping, room };
    let turn = Turn {
        model: &parts.agent.model,
        model_name: &parts.agent.model_name,
        fallbacks: &parts.agent.fallbacks,
        system: &prompt,
        toolbox: &parts.agent.toolbox,
        limits: &parts.agent.limits,
        follower: &*parts.line,
        keeper: &*session.keeping,
        compressor: parts.agent.compression.threshold.map(|_| &compressing as &dyn Compressor),
        longest: compressing.longest(),
        scopes: &parts.scopes,
        scope: workspace,
        session: &session.id,
    };
    let said = Said { images: pictures(&parts, &text).await, text };
    let outcome = turn.run(&mut session.transcript, said, &cancel.handle()).await;
    (session, outcome)
}

/// The pictures that a message names, as far as the model sees any.
async fn pictures(parts: &Parts, text: &str) -> Vec<Image> {
    let mut found = parts.pictures.as_ref().map(|pictures| pictures.find(text)).unwrap_or_default();
    if !found.images.is_empty() {
        let info = parts.agent.model.info(&parts.agent.model_name).await.ok();
        if info.and_then(|info| info.vision) == Some(false) {
            found.images.clear();
            let names = found.names.join("`, `");
            found.troubles.push(format!("`{names}` is not sent: the model sees no pictures. `/model` chooses another"));
        }
    }
    for text in found.troubles {
        parts.line.show(Body::Notice { text }).await;
    }
    found.images
}

/// What the model is told first in a session.
async fn prompt(parts: &Parts) -> Arc<str> {
    let Prompt { text, notices } = parts.context.prompt().await;
    for text in notices {
        parts.line.show(Body::Notice { text }).await;
    }
    text.into()
}

/// The running turn's end; never, when none runs.
async fn turn_of(running: &mut Option<Running>) -> (Session, Outcome) {
    match running {
        Some(running) => (&mut running.turn).await,
        None => std::future::pending().await,
    }
}

async fn until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests;
