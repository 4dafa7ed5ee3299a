//! Typed handles over the wire's objects: what the rest of core calls.
//!
//! A handle encodes, calls and decodes; it counts panics and, after [`PANICS`] of them, refuses to call on. It
//! knows no policy.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use hermes_plugin_abi as abi;
use hermes_plugin_api::backend::{ExecRequest, Exit, Keep, SessionFacts, SessionSpec};
use hermes_plugin_api::error::{ErrorCode, PluginError, Result};
use hermes_plugin_api::finding::{Finding, Subject};
use hermes_plugin_api::flow::{Cancel, Channel, Output, Sink};
use hermes_plugin_api::gate::{Admission, Sender};
use hermes_plugin_api::model::{Completion, Delta, ModelInfo, Request};
use hermes_plugin_api::platform::{Inbound, Media, Outbound, Receipt};
use hermes_plugin_api::tools::{CallResult, Progress, Tool, ToolCall};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::guard::witness::{Authorized, Exec, Look, Read, Write};
use crate::plugin::attended::attended;

/// After this many panics a capability is not called any more.
pub const PANICS: u32 = 3;

/// Which capability of which plugin a handle speaks to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The plugin's id.
    pub plugin: String,
    /// The capability's name.
    pub name: String,
}

struct Inner<W> {
    origin: Origin,
    wire: W,
    panics: AtomicU32,
}

/// A handle: cheap to clone, shared by all calls.
struct Handle<W>(Arc<Inner<W>>);

impl<W> Clone for Handle<W> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<W> Handle<W> {
    fn new(plugin: &str, name: &str, wire: W) -> Self {
        let origin = Origin { plugin: plugin.to_owned(), name: name.to_owned() };
        Self(Arc::new(Inner { origin, wire, panics: AtomicU32::new(0) }))
    }

    fn wire(&self) -> Result<&W> {
        if self.0.panics.load(Ordering::Relaxed) >= PANICS {
            let message =
                format!("Plugin `{}` panicked {PANICS} times and is not called any more", self.0.origin.plugin);
            return Err(PluginError::unavailable(message));
        }
        Ok(&self.0.wire)
    }

    fn settle<T>(&self, result: abi::RResult<T, abi::Fault>) -> Result<T> {
        result.into_result().map_err(|fault| {
            let mut error = PluginError::from(fault);
            if error.code == ErrorCode::PANICKED {
                self.0.panics.fetch_add(1, Ordering::Relaxed);
                error.message = format!("Plugin `{}`: {}", self.0.origin.plugin, error.message);
            }
            error
        })
    }

    async fn json<T: DeserializeOwned>(&self, what: &str, call: impl FnOnce(&W) -> abi::JsonFuture) -> Result<T> {
        let future = call(self.wire()?);
        let json = self.settle(future.await)?;
        serde_json::from_str(&json).map_err(|error| PluginError::protocol(what, error))
    }

    async fn unit(&self, call: impl FnOnce(&W) -> abi::UnitFuture) -> Result<()> {
        let future = call(self.wire()?);
        self.settle(future.await)
    }
}

fn text<T: Serialize>(value: &T) -> Result<abi::RString> {
    Ok(serde_json::to_string(value)?.into())
}

