//! What a loaded plugin offers, called as if it were the author's own: for the suites, and for nothing else.

use hermes_plugin_api::backend::{ExecRequest, Exit, Keep, SessionFacts, SessionSpec};
use hermes_plugin_api::error::Result;
use hermes_plugin_api::finding::{Finding, Subject};
use hermes_plugin_api::flow::{Cancel, Channel, Output, Sink};
use hermes_plugin_api::gate::{Admission, Sender};
use hermes_plugin_api::model::{Completion, Delta, Request};
use hermes_plugin_api::platform::{Inbound, Media, Outbound, Receipt};
use hermes_plugin_api::tools::{CallResult, Progress, Tool, ToolCall};
use hermes_plugin_api::{Backend, BackendSession, Gate, McpServer, Model, Platform, Scanner};

use crate::guard::{Audit, Trial};
use crate::plugin::handle::{
    BackendHandle, GateHandle, ModelHandle, PlatformHandle, ScannerHandle, SessionHandle, ToolsHandle,
};

impl Scanner for ScannerHandle {
    async fn scan(&self, subject: &Subject) -> Result<Vec<Finding>> {
        self.scan(subject).await
    }
}

impl Gate for GateHandle {
    async fn admit(&self, sender: Sender) -> Result<Admission> {
        self.admit(&sender).await
    }
}

impl Model for ModelHandle {
    async fn complete(&self, request: Request, deltas: Sink<Delta>, cancel: Cancel) -> Result<Completion> {
        self.complete(&request, deltas, &cancel).await
    }
}

impl McpServer for ToolsHandle {
    async fn tools(&self) -> Result<Vec<Tool>> {
        self.tools().await
    }

    async fn call(&self, call: ToolCall, progress: Sink<Progress>, cancel: Cancel) -> Result<CallResult> {
        self.call(&call, progress, &cancel).await
    }
}

impl Platform for PlatformHandle {
    async fn run(&self, inbox: Sink<Inbound>, cancel: Cancel) -> Result<()> {
        self.run(inbox, &cancel).await
    }

    async fn send(&self, outbound: Outbound) -> Result<Receipt> {
        self.send(&outbound).await
    }

    async fn fetch(&self, media: Media, limit: u64, output: Output) -> Result<()> {
        self.fetch(&media, limit, output).await
    }
}

/// A backend whose sessions run the suite's commands, and no others.
pub(super) struct Tried {
    pub(super) backend: BackendHandle,
    pub(super) audit: Audit,
    /// The plugin's id.
    pub(super) plugin: String,
}

impl Backend for Tried {
    type Session = TriedSession;

    async fn open(&self, spec: SessionSpec) -> Result<TriedSession> {
        let session = self.backend.open(&spec.task, &spec).await?;
        let trial = Trial::begin(&self.audit, &self.plugin, session.backend(), session.id())?;
        Ok(TriedSession { session, trial })
    }
}

pub(super) struct TriedSession {
    pub(super) session: SessionHandle,
    pub(super) trial: Trial,
}

impl BackendSession for TriedSession {
    fn facts(&self) -> SessionFacts {
        self.session.facts().clone()
    }

    async fn exec(&self, request: ExecRequest, input: Channel, output: Output, cancel: Cancel) -> Result<Exit> {
        let witness = self.trial.command(&request)?;
        self.session.exec(witness, &request, input, output, &cancel).await
    }

    async fn read_file(&self, path: &str, output: Output) -> Result<()> {
        self.session.read_file(path, output).await
    }

    async fn write_file(&self, path: &str, data: Vec<u8>) -> Result<()> {
        let witness = self.trial.file(path)?;
        self.session.write_file(witness, data).await
    }

    async fn close(&self, keep: Keep) -> Result<()> {
        self.session.close(keep).await
    }
}
