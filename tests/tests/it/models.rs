//! Models over HTTP, through the installed program: conversations, what providers do to one, and choosing a model.

mod anthropic;
mod choosing;
mod compress;
mod fallback;
mod hostile;
mod mock;
mod project;
mod titles;
mod vision;

use hermes_tests::hermes::{Hermes, run};
use hermes_tests::model_server::{Answer, ModelServer};
use hermes_tests::terminal::{CTRL_C, Terminal};
use serde_json::{Value, json};

const KEY: &str = "sk-story-0123456789abcdefghij";

/// The program with a server of the chat completions interface as its model, and a key for it.
pub(crate) fn talking_to(server: &ModelServer, config: &str) -> Hermes {
    let url = server.url();
    let hermes = Hermes::new().configured(&format!(
        "model: {{provider: openai-compatible, name: fast}}\nopenai:\n  endpoints: {{openai-compatible: '{url}/v1'}}\n{config}"
    ));
    hermes.secret(format!("OPENAI_COMPATIBLE_API_KEY={KEY}\n"));
    hermes
}

fn chunk(delta: Value, finish: Value) -> String {
    let choice = json!({ "index": 0, "delta": delta, "finish_reason": finish });
    let chunk =
        json!({ "id": "c", "object": "chat.completion.chunk", "created": 1, "model": "fast", "choices": [choice] });
    conforms("CreateChatCompletionStreamResponse", &chunk);
    format!("data: {chunk}\n\n")
}

/// A streamed answer of some words.
pub(crate) fn says(words: &[&str]) -> Answer {
    let words: String = words.iter().map(|word| chunk(json!({ "content": word }), Value::Null)).collect();
    Answer::events(&format!("{words}{}data: [DONE]\n\n", chunk(json!({}), json!("stop"))))
}

/// A streamed answer that asks for a command, its arguments in two pieces.
pub(crate) fn runs(command: &str) -> Answer {
    let arguments = json!({ "command": command }).to_string();
    let (first, second) = arguments.split_at(arguments.len() / 2);
    let begun = json!({ "index": 0, "id": "call_1", "type": "function", "function": { "name": "terminal", "arguments": first } });
    let more = json!({ "index": 0, "function": { "arguments": second } });
    let pieces = [begun, more].map(|piece| chunk(json!({ "tool_calls": [piece] }), Value::Null)).concat();
    Answer::events(&format!("{pieces}{}data: [DONE]\n\n", chunk(json!({}), json!("tool_calls"))))
}

/// Checks a value against the provider's own schema.
fn conforms(name: &str, value: &Value) {
    let text = include_str!("../../fixtures/openai/schemas.json");
    let mut schema: Value = serde_json::from_str(text).expect("JSON");
    schema["$ref"] = format!("#/components/schemas/{name}").into();
    let schema = jsonschema::validator_for(&schema).expect("a schema");
    let faults: Vec<String> = schema.iter_errors(value).map(|error| error.to_string()).collect();
    assert!(faults.is_empty(), "{name}: {faults:?}: {value}");
}

#[test]
fn a_turn_with_a_call_speaks_the_interface() {
    let server = ModelServer::start(vec![runs("echo from-$((40 + 2))"), says(&["It said ", "from-42."])]);
    let hermes = talking_to(&server, "");
    let ran = run(hermes.command(&["chat", "-q", "what does it say?"]));
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "It said from-42.\n"), "{ran:?}");
    let asked = server.asked();
    assert_eq!(asked.len(), 2);
    for asked in &asked {
        assert_eq!(asked.what, "POST /v1/chat/completions");
        assert!(asked.headers.contains(&format!("authorization: Bearer {KEY}\n")), "{asked:?}");
        conforms("CreateChatCompletionRequest", &asked.body);
    }
    let told = asked[1].body["messages"].as_array().expect("messages").last().expect("one").clone();
    assert_eq!((told["role"].as_str(), told["tool_call_id"].as_str()), (Some("tool"), Some("call_1")));
    assert!(told["content"].as_str().is_some_and(|text| text.contains("from-42")), "{told}");
}

#[test]
fn an_answer_is_seen_while_it_comes() {
    let begun = chunk(json!({ "content": "The first words\n" }), Value::Null);
    let server = ModelServer::start(vec![Answer { hangs: true, ..Answer::events(&begun) }]);
    let hermes = talking_to(&server, "");
    let mut terminal = Terminal::open(&hermes, &["-q", "hello"]);
    terminal.until("The first words");
    terminal.keys(CTRL_C);
    assert_eq!(terminal.end(), 130);
    server.until_left();
}

