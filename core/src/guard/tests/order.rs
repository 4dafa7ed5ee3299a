//! Each step beats the next.

use super::*;

const FLOOR: &str = "rm -rf /";
const DENIED: &str = "git push";
const DANGEROUS: &str = "rm x";
const HARMLESS: &str = "echo hi";
const UNREADABLE: &str = "echo (";
const FORBIDDEN: &str = "nc -l";

fn disarm(world: &World) -> String {
    format!("cp x {}", world.home.path().join("config.yaml").display())
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Relaxed {
    No,
    Yolo,
    Off,
}

#[track_caller]
fn check(world: &World, relaxed: Relaxed, text: &str, answers: &[&str], expected: Option<Kind>, prompts: usize) {
    let mut policy = world.policy.clone();
    policy.yolo = relaxed == Relaxed::Yolo;
    policy.mode = if relaxed == Relaxed::Off { Mode::Off } else { Mode::Manual };
    let audit = Audit::new(world.home.path());
    let guard = Guard::new(policy, world.scanners.clone(), world.entries.clone(), audit).expect("a guard");
    let person = Person::says(answers);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let result = runtime.block_on(world.run(&guard, text, Audience::Person(&person)));
    assert_eq!(kind(result), expected, "{relaxed:?} `{text}`");
    assert_eq!(person.prompts(), prompts, "{relaxed:?} `{text}`");
}

#[test]
fn every_step_beats_the_next() {
    let world = World::allowing(&["recursive-delete", "rm", "rm *", "hardline", "deny-rule", "git *", "self-disarm"]);
    for relaxed in [Relaxed::No, Relaxed::Yolo, Relaxed::Off] {
        check(&world, relaxed, FLOOR, &["a"], Some(Kind::Hardline), 0);
        check(&world, relaxed, "git push; rm -rf /", &["a"], Some(Kind::Hardline), 0);
        check(&world, relaxed, DENIED, &["a"], Some(Kind::Deny), 0);
        check(&world, relaxed, &disarm(&world), &["d"], a_no(), 1);
        check(&world, relaxed, &disarm(&world), &["o"], None, 1);
        check(&world, relaxed, DANGEROUS, &["d"], None, 0);
        check(&world, relaxed, HARMLESS, &["d"], None, 0);
    }
}

#[test]
fn nobody_is_asked_under_yolo_and_off() {
    let world = World::new();
    for relaxed in [Relaxed::Yolo, Relaxed::Off] {
        check(&world, relaxed, DANGEROUS, &[], None, 0);
        check(&world, relaxed, FORBIDDEN, &[], None, 0);
        check(&world, relaxed, UNREADABLE, &["o"], Some(Kind::Unreadable), 0);
    }
    check(&world, Relaxed::No, DANGEROUS, &["d"], a_no(), 1);
    check(&world, Relaxed::No, DANGEROUS, &["o"], None, 1);
    check(&world, Relaxed::No, UNREADABLE, &["d"], a_no(), 1);
    check(&world, Relaxed::No, UNREADABLE, &["o"], None, 1);
    check(&world, Relaxed::No, FORBIDDEN, &["o"], Some(Kind::Forbidden), 0);
    check(&world, Relaxed::No, "ls x", &[], None, 0);
}

#[test]
fn a_boundary_skips_the_checks_but_not_the_deny_rules() {
    let mut world = World::new();
    world.facts.boundary = true;
    world.scanners.clear();
    for relaxed in [Relaxed::No, Relaxed::Yolo] {
        for text in [FLOOR, DANGEROUS, UNREADABLE, FORBIDDEN, &disarm(&world)] {
            check(&world, relaxed, text, &[], None, 0);
        }
        check(&world, relaxed, DENIED, &["o"], Some(Kind::Deny), 0);
    }
}

#[test]
fn without_a_required_scanner_nothing_runs() {
    let mut world = World::allowing(&["rm"]);
    world.scanners.clear();
    for relaxed in [Relaxed::No, Relaxed::Yolo, Relaxed::Off] {
        for text in [HARMLESS, DANGEROUS, &disarm(&world)] {
            check(&world, relaxed, text, &["o"], Some(Kind::MissingScanner), 0);
        }
        check(&world, relaxed, FLOOR, &["o"], Some(Kind::Hardline), 0);
    }
}

/// No mode, consent, audience or answer lets these through.
#[test]
fn nothing_lets_the_floor_a_deny_rule_or_a_missing_scanner_through() {
    use proptest::prelude::*;
    use proptest::test_runner::{Config, TestRunner};
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let entry =
        prop::sample::select(vec!["rm", "*", "rm *", "git", "git *", "hardline", "deny-rule", "recursive-delete"]);
    let inputs = (
        0..3_u8,
        0..3_u8,
        any::<[bool; 5]>(),
        prop::collection::vec(entry, 0..4),
        prop::sample::select(vec!["o", "s", "a", "yes", "d", ""]),
        0..4_u8,
    );
    let config = Config { cases: 300, failure_persistence: None, ..Config::default() };
    let run = |(case, mode, [yolo, toggled, approve, rules, session], entries, answer, audience): (
        u8,
        u8,
        [bool; 5],
        Vec<&'static str>,
        &'static str,
        u8,
    )| {
        let mut world = World::allowing(&entries);
        world.policy.yolo = yolo;
        world.policy.mode = [Mode::Manual, Mode::Smart, Mode::Off][usize::from(mode)];
        let unattended = if approve { Unattended::Approve } else { Unattended::Deny };
        world.policy.cron = unattended;
        world.policy.single_query = unattended;
        world.policy.unattended = unattended;
        if rules {
            world.policy.rules = [("hardline", false), ("deny-rule", false)].map(|(id, on)| (id.to_owned(), on)).into();
        }
        let (text, expected) = match case {
            0 => (FLOOR, Kind::Hardline),
            1 => (DENIED, Kind::Deny),
            _ => (HARMLESS, Kind::MissingScanner),
        };
        if case == 2 {
            world.scanners.clear();
        }
        let guard = world.guard();
        guard.set_yolo("s", toggled);
        let person = Person::says(&[answer, answer]);
        let audience = match audience {
            0 => Audience::Person(&person),
            1 => Audience::Cron,
            2 => Audience::SingleQuery,
            _ => Audience::Unattended,
        };
        if session {
            guard.consent.remember("s", ["hardline", "deny-rule", "recursive-delete"].into_iter());
        }
        let result = runtime.block_on(world.run(&guard, text, audience));
        prop_assert_eq!(kind(result), Some(expected));
        Ok(())
    };
    TestRunner::new(config).run(&inputs, run).expect("none gets through");
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nobody_can_be_asked_the_answer_is_no_unless_the_owner_said_otherwise() {
    let mut world = World::new();
    let guard = world.guard();
    for audience in [Audience::Cron, Audience::SingleQuery, Audience::Unattended] {
        assert_eq!(kind(world.run(&guard, DANGEROUS, audience).await), Some(Kind::NobodyThere));
        assert_eq!(kind(world.run(&guard, HARMLESS, audience).await), None);
    }
    world.policy.single_query = Unattended::Approve;
    let guard = world.guard();
    assert_eq!(kind(world.run(&guard, DANGEROUS, Audience::SingleQuery).await), None);
    assert_eq!(kind(world.run(&guard, DANGEROUS, Audience::Cron).await), Some(Kind::NobodyThere));
    for text in [UNREADABLE, &disarm(&world)] {
        assert_eq!(kind(world.run(&guard, text, Audience::SingleQuery).await), Some(Kind::NobodyThere), "{text}");
    }
    guard.set_yolo("s", true);
    assert_eq!(kind(world.run(&guard, &disarm(&world), Audience::SingleQuery).await), Some(Kind::NobodyThere));
}

#[tokio::test(flavor = "multi_thread")]
async fn yolo_belongs_to_one_session() {
    let world = World::new();
    let guard = world.guard();
    guard.set_yolo("other", true);
    assert!(guard.is_yolo("other") && !guard.is_yolo("s"));
    assert_eq!(kind(world.run(&guard, DANGEROUS, Audience::Cron).await), Some(Kind::NobodyThere));
    guard.end_session("other");
    assert!(!guard.is_yolo("other"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_tells_everything_and_asks_nobody() {
    let world = World::allowing(&["recursive-delete"]);
    let guard = world.guard();
    let person = Person::default();
    let report = guard.check(world.request("rm x; curl y; git push; rm -rf /", Audience::Person(&person))).await;
    assert_eq!(report.verdict, Verdict::Deny);
    let found: Vec<(&str, bool)> =
        report.findings.iter().map(|judged| (judged.finding.rule.as_str(), judged.counts())).collect();
    assert_eq!(found, [("hardline", true), ("deny-rule", true), ("recursive-delete", false), ("remote-script", true)]);
    assert_eq!(person.prompts(), 0);
    let suppressed = report.findings[2].suppressed.as_deref();
    assert_eq!(suppressed, Some("`command_allowlist` entry `recursive-delete`"));
    guard.set_yolo("s", true);
    let report = guard.check(world.request("curl y", Audience::Cron)).await;
    assert_eq!((report.verdict, report.why.as_str()), (Verdict::Allow, "yolo"));
    assert_eq!(report.findings[0].suppressed.as_deref(), Some("yolo"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_that_is_switched_off_does_not_count() {
    let mut world = World::new();
    world.policy.rules.insert("recursive-delete".to_owned(), false);
    world.policy.rules.insert("unparsable-command".to_owned(), false);
    let guard = world.guard();
    assert_eq!(kind(world.run(&guard, DANGEROUS, Audience::Cron).await), None);
    assert_eq!(kind(world.run(&guard, UNREADABLE, Audience::Cron).await), Some(Kind::NobodyThere));
}
