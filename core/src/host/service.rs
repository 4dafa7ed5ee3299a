//! The host object of one plugin: dispatches what it asks for, within what its manifest declares.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Duration;

use hermes_plugin_abi as abi;
use hermes_plugin_abi::{
    CancelBox, Fault, FfiFuture, FutureExt as _, HostBox, JsonFuture, Opened, ROption, RResult, RStr, RString, RVec,
    SinkBox, TD_Opaque,
};
use hermes_plugin_api::archive::{Look, Search};
use hermes_plugin_api::error::{ErrorCode, PluginError, Result};
use hermes_plugin_api::file::{FileRead, FileWalk, FileWrite};
use hermes_plugin_api::flow::{Cancel, Output};
use hermes_plugin_api::host::{
    Description, FetchRequest, ProcessAction, SettingsNow, SettingsRequest, ShellRequest, SpawnRequest,
};
use hermes_plugin_api::manifest::{Manifest, Permissions};
use hermes_plugin_api::notes::{NotesRead, NotesWrite};
use hermes_plugin_api::secret::Secret;
use hermes_plugin_api::session::{AskRequest, CompleteRequest, EmitRequest};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::runtime::Handle;

use crate::guard::egress::Egress;
use crate::host::http::{Endpoints, Http};
use crate::host::scope::{FileRequest, KeptRequest, Scopes};
use crate::host::{clock, process, store};

/// Looks up a secret by name.
pub type SecretSource = Box<dyn Fn(&str) -> Option<Secret> + Send + Sync>;

/// The guard for URLs, made once it is needed: it loads scanners.
pub type LateEgress = LazyLock<Egress, Box<dyn FnOnce() -> Egress + Send>>;

/// The environment of programs that a plugin starts for itself, by the variables that its manifest names.
pub type HelperEnvironment = Box<dyn Fn(&[String]) -> BTreeMap<String, String> + Send + Sync>;

/// The settings of a plugin as they are now, and their version; nothing when it is the one that is known already.
pub type LiveSettings = Box<dyn Fn(&Manifest, u64) -> Result<Option<(u64, Value)>> + Send + Sync>;

/// What all host objects share.
pub struct Services {
    /// The runtime that host work runs on, whoever polls it.
    pub runtime: Handle,
    /// The tool calls that run now.
    pub scopes: Scopes,
    /// The door to the network.
    pub http: Http,
    /// The guard for URLs that were chosen, made by the first of them. Without it none is fetched.
    pub egress: OnceLock<LateEgress>,
    /// Looks up a secret by name.
    pub secret: SecretSource,
    /// What a program sees that a plugin starts for itself.
    pub helper: HelperEnvironment,
    /// A plugin's settings, as they are now.
    pub settings: LiveSettings,
    /// The home.
    pub home: PathBuf,
    /// The folder of the plugins' own stores.
    pub stores: PathBuf,
}

/// Makes the host object of a plugin. `settings` are its own, for the endpoints they name.
pub fn host(services: &Arc<Services>, manifest: &Manifest, settings: &Value) -> HostBox {
    let permissions = manifest.permissions.clone();
    let mut endpoints = Endpoints { hosts: permissions.network.clone(), configured: Vec::new() };
    if endpoints.hosts.iter().any(|host| host == "configured") {
        collect_urls(settings, &mut endpoints.configured);
    }
    let service = Service {
        services: services.clone(),
        manifest: manifest.clone(),
        plugin: manifest.id.clone(),
        secrets: manifest.secrets.clone(),
        permissions,
        endpoints,
    };
    abi::Host_TO::from_value(Wire(Arc::new(service)), TD_Opaque)
}

fn collect_urls(value: &Value, urls: &mut Vec<String>) {
    match value {
        Value::String(text) if text.contains("://") => urls.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| collect_urls(item, urls)),
        Value::Object(entries) => entries.values().for_each(|item| collect_urls(item, urls)),
        _ => {}
    }
}

struct Service {
    services: Arc<Services>,
    manifest: Manifest,
    plugin: String,
    secrets: Vec<String>,
    permissions: Permissions,
    endpoints: Endpoints,
}

