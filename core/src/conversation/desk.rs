//! A workspace on a backend: every command goes through the guard and then to the session's shell; questions and
//! reports of tools go to the person, their completions to the model.
//!
//! The backend's session is opened by the first command, and not before: a conversation without commands costs
//! no container and no connection.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use hermes_plugin_api::backend::{Keep, SessionSpec, SharedFile};
use hermes_plugin_api::error::{ErrorCode, PluginError, Result};
use hermes_plugin_api::flow::{Cancel, Output};
use hermes_plugin_api::host::{ProcessAction, ShellRequest, ShellResult};
use hermes_plugin_api::model::Completion;
use hermes_plugin_api::platform::Body;
use hermes_plugin_api::session::{Answer, AskRequest, CompleteRequest, Report};
use serde_json::Value;
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout_at};

use crate::conversation::agent::Agent;
use crate::conversation::auxiliary;
use crate::conversation::kept::Kept;
use crate::conversation::line::Line;
use crate::conversation::opening::{self, Opening};
use crate::conversation::password;
use crate::conversation::question::{Heard, Question};
use crate::conversation::workplace::{Workplace, Workspace};
use crate::files::Files;
use crate::files::checkpoint::Checkpoints;
use crate::guard::witness::{Authorized, Exec};
use crate::guard::{Approver, Audience, Caller, CommandRequest, Guard, Listener};
use crate::host::scope::{BoxFuture, FileRequest, KeptRequest, Scopes, ToolScope};
use crate::plugin::handle::BackendHandle;
use crate::shell::{RunOptions, Shell, Sudo};
use crate::turn::Follower;

/// What desks have in common.
#[derive(Clone)]
pub struct Place {
    /// Who decides.
    pub guard: Arc<Guard>,
    /// Where commands run.
    pub backend: BackendHandle,
    /// Commands run in the environment of this process: their files are this process's too.
    pub here: bool,
    /// Where what tools overwrite is kept, of all sessions.
    pub checkpoints: PathBuf,
    /// Where a session begins; the backend's own default when absent.
    pub cwd: Option<String>,
    /// The environment of every command.
    pub env: BTreeMap<String, String>,
    /// Files of the home that commands may read where they run.
    pub files: Vec<SharedFile>,
    /// The calls that run now: opening a session is one.
    pub scopes: Scopes,
    /// How long a command may take that says nothing else.
    pub timeout: Duration,
    /// What `sudo` is fed.
    pub sudo: Option<Sudo>,
    /// Who causes commands, for the audit log.
    pub who: String,
}

/// Opens desks whose person, if there is one, can be asked.
pub struct Desks {
    /// What they have in common.
    pub place: Place,
    /// Who answers when a tool asks the model.
    pub agent: Arc<Agent>,
    /// What the home keeps.
    pub kept: Kept,
    /// Somebody is there to answer prompts.
    pub attended: bool,
}

impl Workplace for Desks {
    fn open(&self, session: &str, line: &Arc<Line>) -> Arc<dyn Workspace> {
        let approver = self.attended.then(|| line.clone() as Arc<dyn Approver>);
        let mut desk = Desk::new(self.place.clone(), session, approver);
        desk.tools = Some(Tools { agent: self.agent.clone(), kept: self.kept.clone() });
        Arc::new(desk.followed(line.clone()))
    }
}

/// The workspace of one session.
pub struct Desk {
    place: Place,
    session: String,
    /// Whose files a persistent backend has; the session's own when absent.
    task: Option<String>,
    approver: Option<Arc<dyn Approver>>,
    tools: Option<Tools>,
    follower: Option<Arc<dyn Follower>>,
    shell: OnceCell<Shell>,
    checkpoints: Checkpoints,
    refused: AtomicBool,
    /// The person was asked for the password of `sudo`.
    asked_sudo: AtomicBool,
}

/// What is there for tools, where a model calls any.
struct Tools {
    agent: Arc<Agent>,
    kept: Kept,
}

impl Desk {
    /// A desk for a session without tools. Without an approver nobody is asked.
    #[must_use]
    pub fn new(place: Place, session: &str, approver: Option<Arc<dyn Approver>>) -> Self {
        let session = session.to_owned();
        let checkpoints = Checkpoints::new(&place.checkpoints, &session);
        Self {
            place,
            session,
            task: None,
            approver,
            tools: None,
            follower: None,
            shell: OnceCell::new(),
            checkpoints,
            refused: AtomicBool::new(false),
            asked_sudo: AtomicBool::new(false),
        }
    }

    /// With the files of a task that goes beyond this session.
    #[must_use]
    pub fn with_task(mut self, task: &str) -> Self {
        self.task = Some(task.to_owned());
        self
    }

    /// With somebody who is told what goes on.
    #[must_use]
    pub fn followed(mut self, follower: Arc<dyn Follower>) -> Self {
        self.follower = Some(follower);
        self
    }

    /// The shell. Opening its session may take minutes: who does not want to wait stops it.
    async fn shell(&self, cancel: &Cancel) -> Result<&Shell> {
        cancel.run(self.shell.get_or_try_init(|| self.open())).await?
    }