macro_rules! handle {
    ($(#[$doc:meta])* $name:ident over $wire:ty) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(Handle<$wire>);

        impl $name {
            /// Wraps the wire's object.
            #[must_use]
            pub fn new(plugin: &str, name: &str, wire: $wire) -> Self {
                Self(Handle::new(plugin, name, wire))
            }

            /// Which capability of which plugin it is.
            #[must_use]
            pub fn origin(&self) -> &Origin {
                &self.0.0.origin
            }

            /// Lets it return its resources.
            ///
            /// # Errors
            /// What the plugin reports.
            pub async fn stop(&self) -> Result<()> {
                self.0.unit(|wire| wire.stop()).await
            }
        }
    };
}

handle! {
    /// A scanner.
    ScannerHandle over abi::ScannerBox
}
handle! {
    /// A backend.
    BackendHandle over abi::BackendBox
}
handle! {
    /// A platform.
    PlatformHandle over abi::PlatformBox
}
handle! {
    /// A toolset.
    ToolsHandle over abi::McpServerBox
}
handle! {
    /// A model.
    ModelHandle over abi::ServiceBox
}
handle! {
    /// A gate.
    GateHandle over abi::ServiceBox
}
handle! {
    /// Command words.
    CommandsHandle over abi::ServiceBox
}

impl ScannerHandle {
    /// Judges a subject.
    ///
    /// # Errors
    /// What the plugin reports.
    pub async fn scan(&self, subject: &Subject) -> Result<Vec<Finding>> {
        self.scan_encoded(serde_json::to_string(subject)?).await
    }

    /// Judges a subject in its form on the wire, encoded once for all who judge it.
    ///
    /// # Errors
    /// What the plugin reports.
    pub async fn scan_encoded(&self, subject: String) -> Result<Vec<Finding>> {
        self.0.json("findings", |wire| wire.scan(subject.into())).await
    }
}

impl BackendHandle {
    /// Opens a session.
    ///
    /// # Errors
    /// What the plugin reports.
    pub async fn open(&self, id: &str, spec: &SessionSpec) -> Result<SessionHandle> {
        let spec = text(spec)?;
        let future = self.0.wire()?.open(spec);
        let wire = self.0.settle(future.await)?;
        let facts =
            serde_json::from_str(&wire.facts()).map_err(|error| PluginError::protocol("session facts", error))?;
        let Origin { plugin, name } = self.origin();
        Ok(SessionHandle { handle: Handle::new(plugin, name, wire), id: id.to_owned(), facts })
    }
}

/// An open session of a backend.
#[derive(Clone)]
pub struct SessionHandle {
    handle: Handle<abi::BackendSessionBox>,
    id: String,
    facts: SessionFacts,
}

impl SessionHandle {
    /// Our id of the session.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The backend's name.
    #[must_use]
    pub fn backend(&self) -> &str {
        &self.handle.0.origin.name
    }

    /// What the session is.
    #[must_use]
    pub fn facts(&self) -> &SessionFacts {
        &self.facts
    }

    /// Runs a process for a command that the guard authorized. The witness is used up, and is checked once
    /// more here: it must be for this backend and session, and its text must be one whole argument.
    ///
    /// # Errors
    /// `DENIED` when the witness is for something else; what the plugin reports.
    pub async fn exec(
        &self,
        witness: Authorized<Exec>,
        request: &ExecRequest,
        input: Channel,
        output: Output,
        cancel: &Cancel,
    ) -> Result<Exit> {
        let exec = witness.redeem();
        let same_place = exec.backend == self.backend() && exec.session == self.id;
        if !same_place || !request.argv.contains(&exec.command) {
            return Err(PluginError::new(ErrorCode::DENIED, "The command to run is not the one that was authorized"));
        }
        self.attend(request, input, output, cancel).await
    }

    async fn attend(&self, request: &ExecRequest, input: Channel, output: Output, cancel: &Cancel) -> Result<Exit> {
        let (handle, request) = (self.handle.clone(), text(request)?);
        attended(cancel, move |cancel| async move {
            handle.json("an exit", |wire| wire.exec(request, input.to_wire(), output.to_wire(), cancel.to_wire())).await
        })
        .await
    }

    /// Runs one of the guard's fixed scripts, which change nothing; the witness is used up.
    ///
    /// # Errors
    /// `DENIED` when the witness is for another session; what the plugin reports.
    pub async fn look(
        &self,
        witness: Authorized<Look>,
        args: &[&str],
        output: Output,
        cancel: &Cancel,
    ) -> Result<Exit> {
        let look = witness.redeem();
        self.is_for(&look.backend, &look.session)?;
        let fixed = ["bash", "--noprofile", "--norc", "-c", look.script.text(), "bash"];
        let argv = fixed.into_iter().chain(args.iter().copied()).map(str::to_owned).collect();
        self.attend(&ExecRequest { argv, ..ExecRequest::default() }, Channel::empty(), output, cancel).await
    }

    /// Reads a file that the guard authorized to be read; the witness is used up.
    ///
    /// # Errors
    /// `DENIED` when the witness is for another session; what the plugin reports.
    pub async fn read_authorized(&self, witness: Authorized<Read>, output: Output) -> Result<()> {
        let read = witness.redeem();
        self.is_for(&read.backend, &read.session)?;
        self.read_file(&read.path, output).await
    }

    /// Reads a file, for the conformance suite.
    ///
    /// # Errors
    /// What the plugin reports.
    pub async fn read_file(&self, path: &str, output: Output) -> Result<()> {
        self.handle.unit(|wire| wire.read_file(path.into(), output.to_wire())).await
    }

    /// Writes a file that the guard authorized to be written; the witness is used up.
    ///
    /// # Errors
    /// `DENIED` when the witness is for another session; what the plugin reports.
    pub async fn write_file(&self, witness: Authorized<Write>, data: Vec<u8>) -> Result<()> {
        let write = witness.redeem();
        self.is_for(&write.backend, &write.session)?;
        self.handle.unit(|wire| wire.write_file(write.path.as_str().into(), data.into())).await
    }

    /// Whether a witness is for this session.
    ///
    /// # Errors
    /// `DENIED` when it is for another.
    pub fn is_for(&self, backend: &str, session: &str) -> Result<()> {
        if backend == self.backend() && session == self.id {
            return Ok(());
        }
        Err(PluginError::new(ErrorCode::DENIED, "The file is not the one that was authorized"))
    }

    /// Ends the session.
    ///
    /// # Errors
    /// What the plugin reports.
    pub async fn close(&self, keep: Keep) -> Result<()> {
        let keep = text(&keep)?;
        self.handle.unit(|wire| wire.close(keep)).await
    }
}

impl PlatformHandle {
    /// Receives until cancelled or closed.
    ///
    /// # Errors
    /// What the plugin reports.
    pub async fn run(&self, inbox: Sink<Inbound>, cancel: &Cancel) -> Result<()> {
        self.0.unit(|wire| wire.run(inbox.to_wire(), cancel.to_wire())).await
    }

    /// Sends one thing.
    ///
    /// # Errors
    /// What the plugin reports.
    pub async fn send(&self, outbound: &Outbound) -> Result<Receipt> {
        let outbound = text(outbound)?;
        self.0.json("a receipt", |wire| wire.send(outbound)).await
    }

    /// Fetches a media item of at most `limit` bytes.
    ///
    /// # Errors
    /// What the plugin reports.
    pub async fn fetch(&self, media: &Media, limit: u64, output: Output) -> Result<()> {
        let media = text(media)?;
        self.0.unit(|wire| wire.fetch(media, limit, output.to_wire())).await
    }
}

impl ToolsHandle {
    /// The tools.
    ///
    /// # Errors
    /// What the plugin reports.
    pub async fn tools(&self) -> Result<Vec<Tool>> {
        self.0.json("tools", |wire| wire.tools()).await
    }

    /// Calls a tool.
    ///
    /// # Errors
    /// What the plugin reports.
    pub async fn call(&self, call: &ToolCall, progress: Sink<Progress>, cancel: &Cancel) -> Result<CallResult> {
        let call = text(call)?;
        self.0.json("a call's result", |wire| wire.call(call, progress.to_wire(), cancel.to_wire())).await
    }
}

impl ModelHandle {
    /// Completes a conversation.
    ///
    /// # Errors
    /// What the plugin reports.
    pub async fn complete(&self, request: &Request, deltas: Sink<Delta>, cancel: &Cancel) -> Result<Completion> {
        let request = text(request)?;
        let call = |wire: &abi::ServiceBox| wire.invoke("complete".into(), request, deltas.to_wire(), cancel.to_wire());
        self.0.json("a completion", call).await
    }

    /// Lists the models there are.
    ///
    /// # Errors
    /// What the plugin reports; `UNSUPPORTED` where it cannot tell.
    pub async fn models(&self, cancel: &Cancel) -> Result<Vec<ModelInfo>> {
        self.ask("models", "null".into(), cancel).await
    }

    /// What is known of a model without asking anybody.
    ///
    /// # Errors
    /// What the plugin reports.
    pub async fn info(&self, model: &str) -> Result<ModelInfo> {
        self.ask("info", text(&model)?, &Cancel::never()).await
    }

    async fn ask<T: DeserializeOwned>(&self, method: &str, request: abi::RString, cancel: &Cancel) -> Result<T> {
        let (nowhere, _) = crate::flow::messages::<()>(1);
        let call = |wire: &abi::ServiceBox| wire.invoke(method.into(), request, nowhere.to_wire(), cancel.to_wire());
        self.0.json("what is known of models", call).await
    }
}

impl GateHandle {
    /// Judges a sender.
    ///
    /// # Errors
    /// What the plugin reports.
    pub async fn admit(&self, sender: &Sender) -> Result<Admission> {
        let sender = text(sender)?;
        let (events, _nobody) = crate::flow::messages::<()>(1);
        let cancel = Cancel::never();
        let call = |wire: &abi::ServiceBox| wire.invoke("admit".into(), sender, events.to_wire(), cancel.to_wire());
        self.0.json("an admission", call).await
    }
}

impl CommandsHandle {
    /// Runs a word; what it prints goes into `output`.
    ///
    /// # Errors
    /// What the plugin reports.
    pub async fn run(&self, name: &str, argv: &[String], output: Output, cancel: &Cancel) -> Result<i32> {
        let argv = text(&argv)?;
        let call = |wire: &abi::ServiceBox| wire.invoke(name.into(), argv, output.to_wire(), cancel.to_wire());
        self.0.json("an exit code", call).await
    }
}
