//! Asks before `hello` runs. The rules are the place to begin.
#![forbid(unsafe_code)]

use hermes_plugin_api::prelude::*;
use hermes_plugin_api::rule::{Rule, judge};

#[cfg(test)]
mod tests;

export_plugin!(scanner "{{name}}" => |_| Ok(Rules));

const RULES: &[Rule] = &[Rule {
    matches: |case| case.runs(&["hello"]) && case.has_flag('l', "loud"),
    ..Rule::new("{{id}}-loud", "loud greeting", Severity::Low)
}];

struct Rules;

impl Scanner for Rules {
    async fn scan(&self, subject: &Subject) -> Result<Vec<Finding>> {
        match subject {
            Subject::Command(subject) => Ok(judge(RULES, &subject.command, &subject.cwd, |_| true)),
            _ => Ok(Vec::new()),
        }
    }
}
