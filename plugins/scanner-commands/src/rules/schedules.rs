//! Commands that run later, when nobody asks any more.

use hermes_plugin_api::command::Stdin;
use hermes_plugin_api::finding::Severity;
use hermes_plugin_api::rule::{Case, Rule};
use hermes_plugin_api::vocabulary::{Parsed, Syntax};

pub(super) const RULES: &[Rule] = &[
    Rule {
        matches: |case| crontab(case).is_some_and(|crontab| crontab.has('r', "")),
        alternative: "`crontab -l > backup` first",
        ..Rule::new("crontab-remove", "remove all scheduled jobs", Severity::Medium)
    },
    Rule {
        matches: |case| {
            crontab(case).is_some_and(|crontab| {
                let installs = !crontab.operands.is_empty() || case.stdin != Stdin::Inherited;
                installs && !['l', 'r', 'e', 'V'].iter().any(|other| crontab.has(*other, ""))
            }) || writes_schedule(case)
        },
        ..Rule::new("crontab-write", "change scheduled jobs", Severity::High)
    },
    Rule {
        matches: |case| {
            let looks = ["-l", "-q", "-r", "-d", "-c", "-V"];
            case.runs(&["batch"])
                || (case.runs(&["at"])
                    && !case.args().is_empty()
                    && !case.args().first().is_some_and(|word| word.is_any(&looks)))
        },
        ..Rule::new("deferred-command", "run commands at a later time", Severity::High)
    },
];

fn crontab<'a>(case: &'a Case) -> Option<Parsed<'a>> {
    const SYNTAX: Syntax = Syntax { short_values: "u", ..Syntax::GNU };
    case.runs(&["crontab"]).then(|| case.simple.parse(&SYNTAX))
}

fn writes_schedule(case: &Case) -> bool {
    case.changes()
        .iter()
        .any(|write| ["/var/spool/cron", "/var/spool/at", "/var/at"].iter().any(|place| write.path.is_within(place)))
}
