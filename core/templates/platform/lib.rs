//! A platform on which nobody writes. `run` and `send` are the places to begin.
#![forbid(unsafe_code)]

use hermes_plugin_api::platform::{Body, Inbound, Outbound, Receipt};
use hermes_plugin_api::prelude::*;

#[cfg(test)]
mod tests;

export_plugin!(platform "{{name}}" => |_| Ok(Silence));

struct Silence;

impl Platform for Silence {
    async fn run(&self, _inbox: Sink<Inbound>, cancel: Cancel) -> Result<()> {
        // Push what comes in into the inbox; acknowledge it to the server once `push` has returned.
        cancel.cancelled().await;
        Ok(())
    }

    async fn send(&self, outbound: Outbound) -> Result<Receipt> {
        match outbound.body {
            Body::Message { .. } => Ok(Receipt {
                id: Some(outbound.op),
            }),
            _ => Ok(Receipt::default()),
        }
    }
}
