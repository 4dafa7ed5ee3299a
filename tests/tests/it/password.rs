//! Stories: `sudo` wants a password, and the person is asked for it unseen.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use hermes_tests::hermes::Hermes;
use hermes_tests::terminal::{CTRL_C, ENTER, Terminal};

const SIGN: &str = "❯ ";
const QUESTION: &str = "Password for sudo (Enter: none): ";
const PASSWORD: &str = "tr0ub4dor-and-3";

/// Stands in for `sudo`: it wants the password on standard input and notes how it was called, and with what.
const STAND_IN: &str = r#"#!/bin/bash
dir=${0%/*}
echo "$*" >> "$dir/calls"
tr '\0' '\n' < /proc/self/environ >> "$dir/calls"
stdin= silent= verify=
while [[ ${1-} == -* ]]; do
    case $1 in -S) stdin=1;; -n) silent=1;; -v) verify=1;; -p) shift;; esac
    shift
done
if [[ ! -e $dir/ticket.$PPID ]]; then
    [[ ! $silent ]] || { echo "sudo: a password is required" >&2; exit 1; }
    [[ $stdin ]] || { echo "sudo: a terminal is required" >&2; exit 1; }
    IFS= read -r password
    [[ $password == "$(< "$dir/password")" ]] || { echo "Sorry, try again." >&2; exit 1; }
    touch "$dir/ticket.$PPID"
fi
[[ $verify ]] || exec "$@"
"#;

fn begun(hermes: &Hermes, mut terminal: Terminal) -> Terminal {
    let bin = hermes.path("bin");
    std::fs::create_dir(&bin).expect("made");
    for (name, text) in [("sudo", STAND_IN), ("password", PASSWORD)] {
        std::fs::write(bin.join(name), text).expect("written");
    }
    std::fs::set_permissions(bin.join("sudo"), std::fs::Permissions::from_mode(0o755)).expect("made executable");
    terminal.until(SIGN);
    terminal.line(&format!("export PATH='{}':$PATH", bin.display()));
    terminal.until(SIGN);
    terminal
}

/// Whether any file below a folder holds the text.
fn holds(folder: &Path, text: &str) -> bool {
    std::fs::read_dir(folder).expect("readable").flatten().any(|entry| match entry.path() {
        path if path.is_dir() => holds(&path, text),
        path => String::from_utf8_lossy(&std::fs::read(path).expect("read")).contains(text),
    })
}

#[test]
fn the_password_is_asked_for_once_and_seen_nowhere() {
    let hermes = Hermes::new();
    let mut terminal = begun(&hermes, Terminal::able(&hermes, &[], (24, 80)));
    terminal.line("sudo echo o''ne");
    terminal.until(QUESTION);
    terminal.keys(PASSWORD);
    terminal.keys(ENTER);
    let mut seen = terminal.until("\none\n");
    terminal.until(SIGN);
    terminal.line(&format!("sudo printf %s {}; echo t''wo", PASSWORD.replace('-', "\\-")));
    seen += &terminal.until("\n[REDACTED]two\n");
    seen += &terminal.until(SIGN);
    // The keyboard shows again what is typed.
    terminal.line("echo thr''ee");
    seen += &terminal.until("echo thr''ee");
    terminal.until("\nthree\n");
    terminal.until(SIGN);
    terminal.line("/quit");
    assert_eq!(terminal.end(), 0);
    assert!(!seen.contains(QUESTION), "asked twice: {seen}");
    assert!(!seen.contains(PASSWORD), "{seen}");
    assert!(!holds(&hermes.path("home"), PASSWORD), "it was kept");
    let calls = std::fs::read_to_string(hermes.path("bin/calls")).expect("called");
    assert!(calls.contains("-v") && !calls.contains(&format!("={PASSWORD}")), "{calls}");
}

#[test]
fn a_wrong_one_is_asked_for_again_and_none_is_not() {
    let hermes = Hermes::new();
    let mut terminal = begun(&hermes, Terminal::open(&hermes, &[]));
    terminal.line("sudo echo one");
    terminal.until(QUESTION);
    terminal.line("wrong");
    let seen = terminal.until(SIGN);
    assert!(seen.contains("try again") && !seen.contains("wrong") && !seen.contains("\none\n"), "{seen}");
    terminal.line("sudo echo two");
    terminal.until(QUESTION);
    terminal.keys(ENTER);
    let seen = terminal.until(SIGN);
    assert!(seen.contains("a terminal is required") && !seen.contains("\ntwo\n"), "{seen}");
    terminal.line("sudo echo three");
    let seen = terminal.until(SIGN);
    assert!(!seen.contains(QUESTION) && !seen.contains("\nthree\n"), "{seen}");
    terminal.line("/quit");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn ctrl_c_stops_the_command() {
    let hermes = Hermes::new();
    let mut terminal = begun(&hermes, Terminal::open(&hermes, &[]));
    for _ in 0..2 {
        terminal.line("sudo echo one; echo t''wo");
        terminal.until(QUESTION);
        terminal.keys(CTRL_C);
        let seen = terminal.until(SIGN);
        assert!(!seen.contains("\ntwo\n"), "{seen}");
    }
    terminal.line("/quit");
    assert_eq!(terminal.end(), 0);
}
