//! A model that cannot answer, and the one that answers in its place, both real servers.

use hermes_tests::hermes::run;
use hermes_tests::model_server::{Answer, ModelServer};
use serde_json::json;

use super::{runs, says, talking_to};

#[test]
fn the_next_model_answers_and_the_person_is_told() {
    let error = |text: &str| json!({ "error": { "message": text, "type": "x", "param": null, "code": null } });
    let first = ModelServer::start(vec![Answer::json(401, &error("Incorrect API key provided"))]);
    let second = ModelServer::start(vec![runs("echo from-$((40 + 2))"), says(&["It is 42."])]);
    let config = "fallback_models: [{provider: none-such}, {provider: ollama, name: slow}]\n";
    let hermes = talking_to(&first, config);
    let path = hermes.path("home/config.yaml");
    let text = std::fs::read_to_string(&path).expect("read");
    let with_second = text.replace("endpoints: {", &format!("endpoints: {{ollama: '{}/v1', ", second.url()));
    std::fs::write(&path, with_second).expect("written");
    let ran = run(hermes.command(&["-q", "what does it say?"]));
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "It is 42.\n"), "{ran:?}");
    assert!(ran.err.contains("⚠ none-such: "), "{ran:?}");
    assert!(
        ran.err.contains("fast (openai-compatible) failed:") && ran.err.contains("slow (ollama) answers instead"),
        "{ran:?}"
    );
    assert_eq!(first.asked().len(), 1, "for the rest of the turn the second answers");
    let asked = second.asked();
    assert_eq!(asked.len(), 2);
    assert!(asked.iter().all(|asked| asked.body["model"] == "slow"), "{asked:?}");
    assert!(!asked[0].headers.contains("sk-story"), "the key of one provider is not another's: {asked:?}");
}

#[test]
fn a_conversation_that_is_wrong_for_one_model_is_not_passed_on() {
    let wrong = json!({ "error": { "message": "Invalid value for temperature", "type": "invalid_request_error", "param": "temperature", "code": null } });
    let first = ModelServer::start(vec![Answer::json(400, &wrong)]);
    let hermes = talking_to(&first, "fallback_models: [{name: other}]\n");
    let ran = run(hermes.command(&["-q", "hello"]));
    assert!(ran.code == Some(1) && ran.err.contains("Invalid value for temperature"), "{ran:?}");
    assert_eq!(first.asked().len(), 1);
}
