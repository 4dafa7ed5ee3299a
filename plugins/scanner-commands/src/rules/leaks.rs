//! Secrets on their way out: credential files or the environment given to a program that sends them.

use hermes_plugin_api::command::{RedirectOp, Simple, Stdin, Word};
use hermes_plugin_api::finding::Severity;
use hermes_plugin_api::rule::{Case, Rule};
use hermes_plugin_api::vocabulary::Syntax;

pub(super) const RULES: &[Rule] = &[
    Rule {
        matches: |case| {
            sends(case)
                && (case.fed_by(reads_secret) || names_secret(case) || holds_secret(case) || reads_from_secret(case))
        },
        ..Rule::new("credential-leak", "send credentials over the network", Severity::Critical)
    },
    Rule {
        matches: |case| sends(case) && (case.fed_by(lists_environment) || holds_environment(case)),
        ..Rule::new("environment-leak", "send the environment over the network", Severity::Critical)
    },
];

fn sends(simple: &Simple) -> bool {
    simple.runs(&[
        "curl",
        "wget",
        "wget2",
        "nc",
        "ncat",
        "netcat",
        "socat",
        "ssh",
        "scp",
        "sftp",
        "rsync",
        "ftp",
        "lftp",
        "telnet",
        "http",
        "https",
        "xh",
        "mail",
        "mailx",
        "mutt",
        "sendmail",
        "msmtp",
        "swaks",
        "dig",
        "nslookup",
        "host",
        "rclone",
        "gsutil",
        "s3cmd",
        "tftp",
        "croc",
        "wormhole",
        "pastebinit",
        "aws",
        "openssl",
    ])
}

fn reads_secret(simple: &Simple) -> bool {
    if simple.is(&["echo", "printf", "ls", "stat", "test", "[", "chmod", "ssh", "find", "du", "file"]) {
        return false;
    }
    simple.args().iter().any(|word| word.path().is_secret() || is_ssh_folder(word)) || reads_from_secret(simple)
}

/// `tar cz ~/.ssh`: all of it.
fn is_ssh_folder(word: &Word) -> bool {
    let path = word.path();
    path.is("~/.ssh") || path.is("~/.aws") || path.is("~/.gnupg") || path.is("~/.hermes")
}

fn reads_from_secret(simple: &Simple) -> bool {
    let redirected = simple.redirects.iter().any(|redirect| {
        matches!(redirect.op, RedirectOp::Read | RedirectOp::ReadWrite) && redirect.target.path().is_secret()
    });
    redirected || matches!(&simple.stdin, Stdin::File(word) if word.path().is_secret())
}

/// `env`, `printenv`, `set`, `export -p`: everything, not one variable.
fn lists_environment(simple: &Simple) -> bool {
    match simple.args() {
        [] => simple.is(&["env", "printenv", "set", "export"]),
        [only] => simple.is(&["export", "declare", "env"]) && only.is_any(&["-p", "-0", "-x", "-xp", "-px"]),
        _ => false,
    }
}

/// A file to send is named in the arguments: `-d @file`, `-F f=@file`, `-T file`, the sources of a copy.
fn names_secret(case: &Case) -> bool {
    const SYNTAX: Syntax = Syntax {
        short_values: "dFTiolFpPcJSeKEAHXubmrwxUY",
        long_values: &[
            "data",
            "data-binary",
            "data-raw",
            "data-ascii",
            "data-urlencode",
            "form",
            "upload-file",
            "post-file",
            "body-file",
            "identity",
            "rsh",
            "key",
            "cert",
            "cacert",
            "netrc-file",
            "config",
            "header",
            "output",
            "json",
            "user",
            "password-file",
            "exclude",
            "include",
            "in",
            "url",
            "cookie",
        ],
        ..Syntax::GNU
    };
    let parsed = case.parse(&SYNTAX);
    if case.is(&["curl", "http", "https", "xh"]) {
        let at_file = |word: &Word| {
            let (before, file) = match word.leading().find('@') {
                Some(at) => (at + 1, word.leading()[..at].ends_with('=') || at == 0),
                None => return false,
            };
            let prefix: String = word.leading()[..before].to_owned();
            file && word.strip_prefix(&prefix).is_some_and(|file| is_secret_here(case, &file))
        };
        let values =
            ["data", "data-binary", "data-ascii", "data-urlencode", "form", "json"].into_iter().flat_map(|long| {
                let short = match long {
                    "data" => 'd',
                    "form" => 'F',
                    _ => '\0',
                };
                parsed.values(short, long).collect::<Vec<_>>()
            });
        let uploads = |short, long| parsed.values(short, long).any(|word| is_secret_here(case, word));
        return values.into_iter().any(at_file)
            || parsed.operands.iter().any(|word| at_file(word))
            || uploads('T', "upload-file");
    }
    if case.is(&["wget", "wget2"]) {
        return ["post-file", "body-file"]
            .iter()
            .any(|long| parsed.values('\0', long).any(|word| is_secret_here(case, word)));
    }
    if case.is(&["scp", "rsync", "rclone", "gsutil", "s3cmd", "aws", "sftp", "croc", "wormhole", "pastebinit"]) {
        const COPY: Syntax = Syntax {
            short_values: "iFoPcJSlDXefTBM",
            long_values: &["rsh", "exclude", "include", "filter", "files-from", "profile", "region", "endpoint-url"],
            ..Syntax::GNU
        };
        let parsed = case.parse(&COPY);
        let goes_out = parsed.operands.iter().any(|word| word.leading().contains(':'))
            || case.is(&["croc", "wormhole", "pastebinit"]);
        let sources = parsed.operands.len().saturating_sub(usize::from(goes_out && parsed.operands.len() > 1));
        return goes_out
            && parsed.operands.iter().take(sources).any(|word| is_secret_here(case, word) || is_ssh_folder(word));
    }
    case.is(&["mail", "mailx", "mutt", "swaks"]) && case.args().iter().any(|word| is_secret_here(case, word))
}

fn is_secret_here(case: &Case, word: &Word) -> bool {
    !word.leading().contains("://") && case.path(word).is_secret()
}

fn holds_secret(case: &Case) -> bool {
    holds(case, reads_secret)
}

fn holds_environment(case: &Case) -> bool {
    holds(case, lists_environment)
}

/// An argument is the output of such a command: `curl -d "$(cat .env)" …`.
fn holds(case: &Case, source: fn(&Simple) -> bool) -> bool {
    case.args().iter().filter(|word| word.is_unknown()).any(|word| case.command.sources(word).into_iter().any(source))
}
