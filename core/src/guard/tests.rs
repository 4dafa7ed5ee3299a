//! The guard as a whole: with scanners in process, a person made of canned answers, and real files.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use hermes_plugin_api::backend::SessionFacts;
use hermes_plugin_api::error::{PluginError, Result};
use hermes_plugin_api::finding::{Action, Finding, Remember, Severity, Subject};
use hermes_plugin_api::flow::Cancel;
use hermes_plugin_api::platform::Prompt;
use hermes_plugin_api::rule::{Rule, judge};
use hermes_plugin_api::{Scanner, serve};

use super::witness::{Authorized, Exec};
use super::*;
use crate::plugin::handle::ScannerHandle;

mod advised;
mod asking;
mod order;
mod scanners;
mod writes;

const RULES: &[Rule] = &[
    Rule { matches: |case| case.runs(&["rm"]), ..Rule::new("recursive-delete", "recursive delete", Severity::High) },
    Rule {
        matches: |case| case.runs(&["curl"]),
        remember: Remember::Session,
        ..Rule::new("remote-script", "remote script", Severity::High)
    },
    Rule {
        matches: |case| case.runs(&["nc"]),
        action: Action::Forbid,
        ..Rule::new("reverse-shell", "reverse shell", Severity::Critical)
    },
    Rule {
        matches: |case| case.runs(&["ls"]),
        action: Action::Note,
        ..Rule::new("listing-files", "listing", Severity::Low)
    },
];

/// A scanner for tests.
struct Rules;

impl Scanner for Rules {
    async fn scan(&self, subject: &Subject) -> Result<Vec<Finding>> {
        let Subject::Command(subject) = subject else { return Ok(Vec::new()) };
        Ok(judge(RULES, &subject.command, &subject.cwd, |_| true))
    }
}

fn slot(name: &str, scanner: impl Scanner) -> ScannerSlot {
    let plugin = format!("scanner-{name}");
    let scanner = Ok(ScannerHandle::new(&plugin, name, serve::scanner(scanner)));
    let timeout = Duration::from_secs(5);
    let (name, on_failure) = (name.to_owned(), OnFailure::Closed);
    ScannerSlot { plugin, name, required: false, at_once: false, timeout, on_failure, scanner }
}

/// An allow-list in memory.
#[derive(Default)]
struct Entries {
    list: Mutex<Vec<String>>,
    broken: bool,
}

impl ConsentStore for Entries {
    fn entries(&self) -> Result<Vec<String>> {
        Ok(self.list.lock().expect("a list").clone())
    }

    fn add(&self, entry: &str) -> Result<()> {
        if self.broken {
            return Err(PluginError::unavailable("The disk is full"));
        }
        self.list.lock().expect("a list").push(entry.to_owned());
        Ok(())
    }

    fn remove(&self, _: &str) -> Result<bool> {
        Ok(false)
    }
}

/// A person with canned answers; one who has none left never answers.
#[derive(Default)]
struct Person {
    answers: Mutex<VecDeque<Option<String>>>,
    seen: Mutex<Vec<Prompt>>,
    told: Mutex<Vec<String>>,
}

impl Person {
    fn says(answers: &[&str]) -> Self {
        let answers = answers.iter().map(|answer| Some((*answer).to_owned())).collect();
        Self { answers: Mutex::new(answers), ..Self::default() }
    }

    fn prompts(&self) -> usize {
        self.seen.lock().expect("prompts").len()
    }

    fn told(&self) -> Vec<String> {
        self.told.lock().expect("notices").clone()
    }
}

impl Approver for Person {
    fn ask<'a>(&'a self, prompt: &'a Prompt) -> BoxFuture<'a, Result<Option<String>>> {
        self.seen.lock().expect("prompts").push(prompt.clone());
        match self.answers.lock().expect("answers").pop_front() {
            Some(answer) => std::future::ready(Ok(answer)).boxed(),
            None => std::future::pending().boxed(),
        }
    }

    fn settled<'a>(&'a self, _: &'a Prompt, outcome: &'a str) -> BoxFuture<'a, ()> {
        self.told.lock().expect("notices").push(outcome.to_owned());
        std::future::ready(()).boxed()
    }

    fn notice<'a>(&'a self, text: &'a str) -> BoxFuture<'a, ()> {
        self.told.lock().expect("notices").push(text.to_owned());
        std::future::ready(()).boxed()
    }
}

/// A home, a policy and scanners.
struct World {
    home: tempfile::TempDir,
    policy: Policy,
    scanners: Vec<ScannerSlot>,
    entries: Arc<Entries>,
    facts: SessionFacts,
}

impl World {
    fn new() -> Self {
        let home = tempfile::tempdir().expect("a directory");
        let policy = Policy {
            home: home.path().to_owned(),
            deny: vec!["git push*".to_owned()],
            required_scanners: vec!["scanner-commands".to_owned()],
            ..Policy::default()
        };
        let scanners = vec![slot("commands", Rules)];
        let facts = SessionFacts { home: "/home/ada".to_owned(), cwd: "/work".to_owned(), ..SessionFacts::default() };
        Self { home, policy, scanners, entries: Arc::default(), facts }
    }

    fn allowing(entries: &[&str]) -> Self {
        let world = Self::new();
        *world.entries.list.lock().expect("a list") = entries.iter().map(|entry| (*entry).to_owned()).collect();
        world
    }

    fn guard(&self) -> Guard {
        let audit = Audit::new(self.home.path());
        Guard::new(self.policy.clone(), self.scanners.clone(), self.entries.clone(), audit).expect("a guard")
    }

    fn request<'a>(&'a self, text: &'a str, audience: Audience<'a>) -> CommandRequest<'a> {
        CommandRequest { text, cwd: "/work", caller: self.caller(audience) }
    }

    fn caller<'a>(&'a self, audience: Audience<'a>) -> Caller<'a> {
        Caller { backend: "local", session: "s", who: "test", facts: &self.facts, audience, listener: None }
    }

    async fn run(&self, guard: &Guard, text: &str, audience: Audience<'_>) -> Result<Authorized<Exec>, Refusal> {
        guard.authorize(self.request(text, audience), &Cancel::never()).await
    }
}

fn kind(result: Result<Authorized<Exec>, Refusal>) -> Option<Kind> {
    result.err().map(|refusal| refusal.kind)
}

fn a_no() -> Option<Kind> {
    Some(Kind::Person { reason: None })
}
