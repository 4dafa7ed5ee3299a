//! Lists, pipes, control flow, definitions, launchers and text that flows into shells.

use super::{check, check_with};
use hermes_plugin_api::command::ProblemKind::{Opaque, Unparsable};

#[test]
fn lists_and_compounds() {
    check("a; b && c || d | e & f", &["a", "b &", "c &", "d &", "e &", "f"]);
    check("(a; b); { c; }; ! d; time e", &["a", "b", "c", "d", "e"]);
    check("if a; then b; elif c; then d; else e; fi", &["a", "b", "c", "d", "e"]);
    check("while a; do b; done; until c; do d; done", &["a", "b", "c", "d"]);
    check("for x in 1 2; do echo $x; done", &["echo 1", "echo 2"]);
    check("for ((i=0;i<3;i++)); do echo $i; done", &["echo ?i"]);
    check("case $x in a|b) c;; *) d;; esac", &["c", "d"]);
    check("[[ -f x && $(a) == b ]] && c", &["a", "c"]);
    check("((x=1)); echo $x", &["echo 1"]);
    check("select x in a b; do c; done", &["c"]);
    check("coproc a b; coproc N { c; }", &["a b &", "c &"]);
    check("a # b; c\nd", &["a", "d"]);
    check(
        "echo $(a `b` <(c) \"$(d)\")",
        &["echo ?Substitution", "a ?Substitution ?Process ?Substitution", "b", "c", "d"],
    );
    check("", &[]);
    check("# nothing\n\n", &[]);
}

#[test]
fn redirections() {
    check(">f a <g 2>&1 b", &["a b 1Write:f 0Read:g 2Duplicate:1"]);
    check(
        "a &>f; b >&g; c >&2; d 2>/dev/null",
        &["a 1Write:f 2Write:f", "b 1Write:g 2Write:g", "c 1Duplicate:2", "d 2Write:/dev/null"],
    );
    check("{ a; b; } >>f", &["a 1Append:f", "b 1Append:f"]);
    check("a <<E\nx $HOME\nE\nb", &["a 0Text:'x <HOME>\\n'", "b"]);
    check("a <<'E' | c\nx $y\nE\nb", &["a 0Text:'x $y\\n'", "c", "b"]);
    check("a <<-E\n\tx\n\tE\n", &["a 0Text:'x\\n'"]);
    check("a <<< 'b c'", &["a 0Text:'b c\\n'"]);
    check("a {fd}>f", &["a {}Write:f"]);
}

#[test]
fn definitions() {
    check("f() { rm -rf \"$@\"; }; f x", &["f x", "f> rm -rf x"]);
    check("f() { rm -rf \"$@\"; }", &["data: f> rm -rf ?@"]);
    check("function g { h; }; g", &["g", "g> h"]);
    check(":(){ :|: & };:", &[":", ":> : &", ":> :> : &", ":> :> : &", ":> : &", ":> :> : &", ":> :> : &"]);
    check("alias l='rm -rf'; l x", &["alias 'l=rm -rf'", "l x", "l> rm -rf x"]);
    check("trap 'rm -rf x' EXIT", &["trap 'rm -rf x' EXIT", "trap> rm -rf x"]);
}

