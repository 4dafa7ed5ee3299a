//! Every platform receives until it is told to stop, and answers about whatever it is given to send or to fetch.
//!
//! What is sent goes to a chat that does not exist. On a platform without an account, which is how it is tested,
//! nothing goes anywhere.

use std::sync::Arc;

use futures_util::future::{Either, select};

use super::{Check, Checks, PATIENCE, Runner, graceful, shapes};
use crate::Platform;
use crate::error::Result;
use crate::flow::Cancel;
use crate::harness::Collected;
use crate::platform::{Body, Choice, Media, Outbound, Prompt, Status};

/// Runs the checks of a platform that the manifest calls `name`.
pub async fn platform<P: Platform>(runner: &impl Runner, platform: &Arc<P>, name: &str) -> Vec<Check> {
    let mut checks = Checks::default();
    let asked = platform.clone();
    let told = async move { asked.run(Collected::default().sink(), Cancel::fired()).await };
    let told = runner.run(PATIENCE, told).await.or_else(|error| graceful(&error));
    checks.add(format!("platform `{name}` stops receiving when it is told to"), told);
    for (what, body) in bodies() {
        let what = format!("platform `{name}` sends {what}, or says why not");
        let outbound = Outbound { op: "conformance".to_owned(), chat: "conformance".to_owned(), body };
        match runner.run(PATIENCE, sent_while_running(platform.clone(), outbound)).await {
            Ok(()) => checks.add(what, Ok(())),
            Err(error) => checks.excused(what, &error),
        }
    }
    let asked = platform.clone();
    let fetched = async move {
        let media = Media { id: "no-such-media".into(), ..Media::default() };
        asked.fetch(media, 1024, Collected::default().output()).await
    };
    let fetched = match runner.run(PATIENCE, fetched).await {
        Ok(()) => Err("it fetched media that is not there".to_owned()),
        Err(error) => graceful(&error),
    };
    checks.add(format!("platform `{name}` says so when media is not there"), fetched);
    checks.0
}

/// Sends while the platform receives, as it always is when something is sent. Leaving drops the receiving call,
/// which must end it.
async fn sent_while_running<P: Platform>(platform: Arc<P>, outbound: Outbound) -> Result<()> {
    let run = std::pin::pin!(platform.run(Collected::default().sink(), Cancel::never()));
    let send = std::pin::pin!(platform.send(outbound));
    match select(run, send).await {
        Either::Right((sent, _)) => sent.map(drop),
        // It may have nothing to receive, or nobody to receive from.
        Either::Left((ended, send)) => {
            ended?;
            send.await.map(drop)
        }
    }
}

/// One of each kind, and messages that are odd.
fn bodies() -> Vec<(String, Body)> {
    let text = || "hermes plugins test".to_owned();
    let choice = Choice { id: "once".to_owned(), label: "once".to_owned() };
    let prompt = Prompt {
        id: "1".to_owned(),
        text: text(),
        choices: vec![choice],
        question: "Choice:".to_owned(),
        ..Prompt::default()
    };
    let each = [
        ("a piece of a message", Body::Delta { text: text() }),
        ("the end of a message", Body::MessageEnd { text: text() }),
        ("what goes on", Body::activity(text())),
        ("output of a tool", Body::tool_output(text())),
        ("a notice", Body::Notice { text: text() }),
        ("a question", Body::Prompt(prompt)),
        ("the end of a question", Body::PromptEnd { prompt: "1".to_owned(), outcome: "denied".to_owned() }),
        ("a status", Body::Status(Status { text: text(), ..Status::default() })),
        ("the end of a turn", Body::TurnEnd),
    ];
    // How long a text may be is the platform's to declare and the host's to heed.
    let short = shapes().into_iter().filter(|(_, text)| text.len() < 1_000);
    let messages = short.map(|(shape, text)| (format!("a message of {shape}"), Body::Message { text }));
    messages.chain(each.map(|(what, body)| (what.to_owned(), body))).collect()
}
