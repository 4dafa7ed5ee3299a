//! Accounts, root shells, kernel and security policy.

use hermes_plugin_api::finding::Severity;
use hermes_plugin_api::rule::{Case, Rule};
use hermes_plugin_api::vocabulary::{Parsed, Syntax};

use super::programs;

pub(super) const RULES: &[Rule] = &[
    Rule {
        matches: |case| {
            sudo(case).is_some_and(|sudo| {
                ['S', 'A'].iter().any(|short| sudo.has(*short, ""))
                    || sudo.has('\0', "stdin")
                    || sudo.has('\0', "askpass")
            })
        },
        ..Rule::new("sudo-password", "feed a password to sudo", Severity::High)
    },
    Rule {
        matches: |case| !case.only_asks_help() && opens_root_shell(case),
        ..Rule::new("root-shell", "open a shell as another user", Severity::High)
    },
    Rule {
        matches: |case| !case.only_asks_help() && changes_accounts(case),
        ..Rule::new("account-change", "change accounts or who may become root", Severity::High)
    },
    Rule {
        matches: |case| !case.only_asks_help() && weakens_policy(case),
        ..Rule::new("policy-off", "switch a security policy off", Severity::High)
    },
    Rule {
        matches: |case| !case.only_asks_help() && changes_kernel(case),
        ..Rule::new("kernel-module", "load or unload kernel code", Severity::High)
    },
    Rule {
        matches: |case| preloads(case),
        ..Rule::new("preload-library", "load a library into every program", Severity::High)
    },
];

const SUDO: Syntax = Syntax {
    short_values: "ugUCprtThDRa",
    long_values: &[
        "user",
        "group",
        "other-user",
        "close-from",
        "prompt",
        "role",
        "type",
        "command-timeout",
        "host",
        "chdir",
        "chroot",
    ],
    stops_at_operand: true,
    ..Syntax::GNU
};
const ADMIN_GROUPS: &[&str] = &["sudo", "wheel", "admin", "root", "docker", "adm", "shadow", "disk", "lxd"];

fn sudo<'a>(case: &'a Case) -> Option<Parsed<'a>> {
    case.runs(&["sudo"]).then(|| case.simple.parse(&SUDO))
}

/// `sudo -s|-i`, `su`, and a shell without a script under `sudo`, `doas` or `pkexec`.
fn opens_root_shell(case: &Case) -> bool {
    if let Some(sudo) = sudo(case) {
        return sudo.has('s', "shell") || sudo.has('i', "login");
    }
    if case.is(&["doas"]) {
        return case.args().iter().take_while(|word| word.leading().starts_with('-')).any(|word| word.is("-s"));
    }
    if case.is(&["su"]) {
        return !case.has_flag('c', "command");
    }
    case.came_through(&["sudo", "doas", "pkexec", "run0"])
        && programs::is_shell(case)
        && matches!(programs::program_of(case), programs::Program::Input)
        && !matches!(case.via.last(), Some(launcher) if programs::SHELLS.contains(&launcher.program.as_str()))
}

fn changes_accounts(case: &Case) -> bool {
    const USERS: Syntax = Syntax {
        short_values: "ugGdscekpfR",
        long_values: &[
            "uid",
            "gid",
            "groups",
            "home",
            "home-dir",
            "shell",
            "comment",
            "password",
            "expiredate",
            "inactive",
        ],
        ..Syntax::GNU
    };
    let parsed = case.parse(&USERS);
    let is_root_id = parsed.value('u', "uid").is_some_and(|id| id.is("0"));
    let joins_admins = |groups: &str| groups.split(',').any(|group| ADMIN_GROUPS.contains(&group));
    match case.program().as_deref() {
        Some("visudo") => !parsed.has('c', "check"),
        Some("vipw" | "vigr" | "chpasswd" | "newusers") => true,
        Some("useradd" | "adduser" | "usermod") => {
            is_root_id
                || parsed.values('G', "groups").any(|groups| joins_admins(&groups.leading()))
                || parsed.operands.iter().any(|word| joins_admins(&word.leading()))
        }
        Some("addgroup") => parsed.operands.iter().any(|word| joins_admins(&word.leading())),
        Some("gpasswd") => case.args().iter().any(|word| joins_admins(&word.leading())),
        Some("passwd") => {
            parsed.operands.iter().any(|word| word.is("root"))
                || (case.came_through(&["sudo", "doas"]) && parsed.operands.is_empty() && !parsed.has('S', "status"))
        }
        Some("dscl") => {
            case.args().iter().any(|word| word.is_any(&["-create", "-append", "create", "append", "-passwd"]))
        }
        _ => false,
    }
}

fn weakens_policy(case: &Case) -> bool {
    let first = |words: &[&str]| case.args().first().is_some_and(|word| word.is_any(words));
    match case.program().as_deref() {
        Some("setenforce") => first(&["0", "Permissive", "permissive"]),
        Some("aa-teardown" | "aa-disable") => true,
        Some("aa-complain") => !case.args().is_empty(),
        Some("csrutil") => first(&["disable"]),
        Some("spctl") => first(&["--master-disable", "--global-disable"]),
        Some("apparmor_parser") => case.has_flag('R', "remove"),
        _ => false,
    }
}

fn changes_kernel(case: &Case) -> bool {
    match case.program().as_deref() {
        Some("insmod" | "rmmod" | "kextload" | "kextunload" | "kldload" | "kldunload" | "kexec") => {
            !case.args().is_empty()
        }
        Some("modprobe") => {
            let parsed = case.parse(&Syntax { short_values: "dCS", ..Syntax::GNU });
            let only_looks =
                parsed.has('n', "dry-run") || parsed.has('D', "show-depends") || parsed.has('c', "showconfig");
            !parsed.operands.is_empty() && !only_looks
        }
        _ => false,
    }
}

/// Whether a variable of this value has a program load a file first, or run code. Modules that are installed are fine.
fn names_code(name: &str, value: &str) -> bool {
    let files = || {
        let mut named = value.split([' ', '\t', '=']).map(|word| word.strip_prefix("-r").unwrap_or(word));
        named.any(|word| word.starts_with(['.', '/', '~']) || word.starts_with("data:"))
    };
    match name {
        "LD_PRELOAD" | "LD_AUDIT" | "DYLD_INSERT_LIBRARIES" | "PYTHONSTARTUP" => true,
        "PERL5OPT" => value.contains(|c: char| !c.is_ascii_alphanumeric() && !":_=,- \t".contains(c)),
        "RUBYOPT" => value.contains("-r") && files(),
        "NODE_OPTIONS" => ["-r", "--require", "--import", "loader"].iter().any(|own| value.contains(own)) && files(),
        _ => false,
    }
}

/// `LD_PRELOAD=…` and its kin before a program, through `env`, or exported; empty switches it off.
fn preloads(case: &Case) -> bool {
    let assigned = case.assignments.iter().any(|own| {
        let value: String = own.value.fragments().collect();
        !own.value.pieces.is_empty() && names_code(&own.name, &value)
    });
    let loads = (case.is(&["enable"]) && case.has_flag('f', ""))
        || (case.program().is_some_and(|program| program.starts_with("ld-") && program.contains(".so"))
            && case.args().iter().any(|word| word.is_any(&["--preload", "--audit"])));
    let exports = case.is(&["export", "declare", "typeset", "env", "readonly", "local"]);
    assigned
        || loads
        || (exports
            && case.args().iter().any(|word| {
                let text: String = word.fragments().collect();
                text.split_once('=')
                    .is_some_and(|(name, value)| names_code(name, value) && (!value.is_empty() || word.is_unknown()))
            }))
}
