//! Services that act in a session: what a tool call may ask of the session it runs for.
//!
//! A call carries a random token; the token finds the session while the call runs and nothing afterwards, and what
//! was begun with it ends with the call. So a plugin can act only where, and only as long as, somebody called it.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use hermes_plugin_api::archive::{Look, Search};
use hermes_plugin_api::error::{ErrorCode, PluginError, Result};
use hermes_plugin_api::file::{FileRead, FileWalk, FileWrite};
use hermes_plugin_api::flow::{Cancel, Output};
use hermes_plugin_api::host::{ProcessAction, ShellRequest, ShellResult};
use hermes_plugin_api::model::Completion;
use hermes_plugin_api::notes::{NotesRead, NotesWrite};
use hermes_plugin_api::session::{Answer, AskRequest, CompleteRequest, Report};
use serde_json::Value;

use crate::flow::CancelSource;
use crate::host::clock;

/// A boxed future that may borrow.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What is wanted of files.
#[derive(Clone, Debug)]
pub enum FileRequest {
    /// Read one.
    Read(FileRead),
    /// Write one.
    Write(FileWrite),
    /// Walk through a folder.
    Walk(FileWalk),
}

/// What is wanted of what the home keeps: notes, and what was said.
#[derive(Clone, Debug)]
pub enum KeptRequest {
    /// Read notes.
    Notes(NotesRead),
    /// Write notes.
    Write(NotesWrite),
    /// Find what was said.
    Search(Search),
    /// Look at what was said.
    Look(Look),
}

/// A session, as the tools that it calls may use it.
pub trait ToolScope: Send + Sync {
    /// Runs a command through the guard.
    fn shell(
        &self,
        request: ShellRequest,
        output: Option<Output>,
        cancel: Cancel,
    ) -> BoxFuture<'_, Result<ShellResult>>;

    /// Acts on a background process.
    fn process(&self, request: ProcessAction, cancel: Cancel) -> BoxFuture<'_, Result<Value>>;

    /// Reads, writes or walks through files.
    fn file(&self, request: FileRequest, output: Option<Output>, cancel: Cancel) -> BoxFuture<'_, Result<Value>>;

    /// Asks the person, in the name of the plugin `asker`.
    fn ask<'a>(&'a self, asker: &'a str, request: AskRequest, cancel: Cancel) -> BoxFuture<'a, Result<Answer>>;

    /// Tells the person something, in the name of the plugin `teller`.
    fn emit<'a>(&'a self, teller: &'a str, report: Report) -> BoxFuture<'a, Result<()>>;

    /// Judges what a tool returned from strangers; what the model reads in its place, where a scanner objects.
    fn screen<'a>(&'a self, tool: &'a str, text: &'a str) -> BoxFuture<'a, Option<String>>;

    /// The session's id, and who caused what happens in it, for the audit log.
    fn caller(&self) -> (String, String);

    /// Has the session's model answer, beside the conversation.
    fn complete(
        &self,
        request: CompleteRequest,
        output: Option<Output>,
        cancel: Cancel,
    ) -> BoxFuture<'_, Result<Completion>>;

    /// Uses what the home keeps. Where it keeps nothing, that is not supported.
    fn kept(&self, request: KeptRequest) -> BoxFuture<'_, Result<Value>> {
        let what = match request {
            KeptRequest::Notes(_) | KeptRequest::Write(_) => "notes",
            KeptRequest::Search(_) | KeptRequest::Look(_) => "archive",
        };
        Box::pin(std::future::ready(Err(PluginError::unsupported(what))))
    }
}

/// A tool call that runs.
#[derive(Clone)]
pub struct Scope {
    session: Arc<dyn ToolScope>,
    over: CancelSource,
}

impl Scope {
    /// Does something in the call's session, until the call is over.
    ///
    /// # Errors
    /// What `work` reports; `CANCELLED` when the call is over first.
    pub async fn during<'a, T>(
        &'a self,
        work: impl FnOnce(&'a dyn ToolScope) -> BoxFuture<'a, Result<T>>,
    ) -> Result<T> {
        tokio::select! {
            result = work(&*self.session) => result,
            () = self.over.cancelled() => Err(PluginError::cancelled()),
        }
    }
}

