//! Signals, and processes that multiply.

use hermes_plugin_api::command::{Stdin, Word};
use hermes_plugin_api::finding::Severity;
use hermes_plugin_api::rule::{Case, Rule};
use hermes_plugin_api::vocabulary::Syntax;

pub(super) const RULES: &[Rule] = &[
    Rule {
        matches: |case| {
            kill(case).is_some_and(|kill| kill.targets("-1") || (kill.is_forced() && kill.targets("0")))
                || case.runs(&["killall5"])
        },
        ..Rule::new("kill-all", "kill all processes", Severity::Critical)
    },
    Rule {
        matches: |case| case.runs(&["pkill", "killall", "skill"]) && is_forced(case),
        alternative: "Try without -9 first, so that the program can tidy up",
        ..Rule::new("force-kill", "force kill processes", Severity::Medium)
    },
    Rule { matches: |case| multiplies(case), ..Rule::new("fork-bomb", "fork bomb", Severity::Critical) },
];

/// The signal and targets of a `kill`.
pub(super) struct Kill<'a> {
    signal: String,
    pub(super) targets: Vec<&'a Word>,
}

/// Reads a `kill`: its first word is a signal only if it is one, or if targets follow it.
pub(super) fn kill<'a>(case: &'a Case) -> Option<Kill<'a>> {
    if !case.runs(&["kill"]) || case.args().iter().take(1).any(|word| word.is_any(&["-l", "-L", "--list", "--table"])) {
        return None;
    }
    let mut signal = "TERM".to_owned();
    let mut args = case.args();
    if let [first, rest @ ..] = args {
        let text = first.leading();
        if first.is_any(&["-s", "-n", "--signal"]) {
            let (value, rest) = rest.split_first()?;
            signal = value.leading().into_owned();
            args = rest;
        } else if let Some(value) = text.strip_prefix("--signal=").or_else(|| text.strip_prefix("-s")) {
            signal = value.to_owned();
            args = rest;
        } else if text.len() > 1 && text.starts_with('-') && text != "--" && !rest.is_empty() {
            signal = text[1..].to_owned();
            args = rest;
        }
    }
    Some(Kill { signal, targets: args.iter().filter(|word| !word.is("--")).collect() })
}

impl Kill<'_> {
    fn targets(&self, target: &str) -> bool {
        self.targets.iter().any(|word| word.is(target))
    }

    fn is_forced(&self) -> bool {
        is_kill(&self.signal)
    }
}

fn is_forced(case: &Case) -> bool {
    const SYNTAX: Syntax = Syntax {
        short_values: "sugGPtUFyo",
        long_values: &["signal", "user", "group", "parent", "euid", "uid", "terminal"],
        ..Syntax::GNU
    };
    case.args()
        .iter()
        .take_while(|word| !word.is("--"))
        .any(|word| word.leading().strip_prefix('-').is_some_and(is_kill))
        || case
            .parse(&SYNTAX)
            .options
            .iter()
            .filter(|option| option.is('s', "signal"))
            .any(|option| option.value.as_ref().is_some_and(|signal| is_kill(&signal.leading())))
}

fn is_kill(signal: &str) -> bool {
    let signal = signal.to_ascii_uppercase();
    signal.strip_prefix("SIG").unwrap_or(&signal) == "KILL" || signal == "9"
}

/// A function or script that starts itself, in the background or on both sides of a pipe.
fn multiplies(case: &Case) -> bool {
    let apart = case.background || !case.feeds.is_empty() || matches!(case.stdin, Stdin::Pipe(_));
    apart && (case.recurses() || starts_own_script(case))
}

fn starts_own_script(case: &Case) -> bool {
    let mut words = case.words.first().into_iter();
    words.any(|word| word.unknowns().any(|unknown| unknown.name == "0"))
}