#[test]
fn a_model_that_has_said_nothing_can_be_interrupted_too() {
    let server = ModelServer::start(vec![Answer { hangs: true, ..Answer::nothing() }]);
    let hermes = talking_to(&server, "");
    let mut terminal = Terminal::open(&hermes, &["-q", "hello"]);
    server.until_asked();
    terminal.keys(CTRL_C);
    assert_eq!(terminal.end(), 130);
    server.until_left();
}

#[test]
fn a_busy_provider_is_asked_again_when_it_says() {
    let error = |text: &str| json!({ "error": { "message": text, "type": "x", "param": null, "code": null } });
    let server = ModelServer::start(vec![
        Answer::json(429, &error("Rate limit reached")).header("retry-after-ms: 20"),
        Answer::json(529, &error("Overloaded")).header("retry-after: 0.02"),
        says(&["Hello"]),
    ]);
    let ran = run(talking_to(&server, "").command(&["-q", "hello"]));
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "Hello\n"), "{ran:?}");
    assert!(ran.err.contains("answered 429: Rate limit reached; trying again in 0.02 s (1 of 4)"), "{ran:?}");
    assert!(ran.err.contains("answered 529: Overloaded; trying again in 0.02 s (2 of 4)"), "{ran:?}");
    let bodies: Vec<Value> = server.asked().into_iter().map(|asked| asked.body).collect();
    assert!(bodies.len() == 3 && bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
}

#[test]
fn an_answer_that_breaks_off_is_asked_for_again() {
    let cut = Answer::events(&chunk(json!({ "content": "Half an ans" }), Value::Null));
    let ran = run(talking_to(&ModelServer::start(vec![cut, says(&["All of it"])]), "").command(&["-q", "hello"]));
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "All of it\n"), "{ran:?}");
    assert!(ran.err.contains("ended before the answer did; trying again"), "{ran:?}");
}

#[test]
fn arguments_that_are_no_json_go_back_to_the_model() {
    let call = json!({ "index": 0, "id": "a", "function": { "name": "terminal", "arguments": "{\"command\": \"ec" } });
    let cut = format!("{}{}", chunk(json!({ "tool_calls": [call] }), Value::Null), chunk(json!({}), json!("length")));
    let server = ModelServer::start(vec![Answer::events(&cut), says(&["Sorry"])]);
    let ran = run(talking_to(&server, "").command(&["-q", "hello"]));
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "Sorry\n"), "{ran:?}");
    let again = &server.asked()[1].body;
    conforms("CreateChatCompletionRequest", again);
    assert!(again.to_string().contains("The arguments are not JSON"), "{again}");
}

#[test]
fn a_refused_key_names_its_variable_and_stands_nowhere() {
    let error = json!({ "error": { "message": format!("Incorrect API key: {KEY}"), "type": "x", "param": null, "code": "invalid_api_key" } });
    conforms("ErrorResponse", &error);
    let server = ModelServer::start(vec![Answer::json(401, &error)]);
    let hermes = talking_to(&server, "");
    let mut command = hermes.command(&["-q", "hello"]);
    command.env("HERMES_LOG", "trace");
    let ran = run(command);
    assert_eq!((ran.code, server.asked().len()), (Some(1), 1), "{ran:?}");
    assert!(ran.err.contains("answered 401: Incorrect API key: ****"), "{ran:?}");
    assert!(ran.err.contains("hermes config set OPENAI_COMPATIBLE_API_KEY"), "{ran:?}");
    assert!(!ran.err.contains(KEY) && !ran.out.contains(KEY), "{ran:?}");
    std::fs::remove_file(hermes.path("home/.env")).expect("removed");
    assert_eq!(found(&hermes.path("home"), KEY), Vec::<String>::new());
}

/// Files below a folder that hold a text.
fn found(folder: &std::path::Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("read") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(self::found(&path, text));
        } else if String::from_utf8_lossy(&std::fs::read(&path).expect("read")).contains(text) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[test]
fn a_conversation_that_is_too_long_says_what_to_do() {
    let error = json!({ "error": { "message": "This model's maximum context length is 8 tokens", "type": "x", "param": null, "code": "context_length_exceeded" } });
    let server = ModelServer::start(vec![Answer::json(400, &error)]);
    let ran = run(talking_to(&server, "").command(&["-q", "hello"]));
    assert_eq!((ran.code, server.asked().len()), (Some(1), 1), "{ran:?}");
    assert!(ran.err.contains("hint: the conversation is too long for this model"), "{ran:?}");
}
