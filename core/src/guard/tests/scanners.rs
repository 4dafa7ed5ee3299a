//! Scanners that fail, in every way.

use hermes_plugin_api::command::Command;
use hermes_plugin_api::finding::CommandSubject;

use super::super::scan::{Scanners, encoded};
use super::*;
use crate::host::clock;

#[derive(Clone, Copy, PartialEq)]
enum Fails {
    Error,
    Panic,
    /// Never ends, and gives the thread back.
    Sleep,
    /// Never ends, and keeps the thread.
    Hang,
}

impl Scanner for Fails {
    async fn scan(&self, _: &Subject) -> Result<Vec<Finding>> {
        match self {
            Fails::Error => Err(PluginError::internal("Broken inside")),
            Fails::Panic => panic!("in scan"),
            Fails::Sleep => std::future::pending().await,
            Fails::Hang => loop {
                std::thread::park();
            },
        }
    }
}

fn world(fails: Fails, on_failure: OnFailure, required: bool) -> World {
    let mut world = World::new();
    let timeout = Duration::from_millis(30);
    world.scanners.push(ScannerSlot { timeout, on_failure, required, ..slot("bad", fails) });
    world
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_failure_asks_or_is_passed_over_as_configured() {
    for fails in [Fails::Error, Fails::Panic, Fails::Sleep, Fails::Hang] {
        let closed = world(fails, OnFailure::Closed, false);
        let guard = closed.guard();
        let person = Person::says(&["a", "s", "o"]);
        for expected in [a_no(), a_no(), None] {
            assert_eq!(kind(closed.run(&guard, "echo hi", Audience::Person(&person)).await), expected);
        }
        assert!(person.seen.lock().expect("prompts")[0].text.contains("scanner `bad` gave no answer"));

        let open = world(fails, OnFailure::Open, false);
        let guard = open.guard();
        let person = Person::default();
        for _ in 0..5 {
            assert_eq!(kind(open.run(&guard, "echo hi", Audience::Person(&person)).await), None);
        }
        let told = person.told();
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("scanner-bad"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn under_yolo_only_a_required_scanner_must_answer() {
    for (required, expected) in [(true, Some(Kind::MissingScanner)), (false, None)] {
        let world = world(Fails::Error, OnFailure::Closed, required);
        let guard = world.guard();
        guard.set_yolo("s", true);
        assert_eq!(kind(world.run(&guard, "rm x", Audience::Cron).await), expected);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn an_absent_scanner_is_named_with_the_way_out() {
    let mut world = World::new();
    world.scanners[0].scanner = Err("it is disabled".to_owned());
    let refusal = world.run(&world.guard(), "echo hi", Audience::Cron).await.expect_err("a refusal");
    for part in ["`scanner-commands`", "it is disabled", "hermes plugins install scanner-commands"] {
        assert!(refusal.message.contains(part), "{refusal}");
    }
    // One that is not required is a failure like any other.
    let mut world = World::new();
    world.scanners.push(ScannerSlot { scanner: Err("it is broken".to_owned()), ..slot("other", Rules) });
    assert_eq!(kind(world.run(&world.guard(), "echo hi", Audience::Cron).await), Some(Kind::NobodyThere));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn findings_of_all_scanners_count_once_each() {
    let mut world = World::new();
    world.scanners.push(slot("other", Rules));
    let report = world.guard().check(world.request("rm x; rm x; curl y", Audience::Cron)).await;
    let rules: Vec<&str> = report.findings.iter().map(|judged| judged.finding.rule.as_str()).collect();
    assert_eq!(rules, ["recursive-delete", "remote-script"]);
}

#[tokio::test]
async fn one_that_answers_at_once_fails_like_any_other() {
    for fails in [Fails::Error, Fails::Panic, Fails::Sleep] {
        let mut world = world(fails, OnFailure::Closed, false);
        world.scanners.iter_mut().for_each(|slot| slot.at_once = true);
        let refused = world.run(&world.guard(), "echo hi", Audience::Cron).await;
        assert!(refused.expect_err("nobody is there").message.contains("scanner `bad` gave no answer"));
        let found = world.run(&world.guard(), "rm -r x", Audience::Cron).await;
        assert!(found.expect_err("nobody is there").message.contains("recursive delete"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn one_that_hangs_first_holds_up_no_other_and_is_counted() {
    let short = Duration::from_millis(30);
    for bad in [Fails::Hang, Fails::Sleep] {
        // The others have time enough: they would use it up if they waited for the first.
        let slots =
            vec![ScannerSlot { timeout: short, ..slot("bad", bad) }, slot("commands", Rules), slot("other", Rules)];
        let scanners = Scanners::new(slots);
        let command = Command::of(&["rm", "x"]);
        let subject = CommandSubject { command, cwd: "/work".into(), backend: "local".into() };
        let subject = encoded(&Subject::Command(subject));
        for call in 0..5 {
            let started = clock::instant();
            let answers = scanners.scan(&subject, None).await;
            assert!(started.elapsed() < Duration::from_secs(5), "{call}");
            let [first, others @ ..] = &answers[..] else { panic!("three answers") };
            let error = first.result.as_ref().expect_err("it never answers").to_string();
            // Only what keeps its thread is left behind, and after the third time not called any more.
            let expected = match (bad, call) {
                (Fails::Hang, 3..) => "3 calls of it never came back",
                _ => "It did not answer within 0.03 s",
            };
            assert!(error.contains(expected), "{call}: {error}");
            assert_eq!(others.len(), 2);
            for other in others {
                let found = other.result.as_ref().expect("an answer");
                assert_eq!(found[0].rule, "recursive-delete", "{call}");
            }
        }
    }
}
