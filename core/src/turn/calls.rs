//! The tool calls of one answer: checked, run, their results shortened and written into the transcript.
//!
//! What is wrong with a call goes back to the model as its result. Neighbouring calls run side by side when their tools
//! say that they may; results stand in the order of the calls.

use std::pin::pin;
use std::time::Duration;

use futures_util::{FutureExt as _, StreamExt as _};
use hermes_plugin_api::error::{ErrorCode, PluginError};
use hermes_plugin_api::flow::Cancel;
use hermes_plugin_api::model::CallRequest;
use hermes_plugin_api::platform::{Body, Call as Shown, Ended};
use hermes_plugin_api::tools::{CallContext, CallResult, Progress, ToolCall};
use serde_json::{Map, Value};
use tokio::time::sleep;

use crate::flow::messages;
use crate::host::clock;
use crate::host::scope::BoxFuture;
use crate::redact::redact;
use crate::session::spent::Spent;
use crate::session::transcript::{Call, INTERRUPTED, Transcript};
use crate::turn::text::{one_line, shortened};
use crate::turn::toolbox::Entry;
use crate::turn::{Turn, limits};

/// The calls that will be run, and a note for the model when there are fewer than it asked for.
pub(super) fn at_most(mut calls: Vec<CallRequest>) -> (Vec<CallRequest>, Option<String>) {
    let asked = calls.len();
    calls.truncate(limits::CALLS);
    let dropped = asked - calls.len();
    let note = format!("[{dropped} further calls were dropped: at most {} in one answer]", limits::CALLS);
    (calls, (dropped > 0).then_some(note))
}

/// Runs calls and writes their results.
pub(super) async fn run(
    turn: &Turn<'_>,
    transcript: &mut Transcript,
    calls: &[Call],
    note: Option<String>,
    cancel: &Cancel,
) {
    let last = calls.last().map(|call| call.id.as_str());
    // One that does not say that it may runs after all before it and before all behind it.
    for calls in calls.chunk_by(|one, next| is_parallel(turn, one) && is_parallel(turn, next)) {
        let work: Vec<BoxFuture<'_, CallResult>> = calls.iter().map(|call| one(turn, call, cancel).boxed()).collect();
        let results = futures_util::stream::iter(work).buffered(limits::PARALLEL);
        let mut results = results.zip(futures_util::stream::iter(calls));
        while let Some((result, call)) = results.next().await {
            let mut text = shortened(redact(&result.joined()).into_owned(), turn.limits.result);
            if let Some(note) = note.as_ref().filter(|_| last == Some(&call.id)) {
                text = format!("{text}\n{note}");
            }
            transcript.result(&call.id, text, result.is_error);
            turn.keep(transcript, Spent::default()).await;
        }
    }
}

fn is_parallel(turn: &Turn<'_>, call: &Call) -> bool {
    turn.toolbox.find(&call.name).is_ok_and(|entry| entry.tool.parallel)
}

async fn one(turn: &Turn<'_>, call: &Call, cancel: &Cancel) -> CallResult {
    if cancel.is_cancelled() {
        return CallResult::error(INTERRUPTED);
    }
    let checked = call.arguments.as_ref().map_err(Clone::clone);
    let checked = checked.and_then(|arguments| {
        let entry = turn.toolbox.find(&call.name)?;
        Ok((entry, entry.check(arguments)?, summary(arguments)))
    });
    let (entry, arguments, about) = match checked {
        Ok(checked) => checked,
        Err(why) => {
            let text = format!("{}: {}", call.name, one_line(&why, limits::EXCERPT));
            turn.follower.show(Body::activity(one_line(&text, limits::EXCERPT))).await;
            return CallResult::error(why);
        }
    };
    let mut shown = Shown { id: call.id.clone(), name: call.name.clone(), about, ended: None };
    show(turn, format!("{} {}", shown.name, shown.about), &shown).await;
    let started = clock::instant();
    let result = match invoke(turn, entry, arguments, cancel).await {
        Ok(result) if entry.tool.open_world => Ok(screened(turn, &call.name, result).await),
        result => result,
    };
    let ended = ended(&result, started.elapsed());
    let how = if ended.failed { "failed after" } else { "done in" };
    shown.ended = Some(ended);
    show(turn, format!("{} {how} {:.1} s", shown.name, started.elapsed().as_secs_f32()), &shown).await;
    result.unwrap_or_else(|error| CallResult::error(told(&call.name, &error)))
}

