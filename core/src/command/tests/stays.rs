//! What a line changes and what stays as it was: changes that may not happen, files under other names.

use super::{check, check_with, simples};
use crate::command::read;
use hermes_plugin_api::command::ProblemKind::Opaque;

/// Checks that the line may run this.
#[track_caller]
fn may(line: &str, run: &str) {
    let command = read(line);
    let all = simples(&command);
    assert!(all.iter().any(|own| own.ends_with(run)), "{line}: {all:?}");
}

#[test]
fn what_is_read_only_keeps_its_value() {
    for refused in [
        "export a=ls",
        "declare a=ls",
        "read a <<< ls",
        "printf -v a ls",
        "unset a",
        "for a in ls; do :; done",
        "mapfile -t a <<< ls",
        "((a=1))",
        "f() { local a=ls; $a x; }; f",
        "a=ls",
    ] {
        may(&format!("readonly a=rm; {refused}; $a x"), "rm x");
        may(&format!("declare -r a=rm; {refused}; $a x"), "rm x");
    }
    may("a=rm; readonly a; export a=ls; $a x", "rm x");
    may("f() { rm x; }; readonly -f f; f() { ls; }; f", "rm x");
    may("f() { rm x; }; readonly -f f; unset -f f; f", "rm x");
    check("readonly a=ls; $a x", &["readonly a=ls", "ls x"]);
}

#[test]
fn what_comes_after_a_way_out_may_not_happen() {
    may("f() { return; a=ls; }; a=rm; f; $a x", "rm x");
    may("f() { test y && return; a=ls; }; a=rm; f; $a x", "ls x");
    may("a=rm; for i in 1; do eval break; a=ls; done; $a x", "rm x");
    may("echo 'return; a=ls' > s; a=rm; . ./s; $a x", "rm x");
    may("a=rm; local a=ls; $a x", "rm x");
    may("a=rm; { a=ls; } < none; $a x", "rm x");
    may("a=rm; export a=ls < none; $a x", "rm x");
    may("set -- rm; set -- ls < none; $1 x", "rm x");
    may("f() { rm x; }; unset -f f < none; f", "rm x");
    may("a=rm\n: $((1/0)); a=ls\n$a x", "rm x");
    may("a=rm\n: ${!q}; a=ls\n$a x", "rm x");
    may("a=rm\nfor b in 1; do : ${!q}; a=ls; done\n$a x", "rm x");
    may("readonly b=1; a=rm\nb=2; a=ls\n$a x", "rm x");
    // What stands before the way out has happened, and nothing is kept from happening by what always opens.
    check("f() { a=rm; return 0; }; f; $a x", &["f", "f> a=rm", "f> return 0", "rm x"]);
    check("{ a=rm; } > /dev/null; $a x", &["a=rm 1Write:/dev/null", "rm x"]);
}

#[test]
fn a_file_may_hold_what_was_written_to_it_before() {
    for kept in [
        "(exit; echo ls > s)",
        "(exec true; echo ls > s)",
        "(: ${q:?}; echo ls > s)",
        "echo ls < none > s",
        "(set -e; false; echo ls > s)",
        "set -C; echo ls > s",
        "(cd /tmp; echo ls > s)",
        "f() { return; echo ls > s; }; f",
        "sh -c 'exit; echo ls > s'",
    ] {
        may(&format!("echo rm x > s; {kept}; sh s"), "rm x");
    }
    check("echo a > s; echo b >> s; sh s", &["echo a 1Write:s", "echo b 1Append:s", "sh s", "sh> a", "sh> b"]);
}

#[test]
fn a_file_is_known_by_other_names() {
    for line in [
        "cp s t; sh t",
        "mv s t; sh t",
        "ln -s s t; ./t",
        "install -m 755 s d; d/s",
        "mkdir d; cp s d/; sh d/s",
        "bash --rcfile s -i",
        "for f in *; do sh $f; done",
        "ls | xargs sh",
        "find . -type f -exec sh {} +",
        "cd ..; x/s",
        "PATH=.; s",
        "PATH=. s",
        ". ./?",
    ] {
        may(&format!("echo rm x > s; {line}"), "rm x");
    }
    may("echo rm x > d/01; run-parts d", "rm x");
    may("echo rm x > d/01; run-parts --regex=. ./d", "rm x");
    may("echo rm x > d/a.sh; cd d; ./a.sh", "rm x");
    may("echo rm x > d/a.sh; sh d/*.sh", "rm x");
    for line in [
        "echo rm x > s; sh \"$HOME\"/t",
        "echo rm x > s; sh $t",
        "echo rm x > d/s; run-parts e",
        "echo rm x > s; cd d; ./t",
    ] {
        assert!(!simples(&read(line)).iter().any(|own| own.ends_with("> rm x")), "{line}");
    }
    check_with(
        "echo xm x > s; sed -i s/xm/rm/ s; sh s",
        &["echo xm x 1Write:s", "sed -i s/xm/rm/ s", "sh s", "sh> ?Unsupported", "sh s", "sh> xm x"],
        &[Opaque],
    );
}

#[test]
fn lists_are_not_exported() {
    may("r=(foo x); export r; sh -c '$r rm x'", "rm x");
    may("r=(foo x); declare -x r; bash -c '${r}rm x'", "rm x");
    may("r=foo; export r; sh -c '$r rm x'", "foo rm x");
}

#[test]
fn shells_of_windows_run_their_arguments() {
    may("cmd.exe /c rd /s /q build", "rd /s /q build");
    may("cmd.exe /C 'rd /s /q build'", "rd /s /q build");
    may("cmd /s /k \"del x & rd y\"", "rd y");
    may("wsl.exe -d u -- rm x", "rm x");
    may("bash.exe -c 'rm x'", "rm x");
}

#[test]
fn what_is_computed_may_run_a_command() {
    for line in [
        "x='a[$(rm x)]'; echo ${arr[x]}",
        "x='a[$(rm x)]'; s=abc; echo ${s:x}",
        "x='a[$(rm x)]'; declare -i y; y=x",
        "x='a[$(rm x)]'; declare -i y=x",
    ] {
        assert!(read(line).problems.iter().any(|problem| problem.kind == Opaque), "{line}");
    }
}
