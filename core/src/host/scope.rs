//! Services that act in a session: what a tool call may ask of the session it runs for.
//!
//! A call carries a random token; the token finds the session while the call runs and nothing afterwards. So a
//! plugin can act only where, and only as long as, somebody called it.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use hermes_plugin_api::error::{ErrorCode, PluginError, Result};
use hermes_plugin_api::flow::{Cancel, Output};
use hermes_plugin_api::host::{ProcessAction, ShellRequest, ShellResult};
use serde_json::Value;

use crate::host::clock;

/// A boxed future that may borrow.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

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
}

/// The tool calls that run now.
#[derive(Clone, Default)]
pub struct Scopes(Arc<Mutex<HashMap<String, Arc<dyn ToolScope>>>>);

impl Scopes {
    /// Opens a token for a call; it is valid until the guard is dropped.
    #[must_use]
    pub fn open(&self, scope: Arc<dyn ToolScope>) -> ScopeGuard {
        let token = clock::random_id();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(token.clone(), scope);
        ScopeGuard { scopes: self.clone(), token }
    }

    /// The session that a token stands for.
    ///
    /// # Errors
    /// `DENIED` when no such call runs.
    pub fn find(&self, token: &str) -> Result<Arc<dyn ToolScope>> {
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
        self.scopes.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.token);
    }
}
