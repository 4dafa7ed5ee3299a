//! Stories: what was said is there again in another process, whatever became of the one that heard it.
#![expect(clippy::disallowed_methods, reason = "stories start programs as a person would, outside of the doors")]

mod crash;
mod words;

use std::collections::BTreeSet;

use hermes_tests::hermes::{Hermes, run};
use serde_json::Value;

/// Every message of every session, by session.
fn exported(hermes: &Hermes) -> Vec<Vec<Value>> {
    let ran = run(hermes.command(&["sessions", "export"]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let mut sessions: Vec<Vec<Value>> = Vec::new();
    for line in ran.out.lines() {
        let line: Value = serde_json::from_str(line).expect("a line of JSON");
        match line.get("session") {
            Some(_) => sessions.push(Vec::new()),
            None => sessions.last_mut().expect("a session stands before its messages").push(line),
        }
    }
    sessions
}

/// Whether every call has exactly one result, right behind it, and the sides take turns.
fn is_valid(messages: &[Value]) -> bool {
    let mut open = BTreeSet::new();
    let mut before = "assistant";
    messages.iter().all(|message| {
        let role = message["role"].as_str().expect("a role");
        if role == "tool" {
            before = "tool";
            return open.remove(message["tool_call_id"].as_str().expect("an id"));
        }
        let turns = open.is_empty() && role != before;
        before = if role == "user" { "user" } else { "assistant" };
        let calls = message["tool_calls"].as_array().into_iter().flatten();
        open.extend(calls.map(|call| call["id"].as_str().expect("an id").to_owned()));
        turns
    }) && open.is_empty()
}

#[test]
fn a_session_goes_on_in_another_process_by_id_title_and_as_the_latest() {
    let script = "
- {text: The first answer., expect: {last_contains: Fix the roof}}
";
    let hermes = Hermes::new().scripted(script, "");
    assert_eq!(run(hermes.command(&["-q", "Fix the roof"])).code, Some(0));
    let list = run(hermes.command(&["sessions", "list", "--json"]));
    let list: Value = serde_json::from_str(&list.out).expect("JSON");
    let id = list[0]["id"].as_str().expect("an id").to_owned();
    for args in [&["-r", &id[..6]][..], &["-r", "fix the roof"], &["-c", "Fix"], &["-c"]] {
        let hermes = hermes.command(&[&["chat", "--source", "terminal", "-q", "Fix the roof again"], args].concat());
        let ran = run(hermes);
        assert_eq!((ran.code, ran.out.as_str()), (Some(0), "The first answer.\n"), "{args:?}: {ran:?}");
    }
    let sessions = exported(&hermes);
    assert_eq!((sessions.len(), sessions[0].len()), (1, 10), "{sessions:?}");
    assert!(is_valid(&sessions[0]), "{sessions:?}");
    let ran = run(hermes.command(&["-r", "Fix teh roof", "-q", "x"]));
    assert_eq!(ran.code, Some(1));
    assert!(
        ran.err.contains("No session is called `Fix teh roof`") && ran.err.contains("did you mean `Fix the roof`?")
    );
    let ran = run(hermes.command(&["-c", "--source", "cron", "-q", "x"]));
    assert!(ran.err.contains("There is no session from `cron` yet"), "{ran:?}");
}

#[test]
fn processes_that_talk_at_once_lose_nothing() {
    let hermes = Hermes::new();
    let mut children = Vec::new();
    for n in 0..6 {
        children.push(hermes.command(&["-q", &format!("echo number {n}")]).spawn().expect("started"));
    }
    for mut child in children {
        assert!(child.wait().expect("waited for").success());
    }
    let sessions = exported(&hermes);
    assert_eq!(sessions.len(), 6);
    assert!(sessions.iter().all(|messages| messages.len() == 4 && is_valid(messages)), "{sessions:?}");
    assert_eq!(run(hermes.command(&["sessions", "search", "number"])).out.matches("user, message 1").count(), 6);
}

#[test]
fn what_was_said_is_stored_without_secrets() {
    let token = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
    let hermes = Hermes::new();
    assert_eq!(run(hermes.command(&["-q", &format!("echo {token}; export API_KEY=abcdefghijkl")])).code, Some(0));
    let bytes = std::fs::read(hermes.path("home/state.db")).expect("read");
    let held = |text: &str| bytes.windows(text.len()).any(|piece| piece == text.as_bytes());
    assert!(!held("ghp_0123") && !held("abcdefghijkl") && held("[REDACTED]"));
}
