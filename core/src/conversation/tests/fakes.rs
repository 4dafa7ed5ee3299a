//! A room with a person, a platform that remembers, a model that says what the test wrote and a tool that asks.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use futures_util::FutureExt as _;
use hermes_plugin_api::error::{PluginError, Result};
use hermes_plugin_api::flow::{Cancel, Output, Sink};
use hermes_plugin_api::host::{ProcessAction, ShellRequest, ShellResult};
use hermes_plugin_api::model::{CallRequest, Completion, Delta, ModelInfo, Request, Role, Usage};
use hermes_plugin_api::platform::{Body, Event, Inbound, Outbound, Prompt, Receipt, Status};
use hermes_plugin_api::session::{Answer, AskRequest, CompleteRequest, Report};
use hermes_plugin_api::tools::{CallResult, Progress, Tool, ToolCall};
use hermes_plugin_api::{McpServer, Model, Platform, serve};
use serde_json::Value;
use tokio::sync::{Notify, mpsc};

use crate::config::home::Home;
use crate::conversation::agent::Side;
use crate::conversation::words::Words;
use crate::conversation::workplace::{Workplace, Workspace};
use crate::conversation::{Agent, Conversation, Line, Parts, Signal};
use crate::flow::messages;
use crate::guard::{Approver as _, Audit, ConsentStore, Guard, Policy};
use crate::host::scope::{BoxFuture, FileRequest, Scopes, ToolScope};
use crate::plugin::catalogue::Catalogue;
use crate::plugin::handle::{ModelHandle, PlatformHandle, ToolsHandle};
use crate::plugin::registry::Plugins;
use crate::plugin::state::Choice;
use crate::session::sessions::Sessions;
use crate::turn::limits::Limits;
use crate::turn::toolbox::Toolbox;

type Said = Result<Completion>;

#[derive(Clone, Default)]
pub(super) struct Room(Arc<Inner>);

#[derive(Default)]
struct Inner {
    sent: Mutex<Vec<String>>,
    details: Mutex<Vec<String>>,
    prompt: Mutex<String>,
    news: Notify,
    says: Mutex<VecDeque<Said>>,
    asked: Mutex<Vec<String>>,
    answers: Mutex<Vec<Option<String>>>,
    visits: Mutex<(usize, usize)>,
    scopes: Scopes,
    line: Mutex<Option<Ends>>,
    sessions: Mutex<Option<(Sessions, tempfile::TempDir)>>,
}

struct Ends {
    inbox: Sink<Inbound>,
    signals: mpsc::Sender<Signal>,
}

pub(super) fn say(text: &str) -> Said {
    Ok(Completion { content: text.into(), ..Completion::default() })
}

/// An answer that cost something.
pub(super) fn spend(input_tokens: u64, output_tokens: u64) -> Said {
    let usage = Usage { input_tokens, output_tokens, ..Usage::default() };
    Ok(Completion { content: "spent".into(), usage, ..Completion::default() })
}

fn calls(name: &str) -> Said {
    let call = CallRequest { name: name.into(), ..CallRequest::default() };
    Ok(Completion { tool_calls: vec![call], ..Completion::default() })
}

pub(super) fn ask() -> Said {
    calls("ask")
}

pub(super) fn ask_deafly() -> Said {
    calls("ask_deafly")
}

pub(super) fn hang() -> Said {
    calls("hang")
}

pub(super) fn stubborn() -> Said {
    calls("stubborn")
}

impl Room {
    pub(super) fn new() -> Self {
        Self::default()
    }

    pub(super) async fn parts(&self) -> Parts {
        let platform = PlatformHandle::new("platform-fake", "fake", serve::platform(self.clone()));
        let tools = ToolsHandle::new("tools-fake", "fake", serve::mcp_server(self.clone()));
        let (toolbox, _) = Toolbox::gather(&[tools]).await;
        let agent = Agent {
            model: ModelHandle::new("model-fake", "fake", serve::model(self.clone())),
            model_name: String::new(),
            fallbacks: Default::default(),
            compression: Default::default(),
            title: Side { own: None, time: std::time::Duration::from_secs(60) },
            vision: Side { own: None, time: std::time::Duration::from_secs(60) },
            toolbox,
            limits: Limits::default(),
        };
        let audit = Audit::new(&std::env::temp_dir());
        let guard = Guard::new(Policy::default(), Vec::new(), Arc::new(NoStore), audit).expect("a guard");
        Parts {
            context: Arc::new(crate::context::tests::context(&std::env::temp_dir().join("no-home"), None, None)),
            agent: Arc::new(agent),
            line: Arc::new(Line::new(platform, "room", false)),
            guard: Arc::new(guard),
            workplace: Arc::new(self.clone()),
            scopes: self.0.scopes.clone(),
            plugins: Arc::new(Plugins::new(Vec::new(), Catalogue::default(), &Choice::default(), None, None)),
            sessions: self.sessions(),
            source: "room".into(),
            words: Words::default(),
            pictures: None,
        }
    }

