//! Rules for dangerous commands: what the security page lists, and its kin.
//!
//! The host reads the command; the rules only ask questions of what it read. What cannot be read or known is the
//! host's own finding, not this plugin's.
#![forbid(unsafe_code)]

mod rules;
#[cfg(test)]
mod tests;

use hermes_plugin_api::prelude::*;
use hermes_plugin_api::rule::judge;

struct Rules;

impl Scanner for Rules {
    async fn scan(&self, subject: &Subject) -> Result<Vec<Finding>> {
        match subject {
            // Which of them are switched off is the guard's to know.
            Subject::Command(subject) => Ok(judge(&rules::ALL, &subject.command, &subject.cwd, |_| true)),
            _ => Ok(Vec::new()),
        }
    }
}

export_plugin! {
    scanner "command-rules" => |_| Ok(Rules),
}
