//! Doors opened: reverse shells, firewalls switched off.

use hermes_plugin_api::command::{Simple, Word};
use hermes_plugin_api::finding::Severity;
use hermes_plugin_api::rule::{Case, Rule};
use hermes_plugin_api::vocabulary::Syntax;

use super::programs::{self, Program};

pub(super) const RULES: &[Rule] = &[
    Rule {
        matches: |case| uses_network_file(case) || gives_shell_away(case),
        ..Rule::new("reverse-shell", "give a shell to the network", Severity::Critical)
    },
    Rule {
        matches: |case| !case.only_asks_help() && opens_firewall(case),
        ..Rule::new("firewall-off", "switch the firewall off", Severity::High)
    },
];

const SOCKETS: &[&str] = &["nc", "ncat", "netcat", "nc.traditional", "nc.openbsd", "socat", "telnet", "cryptcat"];

/// bash's own `/dev/tcp/host/port`.
fn uses_network_file(case: &Case) -> bool {
    let is_socket = |word: &Word| {
        let path = word.path();
        path.below("/dev/tcp").or_else(|| path.below("/dev/udp")).is_some_and(|below| !below.is_empty())
    };
    case.redirects.iter().any(|redirect| is_socket(&redirect.target))
}

fn gives_shell_away(case: &Case) -> bool {
    if case.runs(&["nc", "ncat", "netcat", "nc.traditional", "nc.openbsd", "cryptcat"]) {
        let parsed = case.parse(&Syntax {
            short_values: "ecgGhiomNopPqsTvwxXCd",
            long_values: &["exec", "sh-exec", "lua-exec", "source-port", "wait", "output"],
            ..Syntax::GNU
        });
        let runs = parsed.has('e', "exec") || parsed.has('\0', "sh-exec") || parsed.has('\0', "lua-exec");
        return runs || parsed.value('c', "").is_some() || bundles_exec(case) || case.fed_by(is_bare_shell);
    }
    if case.runs(&["socat"]) {
        return case.args().iter().any(|word| {
            let address = word.leading().to_ascii_lowercase();
            ["exec:", "system:", "shell:"].iter().any(|kind| address.starts_with(kind))
        }) || case.fed_by(is_bare_shell);
    }
    case.runs(SOCKETS) && case.fed_by(is_bare_shell)
}

/// `nc -lvpe` and kin: a bundle whose value options come in an order of their own.
fn bundles_exec(case: &Case) -> bool {
    case.args().iter().any(|word| {
        word.leading().strip_prefix('-').is_some_and(|letters| {
            letters.len() > 1 && letters.ends_with('e') && letters.bytes().all(|c| c.is_ascii_alphabetic())
        })
    })
}

/// A shell that reads what it is sent.
fn is_bare_shell(simple: &Simple) -> bool {
    programs::is_shell(simple) && matches!(programs::program_of(simple), Program::Input)
}

fn opens_firewall(case: &Case) -> bool {
    let says = |words: &[&str]| case.args().iter().any(|word| word.is_any(words));
    match case.program().as_deref() {
        Some("iptables" | "ip6tables" | "iptables-nft" | "iptables-legacy" | "ebtables" | "arptables") => {
            says(&["-F", "--flush", "-X", "--delete-chain"]) || accepts_all(case)
        }
        Some("nft") => {
            says(&["flush"])
                || (says(&["delete"]) && says(&["table", "chain"]))
                || case.args().iter().any(|word| word.leading().starts_with("flush "))
        }
        Some("ufw") => says(&["disable", "reset"]),
        Some("pfctl") => says(&["-d", "-F"]),
        Some("firewall-cmd") => says(&["--panic-off", "--set-default-zone=trusted"]),
        Some("netsh") => says(&["off", "opmode=disable"]),
        _ => false,
    }
}

/// `-P INPUT ACCEPT`
fn accepts_all(case: &Case) -> bool {
    case.args().windows(3).any(|words| words[0].is_any(&["-P", "--policy"]) && words[2].is("ACCEPT"))
}
