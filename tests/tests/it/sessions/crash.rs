//! The process is killed, the disk is full, the store is not ours: nothing that was said is lost, and what is there
//! is not touched.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use hermes_tests::hermes::{Hermes, run};

use super::{exported, is_valid};

/// Three rounds of calls, and an answer.
const SCRIPT: &str = "
- {tool_calls: [{name: terminal, arguments: {command: 'true one'}}, {name: process, arguments: {action: list}}]}
- {text: Going on., tool_calls: [{name: terminal, arguments: {command: 'sleep 0.05'}}]}
- {tool_calls: [{name: terminal, arguments: {command: 'true three'}}]}
- {text: It is done.}
";

#[test]
fn a_kill_at_any_moment_leaves_a_store_that_goes_on() {
    let hermes = Hermes::new().scripted(SCRIPT, "");
    for round in 0..16_u64 {
        let mut command = hermes.command(&["-q", &format!("round {round}")]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("started");
        // So far into the turn, told by what it does, and a little further.
        let activities = BufReader::new(child.stderr.take().expect("piped")).lines();
        assert!(activities.take((round % 8) as usize).all(|line| line.is_ok()));
        std::thread::sleep(Duration::from_micros(round * 150));
        child.kill().expect("killed");
        child.wait().expect("reaped");
        let ran = run(hermes.command(&["sessions", "stats", "--json"]));
        assert_eq!(ran.code, Some(0), "round {round}: {ran:?}");
    }
    let cut = exported(&hermes);
    assert!(cut.iter().any(|messages| !is_valid(messages)), "no kill came in the middle of anything: {cut:?}");
    let ids = run(hermes.command(&["sessions", "list", "-n", "100", "--json"]));
    let ids: serde_json::Value = serde_json::from_str(&ids.out).expect("JSON");
    for session in ids.as_array().expect("a list") {
        let ran = run(hermes.command(&["-r", session["id"].as_str().expect("an id"), "-q", "and now?"]));
        assert_eq!((ran.code, ran.out.as_str()), (Some(0), "It is done.\n"), "{ran:?}");
    }
    for messages in exported(&hermes) {
        assert!(is_valid(&messages), "{messages:?}");
    }
    let ran = run(hermes.command(&["sessions", "prune", "--older-than", "0m", "--yes"]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let locks = fs::read_dir(hermes.path("home/cache/sessions")).expect("listed").count();
    assert_eq!(locks, 0, "a lock was left");
}

#[test]
fn a_full_disk_is_told_and_what_was_said_before_stays() {
    let hermes = Hermes::new();
    let script = r#"mount -t tmpfs -o size=400k,mode=700 tmpfs "$HERMES_HOME" || exit 99
        "$HERMES" -q 'echo before'
        cat /dev/zero > "$HERMES_HOME/fill" 2>/dev/null
        "$HERMES" -q 'echo during'; echo "during: $?"
        "$HERMES" sessions list; echo "list: $?"
        rm "$HERMES_HOME/fill"
        "$HERMES" -c -q 'echo after'; echo "after: $?"
        "$HERMES" sessions export"#;
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--mount", "sh", "-c", script]);
    command.env("HERMES_HOME", hermes.path("home")).env("HERMES", hermes.program());
    let ran = run(command);
    assert_ne!(ran.code, Some(99), "user and mount namespaces are needed here: {ran:?}");
    assert!(ran.err.contains("Failed to write the session store") && ran.err.contains("free space"), "{ran:?}");
    assert!(!ran.out.contains("during: 0") && ran.out.contains("after: 0"), "{ran:?}");
    assert!(
        ran.out.contains("\"content\":\"echo before\"") && ran.out.contains("\"content\":\"echo after\""),
        "{ran:?}"
    );
}

#[test]
fn a_store_that_is_not_ours_is_not_touched_and_the_way_out_is_told() {
    let hermes = Hermes::new();
    assert_eq!(run(hermes.command(&["-q", "echo hello"])).code, Some(0));
    let path = hermes.path("home/state.db");
    let whole = fs::read(&path).expect("read");
    let mut newer = whole.clone();
    newer[60..64].copy_from_slice(&99_u32.to_be_bytes());
    let mut foreign = whole.clone();
    foreign[68..72].copy_from_slice(&7_u32.to_be_bytes());
    for (bytes, error, way_out) in [
        (newer, "was written by a newer hermes: its version is 99", "update hermes"),
        (foreign, "no session store of hermes", "move it away"),
        (b"garbage".to_vec(), "is damaged: it does not begin like a database", "sqlite3"),
    ] {
        fs::write(&path, &bytes).expect("written");
        for args in
            [&["-q", "echo it-ran"][..], &["sessions", "list"], &["sessions", "prune", "--older-than", "1d", "-y"]]
        {
            let ran = run(hermes.command(args));
            assert_eq!(ran.code, Some(1), "{args:?}: {ran:?}");
            assert!(ran.err.contains(error) && ran.err.contains(way_out), "{args:?}: {ran:?}");
            assert!(!ran.out.contains("it-ran"), "{ran:?}");
        }
        assert_eq!(fs::read(&path).expect("read"), bytes, "it was touched");
    }
}
