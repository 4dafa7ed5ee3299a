//! A session of a backend that is being opened, which may take minutes: its plugin may tell how far it is, and what
//! must be known of the session. It may do nothing else: there is no call that it acts for. It may take as long as it
//! tells something.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use hermes_plugin_api::error::{ErrorCode, PluginError, Result};
use hermes_plugin_api::flow::{Cancel, Output};
use hermes_plugin_api::host::{ProcessAction, ShellRequest, ShellResult};
use hermes_plugin_api::model::Completion;
use hermes_plugin_api::platform::Body;
use hermes_plugin_api::session::{Answer, AskRequest, CompleteRequest, REPORT, Report};
use serde_json::Value;
use tokio::time::{Instant, sleep_until};

use crate::conversation::quote;
use crate::host::scope::{BoxFuture, FileRequest, ToolScope};
use crate::redact::redact;
use crate::turn::Follower;

/// How long a backend may take to open a session without a word: it may have an image to fetch.
const PATIENCE: Duration = Duration::from_secs(600);

/// What the opening of a session may use.
pub(super) struct Opening {
    /// Who waits for it.
    follower: Option<Arc<dyn Follower>>,
    /// When something was heard last.
    heard: Mutex<Instant>,
}

impl Opening {
    /// The opening of a session that somebody waits for, or nobody.
    pub(super) fn new(follower: Option<Arc<dyn Follower>>) -> Self {
        Self { follower, heard: Mutex::new(Instant::now()) }
    }

    /// Waits for the session, as long as something is heard of it. `what` names it.
    ///
    /// # Errors
    /// `TIMEOUT` when nothing was heard for too long; what the work reports.
    pub(super) async fn wait<T>(&self, what: &str, work: impl Future<Output = Result<T>>) -> Result<T> {
        let silence = async {
            loop {
                let until = *self.heard.lock().unwrap_or_else(PoisonError::into_inner) + PATIENCE;
                if until <= Instant::now() {
                    return;
                }
                sleep_until(until).await;
            }
        };
        tokio::select! {
            done = work => done,
            () = silence => {
                let text = format!("{what} was not heard of for {} s", PATIENCE.as_secs());
                Err(PluginError::new(ErrorCode::TIMEOUT, text))
            }
        }
    }
}

/// Tells whoever follows what a plugin reports, in its name.
pub(super) async fn tell(follower: Option<&dyn Follower>, teller: &str, report: Report) {
    let Some(follower) = follower else { return };
    let (Report::Progress { text } | Report::Notice { text }) = &report;
    let text: String = redact(text).chars().take(REPORT).collect();
    let body = match report {
        Report::Progress { .. } => Body::activity(format!("{teller}: {}", quote::line(&text))),
        Report::Notice { .. } => {
            let lines = quote::lines(&text).into_iter().map(|line| format!("{teller} │ {line}"));
            Body::Notice { text: lines.collect::<Vec<_>>().join("\n") }
        }
    };
    follower.show(body).await;
}

fn refused<'a, T: Send + 'a>(what: &'static str) -> BoxFuture<'a, Result<T>> {
    std::future::ready(Err(PluginError::unsupported(format!("{what} while a session is opened")))).boxed()
}

impl ToolScope for Opening {
    fn emit<'a>(&'a self, teller: &'a str, report: Report) -> BoxFuture<'a, Result<()>> {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        tell(self.follower.as_deref(), teller, report).map(Ok).boxed()
    }

    fn shell(&self, _: ShellRequest, _: Option<Output>, _: Cancel) -> BoxFuture<'_, Result<ShellResult>> {
        refused("a command")
    }

    fn process(&self, _: ProcessAction, _: Cancel) -> BoxFuture<'_, Result<Value>> {
        refused("a process")
    }

    fn file(&self, _: FileRequest, _: Option<Output>, _: Cancel) -> BoxFuture<'_, Result<Value>> {
        refused("a file")
    }

    fn ask<'a>(&'a self, _: &'a str, _: AskRequest, _: Cancel) -> BoxFuture<'a, Result<Answer>> {
        refused("a question")
    }

    fn screen<'a>(&'a self, _: &'a str, _: &'a str) -> BoxFuture<'a, Option<String>> {
        // What nobody judged is not passed on.
        std::future::ready(Some(String::new())).boxed()
    }

    fn caller(&self) -> (String, String) {
        (String::new(), "opening".to_owned())
    }

    fn complete(&self, _: CompleteRequest, _: Option<Output>, _: Cancel) -> BoxFuture<'_, Result<Completion>> {
        refused("a completion")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn an_opening_takes_as_long_as_it_tells_something() {
        let opening = Opening::new(None);
        let begun = Instant::now();
        let work = async {
            for _ in 0..10 {
                tokio::time::sleep(PATIENCE / 2).await;
                opening.emit("x", Report::Progress { text: "some".to_owned() }).await?;
            }
            Ok(())
        };
        opening.wait("It", work).await.expect("it is heard of");
        assert_eq!(begun.elapsed(), PATIENCE * 5);
        let silent = opening.wait("It", std::future::pending::<Result<()>>()).await.expect_err("never");
        assert_eq!((silent.code, begun.elapsed()), (ErrorCode::TIMEOUT, PATIENCE * 6));
        assert_eq!(silent.message, "It was not heard of for 600 s");
    }
}
