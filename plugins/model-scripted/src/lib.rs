//! A model that replays a script, for tests and demonstrations: texts, calls, failures, silence.
//!
//! It reads nothing but its script and understands nothing of what it is told.
#![forbid(unsafe_code)]

mod config;
mod script;

use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use hermes_plugin_api::model::{CallRequest, Completion, Delta, Request};
use hermes_plugin_api::prelude::*;

use crate::script::{Expect, Step};

struct Scripted {
    host: Host,
    path: Option<PathBuf>,
    steps: OnceLock<Result<Vec<Step>>>,
    said: AtomicUsize,
}

impl Model for Scripted {
    async fn complete(&self, request: Request, deltas: Sink<Delta>, cancel: Cancel) -> Result<Completion> {
        let number = self.said.fetch_add(1, Ordering::Relaxed);
        let Some(step) = self.step(number)? else { return Ok(self.over()) };
        check(step.expect.as_ref(), &request, number)?;
        cancel.run(self.host.sleep(Duration::from_millis(step.delay_ms))).await?;
        for text in pieces(&step.thinking) {
            deltas.push(&Delta::Thinking { text }).await?;
        }
        for text in pieces(&step.text) {
            deltas.push(&Delta::Text { text }).await?;
        }
        if step.hang {
            cancel.cancelled().await;
            return Err(PluginError::cancelled());
        }
        if let Some(error) = &step.error {
            return Err(error.error());
        }
        let call = |call: &script::ScriptedCall| CallRequest {
            id: call.id.clone(),
            name: call.name.clone(),
            arguments: call.arguments(),
        };
        let tool_calls = step.tool_calls.iter().map(call).collect();
        Ok(Completion { content: step.text.clone(), tool_calls, ..Completion::default() })
    }
}

impl Scripted {
    fn new(ctx: &Context) -> Result<Self> {
        let config::Config { script } = ctx.config()?;
        Ok(Self { host: ctx.host.clone(), path: script, steps: OnceLock::new(), said: AtomicUsize::new(0) })
    }

    fn step(&self, number: usize) -> Result<Option<&Step>> {
        let mut left = number;
        for step in self.steps()? {
            let times = step.repeat.unwrap_or(1);
            if left < times {
                return Ok(Some(step));
            }
            left -= times;
        }
        Ok(None)
    }

    fn steps(&self) -> Result<&[Step]> {
        let read = || {
            let unset =
                || PluginError::config("No script is set").with_hint("set `model.script` to the path of a YAML script");
            script::read(self.path.as_deref().ok_or_else(unset)?)
        };
        self.steps.get_or_init(read).as_deref().map_err(Clone::clone)
    }

    fn over(&self) -> Completion {
        let path = self.path.as_deref().unwrap_or("".as_ref()).display();
        Completion { content: format!("The script `{path}` is over."), ..Completion::default() }
    }
}

fn check(expect: Option<&Expect>, request: &Request, number: usize) -> Result<()> {
    let Some(Expect { last_contains }) = expect else { return Ok(()) };
    let last = request.messages.last().map_or("", |message| message.content.as_str());
    if last.contains(last_contains) {
        return Ok(());
    }
    let step = number + 1;
    Err(PluginError::internal(format!(
        "Answer {step} expected `{last_contains}` in the last message, which is: {last}"
    )))
}

/// The text as a model would stream it: word by word.
fn pieces(text: &str) -> impl Iterator<Item = String> {
    text.split_inclusive(' ').map(str::to_owned)
}

hermes_plugin_api::export_plugin!(model "scripted" => Scripted::new);

#[cfg(test)]
mod tests;
