//! A model that says what the test wrote, a toolset of small tools, a follower that remembers.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use hermes_plugin_api::error::{PluginError, Result};
use hermes_plugin_api::flow::{Cancel, Output, Sink};
use hermes_plugin_api::host::{ProcessAction, ShellRequest, ShellResult};
use hermes_plugin_api::model::{CallRequest, Completion, Delta, Message, Request};
use hermes_plugin_api::platform::Body;
use hermes_plugin_api::session::{Answer, AskRequest, CompleteRequest, Report};
use hermes_plugin_api::tools::{CallResult, Progress, Tool, ToolCall};
use hermes_plugin_api::{McpServer, Model, serve};
use serde_json::{Value, json};

use crate::flow::CancelSource;
use crate::host::scope::{BoxFuture, FileRequest, Scopes, ToolScope};
use crate::plugin::handle::{ModelHandle, ToolsHandle};
use crate::session::spent::Spent;
use crate::session::transcript::{Transcript, fault};
use crate::turn::compress::{Compressor, cut};
use crate::turn::limits::Limits;
use crate::turn::models::Standby;
use crate::turn::toolbox::Toolbox;
use crate::turn::{Follower, Keeper, Outcome, Said, Turn};

/// One answer of the fake model.
#[derive(Clone, Debug)]
pub(super) enum Say {
    Text(&'static str),
    Calls(Vec<CallRequest>),
    Streamed(Vec<&'static str>),
    Fails(PluginError),
    BreaksAfter(&'static str, PluginError),
    Hangs,
    Interrupted(&'static str),
    Endless,
    Panics,
}

#[derive(Clone, Default)]
pub(super) struct World {
    pub(super) says: Arc<Mutex<VecDeque<Say>>>,
    pub(super) requests: Arc<Mutex<Vec<Request>>>,
    pub(super) shown: Arc<Mutex<Vec<Body>>>,
    pub(super) cancel: Arc<Mutex<CancelSource>>,
    pub(super) running: Arc<Mutex<(usize, usize)>>,
    pub(super) kept: Arc<Mutex<(Vec<Message>, Spent)>>,
    pub(super) limits: Limits,
    pub(super) falls_back: bool,
    pub(super) longest: Option<u64>,
    pub(super) compressed: Arc<Mutex<Vec<Option<usize>>>>,
}

impl World {
    pub(super) fn new(says: impl IntoIterator<Item = Say>) -> Self {
        let world = Self::default();
        world.says.lock().unwrap().extend(says);
        world
    }

    pub(super) async fn turn(&self, transcript: &mut Transcript) -> Outcome {
        let source = CancelSource::new();
        *self.cancel.lock().unwrap() = source.clone();
        let model = ModelHandle::new("model-fake", "fake", serve::model(self.clone()));
        let tools = ToolsHandle::new("tools-fake", "fake", serve::mcp_server(Tools(self.clone())));
        let (toolbox, problems) = Toolbox::gather(&[tools]).await;
        assert_eq!(problems, []);
        let turn = Turn {
            model: &model,
            model_name: "m",
            fallbacks: &self.fallbacks(),
            system: "s",
            toolbox: &toolbox,
            limits: &self.limits,
            follower: self,
            keeper: self,
            compressor: Some(self),
            longest: self.longest,
            scopes: &Scopes::default(),
            scope: Arc::new(NoScope),
            session: "session",
        };
        let outcome = turn.run(transcript, Said { text: "go".into(), ..Said::default() }, &source.handle()).await;
        assert_eq!(fault(transcript.messages()), None, "{:#?}", transcript.messages());
        outcome
    }

    /// A model that cannot be opened, and one that says the rest.
    fn fallbacks(&self) -> Vec<Standby> {
        let broken = || Err(PluginError::unavailable("It is not installed"));
        let world = self.clone();
        let second = move || Ok(ModelHandle::new("model-second", "second", serve::model(world.clone())));
        let fallbacks = [
            Standby::new("broken".into(), "b".into(), Box::new(broken)),
            Standby::new("second".into(), "n".into(), Box::new(second)),
        ];
        fallbacks.into_iter().filter(|_| self.falls_back).collect()
    }

    pub(super) fn activity(&self) -> String {
        let shown = self.shown.lock().unwrap();
        let lines = shown.iter().filter_map(|body| match body {
            Body::Activity { text, .. } => Some(text.as_str()),
            _ => None,
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// Keeps messages as a store would: one after another, and nothing twice.
impl Keeper for World {
    fn keep<'a>(&'a self, transcript: &'a mut Transcript, spent: Spent) -> BoxFuture<'a, Option<String>> {
        let mut kept = self.kept.lock().unwrap();
        kept.0.extend_from_slice(transcript.unkept());
        kept.1.add(&spent);
        transcript.set_kept(usize::MAX);
        Box::pin(std::future::ready(None))
    }
}

/// Cuts as the real one does. The first time it may fail, as a model does.
impl Compressor for World {
    fn compress<'a>(&'a self, transcript: &'a mut Transcript, _: &'a Cancel) -> BoxFuture<'a, Result<Option<String>>> {
        assert_eq!(transcript.unkept(), []);
        if self.falls_back && self.compressed.lock().unwrap().is_empty() {
            self.compressed.lock().unwrap().push(None);
            return Box::pin(std::future::ready(Err(PluginError::unavailable("No summary"))));
        }
        let at = cut(transcript.messages(), transcript.summary(), 100);
        self.compressed.lock().unwrap().push(at);
        let told = at.map(|at| {
            *transcript = transcript.folded(at, "in short").0;
            self.kept.lock().unwrap().0 = transcript.messages().to_vec();
            "Compressed".to_owned()
        });
        Box::pin(std::future::ready(Ok(told)))
    }
}

impl Follower for World {
    fn show(&self, body: Body) -> BoxFuture<'_, ()> {
        self.shown.lock().unwrap().push(body);
        Box::pin(std::future::ready(()))
    }
}

impl Model for World {
    async fn complete(&self, request: Request, deltas: Sink<Delta>, _: Cancel) -> Result<Completion> {
        assert_eq!(fault(&request.messages), None);
        self.requests.lock().unwrap().push(request);
        let say = self.says.lock().unwrap().pop_front().unwrap_or(Say::Text("done"));
        let stream = async |text: &str| deltas.push(&Delta::Text { text: text.to_owned() }).await;
        match say {
            Say::Text(text) => Ok(Completion { content: text.into(), ..Completion::default() }),
            Say::Calls(tool_calls) => Ok(Completion { tool_calls, ..Completion::default() }),
            Say::Streamed(texts) => {
                for text in &texts {
                    stream(text).await?;
                }
                Ok(Completion { content: texts.concat(), ..Completion::default() })
            }
            Say::Fails(error) => Err(error),
            Say::BreaksAfter(text, error) => {
                stream(text).await?;
                Err(error)
            }
            Say::Hangs => std::future::pending().await,
            Say::Interrupted(text) => {
                stream(text).await?;
                let cancel = self.cancel.lock().unwrap().clone();
                cancel.cancel();
                std::future::pending().await
            }
            Say::Endless => loop {
                stream(&"blah ".repeat(200)).await?;
            },
            Say::Panics => panic!("the model panics"),
        }
    }
}

struct Tools(World);

impl McpServer for Tools {
    async fn tools(&self) -> Result<Vec<Tool>> {
        let text = json!({ "type": "object", "properties": { "text": { "type": "string" } }, "required": ["text"] });
        let tool = |name: &str, schema: Value, parallel| Tool {
            name: name.into(),
            input_schema: schema,
            parallel,
            ..Tool::default()
        };
        Ok(vec![
            tool("echo", text.clone(), true),
            tool("say", text, false),
            tool("fail", Value::Null, false),
            tool("panic", Value::Null, false),
            tool("huge", Value::Null, false),
            tool("hang", Value::Null, false),
            tool("stop", Value::Null, false),
        ])
    }

    async fn call(&self, call: ToolCall, progress: Sink<Progress>, cancel: Cancel) -> Result<CallResult> {
        assert_eq!(call.context.token.len(), 32);
        match call.name.as_str() {
            "echo" | "say" => {
                self.count(1);
                progress.push(&Progress::text("half way")).await?;
                tokio::time::sleep(Duration::from_millis(10)).await;
                self.count(-1);
                Ok(CallResult::text(call.arguments["text"].as_str().unwrap_or_default()))
            }
            "fail" => Err(PluginError::unavailable("Nobody is there").with_hint("ask again")),
            "panic" => panic!("the tool panics"),
            "huge" => Ok(CallResult::text("x".repeat(1_000_000))),
            "hang" => std::future::pending().await,
            _ => {
                let source = self.0.cancel.lock().unwrap().clone();
                source.cancel();
                cancel.cancelled().await;
                Ok(CallResult::error("[Command interrupted]"))
            }
        }
    }
}

impl Tools {
    fn count(&self, change: isize) {
        let mut running = self.0.running.lock().unwrap();
        running.0 = running.0.saturating_add_signed(change);
        running.1 = running.1.max(running.0);
    }
}

struct NoScope;

impl ToolScope for NoScope {
    fn screen<'a>(&'a self, _: &'a str, _: &'a str) -> BoxFuture<'a, Option<String>> {
        Box::pin(std::future::ready(None))
    }

    fn caller(&self) -> (String, String) {
        Default::default()
    }

    fn shell(&self, _: ShellRequest, _: Option<Output>, _: Cancel) -> BoxFuture<'_, Result<ShellResult>> {
        Box::pin(std::future::ready(Err(PluginError::unsupported("shell"))))
    }

    fn process(&self, _: ProcessAction, _: Cancel) -> BoxFuture<'_, Result<Value>> {
        Box::pin(std::future::ready(Err(PluginError::unsupported("process"))))
    }

    fn ask<'a>(&'a self, _: &'a str, _: AskRequest, _: Cancel) -> BoxFuture<'a, Result<Answer>> {
        Box::pin(std::future::ready(Ok(Answer::Nobody)))
    }

    fn emit<'a>(&'a self, _: &'a str, _: Report) -> BoxFuture<'a, Result<()>> {
        Box::pin(std::future::ready(Ok(())))
    }

    fn complete(&self, _: CompleteRequest, _: Option<Output>, _: Cancel) -> BoxFuture<'_, Result<Completion>> {
        Box::pin(std::future::ready(Err(PluginError::unsupported("model.complete"))))
    }

    fn file(&self, _: FileRequest, _: Option<Output>, _: Cancel) -> BoxFuture<'_, Result<Value>> {
        Box::pin(std::future::ready(Err(PluginError::unsupported("file"))))
    }
}

pub(super) fn call(name: &str, arguments: &str) -> CallRequest {
    CallRequest { id: String::new(), name: name.into(), arguments: arguments.into() }
}
