//! Work that version control would lose.

use hermes_plugin_api::command::Word;
use hermes_plugin_api::finding::Severity;
use hermes_plugin_api::rule::{Case, Rule};
use hermes_plugin_api::vocabulary::{Parsed, Syntax};

pub(super) const RULES: &[Rule] = &[
    Rule {
        matches: |case| is(case, "reset", |reset| reset.has('\0', "hard")),
        alternative: "`git stash` keeps the changes",
        ..Rule::new("git-reset-hard", "discard changes with git reset --hard", Severity::Medium)
    },
    Rule {
        matches: |case| is(case, "push", overwrites_remote),
        ..Rule::new("git-force-push", "overwrite or delete remote history", Severity::High)
    },
    Rule {
        matches: |case| {
            is(case, "clean", |clean| (clean.has('f', "force") || needs_no_force(case)) && !clean.has('n', "dry-run"))
        },
        alternative: "`git clean -n` shows what would go",
        ..Rule::new("git-clean", "delete untracked files", Severity::Medium)
    },
    Rule {
        matches: |case| {
            is(case, "branch", |branch| branch.has('D', "") || (branch.has('d', "delete") && branch.has('f', "force")))
        },
        alternative: "`git branch -d` deletes only what is merged",
        ..Rule::new("git-branch-delete", "delete a branch that may not be merged", Severity::Medium)
    },
    Rule {
        matches: |case| {
            is(case, "checkout", |checkout| checkout.has('f', "force") || takes_all(checkout))
                || is(case, "switch", |switch| switch.has('f', "force") || switch.has('\0', "discard-changes"))
                || is(case, "restore", |restore| {
                    takes_all(restore) && (!restore.has('S', "staged") || restore.has('W', "worktree"))
                })
        },
        alternative: "`git stash` keeps the changes",
        ..Rule::new("git-discard", "discard all uncommitted changes", Severity::Medium)
    },
    Rule {
        matches: |case| is(case, "stash", |stash| stash.operand_is(0, &["drop", "clear"])),
        ..Rule::new("git-stash-drop", "drop stashed changes", Severity::Medium)
    },
];

const GIT: Syntax = Syntax {
    short_values: "Cc",
    long_values: &["git-dir", "work-tree", "namespace", "config-env", "super-prefix"],
    ..Syntax::GNU
};
const VERB: Syntax = Syntax {
    short_values: "oesbBu",
    long_values: &[
        "push-option",
        "repo",
        "receive-pack",
        "exec",
        "exclude",
        "source",
        "conflict",
        "pathspec-from-file",
    ],
    ..Syntax::GNU
};

fn is(case: &Case, name: &str, matches: impl Fn(&Parsed) -> bool) -> bool {
    case.runs(&["git"])
        && case.simple.verb(&GIT).is_some_and(|(verb, rest)| verb == name && matches(&syntax(name).parse(rest)))
}

fn syntax(verb: &str) -> Syntax {
    match verb {
        // `-u` and `-s` take no value here.
        "push" => Syntax { short_values: "o", ..VERB },
        "clean" => Syntax { short_values: "e", ..VERB },
        _ => VERB,
    }
}

fn overwrites_remote(push: &Parsed) -> bool {
    let forced = push.has('f', "force")
        || push.has('\0', "force-with-lease")
        || push.has('d', "delete")
        || push.has('\0', "mirror")
        || push.has('\0', "prune");
    let ref_forced = push.operands.iter().skip(1).any(|refspec| {
        let text = refspec.leading();
        text.starts_with('+') || (text.starts_with(':') && text.len() > 1)
    });
    (forced || ref_forced) && !push.has('n', "dry-run")
}

fn needs_no_force(case: &Case) -> bool {
    case.parse(&GIT)
        .values('c', "")
        .any(|setting| setting.known().is_some_and(|setting| setting.eq_ignore_ascii_case("clean.requireForce=false")))
}

/// A pathspec for the whole tree.
fn takes_all(parsed: &Parsed) -> bool {
    let all = |word: &&Word| {
        let text: String = word.fragments().collect();
        !word.is_unknown() && [".", "./", ":/", ":", "*", ":/*", ":(top)"].contains(&text.as_str())
    };
    parsed.operands.iter().any(all)
}
