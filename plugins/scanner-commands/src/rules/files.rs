//! Writing files that the system, the shell, logins or the agent itself trust.

use hermes_plugin_api::finding::Severity;
use hermes_plugin_api::rule::{Case, Rule};
use hermes_plugin_api::vocabulary::{PathShape, Root, Write, WriteKind};

pub(super) const RULES: &[Rule] = &[
    Rule {
        matches: |case| {
            changes(case, |write| {
                write.path.is_within("/etc") && (write.kind == WriteKind::Redirect || is_other_output(case, write))
            })
        },
        ..Rule::new("system-config-write", "overwrite system config", Severity::High)
    },
    Rule {
        matches: |case| changes(case, |write| write.kind == WriteKind::Redirect && write.path.is_sensitive()),
        ..Rule::new("sensitive-redirect", "overwrite sensitive file via redirection", Severity::High)
    },
    Rule {
        matches: |case| {
            case.is(TEE) && changes(case, |write| write.kind == WriteKind::Output && is_guarded(&write.path))
        },
        ..Rule::new("sensitive-tee", "overwrite sensitive file via tee", Severity::High)
    },
    Rule {
        matches: |case| {
            changes(case, |write| {
                let unpacks = matches!(write.kind, WriteKind::Copy | WriteKind::Output) && is_root(&write.path);
                unpacks || (write.kind == WriteKind::Copy && write.path.is_within("/etc"))
            })
        },
        ..Rule::new("system-config-copy", "copy/move file into system config", Severity::High)
    },
    Rule {
        matches: |case| changes(case, |write| write.kind == WriteKind::InPlace && write.path.is_within("/etc")),
        ..Rule::new("system-config-edit", "in-place edit of system config", Severity::High)
    },
    Rule {
        matches: |case| {
            changes(case, |write| match write.kind {
                WriteKind::Copy | WriteKind::InPlace | WriteKind::Remove => write.path.is_sensitive(),
                // A folder of this name elsewhere is somebody's backup.
                WriteKind::CopyInto => write.path.is_sensitive() && !is_login_elsewhere(&write.path),
                WriteKind::Output => !case.is(TEE) && write.path.is_sensitive(),
                WriteKind::Redirect | WriteKind::Edit | WriteKind::Attributes => false,
            })
        },
        ..Rule::new("sensitive-file-write", "overwrite sensitive file", Severity::High)
    },
    Rule {
        matches: |case| {
            let names = |path: &PathShape| path.name().is_some_and(|name| name.starts_with("authorized_keys"));
            changes(case, |write| {
                names(&write.path)
                    && match write.kind {
                        WriteKind::CopyInto => !is_login_elsewhere(&write.path),
                        WriteKind::Copy | WriteKind::Redirect | WriteKind::Output | WriteKind::InPlace => true,
                        WriteKind::Attributes | WriteKind::Remove | WriteKind::Edit => false,
                    }
            })
        },
        ..Rule::new("authorized-keys-write", "change who may log in over ssh", Severity::Critical)
    },
    Rule {
        matches: |case| {
            case.is(&["mv", "gmv"])
                && changes(case, |write| write.kind == WriteKind::Remove && write.path.is_within("/etc"))
        },
        ..Rule::new("system-config-move", "move system config away", Severity::High)
    },
];

const TEE: &[&str] = &["tee", "sponge"];

fn changes(case: &Case, is: impl Fn(&Write) -> bool) -> bool {
    case.changes().iter().any(is)
}

/// Login files under another roof than a home: they let nobody in.
fn is_login_elsewhere(path: &PathShape) -> bool {
    let names = path.name().is_some_and(|name| name.starts_with("authorized_keys"));
    (path.is_login() || names) && !path.is_within("~/.ssh")
}

/// `cp -r x/. /`, `tar -C / -x`: everything may be overwritten.
fn is_root(path: &PathShape) -> bool {
    path.root == Root::Absolute && path.parts.is_empty()
}

fn is_guarded(path: &PathShape) -> bool {
    path.is_within("/etc") || path.is_sensitive()
}

fn is_other_output(case: &Case, write: &Write) -> bool {
    write.kind == WriteKind::Output && !case.is(TEE)
}
