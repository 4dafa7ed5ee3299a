//! A model that says the last message again. `complete` is the place to begin.
#![forbid(unsafe_code)]

use hermes_plugin_api::model::{Completion, Delta, Request};
use hermes_plugin_api::prelude::*;

#[cfg(test)]
mod tests;

export_plugin!(model "{{name}}" => |_| Ok(Parrot));

struct Parrot;

impl Model for Parrot {
    async fn complete(
        &self,
        request: Request,
        deltas: Sink<Delta>,
        _: Cancel,
    ) -> Result<Completion> {
        let text = request
            .messages
            .last()
            .map(|message| message.content.clone())
            .unwrap_or_default();
        deltas.push(&Delta::Text { text: text.clone() }).await?;
        Ok(Completion {
            content: text,
            ..Completion::default()
        })
    }
}