struct Wire(Arc<Service>);

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
struct Keyed {
    key: String,
    #[serde(default)]
    value: Value,
}

/// A URL that is only to be judged, and the token of the call that wants to know.
#[derive(Deserialize)]
struct Screened {
    token: String,
    url: String,
}

fn read<T: DeserializeOwned>(what: &str, request: &str) -> Result<T> {
    serde_json::from_str(request).map_err(|error| PluginError::protocol(what, error))
}

/// What is wanted of files, and the token of the call that wants it.
fn file_request(method: &str, request: &str) -> Result<(String, FileRequest)> {
    Ok(match method {
        "file.read" => {
            let read: FileRead = read(method, request)?;
            (read.token.clone(), FileRequest::Read(read))
        }
        "file.write" => {
            let write: FileWrite = read(method, request)?;
            (write.token.clone(), FileRequest::Write(write))
        }
        _ => {
            let walk: FileWalk = read(method, request)?;
            (walk.token.clone(), FileRequest::Walk(walk))
        }
    })
}

/// What is wanted of what the home keeps, and the token of the call that wants it.
fn kept_request(method: &str, request: &str) -> Result<(String, KeptRequest)> {
    Ok(match method {
        "notes.read" => {
            let read: NotesRead = read(method, request)?;
            (read.token.clone(), KeptRequest::Notes(read))
        }
        "notes.write" => {
            let write: NotesWrite = read(method, request)?;
            (write.token.clone(), KeptRequest::Write(write))
        }
        "archive.search" => {
            let search: Search = read(method, request)?;
            (search.token.clone(), KeptRequest::Search(search))
        }
        _ => {
            let look: Look = read(method, request)?;
            (look.token.clone(), KeptRequest::Look(look))
        }
    })
}

impl Service {
    async fn call(&self, method: &str, request: &str, events: Option<Output>, cancel: Cancel) -> Result<Value> {
        match method {
            "settings" => self.settings(&read(method, request)?),
            "secret" => self.secret(&read::<Named>(method, request)?.name),
            "environment" if !self.permissions.exec.is_empty() => {
                Ok(serde_json::to_value((self.services.helper)(&self.permissions.env))?)
            }
            "environment" => Err(self.undeclared("any program in `exec`")),
            "kv.get" | "kv.set" | "kv.delete" => self.store(method, read(method, request)?),
            "shell.run" => {
                self.in_session("shell")?;
                let request: ShellRequest = read(method, request)?;
                let scope = self.services.scopes.find(&request.token)?;
                let result = scope.during(|session| session.shell(request, events, cancel)).await?;
                Ok(serde_json::to_value(result)?)
            }
            "shell.process" => {
                self.in_session("shell")?;
                let request: ProcessAction = read(method, request)?;
                let scope = self.services.scopes.find(&request.token)?;
                scope.during(|session| session.process(request, cancel)).await
            }
            "ask" => {
                self.in_session("ask")?;
                let request: AskRequest = read(method, request)?;
                let scope = self.services.scopes.find(&request.token)?;
                let answer = scope.during(|session| session.ask(&self.plugin, request, cancel)).await?;
                Ok(serde_json::to_value(answer)?)
            }
            "emit" => {
                self.in_session("emit")?;
                let EmitRequest { token, report } = read(method, request)?;
                let scope = self.services.scopes.find(&token)?;
                scope.during(|session| session.emit(&self.plugin, report)).await?;
                Ok(Value::Null)
            }
            "model.complete" => {
                self.in_session("model")?;
                let request: CompleteRequest = read(method, request)?;
                let scope = self.services.scopes.find(&request.token)?;
                let answer = scope.during(|session| session.complete(request, events, cancel)).await?;
                Ok(serde_json::to_value(answer)?)
            }
            "file.read" | "file.write" | "file.walk" => {
                self.in_session("files")?;
                let (token, request) = file_request(method, request)?;
                let scope = self.services.scopes.find(&token)?;
                scope.during(|session| session.file(request, events, cancel)).await
            }
            "notes.read" | "notes.write" | "archive.search" | "archive.look" => {
                self.in_session(if method.starts_with("notes") { "notes" } else { "search" })?;
                let (token, request) = kept_request(method, request)?;
                let scope = self.services.scopes.find(&token)?;
                scope.during(|session| session.kept(request)).await
            }
            "url.screen" => {
                if !self.may_choose() {
                    return Err(self.undeclared("the network `chosen`"));
                }
                let request: Screened = read(method, request)?;
                let scope = self.services.scopes.find(&request.token)?;
                let egress = self.services.egress.get().ok_or_else(|| PluginError::unsupported(method))?;
                scope.until_over(egress.screen(&request.url)).await?;
                Ok(Value::Null)
            }
            _ => Err(PluginError::unsupported(method)),
        }
    }

