//! A tokio runtime of a plugin's own, for libraries that insist on one.
//!
//! Each `.so` has its own thread-locals: a timer of the plugin's tokio that the host's runtime polls finds no
//! reactor and panics. So a plugin either uses host services only, or keeps such work on this runtime.

use std::future::Future;

use tokio::runtime::{Builder, Runtime};
use tokio::task::AbortHandle;

use crate::error::{PluginError, Result};

/// One worker thread that runs a plugin's futures. Dropping it ends them.
pub struct OwnRuntime(Option<Runtime>);

impl OwnRuntime {
    /// Starts the worker; `name` is the thread's name.
    ///
    /// # Errors
    /// `INTERNAL` when no thread can be had.
    pub fn start(name: &str) -> Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name(name).enable_all().build();
        Ok(Self(Some(runtime?)))
    }

    /// Runs a future on the worker; dropping what this returns aborts it.
    ///
    /// # Errors
    /// `PANICKED` or `CANCELLED` when it did not end by itself.
    pub fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> impl Future<Output = Result<T>> + Send + 'static {
        let task = self.0.as_ref().map(|runtime| runtime.spawn(work));
        async move {
            let task = task.ok_or_else(PluginError::cancelled)?;
            let _abort = AbortOnDrop(task.abort_handle());
            task.await.map_err(|error| match error.is_panic() {
                true => PluginError::new(crate::error::ErrorCode::PANICKED, "Panicked on its own runtime"),
                false => PluginError::cancelled(),
            })?
        }
    }
}

impl Drop for OwnRuntime {
    fn drop(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

struct AbortOnDrop(AbortHandle);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}
