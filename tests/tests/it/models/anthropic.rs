//! The Anthropic messages interface, against the event sequence of its documentation.

use hermes_tests::hermes::{Hermes, run};
use hermes_tests::model_server::{Answer, ModelServer};
use serde_json::{Value, json};

const KEY: &str = "sk-ant-story-0123456789abcdef";

fn stream(events: &[Value]) -> Answer {
    let event = |event: &Value| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().expect("a type"));
    Answer::events(&events.iter().map(event).collect::<String>())
}

fn start() -> Value {
    let usage = json!({ "input_tokens": 25, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0, "output_tokens": 1 });
    json!({ "type": "message_start", "message": { "id": "msg_1", "type": "message", "role": "assistant", "content": [], "model": "claude-sonnet-4-5", "stop_reason": null, "stop_sequence": null, "usage": usage } })
}

fn block(index: u32, begun: Value, deltas: Vec<Value>) -> Vec<Value> {
    let mut events = vec![json!({ "type": "content_block_start", "index": index, "content_block": begun })];
    let delta = |delta| json!({ "type": "content_block_delta", "index": index, "delta": delta });
    events.extend(deltas.into_iter().map(delta));
    events.push(json!({ "type": "content_block_stop", "index": index }));
    events
}

fn stop(reason: &str) -> Vec<Value> {
    let delta = json!({ "stop_reason": reason, "stop_sequence": null });
    vec![
        json!({ "type": "message_delta", "delta": delta, "usage": { "output_tokens": 15 } }),
        json!({ "type": "message_stop" }),
    ]
}

fn thinks_and_runs(command: &str) -> Answer {
    let arguments = json!({ "command": command }).to_string();
    let (first, second) = arguments.split_at(4);
    let thinking = vec![
        json!({ "type": "thinking_delta", "thinking": "A command " }),
        json!({ "type": "thinking_delta", "thinking": "will tell." }),
        json!({ "type": "signature_delta", "signature": "EqQBCgIYAhIM+/=" }),
    ];
    let call = vec![
        json!({ "type": "input_json_delta", "partial_json": "" }),
        json!({ "type": "input_json_delta", "partial_json": first }),
        json!({ "type": "input_json_delta", "partial_json": second }),
    ];
    let text = vec![json!({ "type": "text_delta", "text": "I look." })];
    let tool = json!({ "type": "tool_use", "id": "toolu_01", "name": "terminal", "input": {} });
    let events = [
        vec![start()],
        block(0, json!({ "type": "thinking", "thinking": "", "signature": "" }), thinking),
        vec![json!({ "type": "ping" })],
        block(1, json!({ "type": "text", "text": "" }), text),
        block(2, tool, call),
        stop("tool_use"),
    ];
    stream(&events.concat())
}

fn says(text: &str) -> Answer {
    let text = vec![json!({ "type": "text_delta", "text": text })];
    stream(&[vec![start()], block(0, json!({ "type": "text", "text": "" }), text), stop("end_turn")].concat())
}

fn talking_to(server: &ModelServer) -> Hermes {
    let hermes = Hermes::new().configured(&format!(
        "model: {{provider: anthropic, name: claude-sonnet-4-5}}\nanthropic: {{base_url: '{}', thinking_budget: 2048}}\n",
        server.url()
    ));
    hermes.secret(format!("ANTHROPIC_API_KEY={KEY}\n"));
    hermes
}

#[test]
fn thoughts_go_back_as_they_came_and_the_beginning_is_cached() {
    let server = ModelServer::start(vec![thinks_and_runs("echo from-$((40 + 2))"), says("It said from-42.")]);
    let ran = run(talking_to(&server).command(&["-q", "what does it say?"]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.out.ends_with("It said from-42.\n") && !ran.out.contains("will tell"), "{ran:?}");
    let asked = server.asked();
    assert_eq!(asked.len(), 2);
    for asked in &asked {
        assert_eq!(asked.what, "POST /v1/messages");
        assert!(asked.headers.contains(&format!("x-api-key: {KEY}\n")), "{asked:?}");
        assert!(asked.headers.contains("anthropic-version: 2023-06-01\n"), "{asked:?}");
        assert_eq!(asked.body["thinking"], json!({ "type": "enabled", "budget_tokens": 2048 }));
        assert!(asked.body["system"][0].get("cache_control").is_some(), "{asked:?}");
    }
    let messages = &asked[1].body["messages"];
    assert_eq!(
        messages[1]["content"][0],
        json!({ "type": "thinking", "thinking": "A command will tell.", "signature": "EqQBCgIYAhIM+/=" })
    );
    assert_eq!(messages[1]["content"][1], json!({ "type": "text", "text": "I look." }));
    assert_eq!(messages[1]["content"][2]["id"], "toolu_01");
    let result = &messages[2]["content"][0];
    assert_eq!((result["type"].as_str(), result["tool_use_id"].as_str()), (Some("tool_result"), Some("toolu_01")));
    assert!(result["content"][0]["text"].as_str().is_some_and(|text| text.contains("from-42")), "{result}");
    assert!(result.get("cache_control").is_some(), "{result}");
}

#[test]
fn trouble_within_a_stream_is_tried_again_and_a_refused_key_is_not() {
    let overloaded = json!({ "type": "error", "error": { "type": "overloaded_error", "message": "Overloaded" } });
    let server = ModelServer::start(vec![stream(&[start(), overloaded]), says("Hello")]);
    let ran = run(talking_to(&server).command(&["-q", "hello"]));
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "Hello\n"), "{ran:?}");
    assert!(ran.err.contains("Anthropic broke off its answer: Overloaded; trying again"), "{ran:?}");

    let refused =
        json!({ "type": "error", "error": { "type": "authentication_error", "message": "invalid x-api-key" } });
    let server = ModelServer::start(vec![Answer::json(401, &refused)]);
    let ran = run(talking_to(&server).command(&["-q", "hello"]));
    assert_eq!((ran.code, server.asked().len()), (Some(1), 1), "{ran:?}");
    assert!(ran.err.contains("hermes config set ANTHROPIC_API_KEY") && !ran.err.contains(KEY), "{ran:?}");
}
