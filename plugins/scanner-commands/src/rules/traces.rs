//! Traces removed: shell history and logs.

use hermes_plugin_api::command::Word;
use hermes_plugin_api::finding::Severity;
use hermes_plugin_api::rule::{Case, Rule};
use hermes_plugin_api::vocabulary::{PathShape, WriteKind};

pub(super) const RULES: &[Rule] = &[
    Rule { matches: |case| wipes_history(case), ..Rule::new("history-wipe", "wipe the shell history", Severity::High) },
    Rule { matches: |case| wipes_logs(case), ..Rule::new("log-wipe", "wipe logs", Severity::High) },
];

fn wipes_history(case: &Case) -> bool {
    let switches = |name: &str, value: &Word| {
        (name == "HISTFILE" && (value.pieces.is_empty() || value.is("/dev/null")))
            || (["HISTSIZE", "HISTFILESIZE"].contains(&name) && value.is("0"))
    };
    let assigned = case.assignments.iter().any(|assignment| switches(&assignment.name, &assignment.value));
    let exported = case.is(&["export", "declare", "typeset"])
        && case.args().iter().any(|word| {
            let text = word.leading();
            text.split_once('=').is_some_and(|(name, value)| switches(name, &Word::from(value)))
        });
    let off = match case.program().as_deref() {
        Some("history") => case.has_flag('c', "") || case.has_flag('d', ""),
        Some("unset") => case.args().iter().any(|word| word.is("HISTFILE")),
        Some("set") => case.args().windows(2).any(|pair| pair[0].is("+o") && pair[1].is("history")),
        _ => false,
    };
    let emptied = case.changes().iter().any(|write| {
        !matches!(write.kind, WriteKind::Attributes | WriteKind::Edit | WriteKind::CopyInto)
            && is_history(&write.path)
            && !appends(case)
    });
    assigned || exported || off || emptied
}

fn is_history(path: &PathShape) -> bool {
    path.name().is_some_and(|name| {
        [
            ".bash_history",
            ".zsh_history",
            ".history",
            ".sh_history",
            ".python_history",
            ".mysql_history",
            ".psql_history",
            "fish_history",
        ]
        .contains(&name)
    })
}

fn wipes_logs(case: &Case) -> bool {
    match case.program().as_deref() {
        Some("journalctl") => {
            return case.args().iter().any(|word| word.leading().starts_with("--vacuum-"));
        }
        Some("dmesg") => return case.has_flag('C', "clear") || case.has_flag('c', "read-clear"),
        Some("wevtutil") => {
            return case.args().first().is_some_and(|word| word.is_any(&["cl", "clear-log"]));
        }
        _ => {}
    }
    case.changes().iter().any(|write| {
        write.path.is_within("/var/log")
            && match write.kind {
                WriteKind::Remove => !case.is(&["rmdir"]),
                WriteKind::InPlace => true,
                WriteKind::Redirect => is_empty_output(case) && !appends(case),
                WriteKind::Output | WriteKind::Copy => copies_nothing(case),
                WriteKind::Edit | WriteKind::Attributes | WriteKind::CopyInto => false,
            }
    })
}

fn appends(case: &Case) -> bool {
    use hermes_plugin_api::command::RedirectOp;
    case.redirects.iter().any(|redirect| redirect.op == RedirectOp::Append)
        || (case.is(&["tee"]) && case.has_flag('a', "append"))
}

/// Nothing is written: `> log`, `: > log`, `cat /dev/null > log`, `echo -n > log`.
fn is_empty_output(case: &Case) -> bool {
    match case.program().as_deref() {
        None => case.words.is_empty(),
        Some(":" | "true") => true,
        Some("echo" | "printf") => case.args().iter().all(|word| word.is_any(&["", "-n"])),
        Some("cat" | "cp") => copies_nothing(case),
        _ => false,
    }
}

fn copies_nothing(case: &Case) -> bool {
    case.args().first().is_some_and(|word| word.is_any(&["/dev/null", "if=/dev/null"]))
}
