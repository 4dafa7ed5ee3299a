//! The host's services as an author calls them. Everything a plugin does to the outside world goes through
//! here, limited by what its manifest declares; a plugin needs no runtime for it.

mod fetch;
mod run;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hermes_plugin_abi::{HostBox, ROption};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::archive::{Excerpt, Found, Look, Search};
use crate::error::{PluginError, Result};
use crate::flow::{Cancel, Channel, Output};
use crate::model::Completion;
use crate::notes::{NotesRead, NotesWrite, NotesWritten};
use crate::secret::Secret;
use crate::session::{Answer, AskRequest, CompleteRequest, EmitRequest, Report};

pub use fetch::{Body, FETCH_LIMIT, FetchRequest, Fetched};

/// The host, as one plugin sees it. Cheap to clone.
#[derive(Clone)]
pub struct Host(Arc<HostBox>);

impl Host {
    /// Wraps the wire's object.
    #[must_use]
    pub fn from_wire(host: HostBox) -> Self {
        Self(Arc::new(host))
    }

    // [since 1.1]
    /// The host's version and the methods this plugin may use. Empty on a host too old to tell.
    #[must_use]
    pub fn describe(&self) -> Description {
        serde_json::from_str(&self.0.describe()).unwrap_or_default()
    }
    // [end]
    // [next Host]

    /// Milliseconds since 1970.
    #[must_use]
    pub fn now_ms(&self) -> u64 {
        self.0.now_ms()
    }

    /// `n` random bytes of the system's source.
    #[must_use]
    pub fn random(&self, n: u32) -> Vec<u8> {
        self.0.random(n).into()
    }

    /// Waits.
    pub async fn sleep(&self, time: Duration) {
        self.0.sleep(u64::try_from(time.as_millis()).unwrap_or(u64::MAX)).await;
    }

    /// A secret that the manifest declares; `None` when it is not set.
    ///
    /// # Errors
    /// `DENIED` when the manifest does not declare it.
    pub async fn secret(&self, name: &str) -> Result<Option<Secret>> {
        self.call("secret", &json!({ "name": name })).await
    }

    /// The plugin's settings as they are now, typed as by [`Context::config`](crate::export::Context::config), and
    /// their version: for those that have to hold from the moment they are written. `None` when they are still those
    /// of the version that is `known`; 0 is none. Asking is cheap while nothing changed.
    ///
    /// # Errors
    /// `CONFIG` while the configuration is malformed, naming file, line and key, and when the settings do not fit;
    /// `UNSUPPORTED` on a host too old for it, where those of the start hold.
    pub async fn settings<C: DeserializeOwned>(&self, known: u64) -> Result<Option<(u64, C)>> {
        let fresh: Option<SettingsNow> = self.call("settings", &SettingsRequest { known }).await?;
        let Some(SettingsNow { version, settings }) = fresh else { return Ok(None) };
        let settings = serde_json::from_value(settings);
        let settings = settings.map_err(|error| PluginError::config(format!("The settings do not fit: {error}")))?;
        Ok(Some((version, settings)))
    }

    /// The value stored under `key` in this plugin's own store.
    ///
    /// # Errors
    /// `UNAVAILABLE` when the store cannot be read.
    pub async fn kv_get<T: DeserializeOwned>(&self, key: &str) -> Result<Option<T>> {
        self.call("kv.get", &json!({ "key": key })).await
    }

    /// Stores a value under `key`.
    ///
    /// # Errors
    /// `UNAVAILABLE` when the store cannot be written; nothing is half-written.
    pub async fn kv_set<T: Serialize>(&self, key: &str, value: &T) -> Result<()> {
        self.call("kv.set", &json!({ "key": key, "value": value })).await
    }

    /// Forgets `key`.
    ///
    /// # Errors
    /// `UNAVAILABLE` when the store cannot be written.
    pub async fn kv_delete(&self, key: &str) -> Result<()> {
        self.call("kv.delete", &json!({ "key": key })).await
    }

    /// Runs a command through the guard in the session of a tool call, its output pushed into `output`.
    ///
    /// # Errors
    /// `DENIED` with the guard's words when it must not run; `CANCELLED`.
    pub async fn shell(&self, request: &ShellRequest, output: Option<Output>, cancel: &Cancel) -> Result<ShellResult> {
        self.call_with("shell.run", request, output, Some(cancel)).await
    }

    /// Asks about, or acts on, a background process of the session of a tool call.
    ///
    /// # Errors
    /// `USER` for an unknown process; `CANCELLED`.
    pub async fn process(&self, request: &ProcessAction, cancel: &Cancel) -> Result<Value> {
        self.call_with("shell.process", request, None, Some(cancel)).await
    }

    /// Asks the person of a tool call something. Questions wait for one another, and for the guard's. Where nobody
    /// can be asked the answer is [`Answer::Nobody`], at once.
    ///
    /// # Errors
    /// `DENIED` when the manifest does not declare the session service `ask` or the call is over; `USER` for a
    /// question that cannot be asked; `CANCELLED`; `UNSUPPORTED` on a host too old to ask.
    pub async fn ask(&self, request: &AskRequest, cancel: &Cancel) -> Result<Answer> {
        self.call_with("ask", request, None, Some(cancel)).await
    }