    fn secret(&self, name: &str) -> Result<Value> {
        if !self.secrets.iter().any(|declared| declared == name) {
            return Err(self.undeclared(&format!("the secret `{name}`")));
        }
        // The one place where a secret becomes text: on its way to the plugin that declared it.
        Ok((self.services.secret)(name).map_or(Value::Null, |secret| secret.expose().into()))
    }

    fn settings(&self, asked: &SettingsRequest) -> Result<Value> {
        let fresh = (self.services.settings)(&self.manifest, asked.known)?;
        Ok(serde_json::to_value(fresh.map(|(version, settings)| SettingsNow { version, settings }))?)
    }

    fn store(&self, method: &str, entry: Keyed) -> Result<Value> {
        let path = self.services.stores.join(format!("{}.json", self.plugin));
        match method {
            "kv.get" => Ok(store::read(&path)?.get(&entry.key).cloned().unwrap_or_default()),
            "kv.set" => store::change(&path, |values| drop(values.insert(entry.key, entry.value))),
            _ => store::change(&path, |values| drop(values.remove(&entry.key))),
        }
    }

    async fn open(&self, service: &str, request: &str) -> Result<(Value, abi::ChannelBox)> {
        match service {
            "http" if !self.permissions.network.is_empty() => {
                let (head, body) = self.services.http.send(read(service, request)?, &self.endpoints).await?;
                Ok((head, abi::Channel_TO::from_value(body, TD_Opaque)))
            }
            "websocket" if !self.permissions.network.is_empty() => {
                let (head, socket) = Http::websocket(read(service, request)?, &self.endpoints).await?;
                Ok((head, abi::Channel_TO::from_value(socket, TD_Opaque)))
            }
            "fetch" if self.may_choose() => {
                let request: FetchRequest = read(service, request)?;
                let scope = self.services.scopes.find(&request.token)?;
                let egress = self.services.egress.get().ok_or_else(|| PluginError::unsupported(service))?;
                let (head, body) = Http::fetch(egress, request, &self.plugin, scope).await?;
                Ok((head, abi::Channel_TO::from_value(body, TD_Opaque)))
            }
            "fetch" => Err(self.undeclared("the network `chosen`")),
            "http" | "websocket" => Err(self.undeclared("`network`")),
            "process" => {
                let request: SpawnRequest = read(service, request)?;
                self.may_run(request.argv.first().map_or("", String::as_str))?;
                let (head, process) = process::open_for_plugin(request)?;
                Ok((head, abi::Channel_TO::from_value(process, TD_Opaque)))
            }
            _ => Err(PluginError::unsupported(service)),
        }
    }

    fn may_choose(&self) -> bool {
        self.permissions.network.iter().any(|host| host == "chosen")
    }

    fn may_run(&self, program: &str) -> Result<()> {
        let permitted = self.permissions.exec.iter().any(|allowed| allowed == "*" || allowed == program);
        if permitted { Ok(()) } else { Err(self.undeclared(&format!("the program `{program}`"))) }
    }

    fn in_session(&self, service: &str) -> Result<()> {
        let permitted = self.permissions.session.iter().any(|allowed| allowed == service);
        if permitted { Ok(()) } else { Err(self.undeclared(&format!("the session service `{service}`"))) }
    }

    fn undeclared(&self, what: &str) -> PluginError {
        let message = format!("Plugin `{}` does not declare {what} in its manifest", self.plugin);
        PluginError::new(ErrorCode::DENIED, message)
    }

