//! Asks before `hello` shouts, or writes its greeting over a file: a whole scanner.
#![forbid(unsafe_code)]

use hermes_plugin_api::prelude::*;
use hermes_plugin_api::rule::{Rule, judge};

#[cfg(test)]
mod tests;

export_plugin!(scanner "hello" => |_| Ok(Hello));

const RULES: &[Rule] = &[
    Rule {
        matches: |case| case.runs(&["hello"]) && case.has_flag('l', "loud"),
        alternative: "leave out --loud",
        ..Rule::new("hello-loud", "loud greeting", Severity::Low)
    },
    Rule {
        matches: |case| case.runs(&["hello"]) && !case.changes().is_empty(),
        ..Rule::new("hello-file", "greeting written to a file", Severity::Medium)
    },
];

struct Hello;

impl Scanner for Hello {
    async fn scan(&self, subject: &Subject) -> Result<Vec<Finding>> {
        match subject {
            Subject::Command(subject) => Ok(judge(RULES, &subject.command, &subject.cwd, |_| true)),
            _ => Ok(Vec::new()),
        }
    }
}
