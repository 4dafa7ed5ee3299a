//! Keeps panics inside the plugin: whatever crosses the line returns an error instead.
//!
//! An unguarded panic in a wire trait would end the host. The payload of a panic is leaked, because dropping it
//! may panic again.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hermes_plugin_abi::{Fault, FfiFuture, FutureExt as _, JsonFuture, RResult};
use serde::Serialize;

use crate::error::{ErrorCode, PluginError, Result};

/// Runs `work`, turning a panic into an error.
pub(crate) fn contain<T>(work: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| Err(panicked(payload)))
}

/// A future on the wire from one whose start, polls and drop may panic.
pub(crate) fn wire<T, W>(
    start: impl FnOnce() -> Result<T>,
    finish: impl FnOnce(T::Output) -> Result<W> + Send + 'static,
) -> FfiFuture<RResult<W, Fault>>
where
    T: Future + Send + 'static,
    W: Send + 'static,
{
    let started = contain(start).map(|future| Contained(Some(Box::pin(future))));
    async move {
        let result = match started {
            Ok(future) => future.await.and_then(|value| contain(|| finish(value))),
            Err(error) => Err(error),
        };
        result.map_err(Fault::from).into()
    }
    .into_ffi()
}

/// As [`wire`], for a result that crosses as JSON.
pub(crate) fn wire_json<T, O>(start: impl FnOnce() -> Result<T>) -> JsonFuture
where
    T: Future<Output = Result<O>> + Send + 'static,
    O: Serialize,
{
    wire(start, |value: Result<O>| Ok(serde_json::to_string(&value?)?.into()))
}

/// A future whose polls and drop do not panic.
struct Contained<F>(Option<Pin<Box<F>>>);

impl<F: Future> Future for Contained<F> {
    type Output = Result<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let Some(future) = self.0.as_mut() else {
            return Poll::Ready(Err(PluginError::internal("A finished call was polled again")));
        };
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(Poll::Pending) => Poll::Pending,
            Ok(Poll::Ready(value)) => Poll::Ready(Ok(value)),
            Err(payload) => {
                let _ = contain(|| {
                    self.0 = None;
                    Ok(())
                });
                Poll::Ready(Err(panicked(payload)))
            }
        }
    }
}

impl<F> Drop for Contained<F> {
    fn drop(&mut self) {
        let future = self.0.take();
        let _ = contain(|| {
            drop(future);
            Ok(())
        });
    }
}

/// A capability of the author's, shared by the calls that run; its drop does not panic.
pub(crate) struct Shared<T>(Option<Arc<T>>);

impl<T> Shared<T> {
    pub(crate) fn new(value: T) -> Self {
        Self(Some(Arc::new(value)))
    }

    pub(crate) fn get(&self) -> Shared<T> {
        Self(self.0.clone())
    }

    /// The capability.
    pub(crate) fn value(&self) -> &T {
        self.0.as_deref().expect("it is only taken by drop")
    }
}

impl<T> Drop for Shared<T> {
    fn drop(&mut self) {
        let value = self.0.take();
        let _ = contain(|| {
            drop(value);
            Ok(())
        });
    }
}

fn panicked(payload: Box<dyn Any + Send>) -> PluginError {
    let said = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let said = said.or_else(|| payload.downcast_ref::<String>().cloned());
    std::mem::forget(payload);
    PluginError::new(ErrorCode::PANICKED, format!("Panicked: {}", said.as_deref().unwrap_or("no message")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::harness::block_on;

    struct PanicsOnDrop;

    impl Drop for PanicsOnDrop {
        fn drop(&mut self) {
            panic!("in drop");
        }
    }

    fn code<T>(result: Result<T, Fault>) -> u32 {
        result.err().expect("an error").code
    }

    #[test]
    fn a_panic_at_start_in_poll_and_in_finish_is_an_error() {
        let start = wire::<std::future::Ready<()>, ()>(|| panic!("start"), |()| Ok(()));
        assert_eq!(code(block_on(start).into_result()), ErrorCode::PANICKED.0);
        let poll = wire(|| Ok(async { panic!("poll") }), |()| Ok(()));
        assert_eq!(code(block_on(poll).into_result()), ErrorCode::PANICKED.0);
        let finish = wire::<_, ()>(|| Ok(async {}), |()| panic!("finish"));
        assert_eq!(code(block_on(finish).into_result()), ErrorCode::PANICKED.0);
    }

    #[test]
    fn a_panic_in_drop_stays_inside() {
        drop(Shared::new(PanicsOnDrop));
        let bomb = PanicsOnDrop;
        drop(wire(
            move || {
                Ok(async move {
                    std::future::pending::<()>().await;
                    drop(bomb);
                })
            },
            |()| Ok(()),
        ));
    }
}