    /// The sessions of a home of its own.
    pub(super) fn sessions(&self) -> Sessions {
        let mut sessions = self.0.sessions.lock().unwrap();
        let new = || {
            let home = tempfile::tempdir().expect("a folder");
            (Sessions::open(&Home::at(home.path())).expect("a store"), home)
        };
        sessions.get_or_insert_with(new).0.clone()
    }

    /// A conversation beside what a person does. Returns its exit code.
    pub(super) async fn talk(&self, person: impl AsyncFnOnce(&Self)) -> u8 {
        self.talk_over(self.parts().await, person).await
    }

    pub(super) async fn talk_over(&self, parts: Parts, person: impl AsyncFnOnce(&Self)) -> u8 {
        let (inbox, events) = messages(64);
        let (signals, receiver) = mpsc::channel(4);
        *self.0.line.lock().unwrap() = Some(Ends { inbox, signals });
        let conversation = Conversation::new(parts);
        tokio::join!(conversation.converse(events, receiver), person(self)).0
    }

    pub(super) fn says(&self, said: Said) {
        self.0.says.lock().unwrap().push_back(said);
    }

    pub(super) fn event(&self, event: Event) {
        let line = self.0.line.lock().unwrap();
        let inbound = Inbound { event, ..Inbound::default() };
        let _ = line.as_ref().expect("in a talk").inbox.try_push(&inbound);
    }

    pub(super) fn person(&self, text: &str) {
        self.event(Event::Message { text: text.into(), media: Vec::new() });
    }

    pub(super) fn leaves(&self) {
        self.event(Event::Closed);
    }

    pub(super) fn signal(&self, signal: Signal) {
        let line = self.0.line.lock().unwrap();
        line.as_ref().expect("in a talk").signals.try_send(signal).expect("room");
    }

    /// Waits until something like this was sent. Returns the last prompt's id.
    pub(super) async fn until(&self, what: &str) -> String {
        while !self.sent().contains(what) {
            self.0.news.notified().await;
        }
        self.0.prompt.lock().unwrap().clone()
    }

    /// Lets the others do what they can do without time going by.
    pub(super) async fn settle(&self) {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }

    pub(super) fn sent(&self) -> String {
        self.0.sent.lock().unwrap().join("|")
    }

    /// What stood beside the status line, one after another.
    pub(super) fn details(&self) -> Vec<String> {
        self.0.details.lock().unwrap().clone()
    }

    pub(super) fn asked(&self) -> Vec<String> {
        self.0.asked.lock().unwrap().clone()
    }

    pub(super) fn answers(&self) -> Vec<Option<String>> {
        self.0.answers.lock().unwrap().clone()
    }

    pub(super) fn opened(&self) -> usize {
        self.0.visits.lock().unwrap().0
    }

    pub(super) fn closed(&self) -> usize {
        self.0.visits.lock().unwrap().1
    }
}

impl Platform for Room {
    async fn run(&self, _: Sink<Inbound>, _: Cancel) -> Result<()> {
        Ok(())
    }

    async fn send(&self, outbound: Outbound) -> Result<Receipt> {
        let line = match outbound.body {
            Body::MessageEnd { text } => format!("end {text}"),
            Body::Notice { text } => format!("notice {text}"),
            Body::Prompt(prompt) => {
                *self.0.prompt.lock().unwrap() = prompt.id;
                "prompt".into()
            }
            Body::PromptEnd { outcome, .. } => format!("settled {outcome}"),
            Body::TurnEnd => "ready".into(),
            Body::Status(Status { text, details, .. }) => {
                let mut all = self.0.details.lock().unwrap();
                all.push(details);
                if all.len() > 1 && text.is_empty() {
                    return Ok(Receipt::default());
                }
                format!("status{text}")
            }
            Body::Activity { .. } => return Ok(Receipt::default()),
            other => format!("{other:?}"),
        };
        self.0.sent.lock().unwrap().push(line);
        self.0.news.notify_one();
        Ok(Receipt::default())
    }
}

impl Model for Room {
    async fn info(&self, _: String) -> Result<ModelInfo> {
        Ok(ModelInfo { context: Some(1_000), ..ModelInfo::default() })
    }

