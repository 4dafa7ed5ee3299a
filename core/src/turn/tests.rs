//! What a turn does with a model that answers, errs, breaks off, never ends, and with a person who interrupts.

mod fakes;
mod sequences;

use std::time::Duration;

use hermes_plugin_api::error::{ErrorCode, PluginError};
use hermes_plugin_api::model::{Cause, Message, Role};
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
async fn neighbouring_calls_run_side_by_side_when_they_may_and_results_keep_their_order() {
    let all = |names: &[&str]| {
        let text = |n: usize| format!(r#"{{"text": "{n}"}}"#);
        Say::Calls(names.iter().enumerate().map(|(n, name)| call(name, &text(n))).collect())
    };
    for (names, at_once) in [
        (&["echo", "echo", "echo"][..], 3),
        (&["echo", "say", "echo"], 1),
        (&["say", "say"], 1),
        (&["echo", "echo", "say", "echo", "echo", "echo"], 3),
        (&["echo"; 20], limits::PARALLEL),
    ] {
        let (world, transcript, _) = run(vec![all(names)]).await;
        assert_eq!(world.running.lock().unwrap().1, at_once, "{names:?}");
        let order: Vec<_> = results(&transcript).iter().map(|result| result.content.clone()).collect();
        assert_eq!(order, (0..names.len()).map(|n| n.to_string()).collect::<Vec<_>>(), "{names:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn the_next_model_answers_when_one_cannot_and_stays_for_the_turn() {
    let key = Cause::Key.on(PluginError::config("The key is refused"));
    let says =
        vec![Say::BreaksAfter("Hel", key), Say::Calls(vec![call("echo", r#"{"text": "x"}"#)]), Say::Text("Hello")];
    let world = World { falls_back: true, ..World::new(says) };
    let outcome = world.turn(&mut Transcript::default()).await;
    assert!(matches!(outcome, Outcome::Answered(text) if text == "Hello"));
    let names: Vec<_> = world.requests.lock().unwrap().iter().map(|request| request.model.clone()).collect();
    assert_eq!(names, ["m", "n", "n"]);
    let shown = world.shown.lock().unwrap();
    let notices = shown.iter().filter_map(|body| match body {
        Body::Notice { text } => Some(text.as_str()),
        _ => None,
    });
    assert_eq!(
        notices.collect::<Vec<_>>(),
        ["⚠ b (broken): It is not installed", "⚠ m (fake) failed: The key is refused. n (second) answers instead",]
    );
}

#[tokio::test(start_paused = true)]
async fn what_is_wrong_with_the_request_no_other_model_is_asked_about() {
    let errors = [
        Cause::ContextOverflow.on(PluginError::user("Too long")),
        Cause::Request.on(PluginError::internal("No such parameter")),
        Cause::Refused.on(PluginError::internal("The filter")),
        PluginError::user("Not like this"),
    ];
    for error in errors {
        let world = World { falls_back: true, ..World::new([Say::Fails(error.clone())]) };
        let outcome = world.turn(&mut Transcript::default()).await;
        assert!(matches!(outcome, Outcome::Failed(found) if found == error), "{error}");
        assert_eq!(world.requests.lock().unwrap().len(), 1, "{error}");
    }
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

#[tokio::test(start_paused = true)]
async fn a_conversation_that_is_too_long_is_compressed_and_the_turn_goes_on() {
    let overflow = || Say::Fails(Cause::ContextOverflow.on(PluginError::user("Too long")));
    let world = World::new([Say::Text("one"), Say::Text("two"), overflow(), Say::Text("three")]);
    let mut transcript = Transcript::default();
    for answer in ["one", "two", "three"] {
        let outcome = world.turn(&mut transcript).await;
        assert!(matches!(&outcome, Outcome::Answered(text) if text == answer), "{outcome:?}");
    }
    assert_eq!(*world.compressed.lock().unwrap(), [Some(2)]);
    let requests = world.requests.lock().unwrap();
    let last: Vec<_> = requests.last().expect("asked").messages.iter().map(|m| m.content.as_str()).collect();
    assert_eq!(last, ["[What was said before, in short]\n\nin short", "[Noted]", "go", "two", "go"]);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_compressed_is_the_models_own_error() {
    let overflow = Cause::ContextOverflow.on(PluginError::user("Too long"));
    let (world, _, outcome) = run(vec![Say::Fails(overflow.clone()); 3]).await;
    assert!(matches!(outcome, Outcome::Failed(error) if error == overflow));
    assert_eq!((world.requests.lock().unwrap().len(), world.compressed.lock().unwrap().len()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_compression_that_fails_is_told_and_tried_once_in_a_turn() {
    let calls = || Say::Calls(vec![call("echo", r#"{"text": "x"}"#)]);
    let world = World { longest: Some(1), falls_back: true, ..World::new([calls(), calls(), Say::Text("done")]) };
    let outcome = world.turn(&mut Transcript::default()).await;
    assert!(matches!(outcome, Outcome::Answered(text) if text == "done"));
    assert_eq!(*world.compressed.lock().unwrap(), [None]);
    let told = Body::Notice { text: "⚠ The conversation could not be compressed: No summary".into() };
    assert!(world.shown.lock().unwrap().contains(&told));
}
