//! Every model answers or says why not, streams what it answers, and stops when nobody waits any more.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Check, Checks, Held, PATIENCE, Runner, graceful};
use crate::Model;
use crate::error::Result;
use crate::flow::Cancel;
use crate::harness::Collected;
use crate::model::{Completion, Delta, Message, Request, Role};

/// Runs the checks of a model that the manifest calls `name`.
pub async fn model<M: Model>(runner: &impl Runner, model: &Arc<M>, name: &str) -> Vec<Check> {
    let mut checks = Checks::default();
    let what = format!("model `{name}` answers or says why not");
    match runner.run(PATIENCE, complete(model.clone(), Cancel::never())).await {
        Ok((completion, deltas)) => {
            checks.add(what, formed(&completion));
            checks.add(format!("model `{name}` streams what it answers"), streamed(&completion, &deltas));
        }
        Err(error) => checks.excused(what, &error),
    }
    let stopped = match runner.run(PATIENCE, complete(model.clone(), Cancel::fired())).await {
        Ok(_) => Ok(()),
        Err(error) => graceful(&error),
    };
    checks.add(format!("model `{name}` stops when it is cancelled"), stopped);
    checks.0
}

async fn complete<M: Model>(model: Arc<M>, cancel: Cancel) -> Result<(Completion, Vec<Delta>)> {
    let deltas = Collected::default();
    let message = Message { role: Role::User, content: "hello".into(), ..Message::default() };
    let request = Request { messages: vec![message], ..Request::default() };
    let completion = model.complete(request, deltas.sink(), cancel).await?;
    Ok((completion, deltas.messages()?))
}

fn formed(completion: &Completion) -> Held {
    let mut ids = BTreeSet::new();
    for call in &completion.tool_calls {
        if call.id.is_empty() || !ids.insert(&call.id) {
            return Err(format!("two calls have the id `{}`, or it is empty", call.id));
        }
    }
    Ok(())
}

fn streamed(completion: &Completion, deltas: &[Delta]) -> Held {
    let texts = deltas.iter().filter_map(|delta| match delta {
        Delta::Text { text } => Some(text.as_str()),
        Delta::Thinking { .. } => None,
    });
    let streamed: String = texts.collect();
    if streamed.is_empty() || streamed == completion.content {
        return Ok(());
    }
    Err(format!("it streamed {streamed:?} and answered {:?}", completion.content))
}
