//! `hermes sessions show`: what was said, to be read at once.

use serde_json::json;

use super::{described, export, one_line, plain};
use crate::cli::out;
use crate::error::{Failure, OK};
use crate::host::clock;
use crate::session::sessions::Sessions;

pub(super) fn run(sessions: &Sessions, name: &str, as_json: bool) -> Result<u8, Failure> {
    let store = sessions.store();
    let summary = store.find(name)?;
    if as_json {
        let mut messages = Vec::new();
        store.each(&summary.id, |said| {
            messages.push(export::line(&said));
            Ok(())
        })?;
        let mut session = described(sessions, &summary);
        session["messages"] = json!(messages);
        out::json(&session);
        return Ok(OK);
    }
    let title = one_line(summary.title.as_deref().unwrap_or_default(), 100);
    let begun = clock::stamp(summary.begun_ms);
    out::line(&format!(
        "{title}\n{} · {} · {} · {begun}\n{}",
        summary.id,
        summary.source,
        summary.model,
        summary.spent.told()
    ));
    store.each(&summary.id, |said| {
        out::line(&plain(&export::text(&said)));
        Ok(())
    })?;
    Ok(OK)
}
