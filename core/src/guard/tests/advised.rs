//! Smart mode: what is asked of a model, and what becomes of a command then.

use std::sync::atomic::{AtomicUsize, Ordering};

use hermes_plugin_api::model::Completion;

use super::*;
use crate::flow::CancelSource;

/// A model with one answer.
struct Model {
    answer: Option<Result<&'static str>>,
    asked: AtomicUsize,
    heard: Mutex<Vec<String>>,
}

impl Model {
    fn new(answer: Option<Result<&'static str>>) -> Arc<Self> {
        Arc::new(Self { answer, asked: AtomicUsize::new(0), heard: Mutex::default() })
    }

    fn says(answer: &'static str) -> Arc<Self> {
        Self::new(Some(Ok(answer)))
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

impl Adviser for Model {
    fn answer<'a>(&'a self, _: Question, _: &'a Cancel) -> BoxFuture<'a, Result<Completion>> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        match self.answer.clone() {
            Some(answer) => {
                let answer = answer.map(|content| Completion { content: content.into(), ..Completion::default() });
                std::future::ready(answer).boxed()
            }
            None => std::future::pending().boxed(),
        }
    }
}

impl Listener for Model {
    fn heard<'a>(&'a self, text: &'a str) -> BoxFuture<'a, ()> {
        self.heard.lock().expect("words").push(text.to_owned());
        std::future::ready(()).boxed()
    }
}

fn smart() -> World {
    let mut world = World::new();
    world.policy.mode = Mode::Smart;
    world
}

fn guarded(world: &World, model: &Arc<Model>) -> Guard {
    world.guard().advised_by(Ok(model.clone()))
}

fn audited(world: &World) -> String {
    std::fs::read_to_string(world.home.path().join("logs/audit.jsonl")).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn approve_is_for_one_command_and_nobody_is_asked() {
    let world = smart();
    let model = Model::says("APPROVE");
    let guard = guarded(&world, &model);
    let person = Person::default();
    for asked in [1, 2] {
        let caller = Caller { listener: Some(&*model), ..world.caller(Audience::Person(&person)) };
        let request = CommandRequest { caller, ..world.request("rm x", Audience::Cron) };
        assert_eq!(kind(guard.authorize(request, &Cancel::never()).await), None);
        assert_eq!((model.asked(), person.prompts()), (asked, 0));
    }
    assert_eq!(*model.heard.lock().expect("words"), ["smart: approve: recursive delete"; 2]);
    assert!(world.entries.list.lock().expect("a list").is_empty());
    assert!(audited(&world).contains(r#""by":"smart: approve""#), "{}", audited(&world));
    for audience in [Audience::Cron, Audience::SingleQuery, Audience::Unattended] {
        assert_eq!(kind(world.run(&guard, "rm x", audience).await), None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn deny_is_final_where_nobody_is_and_else_offers_once_or_deny() {
    let mut world = smart();
    (world.policy.cron, world.policy.unattended) = (Unattended::Approve, Unattended::Approve);
    let model = Model::says("DENY");
    let guard = guarded(&world, &model);
    for audience in [Audience::Cron, Audience::SingleQuery, Audience::Unattended] {
        assert_eq!(kind(world.run(&guard, "rm x", audience).await), Some(Kind::Adviser));
    }
    assert!(audited(&world).contains(r#""by":"smart: deny""#), "{}", audited(&world));
    let person = Person::says(&["a", "s", "d", "o", "o"]);
    for expected in [a_no(), a_no(), a_no(), None, None] {
        assert_eq!(kind(world.run(&guard, "rm x", Audience::Person(&person)).await), expected);
    }
    let prompts = person.seen.lock().expect("prompts");
    let choices: Vec<&str> = prompts[0].choices.iter().map(|choice| choice.id.as_str()).collect();
    assert_eq!(choices, ["once", "deny"]);
    assert!(prompts[0].text.contains("The model that was asked first is against it"), "{}", prompts[0].text);
    assert!(audited(&world).contains(r#""by":"person (smart: deny)""#), "{}", audited(&world));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_else_is_asked_as_ever() {
    let failed = || Some(Err(PluginError::unavailable("no line")));
    for answer in [Some(Ok("ESCALATE")), Some(Ok("approve")), Some(Ok("")), failed()] {
        let world = smart();
        let guard = guarded(&world, &Model::new(answer));
        let refusal = world.run(&guard, "rm x", Audience::Cron).await.expect_err("a refusal");
        assert_eq!(refusal.kind, Kind::NobodyThere);
        assert!(refusal.message.contains("smart mode left it to a person"), "{refusal}");
        assert!(audited(&world).contains(r#""by":"nobody-there (smart: escalate)""#), "{}", audited(&world));
        let person = Person::says(&["s"]);
        assert_eq!(kind(world.run(&guard, "rm x", Audience::Person(&person)).await), None);
        assert_eq!(person.seen.lock().expect("prompts")[0].choices.len(), 4);
        // What the person remembers is not asked about again, of the model either.
        assert_eq!(kind(world.run(&guard, "rm x", Audience::Cron).await), None);
    }
    let mut world = smart();
    world.policy.cron = Unattended::Approve;
    let guard = guarded(&world, &Model::says("ESCALATE"));
    assert_eq!(kind(world.run(&guard, "rm x", Audience::Cron).await), None);
    assert_eq!(kind(world.run(&guard, "rm x", Audience::SingleQuery).await), Some(Kind::NobodyThere));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_person_alone_decides_goes_to_no_model() {
    let world = smart();
    let model = Model::says("APPROVE");
    let guard = guarded(&world, &model);
    for (text, refused) in [
        ("rm -rf /", Kind::Hardline),
        ("git push --force", Kind::Deny),
        ("nc -l", Kind::Forbidden),
        ("echo (", Kind::NobodyThere),
        ("hermes config set approvals.mode off", Kind::NobodyThere),
    ] {
        assert_eq!(kind(world.run(&guard, text, Audience::Cron).await), Some(refused), "{text}");
    }
    let path = world.home.path().join("config.yaml");
    let path = path.to_str().expect("text");
    let write = WriteRequest { path, replaces: false, caller: world.caller(Audience::Cron) };
    let refused = guard.authorize_write(write, &Cancel::never()).await.expect_err("a refusal");
    assert_eq!((refused.kind, model.asked()), (Kind::NobodyThere, 0));
    // Without findings there is nothing to ask about, and in another mode nobody to ask.
    assert_eq!(kind(world.run(&guard, "ls", Audience::Cron).await), None);
    let guard = guarded(&World::new(), &model);
    assert_eq!(kind(world.run(&guard, "rm x", Audience::Cron).await), Some(Kind::NobodyThere));
    assert_eq!(model.asked(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_model_it_is_manual_and_said_once() {
    let world = smart();
    let guard = world.guard().advised_by(Err("none is chosen".into()));
    let person = Person::says(&["o", "o"]);
    for _ in 0..2 {
        assert_eq!(kind(world.run(&guard, "rm x", Audience::Person(&person)).await), None);
    }
    let notices: Vec<String> = person.told().into_iter().filter(|told| told.contains("approvals.mode")).collect();
    assert_eq!(notices, ["`approvals.mode: smart` is as `manual` here: none is chosen"]);
    let refusal = world.run(&guard, "rm x", Audience::Cron).await.expect_err("a refusal");
    assert!(refusal.message.contains("smart mode has no model to ask: none is chosen"), "{refusal}");
}

#[tokio::test(flavor = "multi_thread")]
async fn cancelling_ends_the_question() {
    let world = smart();
    let model = Model::new(None);
    let guard = guarded(&world, &model);
    let source = CancelSource::new();
    let cancel = source.handle();
    let stop = async {
        while model.asked() == 0 {
            tokio::task::yield_now().await;
        }
        source.cancel();
    };
    let (result, ()) = tokio::join!(guard.authorize(world.request("rm x", Audience::Cron), &cancel), stop);
    assert_eq!(kind(result), Some(Kind::Cancelled));
}
