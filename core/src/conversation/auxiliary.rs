//! Answers of a session's model beside the conversation, for its tools: bounded in size and time, without tools and
//! without secrets.
//!
//! It does not try again and knows no conversation: both are the asking tool's.

use std::pin::pin;
use std::time::Duration;

use hermes_plugin_api::error::{ErrorCode, PluginError, Result};
use hermes_plugin_api::flow::{Cancel, Output};
use hermes_plugin_api::model::{Completion, Delta, Message, Request, Role};
use hermes_plugin_api::session::{COMPLETION, CompleteRequest, PICTURES};
use tokio::time::sleep;

use crate::conversation::agent::{Agent, Side};
use crate::flow::{CancelSource, messages};
use crate::plugin::handle::ModelHandle;
use crate::redact::redact;
use crate::turn::models::is_worth_another;

/// Has the agent's model answer, or the one that looks at pictures where there are any; its text goes into `output`
/// as it comes.
///
/// # Errors
/// `USER` for a request that cannot be made and an answer that is too long, `TIMEOUT`, `CANCELLED`, and what the
/// model reports.
pub(super) async fn complete(
    agent: &Agent,
    request: CompleteRequest,
    output: Option<Output>,
    cancel: &Cancel,
) -> Result<Completion> {
    let request = checked(agent, request)?;
    if request.messages.iter().any(|message| !message.images.is_empty()) {
        return aside(agent, &agent.vision, request, output, cancel).await;
    }
    let bounds = Bounds { time: agent.limits.answer_time, size: agent.limits.answer };
    ask(&agent.model, &request, bounds, output, cancel).await.map(without_calls)
}

/// Has the model of a side task answer, and the chat's where there is none or it fails.
///
/// # Errors
/// As [`complete`].
pub(super) async fn side(agent: &Agent, side: &Side, request: CompleteRequest, cancel: &Cancel) -> Result<Completion> {
    aside(agent, side, checked(agent, request)?, None, cancel).await
}

async fn aside(
    agent: &Agent,
    side: &Side,
    mut request: Request,
    output: Option<Output>,
    cancel: &Cancel,
) -> Result<Completion> {
    let bounds = Bounds { time: side.time, size: agent.limits.answer };
    let chat = std::mem::take(&mut request.model);
    if let Some(own) = &side.own {
        own.name().clone_into(&mut request.model);
        // What a reader got of an answer that broke off could not be taken back.
        let streams = output.is_some();
        let answer = match own.model() {
            Ok(model) => ask(model, &request, bounds, output.clone(), cancel).await,
            Err(error) => Err(error),
        };
        match answer {
            Err(error) if is_worth_another(&error) && !(streams && own.model().is_ok()) => {
                tracing::warn!(%error, model = own.name(), "The model of a side task failed; the chat's answers instead.");
            }
            answer => return answer.map(without_calls),
        }
    }
    request.model = chat;
    ask(&agent.model, &request, bounds, output, cancel).await.map(without_calls)
}

/// Calls of tools that were not offered are left out.
fn without_calls(mut answer: Completion) -> Completion {
    answer.tool_calls.clear();
    answer
}

/// How long an answer may take, and how many bytes it may have.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) time: Duration,
    pub(crate) size: usize,
}

/// Has a model answer.
///
/// # Errors
/// As [`complete`].
pub(crate) async fn ask(
    model: &ModelHandle,
    request: &Request,
    bounds: Bounds,
    mut output: Option<Output>,
    cancel: &Cancel,
) -> Result<Completion> {
    let model_cancel = CancelSource::new();
    let handle = model_cancel.handle();
    let (sink, mut deltas) = messages::<Delta>(64);
    let mut call = pin!(model.complete(request, sink, &handle));
    let mut cancelled = pin!(cancel.cancelled());
    let mut late = pin!(sleep(bounds.time));
    let mut said = String::new();
    let mut streaming = true;
    let error = loop {
        // A branch that is dropped loses nothing: all but the queue of deltas is pinned outside.
        tokio::select! {
            biased;
            () = &mut cancelled => break PluginError::cancelled(),
            delta = deltas.recv(), if streaming => match delta {
                Some(Ok(delta)) => pass(delta, &mut said, &mut output, cancel).await,
                Some(Err(error)) => tracing::debug!(%error, "A piece of an answer could not be read."),
                None => streaming = false,
            },
            result = &mut call => match result {
                Ok(answer) => {
                    while let Some(Ok(delta)) = deltas.try_recv() {
                        pass(delta, &mut said, &mut output, cancel).await;
                    }
                    return whole(bounds, answer, said);
                }
                Err(error) => break error,
            },
            () = &mut late => {
                let seconds = bounds.time.as_secs();
                let why = format!("The model did not finish its answer within {seconds} s");
                break PluginError::new(ErrorCode::TIMEOUT, why);
            }
        }
        if said.len() > bounds.size {
            break too_long(bounds);
        }
    };
    model_cancel.cancel();
    Err(error)
}

/// The request as the model gets it.
fn checked(agent: &Agent, request: CompleteRequest) -> Result<Request> {
    let CompleteRequest { system, messages, temperature, max_tokens, .. } = request;
    if messages.last().is_none_or(|last| last.role != Role::User) {
        return Err(PluginError::user("A completion needs messages, the last of them the user's"));
    }
    if messages.iter().any(|message| message.role == Role::Tool || !message.tool_calls.is_empty()) {
        return Err(PluginError::user("A completion beside the conversation has no tools"));
    }
    let length = messages.iter().fold(system.len(), |length, message| length.saturating_add(message.content.len()));
    if length > COMPLETION {
        return Err(PluginError::user(format!("The messages are longer than {COMPLETION} bytes")));
    }
    let pictures = messages
        .iter()
        .flat_map(|message| &message.images)
        .fold(0_usize, |sum, picture| sum.saturating_add(picture.data.len()).saturating_add(picture.media_type.len()));
    if pictures > PICTURES {
        return Err(PluginError::user(format!("The pictures are longer than {PICTURES} bytes in base64")));
    }
    let clean = |message: Message| Message {
        role: message.role,
        content: redact(&message.content).into_owned(),
        images: message.images,
        ..Message::default()
    };
    Ok(Request {
        model: agent.model_name.clone(),
        system: redact(&system).into_owned(),
        messages: messages.into_iter().map(clean).collect(),
        tools: Vec::new(),
        temperature,
        max_tokens,
    })
}

/// Passes a piece of text on, as long as somebody reads.
async fn pass(delta: Delta, said: &mut String, output: &mut Option<Output>, cancel: &Cancel) {
    let Delta::Text { text } = delta else { return };
    said.push_str(&text);
    let Some(reader) = output else { return };
    if !matches!(cancel.run(reader.write(text)).await, Ok(Ok(()))) {
        *output = None;
    }
}

/// The answer. One that only streamed its text has said it all the same.
fn whole(bounds: Bounds, mut answer: Completion, said: String) -> Result<Completion> {
    if answer.content.is_empty() {
        answer.content = said;
    }
    if answer.content.len() > bounds.size { Err(too_long(bounds)) } else { Ok(answer) }
}

fn too_long(bounds: Bounds) -> PluginError {
    PluginError::user(format!("The answer of the model is longer than {} bytes", bounds.size))
}

#[cfg(test)]
mod tests;
