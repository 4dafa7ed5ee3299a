//! What is asked, what is made of answers good and bad, and that both are what the interface says.

use hermes_plugin_api::harness::{Collected, Harness, Reply, block_on, check_manifest};
use hermes_plugin_api::manifest::Kind;
use hermes_plugin_api::model::{CallRequest, Image, Message, Role};
use hermes_plugin_api::tools::Tool;
use proptest::prelude::*;
use serde_json::json;

use super::*;

const KEY: &str = "sk-test-0123456789abcdef";

fn chat(harness: &Harness, name: &'static str) -> Chat {
    let settings = json!({
        "openai.endpoints": { "openai-compatible": "http://127.0.0.1:9/v1" },
        "openai.models": { "mine": { "context": 4096, "vision": true } },
    });
    let settings = Harness::with_settings(settings).context("model-openai").config().expect("settings");
    let context = harness.context("model-openai");
    Chat { config: settings, ..Chat::new(&context, name).expect("made") }
}

fn message(role: Role, content: &str) -> Message {
    Message { role, content: content.into(), ..Message::default() }
}

fn request() -> Request {
    let call = CallRequest { id: "call_1".into(), name: "terminal".into(), arguments: r#"{"command":"ls"}"#.into() };
    let picture = Image { media_type: "image/png".into(), data: "aGk=".into() };
    let tool = Tool {
        name: "terminal".into(),
        description: "Runs a command".into(),
        input_schema: json!({ "type": "object", "properties": { "command": { "type": "string" } } }),
        ..Tool::default()
    };
    let keep = json!({ "provider": "deepseek", "message": { "reasoning_content": "I should look." } });
    Request {
        model: "gpt-4o".into(),
        system: "Be brief.".into(),
        messages: vec![
            Message { images: vec![picture.clone()], ..message(Role::User, "What is this?") },
            Message { tool_calls: vec![call], keep, ..message(Role::Assistant, "") },
            Message { tool_call_id: "call_1".into(), images: vec![picture], ..message(Role::Tool, "file") },
            message(Role::Assistant, "A file."),
            message(Role::User, "Thanks"),
        ],
        tools: vec![tool],
        temperature: Some(0.0),
        max_tokens: Some(100),
    }
}

fn complete(name: &'static str, reply: Reply) -> (Result<Completion>, Vec<Delta>, Value) {
    let harness = Harness::default();
    harness.answer("secret", Ok(KEY.into()));
    harness.reply(reply);
    let collected = Collected::default();
    let answer = block_on(chat(&harness, name).complete(request(), collected.sink(), Cancel::never()));
    let sent = harness.calls().into_iter().find(|(service, _)| service == "http").map(|(_, request)| request);
    (answer, collected.messages().expect("deltas"), sent.unwrap_or_default())
}

fn stream(events: &[Value]) -> Reply {
    let mut text: String = events.iter().map(|event| format!("data: {event}\n\n")).collect();
    text.push_str("data: [DONE]\n\n");
    Reply::new(200, "text/event-stream", &text)
}

fn chunk(delta: Value, finish: Value) -> Value {
    let choice = json!({ "index": 0, "delta": delta, "finish_reason": finish });
    json!({ "id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-4o", "choices": [choice] })
}

fn schema(name: &str) -> jsonschema::Validator {
    let mut schema: Value =
        serde_json::from_str(include_str!("../../../tests/fixtures/openai/schemas.json")).expect("JSON");
    schema["$ref"] = format!("#/components/schemas/{name}").into();
    jsonschema::validator_for(&schema).expect("a schema")
}

fn conforms(name: &str, value: &Value) {
    let faults: Vec<String> = schema(name).iter_errors(value).map(|error| error.to_string()).collect();
    assert!(faults.is_empty(), "{name}: {faults:?}: {value}");
}

#[test]
fn the_manifest_fits_and_every_provider_is_offered() {
    let manifest = check_manifest::<Config>(include_str!("../plugin.yaml")).expect("fits");
    let declared: Vec<&str> = manifest.provides.iter().map(|provide| provide.name.as_str()).collect();
    assert_eq!(declared, NAMES);
    for provide in &manifest.provides {
        let facts = ProviderFacts::of(provide).expect("facts");
        assert!(provide.kind == Kind::Model && !facts.title.is_empty() && !facts.secrets.is_empty(), "{provide:?}");
        assert_eq!(facts.base_url_key, format!("openai.endpoints.{}", provide.name));
        assert!(facts.secrets.iter().all(|secret| manifest.secrets.contains(secret)), "{provide:?}");
        assert_eq!(facts.base_url.starts_with("http://127.0.0.1:"), facts.local, "{provide:?}");
        let host = facts.base_url.split('/').nth(2).unwrap_or("configured");
        assert!(manifest.permissions.network.iter().any(|allowed| allowed == host), "{provide:?}");
    }
    // Of the newest line nothing is said that its maker has not.
    let unsaid = |name: &str| name.starts_with("gpt-5.");
    assert!(MODELS.len() > 10 && MODELS.iter().all(|(name, known)| known.context.is_some() || unsaid(name)));
}

#[test]
fn a_request_is_what_the_interface_says() {
    let (_, _, sent) = complete("openai", stream(&[chunk(json!({}), json!("stop"))]));
    assert_eq!(sent["url"], "https://api.openai.com/v1/chat/completions");
    assert!(sent["headers"].to_string().contains(&format!("Bearer {KEY}")));
    let body: Value = serde_json::from_str(sent["body"].as_str().expect("text")).expect("JSON");
    conforms("CreateChatCompletionRequest", &body);
    assert_eq!(body["max_completion_tokens"], 100);
    let roles: Vec<&str> =
        body["messages"].as_array().expect("messages").iter().filter_map(|m| m["role"].as_str()).collect();
    // The picture of a result follows it, before anything else is said.
    assert_eq!(roles, ["system", "user", "assistant", "tool", "user", "assistant", "user"]);
    assert_eq!(body["messages"][1]["content"][1]["image_url"]["url"], "data:image/png;base64,aGk=");
    assert_eq!(body["messages"][2].get("reasoning_content"), None);

    let mut wrong = body;
    wrong["messages"][3]["tool_call_id"] = 5.into();
    assert!(!schema("CreateChatCompletionRequest").is_valid(&wrong), "the schema would let anything pass");
}

#[test]
fn each_provider_gets_what_it_takes() {
    let body = |name| {
        let (_, _, sent) = complete(name, stream(&[chunk(json!({}), json!("stop"))]));
        serde_json::from_str::<Value>(sent["body"].as_str().expect("text")).expect("JSON")
    };
    assert_eq!(body("deepseek")["messages"][2]["reasoning_content"], "I should look.");
    assert_eq!(body("openrouter")["usage"]["include"], true);
    assert_eq!(body("mistral").get("stream_options"), None);
    assert_eq!(body("ollama")["max_tokens"], 100);
}

#[test]
fn an_answer_is_put_together_from_its_pieces() {
    let call = |index: u32, id: &str, name: &str, arguments: &str| {
        let mut call = json!({ "index": index, "function": { "arguments": arguments } });
        if !id.is_empty() {
            call["id"] = id.into();
            call["type"] = "function".into();
            call["function"]["name"] = name.into();
        }
        json!({ "tool_calls": [call] })
    };
    let usage = json!({
        "prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100,
        "prompt_tokens_details": { "cached_tokens": 400 }, "completion_tokens_details": { "reasoning_tokens": 7 },
    });
    let mut last = chunk(json!({}), Value::Null);
    last["choices"] = json!([]);
    last["usage"] = usage;
    let events = [
        chunk(json!({ "role": "assistant", "content": "Let " }), Value::Null),
        chunk(json!({ "content": "me see." }), Value::Null),
        chunk(call(0, "call_a", "terminal", ""), Value::Null),
        chunk(call(1, "call_b", "process", "{}"), Value::Null),
        chunk(call(0, "", "", "{\"command\""), Value::Null),
        chunk(call(0, "", "", ":\"ls\"}"), Value::Null),
        chunk(json!({}), json!("tool_calls")),
        last,
    ];
    events.iter().for_each(|event| conforms("CreateChatCompletionStreamResponse", event));
    let (answer, deltas, _) = complete("openai", stream(&events));
    let answer = answer.expect("an answer");
    assert_eq!(answer.content, "Let me see.");
    let calls: Vec<_> = answer.tool_calls.iter().map(|call| [&call.id[..], &call.name, &call.arguments]).collect();
    assert_eq!(calls, [["call_a", "terminal", r#"{"command":"ls"}"#], ["call_b", "process", "{}"]]);
    assert_eq!(deltas, ["Let ", "me see."].map(|text| Delta::Text { text: text.into() }));
    let usage = answer.usage;
    assert_eq!(
        (usage.input_tokens, usage.cached_tokens, usage.output_tokens, usage.thinking_tokens),
        (1000, 400, 100, 7)
    );
    // gpt-4o: 600 fresh at 2.5, 400 cached at 1.25, 100 out at 10.
    assert_eq!(usage.cost_nano_usd, Some(1_500_000 + 500_000 + 1_000_000));
}

#[test]
fn calls_are_told_apart_however_servers_number_them() {
    let whole = |call: Value| chunk(json!({ "tool_calls": [call] }), Value::Null);
    let end = chunk(json!({}), json!("tool_calls"));
    let names = |events: &[Value]| {
        let calls = complete("ollama", stream(events)).0.expect("an answer").tool_calls;
        calls.iter().map(|call| format!("{} {} {}", call.id, call.name, call.arguments)).collect::<Vec<_>>()
    };
    let function = |name: &str| json!({ "name": name, "arguments": "{}" });
    let same_index = [
        whole(json!({ "index": 0, "id": "a", "function": function("x") })),
        whole(json!({ "index": 0, "id": "b", "function": function("y") })),
        end.clone(),
    ];
    assert_eq!(names(&same_index), ["a x {}", "b y {}"]);
    let no_index = [
        whole(json!({ "id": "a", "function": function("x") })),
        whole(json!({ "id": "b", "function": { "name": "y", "arguments": "{\"p\"" } })),
        whole(json!({ "function": { "arguments": ":1}" } })),
        end.clone(),
    ];
    assert_eq!(names(&no_index), ["a x {}", "b y {\"p\":1}"]);
    let nothing =
        [whole(json!({ "function": function("x") })), whole(json!({ "function": function("x") })), end.clone()];
    assert_eq!(names(&nothing), ["call_1 x {}", "call_2 x {}"]);
    let written = [whole(json!({ "id": "a", "function": { "name": "x", "arguments": { "p": 1 } } })), end];
    assert_eq!(names(&written), ["a x {\"p\":1}"]);
}

#[test]
fn a_call_that_is_cut_by_its_length_says_so() {
    let call = json!({ "index": 0, "id": "a", "function": { "name": "x", "arguments": "{\"p\": \"unfin" } });
    let events = [chunk(json!({ "tool_calls": [call] }), Value::Null), chunk(json!({}), json!("length"))];
    let answer = complete("openai", stream(&events)).0.expect("an answer");
    assert_eq!((answer.finish, answer.tool_calls[0].arguments.as_str()), (Finish::Length, "{\"p\": \"unfin"));
}

#[test]
fn thinking_is_shown_and_kept_for_those_who_want_it_back() {
    let events = [
        chunk(json!({ "reasoning_content": "I should " }), Value::Null),
        chunk(json!({ "reasoning_content": "look." }), Value::Null),
        chunk(json!({ "content": "Yes" }), json!("stop")),
    ];
    let (answer, deltas, _) = complete("deepseek", stream(&events));
    assert_eq!(deltas[0], Delta::Thinking { text: "I should ".into() });
    let keep = json!({ "provider": "deepseek", "message": { "reasoning_content": "I should look." } });
    assert_eq!(answer.expect("an answer").keep, keep);
    assert_eq!(complete("ollama", stream(&events)).0.expect("an answer").keep, Value::Null);

    let block = |text: &str| json!({ "type": "reasoning.text", "index": 0, "text": text });
    let signed = json!({ "type": "reasoning.text", "index": 0, "text": null, "signature": "s" });
    let other = json!({ "type": "reasoning.encrypted", "index": 1, "data": "xyz" });
    let details = |blocks: Value| chunk(json!({ "reasoning_details": blocks }), Value::Null);
    let events = [
        details(json!([block("a")])),
        details(json!([block("b")])),
        details(json!([signed, other])),
        chunk(json!({}), json!("stop")),
    ];
    let kept = complete("openrouter", stream(&events)).0.expect("an answer").keep;
    let joined = json!([{ "type": "reasoning.text", "index": 0, "text": "ab", "signature": "s" }, { "type": "reasoning.encrypted", "index": 1, "data": "xyz" }]);
    assert_eq!(kept["message"]["reasoning_details"], joined);
    let odd = [details(json!(["a"])), details(json!([{ "text": "b" }, 5, {}])), chunk(json!({}), json!("stop"))];
    let kept = complete("openrouter", stream(&odd)).0.expect("an answer").keep;
    assert_eq!(kept["message"]["reasoning_details"], json!(["a", { "text": "b" }, 5, {}]));
}

#[test]
fn an_answer_in_one_piece_is_one_too() {
    let message = json!({ "role": "assistant", "content": "Hello", "refusal": null });
    let choice = json!({ "index": 0, "message": message, "finish_reason": "stop", "logprobs": null });
    let whole = json!({ "id": "c", "object": "chat.completion", "created": 1, "model": "x", "choices": [choice] });
    conforms("CreateChatCompletionResponse", &whole);
    let (answer, deltas, _) = complete("vllm", Reply::new(200, "application/json", &whole.to_string()));
    assert_eq!((answer.expect("an answer").content.as_str(), deltas.len()), ("Hello", 1));
    let empty = complete("vllm", Reply::new(200, "application/json", "{}")).0.expect_err("no answer");
    assert_eq!(Cause::of(&empty), Some(Cause::Malformed));
}

#[test]
fn what_goes_wrong_is_told_apart() {
    let cause = |reply: Reply| {
        let error = complete("openai", reply).0.expect_err("an error");
        (error.code, Cause::of(&error).expect("a cause"))
    };
    let begun = chunk(json!({ "content": "The answer" }), Value::Null);
    let cut = Reply::new(200, "text/event-stream", &format!("data: {begun}\n\n"));
    assert_eq!(cause(cut), (ErrorCode::UNAVAILABLE, Cause::Cut));
    let garbage = Reply::new(200, "text/event-stream", "data: {\"choices\": [\n\n");
    assert_eq!(cause(garbage), (ErrorCode::PROTOCOL, Cause::Malformed));
    let failed = stream(&[begun, json!({ "error": { "message": "The server had an error", "code": 502 } })]);
    assert_eq!(cause(failed), (ErrorCode::UNAVAILABLE, Cause::Overloaded));
    let filtered = stream(&[chunk(json!({}), json!("content_filter"))]);
    assert_eq!(cause(filtered), (ErrorCode::USER, Cause::Refused));
    let many: Vec<Value> =
        (0..300).map(|i| chunk(json!({ "tool_calls": [{ "index": i, "id": i.to_string() }] }), Value::Null)).collect();
    assert_eq!(cause(stream(&many)), (ErrorCode::PROTOCOL, Cause::Malformed));
    let refused =
        json!({ "error": { "message": "Incorrect API key", "type": "x", "param": null, "code": "invalid_api_key" } });
    conforms("ErrorResponse", &refused);
    assert_eq!(cause(Reply::new(401, "application/json", &refused.to_string())), (ErrorCode::CONFIG, Cause::Key));
}

#[test]
fn without_key_model_or_address_nothing_is_sent() {
    let error = |name, request: Request| {
        let harness = Harness::default();
        harness.answer("secret", Ok(Value::Null));
        let chat = Chat {
            config: Config { endpoints: BTreeMap::new(), ..chat(&harness, name).config },
            ..chat(&harness, name)
        };
        let error =
            block_on(chat.complete(request, Collected::default().sink(), Cancel::never())).expect_err("an error");
        assert!(harness.calls().iter().all(|(service, _)| service != "http"));
        assert!(error.hint().is_some(), "{error:?}");
        error.message
    };
    assert_eq!(error("groq", request()), "There is no key for Groq: `GROQ_API_KEY` is not set");
    assert_eq!(error("openai-compatible", request()), "`openai.endpoints.openai-compatible` is not set");
    assert_eq!(error("ollama", Request::default()), "No model of Ollama is chosen");
}

#[test]
fn models_are_listed_with_what_is_known_of_them() {
    let list = |name, body: &str| {
        let harness = Harness::default();
        harness.answer("secret", Ok(KEY.into()));
        harness.reply(Reply::new(200, "application/json", body));
        block_on(chat(&harness, name).models(Cancel::never()))
    };
    let model = |id: &str| json!({ "id": id, "object": "model", "created": 1, "owned_by": "x" });
    let body = json!({ "object": "list", "data": [model("gpt-4o-2024-08-06"), model("mine"), model("new")] });
    conforms("ListModelsResponse", &body);
    let models = list("openai", &body.to_string()).expect("a list");
    let contexts: Vec<_> = models.iter().map(|model| (model.name.as_str(), model.context)).collect();
    assert_eq!(contexts, [("gpt-4o-2024-08-06", Some(128_000)), ("mine", Some(4096)), ("new", Some(128_000))]);
    assert_eq!(models[1].vision, Some(true));
    let rich = json!({ "data": [{ "id": "a/b", "context_length": 9000, "pricing": { "prompt": "0.000001", "completion": "0.000002" } }] });
    let rich = list("openrouter", &rich.to_string()).expect("a list");
    assert_eq!(
        (rich[0].context, rich[0].price.map(|price| (price.input, price.output))),
        (Some(9000), Some((1.0, 2.0)))
    );
    assert!(list("openai", "{\"models\": []}").is_err());
    assert_eq!(block_on(chat(&Harness::default(), "ollama").info("any".into())).expect("info").context, Some(32768));
}

proptest! {
    /// Whatever comes, there is an answer or an error, and nothing panics.
    #[test]
    fn any_stream_is_survived(events in prop::collection::vec(hostile(), 0..6), kind in "text/event-stream|application/json") {
        let text: String = events.iter().map(|event| format!("data: {event}\n\n")).collect();
        let _ = complete("openrouter", Reply::new(200, &kind, &text));
    }
}

/// JSON that looks like pieces of an answer, with values of the wrong kind.
fn hostile() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        "\\PC{0,8}|stop|length|text".prop_map(Value::from),
    ];
    let name = "choices|delta|content|tool_calls|function|arguments|index|id|name|usage|cost|finish_reason|error|reasoning_details|reasoning|message|type|text";
    leaf.prop_recursive(6, 40, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::hash_map(name, inner, 0..4).prop_map(|map| map.into_iter().collect()),
        ]
    })
}