impl Scope {
    /// The session's id, and who caused what happens in it.
    #[must_use]
    pub fn caller(&self) -> (String, String) {
        self.session.caller()
    }

    /// Does something of the call's, until the call is over.
    ///
    /// # Errors
    /// What `work` reports; `CANCELLED` when the call is over first.
    pub async fn until_over<T>(&self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::select! {
            result = work => result,
            () = self.over.cancelled() => Err(PluginError::cancelled()),
        }
    }
}

/// The tool calls that run now.
#[derive(Clone, Default)]
pub struct Scopes(Arc<Mutex<HashMap<String, Scope>>>);

impl Scopes {
    /// Opens a token for a call; it is valid until the guard is dropped.
    #[must_use]
    pub fn open(&self, session: Arc<dyn ToolScope>) -> ScopeGuard {
        let token = clock::random_id();
        let scope = Scope { session, over: CancelSource::new() };
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(token.clone(), scope);
        ScopeGuard { scopes: self.clone(), token }
    }

    /// The call that a token stands for.
    ///
    /// # Errors
    /// `DENIED` when no such call runs.
    pub fn find(&self, token: &str) -> Result<Scope> {
        let found = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(token).cloned();
        found.ok_or_else(|| PluginError::new(ErrorCode::DENIED, "No tool call with this token is running"))
    }
}

/// Keeps a token valid.
pub struct ScopeGuard {
    scopes: Scopes,
    token: String,
}

impl ScopeGuard {
    /// The token.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }
}

impl Drop for ScopeGuard {
    fn drop(&mut self) {
        let scope = self.scopes.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.token);
        if let Some(scope) = scope {
            scope.over.cancel();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    /// A session whose person never answers.
    struct Silent;

    impl ToolScope for Silent {
        fn screen<'a>(&'a self, _: &'a str, _: &'a str) -> BoxFuture<'a, Option<String>> {
            std::future::ready(None).boxed()
        }

        fn caller(&self) -> (String, String) {
            Default::default()
        }

        fn shell(&self, _: ShellRequest, _: Option<Output>, _: Cancel) -> BoxFuture<'_, Result<ShellResult>> {
            std::future::pending().boxed()
        }

        fn process(&self, _: ProcessAction, _: Cancel) -> BoxFuture<'_, Result<Value>> {
            std::future::pending().boxed()
        }

        fn ask<'a>(&'a self, _: &'a str, _: AskRequest, _: Cancel) -> BoxFuture<'a, Result<Answer>> {
            std::future::pending().boxed()
        }

        fn emit<'a>(&'a self, _: &'a str, _: Report) -> BoxFuture<'a, Result<()>> {
            std::future::ready(Ok(())).boxed()
        }

        fn complete(&self, _: CompleteRequest, _: Option<Output>, _: Cancel) -> BoxFuture<'_, Result<Completion>> {
            std::future::pending().boxed()
        }

        fn file(&self, _: FileRequest, _: Option<Output>, _: Cancel) -> BoxFuture<'_, Result<Value>> {
            std::future::pending().boxed()
        }
    }

    #[tokio::test]
    async fn what_was_begun_with_a_token_ends_with_its_call() {
        let scopes = Scopes::default();
        let call = scopes.open(Arc::new(Silent));
        let scope = scopes.find(call.token()).expect("it runs");
        let told = scope.during(|session| session.emit("x", Report::default())).await;
        assert_eq!(told, Ok(()));
        let asking = scope.during(|session| session.ask("x", AskRequest::default(), Cancel::never()));
        let token = call.token().to_owned();
        let over = async {
            tokio::task::yield_now().await;
            drop(call);
        };
        let (asked, ()) = tokio::join!(asking, over);
        assert_eq!(asked.map_err(|error| error.code), Err(ErrorCode::CANCELLED));
        assert_eq!(scopes.find(&token).err().map(|error| error.code), Some(ErrorCode::DENIED));
    }
}
