//! Signals, and processes that multiply.

use hermes_plugin_api::finding::Severity;
use hermes_plugin_api::rule::{Case, Rule};
use hermes_plugin_api::vocabulary::Syntax;

pub(super) const RULES: &[Rule] = &[
    Rule {
        matches: |case| {
            let all = case.kill().is_some_and(|kill| kill.targets("-1") || (kill.is_forced() && kill.targets("0")));
            all || case.runs(&["killall5"])
        },
        ..Rule::new("kill-all", "kill all processes", Severity::Critical)
    },
    Rule {
        matches: |case| case.runs(&["pkill", "killall", "skill"]) && is_forced(case),
        alternative: "Try without -9 first, so that the program can tidy up",
        ..Rule::new("force-kill", "force kill processes", Severity::Medium)
    },
    Rule { matches: |case| case.multiplies(), ..Rule::new("fork-bomb", "fork bomb", Severity::Critical) },
];

fn is_forced(case: &Case) -> bool {
    const SYNTAX: Syntax = Syntax {
        short_values: "sugGPtUFyo",
        long_values: &["signal", "user", "group", "parent", "euid", "uid", "terminal"],
        ..Syntax::GNU
    };
    let before_end = || case.args().iter().take_while(|word| !word.is("--"));
    let parsed = case.parse(&SYNTAX);
    before_end().any(|word| word.leading().strip_prefix('-').is_some_and(is_kill))
        || parsed.values('s', "signal").any(|signal| is_kill(&signal.leading()))
}

fn is_kill(signal: &str) -> bool {
    let signal = signal.to_ascii_uppercase();
    signal.strip_prefix("SIG").unwrap_or(&signal) == "KILL" || signal == "9"
}
