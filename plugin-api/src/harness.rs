//! Runs a plugin in process without a host, for its author's tests.
//!
//! ```
//! use hermes_plugin_api::harness::{Harness, block_on, command};
//! use hermes_plugin_api::prelude::*;
//!
//! struct Quiet;
//!
//! impl Scanner for Quiet {
//!     async fn scan(&self, _: &Subject) -> Result<Vec<Finding>> {
//!         Ok(Vec::new())
//!     }
//! }
//!
//! assert!(block_on(Quiet.scan(&command(&["ls", "-la"])))?.is_empty());
//! # Ok::<(), PluginError>(())
//! ```

mod files;

use std::collections::{BTreeMap, VecDeque};
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context as TaskContext, Poll, Wake, Waker};
use std::thread::Thread;

use hermes_plugin_abi as abi;
use hermes_plugin_abi::{
    CancelBox, Fault, FfiFuture, FutureExt as _, JsonFuture, Opened, ROption, RResult, RSlice, RStr, RString, RVec,
    SinkBox, TD_Opaque,
};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::command::{Command, Piece, Simple, Span, Word};
use crate::error::{PluginError, Result};
use crate::export::Context;
use crate::finding::{CommandSubject, Subject};
use crate::flow::{Output, Sink};
use crate::host::Host;
use crate::manifest::Manifest;

/// Runs a future on this thread until it ends.
pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = TaskContext::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(value) => return value,
            Poll::Pending => std::thread::park(),
        }
    }
}

/// A subject for a command of plain words, as if they had been typed with blanks between.
#[must_use]
pub fn command(words: &[&str]) -> Subject {
    let text = words.join(" ");
    let mut start = 0;
    let words = words.iter().map(|word| {
        let span = Span { start, end: start + word.len() };
        start = span.end + 1;
        Word { pieces: vec![Piece::Text((*word).to_owned())], span }
    });
    let simple = Simple { words: words.collect(), span: Span { start: 0, end: text.len() }, ..Simple::default() };
    let command = Command { text, simple: vec![simple], ..Command::default() };
    Subject::Command(CommandSubject { command, cwd: "/".into(), backend: "local".into() })
}

/// A host for tests: its services answer from what the test prepared, and it remembers what it was asked.
#[derive(Clone, Default)]
pub struct Harness(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    settings: Value,
    answers: BTreeMap<String, Vec<Result<Value>>>,
    replies: VecDeque<Reply>,
    calls: Vec<(String, Value)>,
    logs: Vec<String>,
    store: BTreeMap<String, Value>,
    files: files::Shelf,
}

impl Harness {
    /// A harness with these settings, keyed by dotted path.
    #[must_use]
    pub fn with_settings(settings: Value) -> Self {
        let harness = Self::default();
        harness.state(|state| state.settings = settings);
        harness
    }

    /// Prepares the next answer to a host method.
    pub fn answer(&self, method: &str, answer: Result<Value>) {
        self.state(|state| state.answers.entry(method.to_owned()).or_default().push(answer));
    }

    /// Prepares the next response to an HTTP request.
    pub fn reply(&self, reply: Reply) {
        self.state(|state| state.replies.push_back(reply));
    }

    /// What the plugin called so far: method and request.
    #[must_use]
    pub fn calls(&self) -> Vec<(String, Value)> {
        self.state(|state| state.calls.clone())
    }

    /// What the plugin logged so far.
    #[must_use]
    pub fn logs(&self) -> Vec<String> {
        self.state(|state| state.logs.clone())
    }

    /// The context that a plugin would start with.
    #[must_use]
    pub fn context(&self, plugin: &str) -> Context {
        let host = Host::from_wire(abi::Host_TO::from_value(self.clone(), TD_Opaque));
        let settings = match self.state(|state| state.settings.clone()) {
            Value::Null => json!({}),
            settings => settings,
        };
        Context { plugin: plugin.to_owned(), host, settings }
    }

    fn state<T>(&self, with: impl FnOnce(&mut State) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn next(&self, method: &str, request: Value, events: Option<Output>) -> Result<Value> {
        let told = self.state(|state| {
            state.calls.push((method.to_owned(), request.clone()));
            if let Some(answers) = state.answers.get_mut(method).filter(|answers| !answers.is_empty()) {
                return answers.remove(0).map(|answer| (answer, Vec::new()));
            }
            if let Some(answer) = files::answer(&mut state.files, method, &request) {
                return answer;
            }
            let key = request["key"].as_str().unwrap_or_default().to_owned();
            let value = match method {
                "kv.get" => Ok(state.store.get(&key).cloned().unwrap_or_default()),
                "environment" => Ok(json!({ "PATH": "/usr/bin:/bin" })),
                "kv.set" => {
                    state.store.insert(key, request["value"].clone());
                    Ok(Value::Null)
                }
                "kv.delete" => {
                    state.store.remove(&key);
                    Ok(Value::Null)
                }
                _ => Err(PluginError::unsupported(method)),
            };
            value.map(|value| (value, Vec::new()))
        });
        let (answer, pieces) = told?;
        files::push(events.as_ref(), &pieces);
        Ok(answer)
    }
}

impl abi::Host for Harness {
    fn log(&self, _level: u32, target: RStr<'_>, message: RStr<'_>, fields: RStr<'_>) {
        self.state(|state| state.logs.push(format!("{target}: {message} {fields}")));
    }

    fn now_ms(&self) -> u64 {
        1_700_000_000_000
    }

    fn random(&self, n: u32) -> RVec<u8> {
        (0..n).map(|i| i as u8).collect::<Vec<_>>().into()
    }