    async fn open(&self) -> Result<Shell> {
        let Place { backend, cwd, env, files, timeout, sudo, .. } = &self.place;
        let task = self.task.as_ref().unwrap_or(&self.session).clone();
        let waiting = Arc::new(Opening::new(self.follower.clone()));
        let opening = self.place.scopes.open(waiting.clone());
        let token = opening.token().to_owned();
        let spec = SessionSpec { task, cwd: cwd.clone(), env: env.clone(), token, files: files.clone() };
        let what = format!("Backend `{}`", backend.origin().name);
        let session = waiting.wait(&what, backend.open(&self.session, &spec)).await?;
        Ok(Shell::new(session, *timeout).with_sudo(sudo.clone()))
    }

    async fn authorize(&self, shell: &Shell, text: &str, cwd: &str, cancel: &Cancel) -> Result<Authorized<Exec>> {
        let request = CommandRequest { text, cwd, caller: self.caller(shell) };
        let authorized = self.place.guard.authorize(request, cancel).await.map_err(PluginError::from);
        self.refused.store(authorized.is_err(), Ordering::Relaxed);
        authorized
    }

    fn caller<'a>(&'a self, shell: &'a Shell) -> Caller<'a> {
        let audience = match &self.approver {
            Some(approver) => Audience::Person(&**approver),
            None => Audience::SingleQuery,
        };
        let (backend, session, facts) = (shell.backend(), shell.id(), shell.facts());
        Caller { backend, session, who: &self.place.who, facts, audience, listener: Some(self) }
    }

    async fn files(&self, cancel: &Cancel) -> Result<Files<'_>> {
        let shell = self.shell(cancel).await?;
        let Place { guard, here, .. } = &self.place;
        Ok(Files { shell, guard, caller: self.caller(shell), here: *here, checkpoints: &self.checkpoints })
    }

    async fn access(&self, request: FileRequest, output: Option<Output>, cancel: Cancel) -> Result<Value> {
        let files = self.files(&cancel).await?;
        let done = match request {
            FileRequest::Read(read) => files.read(read, output, &cancel).await.map(serde_json::to_value),
            FileRequest::Write(write) => files.write(write, &cancel).await.map(serde_json::to_value),
            FileRequest::Walk(walk) => files.walk(walk, output, &cancel).await.map(serde_json::to_value),
        };
        let refused = done.as_ref().is_err_and(|error| error.code == ErrorCode::DENIED);
        self.refused.store(refused, Ordering::Relaxed);
        Ok(done??)
    }

    async fn take_back(&self, turns: usize, cancel: &Cancel) -> Result<String> {
        self.files(cancel).await?.rollback(turns, self.approver.as_deref(), cancel).await
    }

    async fn run(&self, request: ShellRequest, output: Option<Output>, cancel: Cancel) -> Result<ShellResult> {
        let shell = self.shell(&cancel).await?;
        let cwd = shell.directory(request.workdir.as_deref());
        let witness = self.authorize(shell, &request.command, &cwd, &cancel).await?;
        let given = self.password(shell, &request.command, &cancel).await?;
        if request.background {
            return shell.start(witness);
        }
        let timeout = request.timeout.map(Duration::from_secs);
        let options = RunOptions { timeout, elsewhere: request.workdir.is_some() };
        let result = shell.run(witness, &options, output, &cancel).await?;
        if given && result.exit_code != Some(0) && password::was_wrong(&result.output) {
            shell.set_sudo(None);
            self.asked_sudo.store(false, Ordering::Relaxed);
        }
        Ok(result)
    }

    /// Asks for the password that `sudo` wants, once in a session, where what is typed can be hidden. Nothing typed
    /// is no password: `sudo` then fails by itself. Returns whether one was given now.
    async fn password(&self, shell: &Shell, command: &str, cancel: &Cancel) -> Result<bool> {
        let Some(approver) = self.approver.as_deref().filter(|approver| approver.can_hide()) else {
            return Ok(false);
        };
        let is_wanted = || shell.lacks_password(command) && !self.asked_sudo.load(Ordering::Relaxed);
        if !is_wanted() {
            return Ok(false);
        }
        let _turn = cancel.run(self.place.guard.prompting(&self.session)).await?;
        // Another command may have asked meanwhile.
        if !is_wanted() {
            return Ok(false);
        }
        let sudo = password::ask(approver, cancel).await;
        // Who stopped the command was not asked.
        self.asked_sudo.store(sudo.is_ok(), Ordering::Relaxed);
        let sudo = sudo?;
        let given = sudo.is_some();
        shell.set_sudo(sudo);
        Ok(given)
    }

    /// Questions and the guard's prompts wait for one another.
    async fn put(&self, asker: &str, request: AskRequest, cancel: Cancel) -> Result<Answer> {
        let question = Question::new(asker, &request)?;
        let Some(approver) = &self.approver else { return Ok(Answer::Nobody) };
        let _turn = cancel.run(self.place.guard.prompting(&self.session)).await?;
        let deadline = Instant::now() + question.limit();
        loop {
            let prompt = question.prompt();
            let (answer, outcome) = match cancel.run(timeout_at(deadline, approver.ask(&prompt))).await {
                Err(cancelled) => (Err(cancelled), "cancelled"),
                Ok(Err(_)) => (Ok(Heard::Answer(Answer::Late)), "not answered: time is over"),
                Ok(Ok(Err(error))) => {
                    tracing::warn!(%error, "A question could not be asked.");
                    (Ok(Heard::Answer(Answer::Nobody)), "not answered")
                }
                Ok(Ok(Ok(typed))) => match question.read(typed.as_deref()) {
                    Heard::Again => (Ok(Heard::Again), "none of these"),
                    Heard::Answer(Answer::Declined) => (Ok(Heard::Answer(Answer::Declined)), "not answered"),
                    answer => (Ok(answer), "answered"),
                },
            };
            approver.settled(&prompt, outcome).await;
            if let Heard::Answer(answer) = answer? {
                return Ok(answer);
            }
        }
    }

    async fn act(&self, action: ProcessAction, cancel: Cancel) -> Result<Value> {
        let shell = self.shell(&cancel).await?;
        // What reads the input may be a shell or an interpreter: input is a command too.
        if let (true, Some(data)) = (matches!(action.action.as_str(), "write" | "submit"), &action.data) {
            let _judged = self.authorize(shell, data, &shell.cwd(), &cancel).await?;
        }
        shell.process(&action, &cancel).await
    }
}

