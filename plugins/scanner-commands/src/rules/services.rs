//! Services of the system.

use hermes_plugin_api::finding::Severity;
use hermes_plugin_api::rule::{Case, Rule};
use hermes_plugin_api::vocabulary::Syntax;

pub(super) const RULES: &[Rule] = &[Rule {
    matches: |case| !case.only_asks_help() && stops(case),
    ..Rule::new("stop-service", "stop/disable system service", Severity::High)
}];

const SYSTEMCTL: Syntax = Syntax {
    short_values: "pnostHMPT",
    long_values: &[
        "property",
        "type",
        "state",
        "host",
        "machine",
        "signal",
        "lines",
        "output",
        "root",
        "job-mode",
        "what",
        "kill-whom",
        "kill-who",
        "kill-value",
        "image",
    ],
    ..Syntax::GNU
};

/// Returns the verb of a `systemctl` call and its units.
pub(super) fn systemctl(case: &Case) -> Option<(String, Vec<String>)> {
    if !case.runs(&["systemctl"]) {
        return None;
    }
    let parsed = case.parse(&SYSTEMCTL);
    let (verb, units) = parsed.operands.split_first()?;
    let units = units.iter().map(|word| word.leading().into_owned());
    Some((verb.known()?.into_owned(), units.collect()))
}

fn stops(case: &Case) -> bool {
    if let Some((verb, _)) = systemctl(case) {
        return ["stop", "disable", "mask", "kill"].contains(&verb.as_str());
    }
    let argument = |n: usize, words: &[&str]| case.subcommand(n).is_some_and(|word| words.contains(&&*word));
    let halts = &["stop", "disable", "force-stop", "full-stop"];
    match case.program().as_deref() {
        Some("service" | "rc-service" | "invoke-rc.d") => argument(1, halts),
        Some("initctl" | "supervisorctl") => argument(0, &["stop", "shutdown"]),
        Some("launchctl") => argument(0, &["unload", "bootout", "stop", "disable", "remove", "kill"]),
        Some("sv") => argument(0, &["stop", "down", "force-stop", "exit", "d"]),
        Some("rc-update") => argument(0, &["del", "delete"]),
        Some("update-rc.d") => argument(1, &["disable", "remove"]) || argument(0, &["disable", "remove"]),
        Some("chkconfig") => argument(1, &["off"]),
        _ => {
            let script = case.words.first().map(|word| word.path());
            script.is_some_and(|path| path.is_within("/etc/init.d") || path.is_within("/etc/rc.d"))
                && argument(0, halts)
        }
    }
}
