//! Looks for prompt injection in files that are about to enter the prompt, and in what tools bring from strangers.
//!
//! A file that gives orders to the agent against its owner is not loaded; one that explains such attacks is. What
//! to read and what becomes of a finding is the host's.
#![forbid(unsafe_code)]

mod scan;
#[cfg(test)]
mod tests;

use hermes_plugin_api::command::Span;
use hermes_plugin_api::prelude::*;

struct Context;

impl Scanner for Context {
    async fn scan(&self, subject: &Subject) -> Result<Vec<Finding>> {
        match subject {
            Subject::ContextFile { text, .. } => Ok(scan::scan(text).into_iter().map(finding).collect()),
            Subject::ToolOutput { text, .. } => Ok(scan::scan_page(text).into_iter().map(finding).collect()),
            _ => Ok(Vec::new()),
        }
    }
}

fn finding(hit: scan::Hit) -> Finding {
    Finding {
        rule: hit.rule.to_owned(),
        severity: Severity::High,
        action: Action::Forbid,
        title: hit.title.to_owned(),
        description: String::new(),
        span: Some(Span { start: hit.span.start, end: hit.span.end }),
        program: None,
        alternative: None,
        remember: Remember::Once,
        details: Default::default(),
    }
}

export_plugin! {
    scanner "context" => |_| Ok(Context),
}