    async fn complete(&self, request: Request, _: Sink<Delta>, _: Cancel) -> Result<Completion> {
        let said = request.messages.iter().filter(|m| m.role != Role::Tool && !m.content.is_empty());
        let said: Vec<&str> = said.map(|message| message.content.as_str()).collect();
        if request.messages.last().is_some_and(|message| message.role == Role::User) {
            self.0.asked.lock().unwrap().push(said.join(","));
        }
        self.0.says.lock().unwrap().pop_front().unwrap_or_else(|| say("done"))
    }
}

impl McpServer for Room {
    async fn tools(&self) -> Result<Vec<Tool>> {
        let tool = |name: &str| Tool { name: name.into(), ..Tool::default() };
        Ok(["ask", "ask_deafly", "hang", "stubborn"].map(tool).into())
    }

    async fn call(&self, call: ToolCall, _: Sink<Progress>, cancel: Cancel) -> Result<CallResult> {
        let request = ShellRequest { command: call.name.clone(), ..ShellRequest::default() };
        let scope = self.0.scopes.find(&call.context.token)?;
        match call.name.as_str() {
            "ask" | "ask_deafly" => {
                let result = scope.during(|session| session.shell(request, None, cancel)).await?;
                Ok(CallResult::text(result.output))
            }
            "hang" => {
                cancel.cancelled().await;
                Err(PluginError::cancelled())
            }
            _ => std::future::pending().await,
        }
    }
}

impl Workplace for Room {
    fn open(&self, _: &str, line: &Arc<Line>) -> Arc<dyn Workspace> {
        self.0.visits.lock().unwrap().0 += 1;
        Arc::new(Desk { room: self.clone(), line: line.clone() })
    }
}

struct Desk {
    room: Room,
    line: Arc<Line>,
}

impl ToolScope for Desk {
    fn screen<'a>(&'a self, _: &'a str, _: &'a str) -> BoxFuture<'a, Option<String>> {
        Box::pin(std::future::ready(None))
    }

    fn caller(&self) -> (String, String) {
        Default::default()
    }

    fn shell(&self, request: ShellRequest, _: Option<Output>, cancel: Cancel) -> BoxFuture<'_, Result<ShellResult>> {
        async move {
            let id = crate::host::clock::random_id();
            let prompt = Prompt { id, ..Prompt::default() };
            let answer = match request.command.as_str() {
                "ask" => cancel.run(self.line.ask(&prompt)).await??,
                _ => self.line.ask(&prompt).await?,
            };
            self.line.settled(&prompt, "settled").await;
            self.room.0.answers.lock().unwrap().push(answer.clone());
            Ok(ShellResult { output: answer.unwrap_or_default(), ..ShellResult::default() })
        }
        .boxed()
    }

    fn process(&self, _: ProcessAction, _: Cancel) -> BoxFuture<'_, Result<Value>> {
        std::future::ready(Ok(Value::Null)).boxed()
    }

    fn ask<'a>(&'a self, _: &'a str, _: AskRequest, _: Cancel) -> BoxFuture<'a, Result<Answer>> {
        std::future::ready(Ok(Answer::Nobody)).boxed()
    }

    fn emit<'a>(&'a self, _: &'a str, _: Report) -> BoxFuture<'a, Result<()>> {
        std::future::ready(Ok(())).boxed()
    }

    fn complete(&self, _: CompleteRequest, _: Option<Output>, _: Cancel) -> BoxFuture<'_, Result<Completion>> {
        std::future::ready(Err(PluginError::unsupported("model.complete"))).boxed()
    }

    fn file(&self, _: FileRequest, _: Option<Output>, _: Cancel) -> BoxFuture<'_, Result<Value>> {
        std::future::ready(Ok(Value::Null)).boxed()
    }
}

impl Workspace for Desk {
    fn begin(&self, _: &str) {}

    fn changed(&self) -> Result<Vec<(String, Vec<String>)>> {
        Ok(vec![("fix it".to_owned(), vec!["/w/a".to_owned(), "/w/b".to_owned()])])
    }

    fn rollback<'a>(&'a self, turns: usize, _: &'a Cancel) -> BoxFuture<'a, Result<String>> {
        let done = match turns {
            1..=9 => Ok(format!("{turns} taken back")),
            _ => Err(PluginError::user("That many there are not")),
        };
        std::future::ready(done).boxed()
    }

    fn refused(&self) -> bool {
        false
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.room.0.visits.lock().unwrap().1 += 1;
        std::future::ready(()).boxed()
    }
}

struct NoStore;

impl ConsentStore for NoStore {
    fn entries(&self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    fn add(&self, _: &str) -> Result<()> {
        Ok(())
    }

    fn remove(&self, _: &str) -> Result<bool> {
        Ok(false)
    }
}
