//! A scanner that finds nothing. It is built with `panic = "abort"`.

use hermes_plugin_api::prelude::*;

export_plugin!(scanner "aborts" => |_| Ok(Quiet));

struct Quiet;

impl Scanner for Quiet {
    async fn scan(&self, _: &Subject) -> Result<Vec<Finding>> {
        Ok(Vec::new())
    }
}
