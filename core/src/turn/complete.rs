//! One answer: streamed to the follower, bounded in time and size, asked for again while the model is unavailable, and
//! of the next model when it stays so. It does not look at what is said.

use std::pin::pin;
use std::time::Duration;

use hermes_plugin_api::error::{ErrorCode, PluginError};
use hermes_plugin_api::flow::Cancel;
use hermes_plugin_api::model::{Cause, Completion, Delta, Request};
use hermes_plugin_api::platform::Body;
use hermes_plugin_api::retry::Backoff;
use tokio::time::{Instant, sleep, sleep_until};

use crate::flow::{CancelSource, messages};
use crate::host::clock;
use crate::plugin::handle::ModelHandle;
use crate::turn::Turn;
use crate::turn::models::{Answering, is_worth_another};

/// An answer that did not come to its end.
pub(super) struct Stopped {
    /// As far as it came.
    pub(super) said: String,
    /// What stopped it.
    pub(super) why: Why,
}

impl Stopped {
    /// The conversation is longer than the model can read.
    pub(super) fn is_overflow(&self) -> bool {
        matches!(&self.why, Why::Failed(error) if Cause::of(error) == Some(Cause::ContextOverflow))
    }
}

/// What stopped an answer.
pub(super) enum Why {
    /// The person.
    Interrupted,
    /// Its length.
    TooLong,
    /// The model.
    Failed(PluginError),
}

/// Asks for an answer: whoever answers at the moment, and then those that answer in its place.
pub(super) async fn complete(
    turn: &Turn<'_>,
    answering: &mut Answering<'_>,
    mut request: Request,
    cancel: &Cancel,
) -> Result<Completion, Stopped> {
    loop {
        request.model = answering.name.to_owned();
        let stopped = match again_and_again(turn, answering.model, &request, cancel).await {
            Ok(answer) => return Ok(answer),
            Err(stopped) => stopped,
        };
        let Why::Failed(error) = &stopped.why else { return Err(stopped) };
        if !is_worth_another(error) {
            return Err(stopped);
        }
        let (failed, mut troubles) = (answering.label(), Vec::new());
        let goes_on = answering.next(&mut troubles);
        for text in troubles {
            turn.follower.show(Body::Notice { text: format!("⚠ {text}") }).await;
        }
        if !goes_on {
            return Err(stopped);
        }
        // What came of an answer that broke off is over.
        turn.follower.show(Body::Activity { text: format!("{failed} failed"), call: None }).await;
        let text = format!("⚠ {failed} failed: {error}. {} answers instead", answering.label());
        turn.follower.show(Body::Notice { text }).await;
    }
}

/// Asks a model, again as often as that may help.
async fn again_and_again(
    turn: &Turn<'_>,
    model: &ModelHandle,
    request: &Request,
    cancel: &Cancel,
) -> Result<Completion, Stopped> {
    let deadline = Instant::now() + turn.limits.answer_time;
    let mut tried = 0;
    loop {
        let stopped = match attempt(turn, model, request, deadline, cancel).await {
            Ok(answer) => return Ok(answer),
            Err(stopped) => stopped,
        };
        let Why::Failed(error) = &stopped.why else { return Err(stopped) };
        let Some(wait) = wait_for(error, tried, turn.limits.retries, deadline) else { return Err(stopped) };
        tried += 1;
        let text = format!("{error}; trying again in {} s ({tried} of {})", seconds(wait), turn.limits.retries);
        turn.follower.show(Body::activity(text)).await;
        if cancel.run(sleep(wait)).await.is_err() {
            return Err(Stopped { said: stopped.said, why: Why::Interrupted });
        }
    }
}

/// How long to wait before the next try; `None` when there is none.
fn wait_for(error: &PluginError, tried: u32, retries: u32, deadline: Instant) -> Option<Duration> {
    let backoff = Backoff { tries: retries, ..Backoff::default() };
    let random = clock::random(4).try_into().map_or(0, u32::from_le_bytes);
    let wait = backoff.wait(tried, error.retry_after, random).filter(|_| error.code.is_retryable())?;
    (Instant::now() + wait < deadline).then_some(wait)
}

fn seconds(wait: Duration) -> String {
    match wait.as_secs() {
        0 => format!("{:.2}", wait.as_secs_f32()),
        seconds => seconds.to_string(),
    }
}

async fn attempt(
    turn: &Turn<'_>,
    model: &ModelHandle,
    request: &Request,
    deadline: Instant,
    cancel: &Cancel,
) -> Result<Completion, Stopped> {
    let model_cancel = CancelSource::new();
    let handle = model_cancel.handle();
    let (sink, mut deltas) = messages::<Delta>(64);
    let mut call = pin!(model.complete(request, sink, &handle));
    let mut cancelled = pin!(cancel.cancelled());
    let mut said = String::new();
    let mut streaming = true;
    let why = loop {
        // A branch that is dropped loses nothing: the call and the cancellation are pinned outside, and a delta
        // that was not received stays in its queue.
        tokio::select! {
            biased;
            () = &mut cancelled => break Why::Interrupted,
            delta = deltas.recv(), if streaming => match delta {
                Some(Ok(delta)) => hear(turn, delta, &mut said, cancel).await,
                Some(Err(error)) => tracing::debug!(%error, "A piece of an answer could not be read."),
                None => streaming = false,
            },
            result = &mut call => match result {
                Ok(answer) => {
                    while let Some(Ok(delta)) = deltas.try_recv() {
                        hear(turn, delta, &mut said, cancel).await;
                    }
                    return whole(turn, answer, said);
                }
                Err(error) => break Why::Failed(error),
            },
            () = sleep_until(deadline) => break Why::Failed(too_slow(turn)),
        }
        if said.len() > turn.limits.answer {
            break Why::TooLong;
        }
    };
    model_cancel.cancel();
    while let Some(delta) = deltas.try_recv() {
        if let Ok(Delta::Text { text }) = delta {
            said.push_str(&text);
        }
    }
    cut(&mut said, turn.limits.answer);
    Err(Stopped { said, why })
}

async fn hear(turn: &Turn<'_>, delta: Delta, said: &mut String, cancel: &Cancel) {
    let Delta::Text { text } = delta else { return };
    said.push_str(&text);
    // An interruption must not wait for a follower that reads slowly.
    let _ = cancel.run(turn.follower.show(Body::Delta { text })).await;
}

/// The answer, if it is not too long. One that only streamed its text has said it all the same.
fn whole(turn: &Turn<'_>, mut answer: Completion, said: String) -> Result<Completion, Stopped> {
    if answer.content.is_empty() {
        answer.content = said;
    }
    if answer.content.len() > turn.limits.answer {
        cut(&mut answer.content, turn.limits.answer);
        return Err(Stopped { said: answer.content, why: Why::TooLong });
    }
    Ok(answer)
}

fn too_slow(turn: &Turn<'_>) -> PluginError {
    let seconds = turn.limits.answer_time.as_secs();
    PluginError::new(ErrorCode::TIMEOUT, format!("The model did not finish its answer within {seconds} s"))
}

fn cut(text: &mut String, max: usize) {
    text.truncate(text.floor_char_boundary(max));
}