    /// Tells the person of the tool call with this token something. Waits until it is shown.
    ///
    /// # Errors
    /// `DENIED` when the manifest does not declare the session service `emit` or the call is over; `UNSUPPORTED` on
    /// a host too old for it.
    pub async fn emit(&self, token: &str, report: Report) -> Result<()> {
        self.call("emit", &EmitRequest { token: token.to_owned(), report }).await
    }

    /// Has the model of a tool call's session answer, beside the conversation and without tools. Its text is
    /// written into `output` as it comes, UTF-8 in pieces of any size.
    ///
    /// # Errors
    /// `DENIED` when the manifest does not declare the session service `model` or the call is over; `USER` for a
    /// request that is empty, too long or holds tool calls, and for an answer that is too long; what the model
    /// reports; `TIMEOUT`; `CANCELLED`; `UNSUPPORTED` on a host too old for it, or that has no model here.
    pub async fn complete(
        &self,
        request: &CompleteRequest,
        output: Option<Output>,
        cancel: &Cancel,
    ) -> Result<Completion> {
        self.call_with("model.complete", request, output, Some(cancel)).await
    }

    /// Reads notes of the home; those that were never written are empty.
    ///
    /// # Errors
    /// `DENIED` when the manifest does not declare the session service `notes` or the call is over; `UNAVAILABLE` when
    /// they cannot be read; `UNSUPPORTED` where there are none.
    pub async fn notes(&self, request: &NotesRead) -> Result<String> {
        self.call("notes.read", request).await
    }

    /// Writes notes of the home, whole, unless somebody else changed them meanwhile.
    ///
    /// # Errors
    /// As [`Host::notes`]; `USER` for what is too long, and for what the host would not keep.
    pub async fn write_notes(&self, request: &NotesWrite) -> Result<NotesWritten> {
        self.call("notes.write", request).await
    }

    /// Finds what was said in kept sessions, the best first.
    ///
    /// # Errors
    /// `DENIED` when the manifest does not declare the session service `search` or the call is over; `UNAVAILABLE` when
    /// the store cannot be read; `UNSUPPORTED` where there is none.
    pub async fn search(&self, request: &Search) -> Result<Vec<Found>> {
        self.call("archive.search", request).await
    }

    /// Looks at messages of a kept session.
    ///
    /// # Errors
    /// As [`Host::search`]; `USER` for a session that is not there.
    pub async fn look(&self, request: &Look) -> Result<Excerpt> {
        self.call("archive.look", request).await
    }

    /// Returns what a program that the plugin starts for itself may see: `PATH`, `HOME` and their like, and those of
    /// `permissions.env` of its manifest that are set and are no secrets. [`Host::spawn`] adds nothing to the
    /// environment of its request: begin with this one and add what the program needs.
    ///
    /// # Errors
    /// `DENIED` when the manifest declares no program in `permissions.exec`; `UNSUPPORTED` on a host too old for it.
    pub async fn environment(&self) -> Result<BTreeMap<String, String>> {
        self.call("environment", &json!({})).await
    }

    /// Starts a program of its own, through the host's one door for processes.
    ///
    /// # Errors
    /// `DENIED` when the manifest does not permit it; `UNAVAILABLE` when it cannot be started.
    pub async fn spawn(&self, request: &SpawnRequest) -> Result<Channel> {
        self.open("process", request).await.map(|(_head, channel): (Value, Channel)| channel)
    }

    /// Sends an HTTP request; the response streams.
    ///
    /// # Errors
    /// `DENIED` for an endpoint that is not permitted; `UNAVAILABLE`, `TIMEOUT` from the network.
    pub async fn http(&self, request: &HttpRequest) -> Result<HttpResponse> {
        let (head, body): (HttpHead, Channel) = self.open("http", request).await?;
        Ok(HttpResponse { status: head.status, headers: head.headers, body })
    }

    /// Opens a websocket. Frames carry the tags [`WS_TEXT`] and [`WS_BINARY`].
    ///
    /// # Errors
    /// As [`Host::http`].
    pub async fn websocket(&self, url: &str, headers: &[(String, String)]) -> Result<Channel> {
        let request = json!({ "url": url, "headers": headers });
        self.open("websocket", &request).await.map(|(_head, channel): (Value, Channel)| channel)
    }

    /// Calls a service by name: for those that have no method of their own here.
    ///
    /// # Errors
    /// `UNSUPPORTED` for a method that this host does not know, and what the service reports.
    pub async fn call<T: DeserializeOwned>(&self, method: &str, request: &impl Serialize) -> Result<T> {
        self.call_with(method, request, None, None).await
    }

    pub(crate) async fn call_with<T: DeserializeOwned>(
        &self,
        method: &str,
        request: &impl Serialize,
        output: Option<Output>,
        cancel: Option<&Cancel>,
    ) -> Result<T> {
        let request = serde_json::to_string(request)?;
        let events = output.map_or(ROption::RNone, |output| ROption::RSome(output.to_wire()));
        let cancel = cancel.map_or(ROption::RNone, |cancel| ROption::RSome(cancel.to_wire()));
        let answer = self.0.call(method.into(), request.into(), events, cancel).await.into_result()?;
        serde_json::from_str(&answer).map_err(|error| PluginError::protocol(method, error))
    }

