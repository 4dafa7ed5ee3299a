//! The runtime of commands that call plugins.

use std::time::Duration;

use crate::error::Failure;

/// Threads that host work and futures of plugins run on.
const WORKERS: usize = 2;
/// How long work that nobody waits for may take to end.
const GRACE: Duration = Duration::from_millis(500);

/// Runs work to its end. What it left behind is given a moment; a plugin that blocks a thread does not keep the
/// program from ending.
///
/// # Errors
/// When the system gives no threads.
pub(super) fn block_on<T>(work: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build()?;
    let value = runtime.block_on(work);
    runtime.shutdown_timeout(GRACE);
    Ok(value)
}
