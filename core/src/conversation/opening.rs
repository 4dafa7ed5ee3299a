//! A session of a backend that is being opened, which may take minutes: its plugin may tell how far it is, and what
//! must be known of the session. It may do nothing else: there is no call that it acts for.

use std::sync::Arc;

use futures_util::FutureExt as _;
use hermes_plugin_api::error::{PluginError, Result};
use hermes_plugin_api::flow::{Cancel, Output};
use hermes_plugin_api::host::{ProcessAction, ShellRequest, ShellResult};
use hermes_plugin_api::model::Completion;
use hermes_plugin_api::platform::Body;
use hermes_plugin_api::session::{Answer, AskRequest, CompleteRequest, REPORT, Report};
use serde_json::Value;

use crate::conversation::quote;
use crate::host::scope::{BoxFuture, FileRequest, ToolScope};
use crate::redact::redact;
use crate::turn::Follower;

/// What the opening of a session may use.
pub(super) struct Opening {
    /// Who waits for it.
    pub(super) follower: Option<Arc<dyn Follower>>,
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
