//! What the program does with what it should never be given: each time one clear error, and nothing lost.
#![expect(clippy::disallowed_methods, reason = "stories start programs as a person would, outside of the doors")]

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::process::Command;
use std::time::Duration;

use hermes_tests::hermes::{Hermes, run, run_with};
use hermes_tests::terminal::Terminal;

/// A configuration that a person wrote.
const WRITTEN: &str = "# mine\napprovals:\n  timeout: 7 # short\ncommand_allowlist:\n  - my-rule # kept\n";

#[test]
fn malformed_configuration_is_named_with_its_line() {
    let hermes = Hermes::new().configured("approvals:\n  mode: [manual\n");
    let ran = run(hermes.command(&["chat", "-q", "echo never"]));
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.starts_with("error: ") && ran.err.contains("config.yaml`, line"), "{ran:?}");
}

#[test]
fn an_unknown_key_is_named_with_the_nearest_known_one() {
    let hermes = Hermes::new().configured("terminal:\n  backend: local\napprovals:\n  timeot: 3\n");
    let ran = run(hermes.command(&["chat", "-q", "echo never"]));
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("Unknown key `timeot` in `approvals`") && ran.err.contains("line 4"), "{ran:?}");
    assert!(ran.err.contains("`approvals.timeout`"), "{ran:?}");
}

#[test]
fn settings_of_plugins_that_are_not_there_are_warnings() {
    let page = include_str!("../../fixtures/config/page.yaml").replace("backend: docker", "backend: local");
    let hermes = Hermes::new().configured(&page);
    let ran = run(hermes.command(&["chat", "-q", "echo it-ran"]));
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "it-ran\n"), "{ran:?}");
    assert!(ran.err.contains("belongs to plugin `mcp`, which is not installed"), "{ran:?}");
}

#[test]
fn a_home_that_cannot_be_read_is_one_error_with_a_way_out() {
    let hermes = Hermes::new();
    let mode =
        |path: &str, mode| fs::set_permissions(hermes.path(path), fs::Permissions::from_mode(mode)).expect("set");
    // Only an ordinary user is kept out, and they may not reach the prefix: the program alone is enough.
    fs::copy(hermes.program(), hermes.path("hermes")).expect("copied");
    mode("", 0o755);
    mode("home", 0o000);
    let mut command = Command::new(hermes.path("hermes"));
    command.args(["config", "show"]).env_clear().env("HERMES_HOME", hermes.path("home"));
    if fs::metadata("/proc/self").expect("there").uid() == 0 {
        command.uid(65534).gid(65534);
    }
    let ran = run(command);
    mode("home", 0o700);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("cannot be read") && ran.err.contains("hint: "), "{ran:?}");
}

#[test]
fn a_command_of_ten_megabytes_is_unreadable() {
    let hermes = Hermes::new();
    let line = serde_json::json!({ "id": 1, "command": format!("echo {}", "a".repeat(10 << 20)) });
    let answer = run_with(hermes.command(&["check", "--jsonl"]), line.to_string());
    assert!(answer.out.contains("unparsable-command") && answer.out.contains("\"ask\""), "{:.300}", answer.out);
}

#[test]
fn a_hundred_thousand_semicolons_do_not_run() {
    let ran = run_with(Hermes::new().command(&["chat"]), ";".repeat(100_000));
    assert_eq!(ran.code, Some(1), "{:.300}", ran.err);
    assert!(ran.out.contains("BLOCKED") && ran.out.contains("unparsable"), "{:.300}", ran.out);
}

#[test]
fn input_that_is_not_utf8_is_refused() {
    let hermes = Hermes::new();
    let ran = run_with(hermes.command(&["chat"]), b"echo \xff\xfe\n");
    assert_eq!((ran.code, ran.err.as_str()), (Some(1), "error: The input is not UTF-8 text\n"));
    let lines = b"{\"id\": 1, \"command\": \"\xff\"}\n{\"id\": 2, \"command\": \"ls\"}\n";
    let ran = run_with(hermes.command(&["check", "--jsonl"]), lines);
    let answers: Vec<&str> = ran.out.lines().collect();
    assert!(answers[0].contains("error") && answers[1].contains("allow"), "{ran:?}");
}

#[test]
fn processes_that_say_always_at_once_are_all_heard() {
    let hermes = Hermes::new().configured(WRITTEN);
    fs::write(hermes.path("work/f"), "").expect("written");
    let commands = [
        ("recursive-delete", "rm -r ./nothing-here"),
        ("world-writable", "chmod 777 ./f"),
        ("shell-code", "sh -c true"),
    ];
    let mut people: Vec<Terminal> =
        commands.iter().map(|(_, command)| Terminal::open(&hermes, &["exec", "--", command])).collect();
    for person in &mut people {
        person.until("Choice");
    }
    for person in &mut people {
        person.line("a");
    }
    for person in people {
        person.end();
    }
    let config = fs::read_to_string(hermes.path("home/config.yaml")).expect("read");
    for (rule, _) in commands {
        assert!(config.contains(rule), "{rule} in {config}");
    }
    let kept = "# mine\napprovals:\n  timeout: 7 # short\n";
    assert!(config.starts_with(kept) && config.contains("my-rule # kept"), "{config}");
}

#[test]
fn a_kill_at_any_moment_leaves_a_whole_configuration() {
    let hermes = Hermes::new().configured(WRITTEN);
    let config = || fs::read_to_string(hermes.path("home/config.yaml")).expect("read");
    for round in 0..24_u64 {
        let value = (100 + round).to_string();
        let mut command = hermes.command(&["config", "set", "approvals.timeout", &value]);
        let mut child = command.spawn().expect("started");
        std::thread::sleep(Duration::from_micros(250 * round));
        child.kill().expect("killed");
        child.wait().expect("reaped");
        let config = config();
        assert!(config.starts_with("# mine\n") && config.contains("- my-rule # kept"), "round {round}: {config}");
        assert_eq!(run(hermes.command(&["config", "check"])).code, Some(0), "round {round}: {config}");
    }
    // Nothing a killed process left behind keeps the next one from writing.
    assert_eq!(run(hermes.command(&["config", "set", "approvals.timeout", "9"])).code, Some(0));
    assert!(config().contains("timeout: 9 # short"));
}

#[test]
fn a_full_disk_loses_nothing_and_runs_nothing() {
    let hermes = Hermes::new();
    let script = r#"mount -t tmpfs -o size=64k,mode=700 tmpfs "$HERMES_HOME" || exit 99
        printf '%s' "$WRITTEN" > "$HERMES_HOME/config.yaml"
        mkdir -m 700 "$HERMES_HOME/logs"
        cat /dev/zero > "$HERMES_HOME/fill" 2>/dev/null
        "$HERMES" config set approvals.timeout 8; echo "set: $?"
        "$HERMES" exec -- 'echo it-ran'; echo "exec: $?"
        cat "$HERMES_HOME/config.yaml""#;
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script]).env("WRITTEN", WRITTEN);
    command.env("HERMES_HOME", hermes.path("home")).env("HERMES", hermes.program());
    let ran = run(command);
    assert_ne!(ran.code, Some(99), "user and mount namespaces are needed here: {ran:?}");
    assert!(ran.out.contains("set: 1\n") && ran.out.contains(WRITTEN), "{ran:?}");
    assert!(!ran.out.contains("it-ran") && !ran.out.contains("exec: 0"), "{ran:?}");
    assert!(ran.err.contains("No space left on device"), "{ran:?}");
}
