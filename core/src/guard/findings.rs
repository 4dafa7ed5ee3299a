//! Findings that core itself makes, and how those of all sources become one list.

use hermes_plugin_api::command::{Command, ProblemKind, View};
use hermes_plugin_api::finding::{Action, Finding, Remember, Severity};

use super::deny::Denied;
use super::policy::ScannerSlot;
use super::report::Judged;

/// A command that could not be read.
pub(super) const UNPARSABLE: &str = "unparsable-command";
/// A command of which cannot be known what it runs.
pub(super) const OPAQUE: &str = "opaque-execution";
/// Characters that a person would not see.
pub(super) const HIDDEN: &str = "hidden-characters";
/// A change to what guards this agent.
pub(super) const SELF_DISARM: &str = "self-disarm";
/// A scanner that gave no answer.
pub(super) const SCANNER_FAILED: &str = "scanner-failed";
/// The floor.
pub(super) const HARDLINE: &str = "hardline";
/// A deny rule of the user.
pub(super) const DENY_RULE: &str = "deny-rule";

/// The source of what core finds itself.
pub(super) const CORE: &str = "core";

/// Whether a rule's id is one of core's own, which no consent outlives.
pub(super) fn is_reserved(rule: &str) -> bool {
    [UNPARSABLE, OPAQUE, HIDDEN, SELF_DISARM, SCANNER_FAILED, HARDLINE, DENY_RULE].contains(&rule)
}

/// Whether a rule's id stands for a decision that holds on every backend.
pub(super) fn is_verdict(rule: &str) -> bool {
    [HARDLINE, DENY_RULE].contains(&rule)
}

/// Whether a rule's id stands for what holds even where nobody is asked.
pub(super) fn holds_unasked(rule: &str) -> bool {
    is_verdict(rule) || [SELF_DISARM, UNPARSABLE].contains(&rule)
}

/// Whether a rule's id says that something was not judged at all.
pub(super) fn is_unjudged(rule: &str) -> bool {
    [UNPARSABLE, SCANNER_FAILED].contains(&rule)
}

/// Returns what the reader could not make out, as findings.
pub(super) fn of_problems(command: &Command) -> Vec<Finding> {
    let finding = |problem: &hermes_plugin_api::command::Problem| {
        let (rule, title) = match problem.kind {
            ProblemKind::Unparsable => (UNPARSABLE, "unparsable command"),
            ProblemKind::Opaque => (OPAQUE, "opaque execution"),
            ProblemKind::Hidden => (HIDDEN, "hidden characters"),
        };
        let span = problem.span.filter(|_| problem.view == View::Raw);
        Finding { span, description: problem.message.clone(), ..own(rule, title, Severity::High, Action::Ask) }
    };
    command.problems.iter().map(finding).collect()
}

/// Returns whether some of it could not be read at all.
pub(super) fn is_unparsable(command: &Command) -> bool {
    command.problems.iter().any(|problem| problem.kind == ProblemKind::Unparsable)
}

/// Returns what a deny rule found.
pub(super) fn of_deny(denied: &Denied) -> Finding {
    let title = format!("denied by `{}`", denied.glob);
    Finding { span: denied.span, ..own(DENY_RULE, &title, Severity::Critical, Action::Forbid) }
}

/// Returns what the failure of a scanner means where its policy is to ask.
pub(super) fn of_failure(slot: &ScannerSlot, why: &str) -> Finding {
    let title = format!("scanner `{}` gave no answer", slot.name);
    Finding { description: why.to_owned(), ..own(SCANNER_FAILED, &title, Severity::High, Action::Ask) }
}

/// Returns a finding of core.
pub(super) fn own(rule: &str, title: &str, severity: Severity, action: Action) -> Finding {
    Finding {
        rule: rule.to_owned(),
        severity,
        action,
        title: title.to_owned(),
        description: String::new(),
        span: None,
        program: None,
        alternative: None,
        remember: Remember::Once,
        details: serde_json::Value::Null,
    }
}

/// Adds findings, each rule once for each place; of two that say the same, the stricter words count.
pub(super) fn merge(into: &mut Vec<Judged>, source: &str, findings: impl IntoIterator<Item = Finding>) {
    for finding in findings {
        let same = |other: &&mut Judged| {
            let other = &other.finding;
            (&other.rule, other.span, &other.program) == (&finding.rule, finding.span, &finding.program)
        };
        match into.iter_mut().find(same) {
            Some(Judged { finding: known, .. }) => {
                known.severity = known.severity.max(finding.severity);
                known.action = known.action.max(finding.action);
                known.remember = known.remember.min(finding.remember);
            }
            None => into.push(Judged { finding, source: source.to_owned(), suppressed: None }),
        }
    }
}
