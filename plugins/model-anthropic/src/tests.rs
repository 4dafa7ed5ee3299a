//! What is asked, and what is made of answers good and bad. The streams are those of the interface's documentation.

use hermes_plugin_api::harness::{Collected, Harness, Reply, block_on, check_manifest};
use hermes_plugin_api::model::{CallRequest, Image, Message, Role};
use hermes_plugin_api::tools::Tool;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

const KEY: &str = "sk-ant-test-0123456789";

fn model(harness: &Harness, settings: Value) -> Messages {
    let context = Harness::with_settings(settings).context("model-anthropic");
    Messages { host: harness.context("model-anthropic").host, ..Messages::new(&context).expect("made") }
}

fn message(role: Role, content: &str) -> Message {
    Message { role, content: content.into(), ..Message::default() }
}

fn called(content: &str, keep: Value) -> Message {
    let call = CallRequest { id: "toolu_1".into(), name: "terminal".into(), arguments: r#"{"command":"ls"}"#.into() };
    Message { tool_calls: vec![call], keep, ..message(Role::Assistant, content) }
}

fn result(content: &str) -> Message {
    Message { tool_call_id: "toolu_1".into(), ..message(Role::Tool, content) }
}

fn request(messages: Vec<Message>) -> Request {
    let tool = Tool { name: "terminal".into(), input_schema: json!({ "type": "object" }), ..Tool::default() };
    let model = "claude-sonnet-4-5-20250929".into();
    Request { model, system: "Be brief.".into(), messages, tools: vec![tool.clone(), tool], ..Request::default() }
}

fn body(request: &Request, settings: Value) -> Value {
    let model = model(&Harness::default(), settings);
    request::body(request, &model.config, &model.known(&request.model))
}

struct Asked {
    answer: Result<Completion>,
    deltas: Vec<Delta>,
    sent: Value,
}

fn ask(reply: Reply) -> Asked {
    let harness = Harness::default();
    harness.answer("secret", Ok(KEY.into()));
    harness.reply(reply);
    let collected = Collected::default();
    let request = request(vec![message(Role::User, "Hello")]);
    let answer = block_on(model(&harness, json!({})).complete(request, collected.sink(), Cancel::never()));
    let sent = harness.calls().into_iter().find(|(service, _)| service == "http").map(|(_, request)| request);
    Asked { answer, deltas: collected.messages().expect("deltas"), sent: sent.unwrap_or_default() }
}

fn stream(events: &[Value]) -> Reply {
    let written = |event: &Value| format!("event: {}\ndata: {event}\n\n", event["type"].as_str().unwrap_or("x"));
    Reply::new(200, "text/event-stream; charset=utf-8", &events.iter().map(written).collect::<String>())
}

fn start(usage: Value) -> Value {
    json!({ "type": "message_start", "message": { "id": "msg_1", "type": "message", "role": "assistant", "content": [], "model": "x", "stop_reason": null, "usage": usage } })
}

fn begin(index: u32, block: Value) -> Value {
    json!({ "type": "content_block_start", "index": index, "content_block": block })
}

fn more(index: u32, delta: Value) -> Value {
    json!({ "type": "content_block_delta", "index": index, "delta": delta })
}

fn end(index: u32) -> Value {
    json!({ "type": "content_block_stop", "index": index })
}

fn stop(reason: &str, output: u64) -> [Value; 2] {
    let delta = json!({ "stop_reason": reason, "stop_sequence": null });
    [
        json!({ "type": "message_delta", "delta": delta, "usage": { "output_tokens": output } }),
        json!({ "type": "message_stop" }),
    ]
}

fn thinking_then_a_call() -> Vec<Value> {
    let usage = json!({ "input_tokens": 100, "cache_creation_input_tokens": 200, "cache_read_input_tokens": 700, "output_tokens": 1 });
    let mut events = vec![
        start(usage),
        begin(0, json!({ "type": "thinking", "thinking": "", "signature": "" })),
        json!({ "type": "ping" }),
        more(0, json!({ "type": "thinking_delta", "thinking": "I should " })),
        more(0, json!({ "type": "thinking_delta", "thinking": "look." })),
        more(0, json!({ "type": "signature_delta", "signature": "EqQBCg==" })),
        end(0),
        begin(1, json!({ "type": "redacted_thinking", "data": "EmwKAhgB" })),
        end(1),
        begin(2, json!({ "type": "text", "text": "" })),
        more(2, json!({ "type": "text_delta", "text": "Let me " })),
        more(2, json!({ "type": "text_delta", "text": "see." })),
        end(2),
        begin(3, json!({ "type": "tool_use", "id": "toolu_1", "name": "terminal", "input": {} })),
        more(3, json!({ "type": "input_json_delta", "partial_json": "" })),
        more(3, json!({ "type": "input_json_delta", "partial_json": "{\"command\":" })),
        more(3, json!({ "type": "input_json_delta", "partial_json": "\"ls\"}" })),
        end(3),
    ];
    events.extend(stop("tool_use", 89));
    events
}

#[test]
fn the_manifest_fits_and_the_table_can_be_read() {
    let manifest = check_manifest::<Config>(include_str!("../plugin.yaml")).expect("fits");
    let facts = ProviderFacts::of(&manifest.provides[0]).expect("facts");
    assert_eq!(facts.secrets, manifest.secrets);
    assert!(MODELS.len() > 5 && MODELS.values().all(|known| known.max_output.is_some()));
    let low = Harness::with_settings(json!({ "anthropic.thinking_budget": 5 })).context("model-anthropic");
    assert!(Messages::new(&low).err().is_some_and(|error| error.message.contains("`anthropic.thinking_budget` is 5")));
}

#[test]
fn an_answer_is_put_together_and_its_thoughts_go_back_unchanged() {
    let asked = ask(stream(&thinking_then_a_call()));
    assert_eq!(asked.sent["url"], "https://api.anthropic.com/v1/messages");
    let headers = asked.sent["headers"].to_string();
    assert!(headers.contains(&format!("[\"x-api-key\",\"{KEY}\"]")) && headers.contains("2023-06-01"), "{headers}");
    let answer = asked.answer.expect("an answer");
    assert_eq!(answer.content, "Let me see.");
    assert_eq!(answer.tool_calls[0].arguments, r#"{"command":"ls"}"#);
    assert_eq!(asked.deltas[0], Delta::Thinking { text: "I should ".into() });
    let usage = answer.usage;
    assert_eq!(
        (usage.input_tokens, usage.cached_tokens, usage.cache_written_tokens, usage.output_tokens),
        (1000, 700, 200, 89)
    );
    assert_eq!(usage.cost_nano_usd, Some(300_000 + 210_000 + 750_000 + 1_335_000));

    let call =
        Message { keep: answer.keep, tool_calls: answer.tool_calls, ..message(Role::Assistant, &answer.content) };
    let conversation = request(vec![message(Role::User, "Hello"), call, result("file")]);
    let body = body(&conversation, json!({ "anthropic.thinking_budget": 2048 }));
    assert_eq!(body["thinking"]["budget_tokens"], 2048);
    let blocks = json!([
        { "type": "thinking", "thinking": "I should look.", "signature": "EqQBCg==" },
        { "type": "redacted_thinking", "data": "EmwKAhgB" },
        { "type": "text", "text": "Let me see." },
        { "type": "tool_use", "id": "toolu_1", "name": "terminal", "input": { "command": "ls" } },
    ]);
    assert_eq!(body["messages"][1]["content"], blocks);
}

#[test]
fn blocks_keep_their_order_and_thoughts_survive_a_changed_text() {
    let thought = |text: &str| json!({ "type": "thinking", "thinking": text, "signature": "s" });
    let keep =
        json!({ "anthropic": [thought("a"), { "type": "text", "bytes": 3 }, thought("b"), { "type": "tool_use" }] });
    let types = |content: &str| {
        let body =
            body(&request(vec![message(Role::User, "x"), called(content, keep.clone()), result("y")]), json!({}));
        let blocks = body["messages"][1]["content"].as_array().expect("blocks").clone();
        blocks.iter().map(|block| block["type"].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(types("abc"), ["thinking", "text", "thinking", "tool_use"]);
    for changed in ["abcd", "a", "éé"] {
        assert_eq!(types(changed), ["thinking", "thinking", "text", "tool_use"], "{changed}");
    }
}

#[test]
fn results_are_blocks_of_one_message_and_texts_are_never_empty() {
    let failed = Message { is_error: true, tool_call_id: "toolu_2".into(), ..message(Role::Tool, "no") };
    let picture = Image { media_type: "image/png".into(), data: "aGk=".into() };
    let messages = vec![
        Message { images: vec![picture], ..message(Role::User, " ") },
        called("", Value::Null),
        result("file"),
        failed,
        message(Role::User, "go on"),
    ];
    let body = body(&request(messages), json!({ "anthropic.prompt_caching": false }));
    let source = json!({ "type": "base64", "media_type": "image/png", "data": "aGk=" });
    let call = json!({ "type": "tool_use", "id": "toolu_1", "name": "terminal", "input": { "command": "ls" } });
    let text = |text: &str| json!({ "type": "text", "text": text });
    let results = json!([
        { "type": "tool_result", "tool_use_id": "toolu_1", "content": [text("file")] },
        { "type": "tool_result", "tool_use_id": "toolu_2", "content": [text("no")], "is_error": true },
        text("go on"),
    ]);
    let expected = json!([
        { "role": "user", "content": [{ "type": "image", "source": source }] },
        { "role": "assistant", "content": [call] },
        { "role": "user", "content": results },
    ]);
    assert_eq!(body["messages"], expected);
    assert!(!body.to_string().contains("cache_control"));
}

#[test]
fn four_marks_go_to_the_cache() {
    let body = body(&request(vec![message(Role::User, "a"), called("b", Value::Null), result("c")]), json!({}));
    assert_eq!(body.to_string().matches("\"cache_control\":{\"type\":\"ephemeral\"}").count(), 4);
    assert!(body["tools"][1].get("cache_control").is_some() && body["system"][0].get("cache_control").is_some());
    assert_eq!(body["max_tokens"], 64_000);
}

#[test]
fn it_thinks_only_where_the_interface_lets_it() {
    let thinks =
        |request: &Request| body(request, json!({ "anthropic.thinking_budget": 2048 })).get("thinking").is_some();
    let fresh = request(vec![message(Role::User, "a")]);
    assert!(thinks(&fresh));
    assert!(!thinks(&Request { temperature: Some(0.0), ..fresh.clone() }));
    let within = request(vec![message(Role::User, "a"), called("", Value::Null), result("c")]);
    assert!(!thinks(&within));
    let after = request(vec![message(Role::User, "a"), called("", Value::Null), result("c"), message(Role::User, "d")]);
    assert!(thinks(&after));
    let small = body(&Request { max_tokens: Some(16), ..fresh }, json!({ "anthropic.thinking_budget": 2048 }));
    assert_eq!(small["max_tokens"], 3072);
}

#[test]
fn tokens_of_an_account_go_where_they_belong() {
    let harness = Harness::default();
    harness.answer("secret", Ok(Value::Null));
    harness.answer("secret", Ok("token-1".into()));
    let endpoint = block_on(model(&harness, json!({})).endpoint()).expect("an endpoint");
    assert!(endpoint.headers.contains(&("authorization".into(), "Bearer token-1".into())));
    assert_eq!(endpoint.key.expect("a key").0, "ANTHROPIC_TOKEN");
    let own = model(&Harness::default(), json!({ "anthropic.base_url": "https://proxy.example" }));
    assert!(block_on(own.endpoint()).is_err(), "without a key");
}

#[test]
fn an_answer_in_one_piece_is_one_too() {
    let content =
        json!([{ "type": "text", "text": "Hi" }, { "type": "tool_use", "id": "t", "name": "x", "input": { "a": 1 } }]);
    let whole = json!({ "type": "message", "content": content, "stop_reason": "max_tokens", "usage": { "input_tokens": 3, "output_tokens": 4 } });
    let asked = ask(Reply::new(200, "application/json", &whole.to_string()));
    let answer = asked.answer.expect("an answer");
    assert_eq!((answer.content.as_str(), answer.tool_calls[0].arguments.as_str()), ("Hi", "{\"a\":1}"));
    assert_eq!((answer.finish, answer.usage.input_tokens, asked.deltas.len()), (Finish::Length, 3, 1));
}

#[test]
fn what_goes_wrong_is_told_apart() {
    let cause = |reply: Reply| {
        let error = ask(reply).answer.expect_err("an error");
        (error.code, Cause::of(&error).expect("a cause"))
    };
    let begun = || vec![start(json!({})), begin(0, json!({ "type": "text", "text": "Hel" }))];
    assert_eq!(cause(stream(&begun())), (ErrorCode::UNAVAILABLE, Cause::Cut));
    let error = |kind: &str, text: &str| json!({ "type": "error", "error": { "type": kind, "message": text } });
    let mut overloaded = begun();
    overloaded.push(error("overloaded_error", "Overloaded"));
    assert_eq!(cause(stream(&overloaded)), (ErrorCode::UNAVAILABLE, Cause::Overloaded));
    let refused = [begun(), stop("refusal", 1).to_vec()].concat();
    assert!(ask(stream(&refused)).answer.is_ok_and(|answer| answer.finish == Finish::Filter));
    let silent = [vec![start(json!({}))], stop("refusal", 1).to_vec()].concat();
    assert_eq!(cause(stream(&silent)), (ErrorCode::USER, Cause::Refused));
    let many: Vec<Value> = (0..2000).map(|index| begin(index, json!({ "type": "text", "text": "x" }))).collect();
    assert_eq!(cause(stream(&many)), (ErrorCode::PROTOCOL, Cause::Malformed));
    assert_eq!(cause(Reply::new(200, "text/event-stream", "data: {\n\n")), (ErrorCode::PROTOCOL, Cause::Malformed));
    for (status, kind, text, expected) in [
        (401, "authentication_error", "invalid x-api-key", (ErrorCode::CONFIG, Cause::Key)),
        (404, "not_found_error", "model: claude-9", (ErrorCode::CONFIG, Cause::Model)),
        (
            400,
            "invalid_request_error",
            "prompt is too long: 9 tokens > 8 maximum",
            (ErrorCode::USER, Cause::ContextOverflow),
        ),
        (
            429,
            "rate_limit_error",
            "This request would exceed your rate limit",
            (ErrorCode::UNAVAILABLE, Cause::RateLimit),
        ),
        (529, "overloaded_error", "Overloaded", (ErrorCode::UNAVAILABLE, Cause::Overloaded)),
    ] {
        assert_eq!(cause(Reply::new(status, "application/json", &error(kind, text).to_string())), expected, "{text}");
    }
}

#[test]
fn models_are_listed() {
    let harness = Harness::default();
    harness.answer("secret", Ok(KEY.into()));
    let list = json!({ "data": [{ "type": "model", "id": "claude-haiku-4-5-20251001", "display_name": "x" }], "has_more": false });
    harness.reply(Reply::new(200, "application/json", &list.to_string()));
    let models = block_on(model(&harness, json!({})).models(Cancel::never())).expect("a list");
    assert_eq!((models[0].name.as_str(), models[0].max_output), ("claude-haiku-4-5-20251001", Some(64_000)));
}

proptest! {
    /// Whatever comes, there is an answer or an error, and nothing panics.
    #[test]
    fn any_stream_is_survived(events in prop::collection::vec(hostile(), 0..6), kind in "text/event-stream|application/json") {
        let text: String = events.iter().map(|event| format!("data: {event}\n\n")).collect();
        if let Ok(answer) = ask(Reply::new(200, &kind, &text)).answer {
            let said = Message { keep: answer.keep, tool_calls: answer.tool_calls, ..message(Role::Assistant, &answer.content) };
            let _ = body(&request(vec![message(Role::User, "x"), said]), json!({}));
        }
    }
}

/// Events that look like those of an answer, with values of the wrong kind.
fn hostile() -> impl Strategy<Value = Value> {
    let name = "message|content_block|delta|index|text|thinking|partial_json|signature|usage|input_tokens|cache_read_input_tokens|stop_reason|input|id|name|error";
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<u64>().prop_map(Value::from),
        (0..3u8).prop_map(Value::from),
        "\\PC{0,8}|text|thinking|tool_use|é".prop_map(Value::from),
    ];
    let inner = leaf.prop_recursive(4, 30, 4, move |inner| {
        let kind = "text|thinking|redacted_thinking|tool_use";
        let map = (prop::collection::hash_map(name, inner.clone(), 0..4), kind);
        prop_oneof![
            prop::collection::vec(inner, 0..3).prop_map(Value::from),
            map.prop_map(|(map, kind)| map.into_iter().chain([("type".to_owned(), Value::from(kind))]).collect()),
        ]
    });
    let kind = "message_start|content_block_start|content_block_delta|message_delta|message_stop|error|message";
    (inner, kind).prop_map(|(mut event, kind)| {
        if let Some(event) = event.as_object_mut() {
            event.insert("type".to_owned(), kind.into());
        }
        event
    })
}
