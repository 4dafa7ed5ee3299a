//! What is brought to the guard, and how the guard reaches a person.

use futures_util::future::BoxFuture;
use hermes_plugin_api::backend::SessionFacts;
use hermes_plugin_api::error::Result;
use hermes_plugin_api::platform::Prompt;

/// A command that wants to run.
#[derive(Clone, Copy)]
pub struct CommandRequest<'a> {
    /// The exact text that the shell would get.
    pub text: &'a str,
    /// The absolute working directory it would run in.
    pub cwd: &'a str,
    /// Who wants it.
    pub caller: Caller<'a>,
}

/// A file that a tool wants to write.
#[derive(Clone, Copy)]
pub struct WriteRequest<'a> {
    /// The path: absolute, with links resolved.
    pub path: &'a str,
    /// Something is there already.
    pub replaces: bool,
    /// Who wants it.
    pub caller: Caller<'a>,
}

/// Who wants an effect: in which session, and whom one can ask about it.
#[derive(Clone, Copy)]
pub struct Caller<'a> {
    /// The backend's name.
    pub backend: &'a str,
    /// The session's id: consent and yolo belong to it, and the witness is bound to it.
    pub session: &'a str,
    /// Who caused it, for the audit log: `terminal`, `platform:id`, `cron:job`.
    pub who: &'a str,
    /// What the backend reports about the open session.
    pub facts: &'a SessionFacts,
    /// Who can be asked.
    pub audience: Audience<'a>,
    /// Who hears what a model decided in a person's place.
    pub listener: Option<&'a dyn Listener>,
}

/// Hears what was decided without a person. It is told and cannot answer.
pub trait Listener: Send + Sync {
    /// Hears something, in one line.
    fn heard<'a>(&'a self, text: &'a str) -> BoxFuture<'a, ()>;
}

/// Who can be asked about a command.
#[derive(Clone, Copy)]
pub enum Audience<'a> {
    /// A person.
    Person(&'a dyn Approver),
    /// Nobody: a single query.
    SingleQuery,
    /// Nobody: a scheduled job.
    Cron,
    /// Nobody: a webhook, an API call.
    Unattended,
}

/// Carries prompts to one person and answers back. It neither judges answers nor keeps time: the guard does.
pub trait Approver: Send + Sync {
    /// Shows a prompt and returns what the person typed, or `None` for end of input or when they left. The
    /// future is dropped when time is over or the turn was cancelled.
    ///
    /// # Errors
    /// When the person cannot be reached; that counts as a refusal.
    fn ask<'a>(&'a self, prompt: &'a Prompt) -> BoxFuture<'a, Result<Option<String>>>;

    /// Tells that a prompt is settled, and how: nothing typed from now on belongs to it. Called once after every
    /// [`ask`](Self::ask), answered or not.
    fn settled<'a>(&'a self, prompt: &'a Prompt, outcome: &'a str) -> BoxFuture<'a, ()>;

    /// Whether a [`Prompt`] that is `hidden` may be asked: what is typed is not seen.
    fn can_hide(&self) -> bool {
        false
    }

    /// Tells the person something that needs no answer.
    fn notice<'a>(&'a self, text: &'a str) -> BoxFuture<'a, ()>;
}
