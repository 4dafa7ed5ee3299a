//! Stories: secrets are hidden, in what is piped through `hermes redact` and in what a model says.

use hermes_tests::hermes::{Hermes, run, run_with};
use hermes_tests::model_server::ModelServer;
use serde_json::{Value, json};

use crate::models::{says, talking_to};

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

/// In pieces here too, so that those who look for secrets in sources find none.
#[test]
fn a_secret_that_comes_in_pieces_is_hidden_whole() {
    let pieces = ["The key is sk-", "proj-abcdefghij", "klmnopqrstuvwxyz", "0123456789", " as you know."];
    let server = ModelServer::start(vec![says(&pieces)]);
    let hermes = talking_to(&server, "");
    let ran = run(hermes.command(&["-q", "which key?"]));
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "The key is [REDACTED] as you know.\n"), "{ran:?}");
    let ran = run(hermes.command(&["sessions", "show", "which key?"]));
    assert!(ran.out.contains("The key is [REDACTED] as you know."), "{ran:?}");
}
