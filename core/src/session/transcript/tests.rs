//! What a transcript makes of what models say.

use super::*;

fn call(id: &str, name: &str, arguments: &str) -> CallRequest {
    CallRequest { id: id.into(), name: name.into(), arguments: arguments.into() }
}

fn roles(transcript: &Transcript) -> String {
    let letter = |message: &Message| match message.role {
        Role::User => 'u',
        Role::Assistant => 'a',
        Role::Tool => 't',
    };
    transcript.messages().iter().map(letter).collect()
}

#[test]
fn ids_are_made_unique_and_plain() {
    let mut transcript = Transcript::default();
    transcript.user("hi");
    let calls = vec![call("a", "x", ""), call("a", "x", ""), call("", "x", ""), call("ä b", "x", "{}")];
    let first = transcript.assistant("", calls);
    for call in &first {
        transcript.result(&call.id, "done", false);
    }
    transcript.assistant("", vec![call("a", "x", ""), call("call_2", "", "")]);
    transcript.settle("cut");
    assert_eq!(fault(transcript.messages()), None);
    assert_eq!(first[0].id, "a", "a good id is kept");
}

#[test]
fn broken_arguments_are_written_as_an_empty_object_and_the_call_says_why() {
    let mut transcript = Transcript::default();
    let huge = format!("{{\"a\": \"{}\"}}", "x".repeat(limits::ARGUMENTS));
    for (arguments, why) in [
        ("{\"a\": ", "not JSON"),
        ("[1]", "not a list"),
        ("7", "not a number"),
        ("null", "not null"),
        (huge.as_str(), "at most"),
        (&"[".repeat(100_000), "not JSON"),
    ] {
        transcript.user("try");
        let calls = transcript.assistant("", vec![call("", "terminal", arguments)]);
        let said = calls[0].arguments.clone().expect_err("is broken");
        assert!(said.contains(why), "{said}");
        assert!(said.len() < 2_000, "{} bytes", said.len());
    }
    transcript.settle("cut");
    assert_eq!(fault(transcript.messages()), None);
}

#[test]
fn open_calls_are_answered_before_anything_else_is_said() {
    let mut transcript = Transcript::default();
    transcript.user("one");
    let calls = transcript.assistant("", vec![call("a", "x", ""), call("b", "x", ""), call("c", "x", "")]);
    transcript.result(&calls[1].id, "", false);
    transcript.result(&calls[1].id, "again", false);
    transcript.result("unknown", "what", false);
    transcript.user("two");
    assert_eq!(roles(&transcript), "uatttu");
    assert_eq!(fault(transcript.messages()), None);
    assert_eq!(transcript.messages()[2].content, "(no output)");
}

#[test]
fn nothing_empty_is_kept() {
    let mut transcript = Transcript::default();
    transcript.user(" ");
    transcript.assistant("\n", Vec::new());
    assert_eq!(roles(&transcript), "u");
    assert_eq!(fault(transcript.messages()), None);
}

#[test]
fn names_that_providers_refuse_are_made_plain() {
    let mut transcript = Transcript::default();
    let calls = transcript.assistant("", vec![call("a", "rm -rf\n/", ""), call("b", &"x".repeat(500), "")]);
    assert_eq!(calls[0].name, "rm_-rf__");
    assert_eq!(calls[1].name.len(), limits::NAME);
}

#[test]
fn what_a_plugin_wants_back_stays_with_its_answer() {
    let mut transcript = Transcript::default();
    transcript.user("hi");
    transcript.keep("not mine".into());
    transcript.assistant("hello", vec![call("a", "x", "{}")]);
    transcript.keep("thoughts".into());
    transcript.result("a", "done", false);
    let kept: Vec<Value> = transcript.messages().iter().map(|message| message.keep.clone()).collect();
    assert_eq!(kept, [Value::Null, "thoughts".into(), Value::Null]);
}

#[test]
fn what_is_restored_carries_what_it_carried() {
    let mut transcript = Transcript::default();
    transcript.user("hi");
    transcript.assistant("", vec![call("a", "x", "{}")]);
    transcript.keep("thoughts".into());
    let cut = transcript.messages().to_vec();
    let restored = Transcript::restore(cut);
    assert_eq!(restored.messages()[1].keep, Value::from("thoughts"));
    assert_eq!((roles(&restored).as_str(), restored.kept(), restored.unkept().len()), ("uat", 2, 1));
    assert_eq!(restored.unkept()[0].content, INTERRUPTED);
}
