//! All that the suite ever runs. Arguments are data to these scripts; none makes, changes or removes anything
//! outside a directory of the suite's own.

use crate::backend::ExecRequest;

/// What the names of the suite's directories begin with.
const DIRECTORY: &str = "hermes-conformance.";

pub(super) const MAKE_DIRECTORY: &str = r#"mktemp -d "${PWD%/}/hermes-conformance.XXXXXX""#;
pub(super) const REMOVE_DIRECTORY: &str = r#"case ${1##*/} in hermes-conformance.??????) rm -r -- "$1";; esac"#;
pub(super) const EXIT: &str = r#"exit "$1""#;
pub(super) const DIE: &str = "kill -9 $$";
pub(super) const BOTH_OUTPUTS: &str = "for n in 1 2 3 4 5 6 7 8 9; do echo out $n; echo err $n >&2; done";
pub(super) const ARGUMENTS: &str = r#"for a; do printf '<%s>\n' "$a"; done"#;
pub(super) const LENGTH: &str = "echo ${#1}";
pub(super) const VARIABLE: &str = r#"printf %s "$CONFORMANCE""#;
pub(super) const WHERE: &str = r#"case $PWD in */hermes-conformance.??????) pwd -P > here; cat here; rm here;; esac"#;
pub(super) const CAT: &str = r#"cat -- "$1""#;
pub(super) const COPY_INPUT: &str = "cat; echo end";
pub(super) const ONLY_INPUT: &str = "cat";
pub(super) const IGNORE_INPUT: &str = "exit 0";
pub(super) const MUCH: &str = "head -c 104857600 /dev/zero; echo end";
pub(super) const TALK: &str = r#"read -r a; echo "heard $a"; read -r b; echo "heard $b""#;
pub(super) const MEET: &str = r#"case $PWD in */hermes-conformance.??????) echo > "in-${1##*/}"; until [ -e "in-${2##*/}" ]; do sleep 0.05; done;; esac"#;
pub(super) const TREE: &str = "sh -c 'sleep 1000 & echo $$ $!; wait' & sleep 1000 & echo $$ $!; wait";
/// Prints those of its arguments that still run when there was time to end. One that has ended, but was not yet
/// asked for its end, still takes signals.
pub(super) const LIVING: &str = "for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do alive=; for p; do \
     kill -0 $p 2>/dev/null && ! grep -qs ') [ZX]' /proc/$p/stat && alive=\"$alive $p\"; done; \
     [ \"$alive\" ] || exit 0; sleep 0.2; done; echo $alive";
/// A program that is nowhere.
pub(super) const MISSING: &str = "no-such-program-anywhere";

const SCRIPTS: [&str; 18] = [
    MAKE_DIRECTORY,
    REMOVE_DIRECTORY,
    EXIT,
    DIE,
    BOTH_OUTPUTS,
    ARGUMENTS,
    LENGTH,
    VARIABLE,
    WHERE,
    CAT,
    COPY_INPUT,
    ONLY_INPUT,
    IGNORE_INPUT,
    MUCH,
    TALK,
    MEET,
    TREE,
    LIVING,
];

/// A script of the suite, with arguments.
pub(super) fn sh<const N: usize>(script: &str, arguments: [String; N]) -> ExecRequest {
    let argv = ["sh", "-c", script, "sh"].map(str::to_owned).into_iter().chain(arguments);
    ExecRequest { argv: argv.collect(), ..ExecRequest::default() }
}

/// Returns the fixed text of a command if it is one of the suite's own.
#[must_use]
pub fn is_own_command(request: &ExecRequest) -> Option<&str> {
    let harmless = request.env.keys().all(|name| name == "CONFORMANCE");
    match request.argv.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [MISSING] if harmless => Some(MISSING),
        ["sh", "-c", script, "sh", ..] if harmless => SCRIPTS.into_iter().find(|own| *own == script),
        _ => None,
    }
}

/// Returns whether a path is that of a directory of the suite's own, or of something in one.
#[must_use]
pub fn is_own_file(path: &str) -> bool {
    let own = |part: &str| part.strip_prefix(DIRECTORY).is_some_and(|random| random.len() == 6);
    path.starts_with('/') && path.split('/').all(|part| !matches!(part, "." | "..")) && path.split('/').any(own)
}