/// Where there is no conversation, a person at a prompt is told, and what nobody hears stands in the audit log.
impl Listener for Desk {
    fn heard<'a>(&'a self, text: &'a str) -> BoxFuture<'a, ()> {
        async move {
            let conversing = self.follower.as_ref().filter(|_| self.tools.is_some());
            match (conversing, &self.approver) {
                (Some(follower), _) => follower.show(Body::activity(text)).await,
                (None, Some(approver)) => approver.notice(text).await,
                (None, None) => {}
            }
        }
        .boxed()
    }
}

impl ToolScope for Desk {
    fn screen<'a>(&'a self, tool: &'a str, text: &'a str) -> BoxFuture<'a, Option<String>> {
        self.place.guard.screen_output(tool, text).boxed()
    }

    fn caller(&self) -> (String, String) {
        (self.session.clone(), self.place.who.clone())
    }

    fn shell(
        &self,
        request: ShellRequest,
        output: Option<Output>,
        cancel: Cancel,
    ) -> BoxFuture<'_, Result<ShellResult>> {
        self.run(request, output, cancel).boxed()
    }

    fn process(&self, request: ProcessAction, cancel: Cancel) -> BoxFuture<'_, Result<Value>> {
        self.act(request, cancel).boxed()
    }

    fn ask<'a>(&'a self, asker: &'a str, request: AskRequest, cancel: Cancel) -> BoxFuture<'a, Result<Answer>> {
        self.put(asker, request, cancel).boxed()
    }

    fn emit<'a>(&'a self, teller: &'a str, report: Report) -> BoxFuture<'a, Result<()>> {
        opening::tell(self.follower.as_deref(), teller, report).map(Ok).boxed()
    }

    fn complete(
        &self,
        request: CompleteRequest,
        output: Option<Output>,
        cancel: Cancel,
    ) -> BoxFuture<'_, Result<Completion>> {
        async move {
            let tools = self.tools.as_ref().ok_or_else(|| PluginError::unsupported("model.complete"))?;
            auxiliary::complete(&tools.agent, request, output, &cancel).await
        }
        .boxed()
    }

    fn file(&self, request: FileRequest, output: Option<Output>, cancel: Cancel) -> BoxFuture<'_, Result<Value>> {
        self.access(request, output, cancel).boxed()
    }

    fn kept(&self, request: KeptRequest) -> BoxFuture<'_, Result<Value>> {
        async move {
            let tools = self.tools.as_ref().ok_or_else(|| PluginError::unsupported("what the home keeps"))?;
            tools.kept.serve(&self.session, request).await
        }
        .boxed()
    }
}

impl Workspace for Desk {
    fn refused(&self) -> bool {
        self.refused.load(Ordering::Relaxed)
    }

    fn begin(&self, said: &str) {
        self.checkpoints.begin(said);
    }

    fn changed(&self) -> Result<Vec<(String, Vec<String>)>> {
        Ok(self.checkpoints.list()?)
    }

    fn rollback<'a>(&'a self, turns: usize, cancel: &'a Cancel) -> BoxFuture<'a, Result<String>> {
        self.take_back(turns, cancel).boxed()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        async {
            self.place.guard.end_session(&self.session);
            let Some(shell) = self.shell.get() else { return };
            match shell.close(Keep::Files).await {
                Err(error) if error.code != ErrorCode::CANCELLED => {
                    tracing::warn!(%error, session = self.session, "The session was not closed cleanly.");
                }
                _ => {}
            }
        }
        .boxed()
    }
}