    async fn open<T: DeserializeOwned>(&self, service: &str, request: &impl Serialize) -> Result<(T, Channel)> {
        let request = serde_json::to_string(request)?;
        let opened = self.0.open(service.into(), request.into()).await.into_result()?;
        let head = serde_json::from_str(&opened.head).map_err(|error| PluginError::protocol(service, error))?;
        Ok((head, Channel::from_wire(opened.stream)))
    }

    pub(crate) fn log(&self, level: u32, target: &str, message: &str, fields: &str) {
        self.0.log(level, target.into(), message.into(), fields.into());
    }
}

/// What [`Host::describe`] tells.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Description {
    /// The host's version.
    pub version: String,
    /// The ABI version it was built with.
    pub abi: String,
    /// Methods of [`Host::call`] and streams that this plugin may use.
    pub methods: Vec<String>,
    /// The home, which relative paths of settings are below; empty on a host too old to tell.
    pub home: String,
}

/// The request of [`Host::settings`].
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingsRequest {
    /// The version that the plugin has; 0 for none.
    pub known: u64,
}

/// The answer to it, where there are others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SettingsNow {
    /// Differs from that of any other reading.
    pub version: u64,
    /// By dotted key.
    pub settings: Value,
}

/// A frame of a websocket: text.
pub const WS_TEXT: u32 = 1;
/// A frame of a websocket: bytes.
pub const WS_BINARY: u32 = 2;
/// A frame of a process: standard output.
pub const STDOUT: u32 = 1;
/// A frame of a process: standard error.
pub const STDERR: u32 = 2;
/// The last frame of a process: JSON of its [`crate::backend::Exit`].
pub const EXIT: u32 = 3;
/// A frame to a process, or from the input of a command: standard input.
pub const STDIN: u32 = 0;

/// A command for the session of a tool call.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ShellRequest {
    /// The token of the tool call ([`crate::tools::CallContext`]).
    pub token: String,
    /// Shell text.
    pub command: String,
    /// Where to run it instead of the session's working directory.
    pub workdir: Option<String>,
    /// Seconds; the session's default when absent.
    pub timeout: Option<u64>,
    /// Return at once and keep it running.
    pub background: bool,
}

/// How a command of the session ended.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ShellResult {
    /// Output, capped, redacted, escape sequences removed.
    pub output: String,
    /// Its exit code; absent for a background process.
    pub exit_code: Option<i32>,
    /// Id of the background process.
    pub process: Option<String>,
    /// The working directory afterwards.
    pub cwd: String,
}

/// Something to do with a background process.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProcessAction {
    /// The token of the tool call.
    pub token: String,
    /// `list`, `poll`, `log`, `wait`, `kill`, `write`, `submit`, `close`.
    pub action: String,
    /// Which process.
    pub process: Option<String>,
    /// Text for `write` and `submit`.
    pub data: Option<String>,
    /// First line for `log`.
    pub offset: Option<usize>,
    /// Number of lines for `log`.
    pub limit: Option<usize>,
    /// Seconds for `wait`.
    pub timeout: Option<u64>,
}

/// A program to start.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SpawnRequest {
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Its working directory.
    pub cwd: Option<String>,
    /// Its whole environment.
    pub env: BTreeMap<String, String>,
    /// Standard error goes where standard output goes, in order.
    pub merge_stderr: bool,
    /// It has an input; without it reads end of file.
    pub stdin: bool,
}

/// An HTTP request.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HttpRequest {
    /// `GET`, `POST`, …
    pub method: String,
    /// Where.
    pub url: String,
    /// Header names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// Milliseconds until the head of the response must be there; the host's default when 0.
    pub timeout_ms: u64,
}

#[derive(Deserialize)]
struct HttpHead {
    status: u16,
    headers: Vec<(String, String)>,
}

/// An HTTP response, its body still streaming.
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// Header names in lower case, and values.
    pub headers: Vec<(String, String)>,
    body: Channel,
}

impl HttpResponse {
    /// The next piece of the body; `None` at its end.
    ///
    /// # Errors
    /// `UNAVAILABLE` when the connection breaks.
    pub async fn chunk(&self) -> Result<Option<Vec<u8>>> {
        Ok(self.body.recv().await?.map(|piece| piece.data))
    }

    /// The rest of the body, at most `limit` bytes.
    ///
    /// # Errors
    /// `USER` when it is longer; `UNAVAILABLE` when the connection breaks.
    pub async fn bytes(&self, limit: usize) -> Result<Vec<u8>> {
        let mut all = Vec::new();
        while let Some(chunk) = self.chunk().await? {
            if all.len() + chunk.len() > limit {
                return Err(PluginError::user(format!("The response is longer than {limit} bytes")));
            }
            all.extend_from_slice(&chunk);
        }
        Ok(all)
    }
}