    fn sleep(&self, _ms: u64) -> FfiFuture<()> {
        std::future::ready(()).into_ffi()
    }

    fn call(&self, method: RStr<'_>, request: RString, events: ROption<SinkBox>, _: ROption<CancelBox>) -> JsonFuture {
        let request = serde_json::from_str(&request).unwrap_or_default();
        let answer = self
            .next(&method, request, events.into_option().map(Output::from_wire))
            .map(|value| RString::from(value.to_string()));
        std::future::ready(RResult::from(answer.map_err(Fault::from))).into_ffi()
    }

    fn open(&self, service: RStr<'_>, request: RString) -> FfiFuture<RResult<Opened, Fault>> {
        let request = serde_json::from_str(&request).unwrap_or_default();
        let reply = self.state(|state| {
            state.calls.push((service.to_string(), request));
            state.replies.pop_front().filter(|_| service == "http")
        });
        let refused = || PluginError::unsupported(service).with_hint("prepare a `Reply`");
        let opened = reply.ok_or_else(refused).map(|reply| {
            let head = json!({ "status": reply.status, "headers": reply.headers }).to_string().into();
            let body = ReplyBody { pieces: Mutex::new(reply.pieces), hangs: reply.hangs };
            Opened { head, stream: abi::Channel_TO::from_value(body, TD_Opaque) }
        });
        std::future::ready(RResult::from(opened.map_err(Fault::from))).into_ffi()
    }
}

/// A response to an HTTP request, as a test prepares it.
#[derive(Clone, Debug)]
pub struct Reply {
    /// The status code.
    pub status: u16,
    /// Header names in lower case, and values.
    pub headers: Vec<(String, String)>,
    /// The body, and where it breaks.
    pub pieces: VecDeque<Result<Vec<u8>>>,
    /// It has no end: after the pieces nothing comes.
    pub hangs: bool,
}

impl Reply {
    /// A response with a body of this content type, which comes a few bytes at a time.
    #[must_use]
    pub fn new(status: u16, content_type: &str, body: &str) -> Self {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        Self {
            status,
            headers,
            pieces: body.as_bytes().chunks(7).map(|piece| Ok(piece.to_vec())).collect(),
            hangs: false,
        }
    }
}

struct ReplyBody {
    pieces: Mutex<VecDeque<Result<Vec<u8>>>>,
    hangs: bool,
}

impl abi::Channel for ReplyBody {
    fn recv(&self) -> FfiFuture<RResult<ROption<abi::Frame>, Fault>> {
        let piece = self.pieces.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        if piece.is_none() && self.hangs {
            return std::future::pending().into_ffi();
        }
        let frame = piece.transpose().map(|piece| piece.map(|data| abi::Frame { tag: 1, data: data.into() }).into());
        std::future::ready(RResult::from(frame.map_err(Fault::from))).into_ffi()
    }

    fn send(&self, _: abi::Frame) -> abi::UnitFuture {
        std::future::ready(RResult::RErr(PluginError::unsupported("send").into())).into_ffi()
    }

    fn control(&self, _: RString) -> JsonFuture {
        std::future::ready(RResult::RErr(PluginError::unsupported("control").into())).into_ffi()
    }
}

/// Collects what is pushed into a sink.
#[derive(Clone, Default)]
pub struct Collected(Arc<Mutex<Vec<Vec<u8>>>>);

impl Collected {
    /// The writing end, for JSON messages.
    #[must_use]
    pub fn sink<T: serde::Serialize>(&self) -> Sink<T> {
        Sink::from_wire(abi::Sink_TO::from_value(self.clone(), TD_Opaque))
    }

    /// The writing end, for bytes.
    #[must_use]
    pub fn output(&self) -> Output {
        Output::from_wire(abi::Sink_TO::from_value(self.clone(), TD_Opaque))
    }

    /// The messages so far.
    ///
    /// # Errors
    /// `PROTOCOL` when one is not a `T`.
    pub fn messages<T: DeserializeOwned>(&self) -> Result<Vec<T>> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().map(|message| Ok(serde_json::from_slice(message)?)).collect()
    }

    /// All bytes so far.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).concat()
    }
}

impl abi::Sink for Collected {
    fn try_push(&self, message: RSlice<'_, u8>) -> u32 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(message.to_vec());
        abi::PUSHED
    }

    fn push(&self, message: RVec<u8>) -> FfiFuture<u32> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(message.into());
        std::future::ready(abi::PUSHED).into_ffi()
    }
}

/// Checks that a manifest is readable and that its `settings` are the schema of `C`, the plugin's settings type.
///
/// # Errors
/// One sentence with what the manifest should say.
pub fn check_manifest<C: schemars::JsonSchema>(manifest: &str) -> Result<Manifest> {
    let manifest = Manifest::parse(manifest)?;
    let settings = schema_of::<C>();
    let declared = serde_json::to_value(&manifest.settings)?;
    if settings == declared {
        return Ok(manifest);
    }
    let settings = serde_yaml::to_string(&json!({ "settings": settings }));
    let settings = settings.map_err(|error| PluginError::internal(error.to_string()))?;
    Err(PluginError::config(format!("The manifest's `settings` differ from the settings type, which is:\n{settings}")))
}

/// The settings of a settings type as a manifest declares them: key path to JSON Schema.
fn schema_of<C: schemars::JsonSchema>() -> Value {
    let settings = schemars::generate::SchemaSettings::default().with(|settings| settings.inline_subschemas = true);
    let schema = settings.into_generator().into_root_schema_for::<C>();
    schema.as_value().get("properties").cloned().unwrap_or_else(|| json!({}))
}
