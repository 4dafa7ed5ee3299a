//! The agent's own process: ending it, or starting it where nobody looks after it.

use hermes_plugin_api::command::{Simple, Why, Word};
use hermes_plugin_api::finding::Severity;
use hermes_plugin_api::rule::{Case, Rule};
use hermes_plugin_api::vocabulary::Syntax;

use super::services;

pub(super) const RULES: &[Rule] = &[
    Rule {
        matches: |case| !case.only_asks_help() && ends_agent(case),
        ..Rule::new("self-termination", "self-termination prevention", Severity::High)
    },
    Rule {
        matches: |case| !case.only_asks_help() && runs_gateway(case) && is_left_alone(case),
        alternative: "Use `hermes gateway start`, which asks the service manager",
        ..Rule::new("unmanaged-gateway", "starting gateway outside service manager", Severity::Medium)
    },
];

const NAMES: &[&str] = &["hermes", "gateway"];
const OWN: Syntax = Syntax {
    short_values: "pqmtsr",
    long_values: &["profile", "query", "model", "provider", "toolsets", "skills", "resume", "source"],
    ..Syntax::GNU
};

fn ends_agent(case: &Case) -> bool {
    if case.runs(&["pkill", "killall", "skill"]) {
        return case.args().iter().any(names_agent);
    }
    if let Some(kill) = case.kill() {
        return kill.targets.iter().any(|word| is_agent_process(case, word));
    }
    if let Some((verb, units)) = services::systemctl(case) {
        return ["stop", "restart", "kill", "try-restart", "disable", "mask"].contains(&verb.as_str())
            && units.iter().any(|unit| unit.contains("hermes"));
    }
    match own_verb(case) {
        Some((verb, rest)) if verb == "gateway" => {
            rest.first().is_some_and(|word| word.is_any(&["stop", "restart", "uninstall"]))
        }
        Some((verb, _)) => verb == "update",
        None => false,
    }
}

/// The sub-command of the agent's own program, however that is started.
fn own_verb<'a>(case: &'a Case) -> Option<(String, &'a [Word])> {
    if case.is(&["hermes"]) {
        return case.simple.verb(&OWN).map(|(verb, rest)| (verb.into_owned(), rest));
    }
    let args = case.args();
    let at = args.windows(2).position(|pair| pair[0].leading().contains("hermes") && pair[1].is("gateway"))?;
    Some(("gateway".to_owned(), &args[at + 2..]))
}

fn names_agent(word: &Word) -> bool {
    // `grep [h]ermes` keeps the search itself out of what it finds.
    let text: String = word.fragments().collect();
    let text = text.replace(['[', ']'], "").to_ascii_lowercase();
    NAMES.iter().any(|name| text.contains(name))
}

/// The process is looked up by the agent's name, or read from its own files.
fn is_agent_process(case: &Case, word: &Word) -> bool {
    const LOOKS_UP: &[&str] = &[
        "pgrep",
        "pidof",
        "grep",
        "egrep",
        "fgrep",
        "rg",
        "awk",
        "gawk",
        "sed",
        "lsof",
        "fuser",
        "cat",
        "head",
        "systemctl",
    ];
    let looks_up = |simple: &Simple| simple.is(LOOKS_UP) && simple.args().iter().any(names_agent);
    let from_launcher = word.unknowns().any(|unknown| unknown.why == Why::Launcher);
    case.command.sources(word).into_iter().any(looks_up) || (from_launcher && launcher_is_fed(case, looks_up))
}

/// What the nearest launcher before this command reads its operands from.
fn launcher_is_fed(case: &Case, by: fn(&Simple) -> bool) -> bool {
    let before = case.command.simple.get(..case.index).unwrap_or_default();
    let launcher = before
        .iter()
        .rev()
        .find(|simple| case.via.last().is_some_and(|via| simple.program().as_deref() == Some(via.program.as_str())));
    launcher.is_some_and(|launcher| case.command.upstream(launcher).into_iter().any(by))
}

fn runs_gateway(case: &Case) -> bool {
    own_verb(case).is_some_and(|(verb, rest)| verb == "gateway" && rest.first().is_some_and(|word| word.is("run")))
}

fn is_left_alone(case: &Case) -> bool {
    case.background
        || case.came_through(&[
            "nohup",
            "setsid",
            "daemonize",
            "start-stop-daemon",
            "disown",
            "screen",
            "tmux",
            "systemd-run",
        ])
        || case.command.running().any(|simple| simple.is(&["disown"]))
}
