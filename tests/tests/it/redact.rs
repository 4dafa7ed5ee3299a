//! Stories: `hermes redact` hides secrets in what is piped through it.

use hermes_tests::hermes::{Hermes, run_with};
use serde_json::{Value, json};

/// A text in pieces.
fn secret() -> String {
    ["gh", "p_0123456789abcdefghij"].concat()
}

#[test]
fn a_pipe_loses_its_secrets_and_nothing_else() {
    let hermes = Hermes::new();
    hermes.secret("SOME_API_KEY=correct-horse-battery\n");
    let text = format!("monkey=1 {}\nsay correct-horse-battery; password=hunter2\nlast", secret());
    let ran = run_with(hermes.command(&["redact"]), &text);
    let told = "monkey=1 [REDACTED]\nsay [REDACTED]; password=[REDACTED]\nlast";
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), told), "{ran:?}");
    let mut bytes = vec![b'x'; 1 << 15];
    bytes.extend_from_slice(b"\xff\xfe\n");
    bytes.extend_from_slice(format!("{}\n", secret()).as_bytes());
    let ran = run_with(hermes.command(&["redact"]), &bytes);
    assert!(ran.code == Some(0) && ran.out.ends_with("\n[REDACTED]\n"), "{:?}", ran.err);
    assert!(ran.out.len() > 1 << 15);
}

#[test]
fn lines_of_json_are_answered_in_order() {
    let hermes = Hermes::new();
    let first = json!({ "id": 1, "text": format!("x {}", secret()) });
    let input = format!("{first}\nnonsense\n{}\n{}\n", json!({ "id": "b", "text": "task-123" }), json!({ "id": 3 }));
    let ran = run_with(hermes.command(&["redact", "--jsonl"]), input);
    let lines: Vec<Value> = ran.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert_eq!(lines[0], json!({ "id": 1, "text": "x [REDACTED]" }));
    assert!(lines[1]["error"].is_string() && lines[1].get("id").is_none());
    assert_eq!(lines[2], json!({ "id": "b", "text": "task-123" }));
    assert_eq!((&lines[3]["id"], lines[3]["error"].is_string()), (&json!(3), true));
}
