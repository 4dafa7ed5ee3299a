//! Calls that act outside, and whoever gives one up.
//!
//! A command may run where nothing ends it but another call: on another machine, in a container. So a call whose
//! caller is gone is not just dropped: its cancellation fires, and it has a little time to end what it began. Every
//! such call has a task here, which is waited for before the program ends.

use std::future::Future;
use std::pin::pin;
use std::sync::LazyLock;
use std::time::Duration;

use hermes_plugin_api::error::{PluginError, Result};
use hermes_plugin_api::flow::Cancel;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::flow::CancelSource;

/// How long a call may take to end what it began when nobody waits for it any more.
const PATIENCE: Duration = Duration::from_secs(5);

/// The tasks of calls.
static OWNERS: LazyLock<TaskTracker> = LazyLock::new(TaskTracker::new);

/// Makes a call and waits for it. Must be called on the runtime.
///
/// # Cancellation
/// The call is told when `cancel` fires, and when this is dropped; then it has [`PATIENCE`].
///
/// # Errors
/// What the call reports.
pub(super) async fn attended<T, F>(cancel: &Cancel, call: impl FnOnce(Cancel) -> F) -> Result<T>
where
    T: Send + 'static,
    F: Future<Output = Result<T>> + Send + 'static,
{
    let stop = CancelSource::new();
    let call = call(stop.handle());
    let (outer, given_up) = (cancel.clone(), CancellationToken::new());
    let _guard = given_up.clone().drop_guard();
    let task = OWNERS.spawn(async move {
        let mut call = pin!(call);
        let told = async {
            outer.cancelled().await;
            stop.cancel();
            std::future::pending::<()>().await;
        };
        tokio::select! {
            result = &mut call => return result,
            () = told => {}
            () = given_up.cancelled() => {}
        }
        stop.cancel();
        tokio::time::timeout(PATIENCE, call).await.unwrap_or_else(|_| Err(PluginError::cancelled()))
    });
    task.await.map_err(|error| PluginError::internal(error.to_string()))?
}

/// Waits until every call has ended: a step of a shutdown.
pub async fn drained() {
    OWNERS.close();
    OWNERS.wait().await;
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    /// Waits for its cancellation, and then takes a while.
    async fn tidy(cancel: Cancel, tidied: Arc<AtomicBool>) -> Result<&'static str> {
        cancel.cancelled().await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        tidied.store(true, Ordering::Relaxed);
        Ok("tidied")
    }

    #[tokio::test]
    async fn what_is_dropped_is_told_and_has_time() {
        let tidied = Arc::new(AtomicBool::new(false));
        let flag = tidied.clone();
        let never = Cancel::never();
        let call = attended(&never, move |cancel| tidy(cancel, flag));
        assert!(tokio::time::timeout(Duration::from_millis(20), call).await.is_err());
        drained().await;
        assert!(tidied.load(Ordering::Relaxed));
    }

    #[tokio::test]
    async fn what_is_cancelled_tells_its_end() {
        let stop = CancelSource::new();
        stop.cancel();
        let outer = stop.handle();
        let ended = attended(&outer, |cancel| tidy(cancel, Arc::default())).await;
        assert_eq!(ended.expect("it ended"), "tidied");
    }

    #[tokio::test]
    async fn an_answer_is_passed_on() {
        let answer = attended(&Cancel::never(), |_| async { Ok(3) }).await;
        assert_eq!(answer.expect("it answered"), 3);
    }
}
