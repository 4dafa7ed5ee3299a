//! Conversations that become too long, with a real server that says so.

use hermes_tests::hermes::{Hermes, run};
use hermes_tests::model_server::{Answer, ModelServer};
use hermes_tests::terminal::Terminal;
use serde_json::{Value, json};

use super::{runs, says, talking_to};

fn overflow() -> Answer {
    let text = "This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.";
    Answer::json(
        400,
        &json!({ "error": { "message": text, "type": "invalid_request_error", "param": "messages", "code": "context_length_exceeded" } }),
    )
}

fn messages(server: &ModelServer, number: usize) -> Vec<(String, String)> {
    let body = server.asked()[number].body.clone();
    let text = |message: &Value, key: &str| message[key].as_str().unwrap_or_default().to_owned();
    let messages = body["messages"].as_array().expect("messages").iter();
    messages.map(|message| (text(message, "role"), text(message, "content"))).collect()
}

/// Four turns, one query each.
fn talked(hermes: &Hermes) {
    for (n, query) in ["Build a roof", "Paint the door", "Oil the hinge", "Sweep the floor"].iter().enumerate() {
        let ran = run(if n == 0 { hermes.command(&["-q", query]) } else { hermes.command(&["-c", "-q", query]) });
        assert_eq!(ran.code, Some(0), "{ran:?}");
    }
}

#[test]
fn a_conversation_that_is_too_long_goes_on_with_a_summary_and_nothing_is_lost() {
    let server = ModelServer::start(vec![
        runs("echo ladder"),
        says(&["The roof is built."]),
        says(&["Painted."]),
        says(&["Oiled."]),
        says(&["Swept."]),
        overflow(),
        says(&["The person had a roof built with a ladder."]),
        says(&["Closed."]),
    ]);
    let hermes = talking_to(&server, "");
    talked(&hermes);
    let ran = run(hermes.command(&["-c", "-q", "Close the window"]));
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "Closed.\n"), "{ran:?}");
    assert!(ran.err.contains("Compressed: 6 earlier messages are summarised"), "{ran:?}");
    let summarised = messages(&server, 6);
    assert!(
        summarised[1].1.contains("[person] Build a roof") && summarised[1].1.contains("Painted."),
        "{summarised:?}"
    );
    assert!(!summarised[1].1.contains("Sweep"), "{summarised:?}");
    let last = messages(&server, 7);
    let said: Vec<&str> = last.iter().map(|(_, text)| text.as_str()).skip(1).collect();
    assert_eq!(
        said,
        [
            "[What was said before, in short]\n\nThe person had a roof built with a ladder.",
            "[Noted]",
            "Oil the hinge",
            "Oiled.",
            "Sweep the floor",
            "Swept.",
            "Close the window"
        ]
    );
    assert_eq!(last[0], messages(&server, 0)[0], "the beginning stays as it was");
    let found = run(hermes.command(&["sessions", "search", "ladder", "--json"]));
    let found: Value = serde_json::from_str(&found.out).expect("JSON");
    let sessions: Vec<&Value> = found.as_array().expect("hits").iter().map(|hit| &hit["session"]).collect();
    assert!(sessions.len() == 3, "the call, its result, and the summary: {found}");
    let list = run(hermes.command(&["sessions", "list", "--json"]));
    let list: Value = serde_json::from_str(&list.out).expect("JSON");
    assert_eq!((&list[0]["title"], &list[0]["parent"]), (&json!("Build a roof"), &list[1]["id"]), "{list}");
    assert_eq!(sessions, [&list[1]["id"], &list[1]["id"], &list[0]["id"]], "{list}");

    let mut terminal = Terminal::open(&hermes, &["-c", "Build"]);
    terminal.until("Closed.");
    terminal.line("/history");
    let seen = terminal.until("› Close the window");
    let places = ["› Build a roof", "· terminal", "The roof is built.", "› Paint the door", "› Oil the hinge"];
    let places: Vec<usize> =
        places.iter().map(|text| seen.rfind(text).unwrap_or_else(|| panic!("{text}: {seen}"))).collect();
    assert!(places.is_sorted() && !seen.contains("[Noted]"), "{seen}");
    terminal.line("/quit");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn slash_compress_summarises_by_the_model_of_its_own_and_a_failure_changes_nothing() {
    let server = ModelServer::start(vec![says(&["Yes."])]);
    let wrong =
        json!({ "error": { "message": "Incorrect API key provided", "type": "x", "param": null, "code": null } });
    let second = ModelServer::start(vec![Answer::json(401, &wrong), says(&["Much was done."])]);
    let hermes = talking_to(&server, "auxiliary: {compression: {provider: ollama, name: small}}\n");
    let path = hermes.path("home/config.yaml");
    let text = std::fs::read_to_string(&path).expect("read");
    let with_second = text.replace("endpoints: {", &format!("endpoints: {{ollama: '{}/v1', ", second.url()));
    std::fs::write(&path, with_second).expect("written");
    let mut terminal = Terminal::open(&hermes, &[]);
    terminal.line("/compress");
    terminal.until("nothing to compress yet");
    talked(&hermes);
    terminal.line("/resume Build a roof");
    terminal.until("Going on with");
    let before = run(hermes.command(&["sessions", "export"])).out;
    terminal.line("/compress");
    terminal.until("Nothing was compressed: ");
    assert_eq!(run(hermes.command(&["sessions", "export"])).out, before);
    terminal.line("/compress");
    terminal.until("Compressed: 2 earlier messages are summarised");
    assert_eq!(second.asked()[1].body["model"], "small");
    terminal.line("And now?");
    terminal.until("Yes.");
    terminal.line("/quit");
    assert_eq!(terminal.end(), 0);
    let last = messages(&server, server.asked().len() - 1);
    assert_eq!(last[1].1, "[What was said before, in short]\n\nMuch was done.", "{last:?}");
    assert_eq!(last.len(), 10, "{last:?}");
}

#[test]
fn a_long_conversation_is_compressed_before_the_model_complains() {
    let server = ModelServer::start(vec![
        says(&["One."]),
        says(&[&"long ".repeat(12_000)]),
        says(&["In short."]),
        says(&["Three."]),
    ]);
    let hermes = talking_to(&server, "  models: {fast: {context: 20000}}\n");
    for query in ["one", "two"] {
        let ran = run(hermes.command(&if query == "one" { vec!["-q", query] } else { vec!["-c", "-q", query] }));
        assert!(ran.code == Some(0) && !ran.err.contains("Compressed"), "{ran:?}");
    }
    let ran = run(hermes.command(&["-c", "-q", "three"]));
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "Three.\n"), "{ran:?}");
    assert!(ran.err.contains("Compressed: "), "{ran:?}");
}