    fn describe(&self) -> Description {
        let mut methods = vec!["settings", "kv.get", "kv.set", "kv.delete"];
        if !self.secrets.is_empty() {
            methods.push("secret");
        }
        if self.in_session("shell").is_ok() {
            methods.extend(["shell.run", "shell.process"]);
        }
        let session = [("ask", "ask"), ("emit", "emit"), ("model", "model.complete")];
        methods.extend(session.iter().filter(|(word, _)| self.in_session(word).is_ok()).map(|(_, method)| *method));
        if self.in_session("files").is_ok() {
            methods.extend(["file.read", "file.write", "file.walk"]);
        }
        if self.in_session("notes").is_ok() {
            methods.extend(["notes.read", "notes.write"]);
        }
        if self.in_session("search").is_ok() {
            methods.extend(["archive.search", "archive.look"]);
        }
        if !self.permissions.network.is_empty() {
            methods.extend(["http", "websocket"]);
        }
        if self.may_choose() {
            methods.extend(["fetch", "url.screen"]);
        }
        if !self.permissions.exec.is_empty() {
            methods.extend(["process", "environment"]);
        }
        Description {
            version: env!("CARGO_PKG_VERSION").into(),
            abi: abi::VERSION.into(),
            methods: methods.into_iter().map(str::to_owned).collect(),
            home: self.services.home.to_string_lossy().into_owned(),
        }
    }
}

impl abi::Host for Wire {
    fn log(&self, level: u32, _target: RStr<'_>, message: RStr<'_>, fields: RStr<'_>) {
        let (plugin, fields, message) = (self.0.plugin.as_str(), fields.as_str(), message.as_str());
        match level {
            1 => tracing::error!(plugin, fields, "{message}"),
            2 => tracing::warn!(plugin, fields, "{message}"),
            3 => tracing::info!(plugin, fields, "{message}"),
            4 => tracing::debug!(plugin, fields, "{message}"),
            _ => tracing::trace!(plugin, fields, "{message}"),
        }
    }

    fn now_ms(&self) -> u64 {
        clock::now_ms()
    }

    fn random(&self, n: u32) -> RVec<u8> {
        clock::random(n.min(1 << 20) as usize).into()
    }

    fn sleep(&self, ms: u64) -> FfiFuture<()> {
        let slept = on(&self.0.services.runtime, async move {
            tokio::time::sleep(Duration::from_millis(ms)).await;
            Ok(())
        });
        async move { drop(slept.await) }.into_ffi()
    }

    fn call(
        &self,
        method: RStr<'_>,
        request: RString,
        events: ROption<SinkBox>,
        cancel: ROption<CancelBox>,
    ) -> JsonFuture {
        let (service, method) = (self.0.clone(), method.to_string());
        let events = events.into_option().map(Output::from_wire);
        let cancel = cancel.into_option().map_or_else(Cancel::never, Cancel::from_wire);
        let answer = on(&self.0.services.runtime, async move {
            Ok(service.call(&method, &request, events, cancel).await?.to_string())
        });
        async move { answer.await.map(RString::from).map_err(Fault::from).into() }.into_ffi()
    }

    fn open(&self, service: RStr<'_>, request: RString) -> FfiFuture<RResult<Opened, Fault>> {
        let (this, service) = (self.0.clone(), service.to_string());
        let opened = on(&self.0.services.runtime, async move {
            let (head, stream) = this.open(&service, &request).await?;
            Ok(Opened { head: head.to_string().into(), stream })
        });
        async move { opened.await.map_err(Fault::from).into() }.into_ffi()
    }

    fn describe(&self) -> RString {
        json!(self.0.describe()).to_string().into()
    }
}

/// Runs host work on the host's runtime, whatever thread polls the result; dropping the result ends the work.
fn on<T: Send + 'static>(
    runtime: &Handle,
    work: impl Future<Output = Result<T>> + Send + 'static,
) -> impl Future<Output = Result<T>> + Send + 'static {
    let task = tokio_util::task::AbortOnDropHandle::new(runtime.spawn(work));
    async move {
        task.await.map_err(|error| match error.is_panic() {
            true => PluginError::internal("The host failed to serve this call"),
            false => PluginError::cancelled(),
        })?
    }
}

/// The values of a plugin's store.
pub type Values = BTreeMap<String, Value>;
