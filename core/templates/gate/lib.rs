//! A gate that knows nobody. `admit` is the place to begin.
#![forbid(unsafe_code)]

use hermes_plugin_api::gate::{Admission, Sender};
use hermes_plugin_api::prelude::*;

#[cfg(test)]
mod tests;

export_plugin!(gate "{{name}}" => |_| Ok(Closed));

struct Closed;

impl Gate for Closed {
    async fn admit(&self, _: Sender) -> Result<Admission> {
        Ok(Admission::Unknown)
    }
}
