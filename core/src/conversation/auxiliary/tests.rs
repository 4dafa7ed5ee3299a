//! Completions for tools: what is not asked of a model, and what ends an answer.

use std::time::Duration;

use hermes_plugin_api::flow::Sink;
use hermes_plugin_api::model::CallRequest;
use hermes_plugin_api::{Model, serve};

use super::*;
use crate::plugin::handle::ModelHandle;
use crate::turn::limits::Limits;
use crate::turn::toolbox::Toolbox;

/// A model that does as it is told.
struct Obedient;

impl Model for Obedient {
    async fn complete(&self, request: Request, deltas: Sink<Delta>, _: Cancel) -> Result<Completion> {
        match request.messages.last().map_or("", |last| last.content.as_str()) {
            "hang" => std::future::pending().await,
            "never end" => loop {
                deltas.push(&Delta::Text { text: "blah".repeat(100) }).await?;
            },
            "all at once" => Ok(Completion { content: "x".repeat(5_000), ..Completion::default() }),
            "only stream" => {
                deltas.push(&Delta::Text { text: "streamed".into() }).await?;
                Ok(Completion { tool_calls: vec![CallRequest::default()], ..Completion::default() })
            }
            said => Ok(Completion { content: format!("{}|{said}", request.system), ..Completion::default() }),
        }
    }
}

fn agent() -> Agent {
    let limits = Limits { answer: 4_096, answer_time: Duration::from_secs(60), ..Limits::default() };
    Agent {
        model: ModelHandle::new("model-fake", "fake", serve::model(Obedient)),
        model_name: String::new(),
        fallbacks: Default::default(),
        compression: Default::default(),
        title: Side { own: None, time: Duration::from_secs(60) },
        vision: Side { own: None, time: Duration::from_secs(60) },
        toolbox: Toolbox::default(),
        limits,
    }
}

fn user(text: &str) -> Message {
    Message { content: text.into(), ..Message::default() }
}

async fn asked(messages: Vec<Message>) -> Result<Completion> {
    let request = CompleteRequest { messages, system: "be brief".into(), ..CompleteRequest::default() };
    complete(&agent(), request, None, &Cancel::never()).await
}

#[tokio::test]
async fn the_model_reads_what_the_tool_says_without_secrets() {
    let token = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
    let answer = asked(vec![user(&format!("my {token}"))]).await.expect("an answer");
    assert_eq!(answer.content, "be brief|my [REDACTED]");
    let answer = asked(vec![user("only stream")]).await.expect("an answer");
    assert_eq!((answer.content.as_str(), answer.tool_calls.len()), ("streamed", 0));
}

#[tokio::test]
async fn what_no_model_should_be_asked_is_refused() {
    let call = Message { tool_calls: vec![CallRequest::default()], ..Message::default() };
    let result = Message { role: Role::Tool, ..Message::default() };
    let assistant = Message { role: Role::Assistant, ..user("and so on") };
    let long = user(&"x".repeat(COMPLETION));
    for (messages, why) in [
        (vec![], "the last of them the user's"),
        (vec![user("a"), assistant], "the last of them the user's"),
        (vec![call, user("a")], "has no tools"),
        (vec![result, user("a")], "has no tools"),
        (vec![long], "longer than 1048576 bytes"),
    ] {
        let error = asked(messages).await.expect_err("refused");
        assert!(error.code == ErrorCode::USER && error.message.contains(why), "{error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_answer_ends() {
    for (text, code) in [("hang", ErrorCode::TIMEOUT), ("never end", ErrorCode::USER), ("all at once", ErrorCode::USER)]
    {
        assert_eq!(asked(vec![user(text)]).await.expect_err("no answer").code, code, "{text}");
    }
    let cancel = CancelSource::new();
    cancel.cancel();
    let request = CompleteRequest { messages: vec![user("hang")], ..CompleteRequest::default() };
    let error = complete(&agent(), request, None, &cancel.handle()).await.expect_err("no answer");
    assert_eq!(error.code, ErrorCode::CANCELLED);
}
