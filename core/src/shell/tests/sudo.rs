//! `sudo` gets its password, and nobody else does.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use hermes_plugin_api::secret::Secret;

use super::*;

/// Every way of quoting it looks different.
const PASSWORD: &str = r#"it's "a" $trange\x41 pässword"#;

/// Stands in for `sudo`: it asks like it, remembers like it where `mode` says so, and notes how it was called.
const STAND_IN: &str = r#"#!/bin/bash
dir=${0%/*} mode=$(< "${0%/*}/mode") ticket=${0%/*}/ticket.$PPID
echo "$*" >> "$dir/calls"
tr '\0' '\n' < /proc/self/environ >> "$dir/environ"
stdin= silent= verify= fresh=
while [[ ${1-} == -* ]]; do
    case $1 in -S) stdin=1;; -n) silent=1;; -v) verify=1;; -k) fresh=1;; -p|-u) shift;; --) shift; break;; esac
    shift
done
if [[ $mode != free ]] && [[ ! -e $ticket || $fresh ]]; then
    [[ ! $silent ]] || { echo "sudo: a password is required" >&2; exit 1; }
    [[ $stdin ]] || { echo "sudo: a terminal is required" >&2; exit 1; }
    IFS= read -r password
    [[ $password == "$(< "$dir/password")" ]] || { echo "sudo: incorrect" >&2; exit 1; }
    [[ $mode != remembers ]] || touch "$ticket"
fi
[[ $verify ]] || exec "$@"
"#;

const MODES: [&str; 3] = ["remembers", "forgets", "free"];

async fn fixture(mode: &str, password: Option<&str>) -> Fixture {
    let dir = tempfile::tempdir().expect("a directory");
    let bin = dir.path().canonicalize().expect("there").join("bin");
    fs::create_dir(&bin).expect("made");
    for (name, text) in [("sudo", STAND_IN), ("mode", mode), ("password", PASSWORD)] {
        fs::write(bin.join(name), text).expect("written");
    }
    fs::set_permissions(bin.join("sudo"), fs::Permissions::from_mode(0o755)).expect("made executable");
    let path = format!("{}:/usr/local/bin:/usr/bin:/bin", bin.display());
    Fixture::with_path(dir, &path, password.map(|password| Sudo::new(&Secret::new(password)))).await
}

fn encoded() -> String {
    PASSWORD.bytes().map(|byte| format!("x{byte:02x}")).collect()
}

impl Fixture {
    fn file(&self, name: &str) -> String {
        fs::read_to_string(self.dir.path().join(name)).unwrap_or_default()
    }
}

#[tokio::test]
async fn the_password_reaches_sudo_and_the_command_keeps_its_input() {
    for mode in MODES {
        let t = fixture(mode, Some(PASSWORD)).await;
        t.check("sudo echo hi", "hi\n", 0).await;
        t.check("sudo -u nobody cat", "", 0).await;
        t.check("echo data | sudo tee f", "data\n", 0).await;
        assert_eq!(t.file("f"), "data\n", "{mode}");
        t.check("sudo tee f < bin/mode >/dev/null; (sudo cat f); echo", &format!("{mode}\n"), 0).await;
        t.check("set -eu; sudo sh -c 'exit 7'; echo not here", "", 7).await;
        t.check("set -eu; x=$(sudo echo a); sudo echo b$x | cat", "ba\n", 0).await;
        t.check("set -o posix; sudo sh -c 'exit 7'", "", 7).await;
        t.check("set -x; sudo true", "++ sudo true\n", 0).await;
    }
}

#[tokio::test]
async fn whoever_says_how_sudo_asks_is_left_alone() {
    let t = fixture("forgets", Some(PASSWORD)).await;
    for options in ["-n", "-S", "-u root -n", "-A", "-k", "-in", "--stdin", "--user root --non-interactive"] {
        let _ = t.run(&format!("sudo {options} true")).await;
        assert_eq!(t.file("bin/calls"), format!("{options} true\n"));
        fs::remove_file(t.dir.path().join("bin/calls")).expect("removed");
    }
    t.check("sudo echo -n x", "x", 0).await;
    t.check("PATH=/usr/bin:/bin; hash -r; sudo true 2>/dev/null; echo $?", "127\n", 0).await;
}

#[tokio::test]
async fn without_a_password_or_sudo_nothing_changes() {
    let t = fixture("forgets", None).await;
    t.check("sudo echo hi", "sudo: a terminal is required\n", 1).await;
    assert_eq!(t.file("bin/calls"), "echo hi\n");
    let t = fixture("forgets", Some(PASSWORD)).await;
    t.check("echo sudo; cat; declare -F", "sudo\ndeclare -f __hermes_report\ndeclare -f __hermes_tell\n", 0).await;
    let t = fixture("remembers", Some("wrong password")).await;
    t.check("sudo echo hi", "sudo: incorrect\nsudo: a password is required\n", 1).await;
}

#[tokio::test]
async fn nobody_else_sees_the_password() {
    for mode in MODES {
        let t = fixture(mode, Some(PASSWORD)).await;
        let look = "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ > seen 2>/dev/null";
        let _ = t.run(&format!("set -a; sudo sh -c '{look}'; {look}; export -p > exported; sudo true")).await;
        let seen = fs::read(t.dir.path().join("seen")).expect("seen");
        let seen = String::from_utf8_lossy(&seen).into_owned() + &t.file("exported");
        assert!(seen.contains("__hermes_report"), "it looked at the wrapper");
        let seen = [seen, t.file("bin/calls"), t.file("bin/environ")].concat();
        assert!(!seen.contains(PASSWORD) && !seen.contains(&encoded()), "{mode}");
        let shown = t.run("sudo true; set; declare -p; printf '%q\\n' \"$__hermes_sudo\"; __hermes_password").await;
        assert!(!shown.output.contains(PASSWORD) && !shown.output.contains(&encoded()), "{mode}");
        assert!(shown.output.contains("__hermes_sudo=[REDACTED]\n"), "{}", shown.output);
        assert!(shown.output.ends_with("\n[REDACTED]\n[REDACTED]\n"), "{}", shown.output);
        let _ = t.run("export __hermes_sudo; sudo true").await;
        t.check("echo \"<${__hermes_sudo-}>\"", "<>\n", 0).await;
    }
}

#[tokio::test]
async fn a_process_in_the_background_is_fed_too() {
    for mode in MODES {
        let t = fixture(mode, Some(PASSWORD)).await;
        let started = t.shell.start(t.witness("sudo echo begun; sudo head -n 1; echo end")).expect("starts");
        let action = |action: &str| ProcessAction {
            action: action.to_owned(),
            process: started.process.clone(),
            data: Some("typed".to_owned()),
            ..ProcessAction::default()
        };
        if mode != "forgets" {
            t.shell.process(&action("submit"), &Cancel::never()).await.expect("written");
        }
        t.shell.process(&action("close"), &Cancel::never()).await.expect("closed");
        let end = t.shell.process(&action("wait"), &Cancel::never()).await.expect("ends");
        let expected = if mode == "forgets" { "begun\nend\n" } else { "begun\ntyped\nend\n" };
        assert_eq!(end["output"], expected, "{mode}");
    }
}
