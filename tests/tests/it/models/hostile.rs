//! Servers that do not answer as they should: each ends in one clear error, soon, and in little memory.

use std::time::{Duration, Instant};

use hermes_tests::hermes::{Ran, run};
use hermes_tests::model_server::{Answer, ModelServer};
use serde_json::{Value, json};

use super::{chunk, says, talking_to};

/// More than any of these may take, on a busy machine.
const SOON: Duration = Duration::from_secs(60);

fn ask(answers: Vec<Answer>, config: &str) -> (Ran, ModelServer) {
    let server = ModelServer::start(answers);
    let hermes = talking_to(&server, config);
    #[expect(clippy::disallowed_methods, reason = "how long it took is what is tested")]
    let started = Instant::now();
    let ran = run(hermes.command(&["-q", "hello"]));
    assert!(started.elapsed() < SOON, "{ran:?}");
    (ran, server)
}

#[test]
fn what_is_no_answer_is_said_once() {
    for (answer, said) in [
        (Answer::new(200, "text/html", "<html>Log in</html>"), "it answered with `text/html`"),
        (Answer::new(200, "application/json", "<html>"), "its answer is no JSON"),
        (Answer::new(200, "application/json", "data: {}\n\n"), "its answer is no JSON"),
        (Answer::json(200, &json!({ "ok": true })), "its answer holds no choice"),
        (Answer::events("data: {\"choices\": [{\"delta\"\n\n"), "a piece of its answer is no JSON"),
        (Answer::events("data: \u{1b}[2J\u{7}\n\n"), "a piece of its answer is no JSON"),
        (Answer::new(404, "text/html", "<html>nothing here</html>"), "answered 404"),
        (Answer::new(302, "text/html", "").header("location: http://127.0.0.1:1/"), "answered 302"),
    ] {
        let (ran, server) = ask(vec![answer], "");
        assert_eq!((ran.code, ran.out.as_str(), server.asked().len()), (Some(1), "", 1), "{said}: {ran:?}");
        assert!(ran.err.contains(said) && ran.err.contains("openai.endpoints.openai-compatible"), "{ran:?}");
        assert!(!ran.err.contains('\u{1b}'), "{ran:?}");
    }
}

#[test]
fn silence_and_early_ends_are_tried_again() {
    let unfinished = |body: &str| Answer::events(body).header("content-length: 100000");
    for (bad, said) in [
        (Answer::nothing(), "Failed to reach"),
        (Answer { hangs: true, ..Answer::nothing() }, "did not"),
        (
            Answer { hangs: true, ..Answer::events(&chunk(json!({ "content": "Hel" }), Value::Null)) },
            "sent nothing for 1 s",
        ),
        (unfinished(&chunk(json!({ "content": "Hel" }), Value::Null)), "broke"),
        (Answer { bytes: b"HTTP/1.1 200".to_vec(), ..Answer::nothing() }, "Failed to reach"),
        (Answer { bytes: b"\xff\xfe\0garbage\r\n\r\n".to_vec(), ..Answer::nothing() }, "Failed to reach"),
    ] {
        let (ran, server) = ask(vec![bad, says(&["Hello"])], "  timeout: 1\n  idle_timeout: 1\n");
        assert_eq!((ran.code, ran.out.as_str(), server.asked().len()), (Some(0), "Hello\n", 2), "{said}: {ran:?}");
        assert!(ran.err.contains(said) && ran.err.contains("trying again"), "{said}: {ran:?}");
    }
}

#[test]
fn a_gigabyte_is_not_read() {
    const MIB: usize = 1 << 20;
    let flood = |answer: Answer, piece: &str| {
        let piece = piece.repeat(MIB / piece.len());
        Answer { flood: (piece.into_bytes(), 1024), ..answer }
    };
    let words = chunk(json!({ "content": "word ".repeat(100) }), Value::Null);
    for (answer, most, said) in [
        (flood(Answer::json(200, &json!([])), " "), 40, "its answer is longer than"),
        (flood(Answer::events(""), "data: x"), 20, "is longer than"),
        (flood(Answer::events(""), ": nothing\n"), 80, "is longer than"),
        (flood(Answer::events(""), &words), 80, "[Cut: longer than"),
        (flood(Answer::json(400, &json!({})), "error "), 10, "answered 400"),
    ] {
        let (ran, server) = ask(vec![answer], "");
        assert_eq!(ran.code, Some(1), "{said}: {}", ran.err.get(..400).unwrap_or(&ran.err));
        assert!(ran.err.contains(said) || ran.out.contains(said), "{said}: {}", ran.err.get(..400).unwrap_or(&ran.err));
        server.until_left();
        assert!(server.flooded() < most * MIB, "{said}: {} bytes were read", server.flooded());
    }
}