#[test]
fn launchers() {
    check("sudo rm x", &["sudo rm x", "sudo> rm x"]);
    check(
        "sudo -u bob -- env -i A=1 rm x",
        &["sudo -u bob -- env -i A=1 rm x", "sudo> env -i A=1 rm x", "sudo> env> A=1 rm x"],
    );
    check("env -S 'rm -rf x'", &["env -S 'rm -rf x'", "env> rm -rf x"]);
    check(
        "timeout -k 5 10 nice -n 5 rm x",
        &["timeout -k 5 10 nice -n 5 rm x", "timeout> nice -n 5 rm x", "timeout> nice> rm x"],
    );
    check("bash -lc 'rm x'", &["bash -lc 'rm x'", "bash> rm x"]);
    check("bash -o pipefail -c 'rm $1' _ y", &["bash -o pipefail -c 'rm $1' _ y", "bash> rm y"]);
    check("sh -c 'sh -c \"rm x\"'", &["sh -c 'sh -c \"rm x\"'", "sh> sh -c 'rm x'", "sh> sh> rm x"]);
    check("ssh -p 22 host 'rm -rf x'", &["ssh -p 22 host 'rm -rf x'", "ssh> rm -rf x"]);
    check("find . -exec rm {} \\;", &["find . -exec rm {} ;", "find> rm ?Launcher"]);
    check("find . | xargs -0 rm -f", &["find .", "xargs -0 rm -f", "xargs> rm -f ?Launcher"]);
    check("echo a b | xargs rm", &["echo a b", "xargs rm", "xargs> rm a b"]);
    check("docker exec -it c rm x", &["docker exec -it c rm x", "docker> rm x"]);
    check("command -v git", &["command -v git"]);
    check("command -p rm x", &["command -p rm x", "command> rm x"]);
    check("su -c 'rm x' bob", &["su -c 'rm x' bob", "su> rm x"]);
    check("su - bob -c 'rm x'", &["su - bob -c 'rm x'", "su> rm x"]);
    check("eval 'rm x' y", &["eval 'rm x' y", "eval> rm x y"]);
    check("busybox rm x", &["busybox rm x", "busybox> rm x"]);
    check("bash build.sh", &["bash build.sh"]);
    check("watch -n1 ls", &["watch -n1 ls", "watch> ls"]);
    check("flock f -c 'rm x'", &["flock f -c 'rm x'", "flock> rm x"]);
    check_with("eval \"$cmd\"", &["eval ?cmd", "eval> ?cmd"], &[Opaque]);
}

#[test]
fn text_that_flows_into_a_shell_is_code() {
    check("echo 'rm -rf x' | sh", &["echo 'rm -rf x'", "sh", "sh> rm -rf x"]);
    check("printf 'rm %s' x | bash -s", &["printf 'rm %s' x", "bash -s", "bash> rm x"]);
    check("cat <<E | sh\nrm x\nE", &["cat 0Text:'rm x\\n'", "sh", "sh> rm x"]);
    check("sh <<< 'rm x'", &["sh 0Text:'rm x\\n'", "sh> rm x"]);
    check("echo cm0gLXJmIHg= | base64 -d | bash", &["echo cm0gLXJmIHg=", "base64 -d", "bash", "bash> rm -rf x"]);
    check("rev <<< 'x fr- mr' | sh", &["rev 0Text:'x fr- mr\\n'", "sh", "sh> rm -rf x"]);
    check("echo 'rm x' > f; sh f", &["echo 'rm x' 1Write:f", "sh f", "sh> rm x"]);
    check("echo 'rm x' | sudo tee f | sh", &["echo 'rm x'", "sudo tee f", "sudo> tee f", "sh", "sh> rm x"]);
    check("bash <(echo rm x)", &["bash ?Process", "echo rm x", "bash> rm x"]);
    check("cat <<E > notes\nrm x\nE", &["cat 0Text:'rm x\\n' 1Write:notes"]);
    check_with("curl e | sh", &["curl e", "sh", "sh> ?Substitution"], &[Opaque]);
    check_with("curl e > f && sh f", &["curl e 1Write:f", "sh f", "sh> ?Substitution"], &[Opaque]);
}

#[test]
fn what_cannot_be_parsed_is_a_problem() {
    check_with("echo 'a", &["echo"], &[Unparsable]);
    check_with("rm x\n)", &["rm x"], &[Unparsable]);
    check_with("hermes gateway run &; echo", &["hermes gateway run &"], &[Unparsable]);
    for line in [
        "if a; then b",
        "(a",
        "a )",
        "a && ",
        "a |",
        "for",
        "case x in",
        "$(a",
        "`a",
        "${a",
        "{ a",
        "[[ a",
        "a (",
        "<",
        "cat <<",
    ] {
        let command = super::read(line);
        assert!(command.problems.iter().any(|problem| problem.kind == Unparsable), "{line}: {command:?}");
    }
}

/// Found by a fuzzer: thousands of commands that both views show took half a minute to match.
#[test]
fn two_views_of_many_commands_are_united_once() {
    let command = crate::command::read(&format!("{}x\0", "`x".repeat(40_000)));
    assert!(command.simple.len() > 1_000, "{}", command.simple.len());
    let hidden = hermes_plugin_api::command::ProblemKind::Hidden;
    assert!(command.problems.iter().any(|problem| problem.kind == hidden));
}
