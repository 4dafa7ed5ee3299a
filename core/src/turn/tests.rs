//! What a turn does with a model that answers, errs, breaks off, never ends, and with a person who interrupts.

mod fakes;
mod sequences;

use std::time::Duration;

use hermes_plugin_api::error::{ErrorCode, PluginError};
use hermes_plugin_api::model::{Message, Role};
use hermes_plugin_api::platform::Body;

use super::*;
use fakes::{Say, World, call};

async fn run(says: Vec<Say>) -> (World, Transcript, Outcome) {
    let world = World::new(says);
    let mut transcript = Transcript::default();
    let outcome = world.turn(&mut transcript).await;
    (world, transcript, outcome)
}

fn results(transcript: &Transcript) -> Vec<&Message> {
    transcript.messages().iter().filter(|message| message.role == Role::Tool).collect()
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_streamed_and_then_shown_whole() {
    let (world, _, outcome) = run(vec![Say::Streamed(vec!["Hel", "lo"])]).await;
    assert!(matches!(outcome, Outcome::Answered(text) if text == "Hello"));
    let delta = |text: &str| Body::Delta { text: text.into() };
    let shown = world.shown.lock().unwrap();
    assert_eq!(*shown, [delta("Hel"), delta("lo"), Body::MessageEnd { text: "Hello".into() }]);
}

#[tokio::test(start_paused = true)]
async fn a_call_is_run_and_its_result_goes_back() {
    let (world, transcript, _) = run(vec![Say::Calls(vec![call("say", r#"{"text": "hi"}"#)])]).await;
    assert_eq!(results(&transcript)[0].content, "hi");
    let activity = world.activity();
    assert!(activity.starts_with("say hi\nsay done in "), "{activity}");
    assert!(world.shown.lock().unwrap().contains(&Body::tool_output("half way")));
    assert_eq!(world.requests.lock().unwrap()[1].messages.len(), 3);
}

#[tokio::test(start_paused = true)]
async fn platforms_learn_when_a_call_begins_and_how_it_ends() {
    for (name, arguments, why) in [("say", r#"{"text": "hi"}"#, ""), ("fail", "", "Nobody is there")] {
        let (world, ..) = run(vec![Say::Calls(vec![call(name, arguments)])]).await;
        let shown = world.shown.lock().unwrap();
        let calls: Vec<_> = shown
            .iter()
            .filter_map(|body| match body {
                Body::Activity { call, .. } => call.clone(),
                _ => None,
            })
            .collect();
        let [begun, done] = &calls[..] else { panic!("{calls:?}") };
        assert_eq!((begun.name.as_str(), begun.ended.as_ref(), &begun.id), (name, None, &done.id));
        let ended = done.ended.as_ref().expect("ended");
        assert_eq!((ended.failed, ended.why.as_str(), ended.exit_code), (!why.is_empty(), why, None), "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_a_call_is_told_to_the_model() {
    for (name, arguments, why) in [
        ("say", "{\"text\": ", "not JSON"),
        ("say", "[]", "must be a JSON object"),
        ("say", "{}", "\"text\" is a required property"),
        ("say", r#"{"text": 7}"#, "/text: 7 is not of type \"string\""),
        ("sya", r#"{"text": "x"}"#, "There is no tool `sya`. The tools are: echo, say,"),
        ("fail", "", "Tool `fail` failed: Nobody is there (ask again)"),
        ("panic", "", "Panicked: the tool panics"),
    ] {
        let (_, transcript, outcome) = run(vec![Say::Calls(vec![call(name, arguments)])]).await;
        let result = results(&transcript)[0];
        assert!(result.is_error && result.content.contains(why), "{name} {arguments}: {}", result.content);
        assert!(matches!(outcome, Outcome::Answered(_)), "the turn goes on");
    }
}

#[tokio::test(start_paused = true)]
async fn a_long_result_is_shortened() {
    let (world, transcript, _) = run(vec![Say::Calls(vec![call("huge", "")])]).await;
    let content = &results(&transcript)[0].content;
    assert!(content.len() < world.limits.result + 100 && content.contains("900000 characters left out"));
}

#[tokio::test(start_paused = true)]
async fn calls_run_side_by_side_only_when_all_may() {
    let all = |names: [&str; 3]| Say::Calls(names.map(|name| call(name, r#"{"text": "x"}"#)).into());
    let (world, ..) = run(vec![all(["echo", "echo", "echo"])]).await;
    assert_eq!(world.running.lock().unwrap().1, 3);
    let (world, ..) = run(vec![all(["echo", "say", "echo"])]).await;
    assert_eq!(world.running.lock().unwrap().1, 1);
}

#[tokio::test(start_paused = true)]
async fn too_many_calls_are_dropped_and_the_model_is_told() {
    let many = vec![call("echo", r#"{"text": "x"}"#); 1_000];
    let (_, transcript, _) = run(vec![Say::Calls(many)]).await;
    let results = results(&transcript);
    assert_eq!(results.len(), limits::CALLS);
    assert!(results[limits::CALLS - 1].content.contains("936 further calls were dropped"));
}

#[tokio::test(start_paused = true)]
async fn a_model_that_never_stops_calling_is_stopped() {
    let says = vec![Say::Calls(vec![call("echo", r#"{"text": "x"}"#)]); 1_000];
    let (world, _, outcome) = run(says).await;
    assert!(matches!(outcome, Outcome::GaveUp(why) if why.contains("90 rounds")));
    assert_eq!(world.requests.lock().unwrap().len(), 90);
}

#[tokio::test(start_paused = true)]
async fn an_answer_without_end_is_cut() {
    let (world, transcript, outcome) = run(vec![Say::Endless]).await;
    assert!(matches!(outcome, Outcome::GaveUp(text) if text.ends_with("bytes]")));
    assert!(transcript.messages()[1].content.len() < world.limits.answer + 100);
}

#[tokio::test(start_paused = true)]
async fn a_model_that_hangs_runs_into_the_deadline() {
    let started = tokio::time::Instant::now();
    let (_, _, outcome) = run(vec![Say::Hangs]).await;
    assert!(matches!(outcome, Outcome::Failed(error) if error.code == ErrorCode::TIMEOUT));
    assert_eq!(started.elapsed().as_secs(), 600);
}

#[tokio::test(start_paused = true)]
async fn empty_answers_are_asked_for_again_and_then_given_up() {
    let (_, _, outcome) = run(vec![Say::Text(""), Say::Text(" "), Say::Text("there")]).await;
    assert!(matches!(outcome, Outcome::Answered(text) if text == "there"));
    let (_, _, outcome) = run(vec![Say::Text(""); 3]).await;
    assert!(matches!(outcome, Outcome::GaveUp(why) if why.contains("empty")));
}

#[tokio::test(start_paused = true)]
async fn an_unavailable_model_is_asked_again_when_it_says() {
    let mut busy = PluginError::unavailable("Too many requests");
    busy.retry_after = Some(Duration::from_secs(7));
    let started = tokio::time::Instant::now();
    let (world, _, outcome) = run(vec![Say::BreaksAfter("Hel", busy), Say::Streamed(vec!["Hello"])]).await;
    assert!(matches!(outcome, Outcome::Answered(text) if text == "Hello"));
    assert_eq!(started.elapsed().as_secs(), 7);
    assert_eq!(world.activity(), "Too many requests; trying again in 7 s (1 of 4)");
}

#[tokio::test(start_paused = true)]
async fn trying_again_is_bounded() {
    let busy = PluginError::unavailable("Too many requests");
    let (world, _, outcome) = run(vec![Say::Fails(busy.clone()); 10]).await;
    assert!(matches!(outcome, Outcome::Failed(_)));
    assert_eq!(world.requests.lock().unwrap().len(), 5);

    let tomorrow = PluginError { retry_after: Some(Duration::from_secs(86_400)), ..busy };
    let (world, ..) = run(vec![Say::Fails(tomorrow)]).await;
    assert_eq!(world.requests.lock().unwrap().len(), 1);

    let (world, ..) = run(vec![Say::Fails(PluginError::config("The key is wrong"))]).await;
    assert_eq!(world.requests.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_answer_is_kept_as_far_as_it_came() {
    let (_, transcript, outcome) = run(vec![Say::Interrupted("The first half")]).await;
    assert!(matches!(outcome, Outcome::Interrupted));
    assert_eq!(transcript.messages()[1].content, "The first half\n\n[Interrupted]");
}

#[tokio::test(start_paused = true)]
async fn an_interrupted_call_may_end_by_itself_and_the_rest_is_not_begun() {
    let calls = vec![call("stop", ""), call("say", r#"{"text": "never"}"#)];
    let (world, transcript, outcome) = run(vec![Say::Calls(calls)]).await;
    assert!(matches!(outcome, Outcome::Interrupted));
    let contents: Vec<_> = results(&transcript).iter().map(|result| result.content.as_str()).collect();
    assert_eq!(contents, ["[Command interrupted]", "[Interrupted]"]);
    assert!(!world.activity().contains("say"));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_does_not_heed_the_interruption_is_dropped() {
    let world = World::new([Say::Calls(vec![call("hang", "")])]);
    let mut transcript = Transcript::default();
    let interrupt = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let source = world.cancel.lock().unwrap().clone();
        source.cancel();
    };
    let (outcome, ()) = tokio::join!(world.turn(&mut transcript), interrupt);
    assert!(matches!(outcome, Outcome::Interrupted));
    assert_eq!(results(&transcript)[0].content, "[Interrupted]");
}

#[tokio::test(start_paused = true)]
async fn a_model_that_panics_is_a_failure() {
    let (_, _, outcome) = run(vec![Say::Panics]).await;
    assert!(matches!(outcome, Outcome::Failed(error) if error.code == ErrorCode::PANICKED));
}
