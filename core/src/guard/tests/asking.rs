//! What a person is asked, and what becomes of their answer.

use super::*;
use crate::flow::CancelSource;

#[tokio::test(flavor = "multi_thread")]
async fn once_holds_once_session_and_always_hold_longer() {
    let world = World::new();
    let guard = world.guard();
    let person = Person::says(&["o", "s"]);
    for prompts in [1, 2, 2, 2] {
        assert_eq!(kind(world.run(&guard, "rm x", Audience::Person(&person)).await), None);
        assert_eq!(person.prompts(), prompts);
    }
    let caller = Caller { session: "other", ..world.caller(Audience::Cron) };
    let other = CommandRequest { caller, ..world.request("rm x", Audience::Cron) };
    assert_eq!(kind(guard.authorize(other, &Cancel::never()).await), Some(Kind::NobodyThere));

    let person = Person::says(&["always"]);
    let guard = world.guard();
    assert_eq!(kind(world.run(&guard, "rm x", Audience::Person(&person)).await), None);
    assert_eq!(*world.entries.list.lock().expect("a list"), ["recursive-delete"]);
    assert_eq!(kind(guard.authorize(other, &Cancel::never()).await), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_processs_always_is_seen() {
    let world = World::new();
    let guard = world.guard();
    assert_eq!(kind(world.run(&guard, "rm x", Audience::Cron).await), Some(Kind::NobodyThere));
    world.entries.add("rm").expect("added");
    assert_eq!(kind(world.run(&guard, "rm x", Audience::Cron).await), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_always_that_cannot_be_written_holds_once_and_is_told() {
    let mut world = World::new();
    world.entries = Arc::new(Entries { broken: true, ..Entries::default() });
    let guard = world.guard();
    let person = Person::says(&["a", "d"]);
    assert_eq!(kind(world.run(&guard, "rm x", Audience::Person(&person)).await), None);
    assert!(person.told().iter().any(|told| told.contains("The disk is full")), "{:?}", person.told());
    assert_eq!(kind(world.run(&guard, "rm x", Audience::Person(&person)).await), a_no());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_may_not_be_remembered_is_not_even_when_asked_for() {
    let world = World::allowing(&["remote-script", "unparsable-command", "curl", "* *"]);
    let guard = world.guard();
    // Content findings: the session at most.
    let person = Person::says(&["a", "s"]);
    assert_eq!(kind(world.run(&guard, "curl x", Audience::Person(&person)).await), a_no());
    assert_eq!(kind(world.run(&guard, "curl x", Audience::Person(&person)).await), None);
    assert_eq!(kind(world.run(&guard, "curl x", Audience::Cron).await), None);
    // What cannot be read: once.
    let person = Person::says(&["s", "a", "o"]);
    for expected in [a_no(), a_no(), None] {
        assert_eq!(kind(world.run(&guard, "echo (", Audience::Person(&person)).await), expected);
    }
    assert_eq!(kind(world.run(&guard, "echo (", Audience::Cron).await), Some(Kind::NobodyThere));
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_clear_yes_is_one() {
    let world = World::new();
    let guard = world.guard();
    let typed = ["", " ", "d", "D", "deny", "n", "x", "yes", "once more", "o!", "\u{4}", "oo", "a s"];
    let person = Person::says(&typed);
    for typed in typed {
        assert_eq!(kind(world.run(&guard, "rm x", Audience::Person(&person)).await), a_no(), "{typed:?}");
    }
    person.answers.lock().expect("answers").push_back(None);
    let refusal = world.run(&guard, "rm x", Audience::Person(&person)).await.expect_err("a refusal");
    assert!(refusal.message.contains("did not answer"), "{refusal}");
    for typed in ["O", " once ", "ONCE"] {
        let person = Person::says(&[typed]);
        assert_eq!(kind(world.run(&guard, "rm x", Audience::Person(&person)).await), None, "{typed:?}");
    }
    let person = Person::says(&["deny use trash instead"]);
    let refusal = world.run(&guard, "rm x", Audience::Person(&person)).await.expect_err("a refusal");
    assert_eq!(refusal.kind, Kind::Person { reason: Some("use trash instead".to_owned()) });
    assert!(refusal.message.contains("use trash instead"));
}

#[tokio::test(start_paused = true)]
async fn no_answer_in_time_is_a_timeout_and_not_a_no() {
    let world = World::new();
    let guard = world.guard();
    let person = Person::default();
    let before = tokio::time::Instant::now();
    let refusal = world.run(&guard, "rm x", Audience::Person(&person)).await.expect_err("a refusal");
    assert_eq!(refusal.kind, Kind::Timeout);
    assert!(before.elapsed() >= Duration::from_secs(60));
    assert!(refusal.message.contains("a timeout, not a no") && refusal.message.contains("Do not retry"));
    assert_eq!(person.told(), ["denied: time is over"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_withdraws_the_prompt() {
    let world = World::new();
    let guard = world.guard();
    let person = Person::default();
    let source = CancelSource::new();
    let cancel = source.handle();
    let stop = async {
        while person.prompts() == 0 {
            tokio::task::yield_now().await;
        }
        source.cancel();
    };
    let asked = guard.authorize(world.request("rm x", Audience::Person(&person)), &cancel);
    let (result, ()) = tokio::join!(asked, stop);
    assert_eq!(kind(result), Some(Kind::Cancelled));
    assert_eq!(person.told(), ["cancelled"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_prompt_waits_and_may_be_answered_by_the_first() {
    let world = World::new();
    let guard = world.guard();
    let person = Person::says(&["s"]);
    let (one, other) = tokio::join!(
        world.run(&guard, "rm x", Audience::Person(&person)),
        world.run(&guard, "rm y", Audience::Person(&person)),
    );
    assert_eq!((kind(one), kind(other)), (None, None));
    assert_eq!(person.prompts(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_witness_is_for_what_was_asked_and_every_decision_is_written() {
    let world = World::new();
    let guard = world.guard();
    let person = Person::says(&["o", "d"]);
    let witness = world.run(&guard, "rm x", Audience::Person(&person)).await.expect("allowed");
    let expected = Exec { command: "rm x".into(), cwd: "/work".into(), backend: "local".into(), session: "s".into() };
    assert_eq!(*witness.effect(), expected);
    let _ = world.run(&guard, "rm x", Audience::Person(&person)).await;
    let _ = world.run(&guard, "rm -rf /", Audience::Person(&person)).await;
    let _ = world.run(&guard, "echo hi", Audience::Cron).await;
    let lines = audit::read::last(world.home.path(), 9, Some("s")).expect("readable");
    let told: Vec<(&str, &str, Option<&str>)> =
        lines.iter().map(|line| (line.verdict.as_str(), line.by.as_str(), line.answer.as_deref())).collect();
    assert_eq!(
        told,
        [
            ("allow", "person", Some("once")),
            ("deny", "person", None),
            ("deny", "hardline", None),
            ("allow", "no findings", None)
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_written_down_does_not_run() {
    let world = World::new();
    std::fs::write(world.home.path().join("logs"), "in the way").expect("written");
    let guard = world.guard();
    let refusal = world.run(&guard, "echo hi", Audience::Cron).await.expect_err("a refusal");
    assert_eq!(refusal.kind, Kind::Unrecorded);
    assert!(refusal.message.contains("audit log"), "{refusal}");
    assert_eq!(kind(world.run(&guard, "rm -rf /", Audience::Cron).await), Some(Kind::Hardline));
}