/// A result from strangers, or what stands in its place.
async fn screened(turn: &Turn<'_>, name: &str, result: CallResult) -> CallResult {
    match turn.scope.screen(name, &result.joined()).await {
        Some(instead) => {
            turn.follower.show(Body::activity(instead.clone())).await;
            CallResult::error(instead)
        }
        None => result,
    }
}

/// What the model reads of a call that could not be made. What the guard says stands for itself.
fn told(name: &str, error: &PluginError) -> String {
    let hint = error.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
    match error.code {
        ErrorCode::CANCELLED => INTERRUPTED.to_owned(),
        ErrorCode::DENIED => format!("{error}{hint}"),
        _ => format!("Tool `{name}` failed: {error}{hint}"),
    }
}

async fn invoke(turn: &Turn<'_>, entry: &Entry, arguments: Value, cancel: &Cancel) -> Result<CallResult, PluginError> {
    let token = turn.scopes.open(turn.scope.clone());
    let context = CallContext { token: token.token().to_owned(), session: turn.session.to_owned() };
    let call = ToolCall { name: entry.tool.name.clone(), arguments, context };
    let (sink, mut progress) = messages::<Progress>(16);
    let mut work = pin!(entry.handle.call(&call, sink, cancel));
    let mut late = pin!(async {
        cancel.cancelled().await;
        sleep(limits::GRACE).await;
    });
    let mut deadline = pin!(sleep(turn.limits.call_time));
    let mut reporting = true;
    loop {
        // A branch that is dropped loses nothing: all but the queue of reports is pinned outside.
        tokio::select! {
            biased;
            result = &mut work => {
                // What was told last is shown too.
                while let Some(Ok(report)) = progress.try_recv() {
                    turn.follower.show(output(report)).await;
                }
                return result;
            }
            report = progress.recv(), if reporting => match report {
                Some(Ok(report)) => turn.follower.show(output(report)).await,
                Some(Err(error)) => tracing::debug!(%error, "A report could not be read."),
                None => reporting = false,
            },
            () = &mut late => return Err(PluginError::cancelled()),
            () = &mut deadline => return Err(too_slow(turn)),
        }
    }
}

fn too_slow(turn: &Turn<'_>) -> PluginError {
    let seconds = turn.limits.call_time.as_secs();
    PluginError::new(ErrorCode::TIMEOUT, format!("It did not end within {seconds} s"))
}

/// How a call ended. The exit code is where the tool for commands says it.
fn ended(result: &Result<CallResult, PluginError>, elapsed: Duration) -> Ended {
    let structured = result.as_ref().ok().and_then(|result| result.structured.as_ref());
    let why = match result {
        Ok(result) if result.is_error => result.joined(),
        Ok(_) => String::new(),
        Err(error) => error.to_string(),
    };
    Ended {
        elapsed_ms: u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
        failed: result.as_ref().map_or(true, |result| result.is_error),
        why: one_line(&why, limits::EXCERPT),
        exit_code: structured.and_then(|structured| structured.get("exit_code")?.as_i64()),
    }
}

fn output(report: Progress) -> Body {
    Body::ToolOutput { text: report.message, diff: report.diff }
}

async fn show(turn: &Turn<'_>, text: String, call: &Shown) {
    turn.follower.show(Body::Activity { text: one_line(&text, limits::EXCERPT), call: Some(call.clone()) }).await;
}

/// What a call is about, in a few words: what it names, or else its first text.
fn summary(arguments: &Map<String, Value>) -> String {
    let named = ["command", "path", "pattern", "query", "url"].iter().filter_map(|key| arguments.get(*key));
    let texts = named.chain(arguments.values()).filter_map(Value::as_str);
    texts.map(|text| one_line(text, limits::EXCERPT)).find(|text| !text.is_empty()).unwrap_or_default()
}
