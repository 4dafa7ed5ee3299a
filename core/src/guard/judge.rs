//! The order of a decision, up to the point where a person would be asked.
//!
//! It asks nobody and mints nothing. The first step that settles the matter stands; with [`Depth::Everything`]
//! the later ones still look, so that a report can show what they found.

use hermes_plugin_api::command::Command;
use hermes_plugin_api::finding::{Action, CommandSubject, Remember, Subject};

use super::findings::{self, CORE};
use super::law::{self, Place};
use super::policy::{Mode, OnFailure};
use super::refusal::Kind;
use super::report::Judged;
use super::request::CommandRequest;
use super::scan::{self, Answer};
use super::{Guard, deny};

/// How far to look once the matter is settled.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Depth {
    /// Not further.
    Enough,
    /// To the end.
    Everything,
}

/// What the steps came to.
pub(super) struct Judgement {
    pub(super) command: Command,
    pub(super) findings: Vec<Judged>,
    pub(super) ruling: Ruling,
    /// Scanners that failed and whose failure lets pass: plugin and why.
    pub(super) passed_over: Vec<(String, String)>,
}

/// What follows for the command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ruling {
    /// It runs, because of this.
    Allow(String),
    /// It does not run, because of this.
    Refuse(Kind, String),
    /// A person decides. With `in_person`, nothing may answer in their place.
    Ask { in_person: bool },
}

/// A judgement in the making.
struct Steps {
    command: Command,
    findings: Vec<Judged>,
    ruling: Option<Ruling>,
    passed_over: Vec<(String, String)>,
    depth: Depth,
}

impl Guard {
    pub(super) async fn judge(&self, request: &CommandRequest<'_>, depth: Depth) -> Judgement {
        let command = law::read(request.text);
        let mut steps = Steps { command, findings: Vec::new(), ruling: None, passed_over: Vec::new(), depth };
        let place = Place { cwd: request.cwd, facts: request.caller.facts, policy: &self.policy };
        if !request.caller.facts.boundary {
            steps.floor(place);
        }
        if steps.go_on() {
            steps.deny_rules(&self.deny);
        }
        if steps.go_on() && request.caller.facts.boundary {
            steps.settle(Ruling::Allow(format!("the backend is a boundary: {}", request.caller.facts.why)));
        }
        if steps.go_on() {
            self.checked(request, place, &mut steps).await;
        }
        steps.finish(request.caller.facts.boundary)
    }

    /// Steps 5 to 8, for a backend that is not a boundary.
    async fn checked(&self, request: &CommandRequest<'_>, place: Place<'_>, steps: &mut Steps) {
        if let Some(missing) = self.scanners.missing(&self.policy.required_scanners) {
            let plugin = &missing.plugin;
            let why = format!(
                "Plugin `{plugin}`, without which no command runs here, cannot be used: {}. The owner can run `hermes \
                 plugins install {plugin}` or `hermes plugins enable {plugin}`",
                missing.why
            );
            steps.settle(Ruling::Refuse(Kind::MissingScanner, why));
        }
        if !steps.go_on() {
            return;
        }
        steps.merge(CORE, findings::of_problems(&steps.command));
        steps.merge(CORE, law::self_disarm(&steps.command, place));
        let relaxed = self.relaxed(request.caller.session);
        if let Some(relaxed) = &relaxed {
            self.unasked(request, relaxed, steps).await;
        }
        if steps.go_on() && (relaxed.is_none() || steps.depth == Depth::Everything) {
            self.scanned(request, steps).await;
            self.remembered(request, relaxed.as_deref(), steps);
        }
    }

    /// Returns why nobody is asked in a session, where that is so.
    fn relaxed(&self, session: &str) -> Option<String> {
        if self.is_yolo(session) {
            return Some("yolo".to_owned());
        }
        (self.policy.mode == Mode::Off).then(|| "`approvals.mode: off`".to_owned())
    }

    /// Yolo and mode off: what cannot be judged is refused, an attack on the guard asks, all else runs.
    async fn unasked(&self, request: &CommandRequest<'_>, relaxed: &str, steps: &mut Steps) {
        if findings::is_unparsable(&steps.command) {
            let why = format!("This command cannot be read as shell, and under {relaxed} nobody is asked about it");
            steps.settle(Ruling::Refuse(Kind::Unreadable, why));
            return;
        }
        let answers = self.answers(request, steps, Some(&self.policy.required_scanners)).await;
        let failed = answers.iter().find_map(|answer| match (&answer.result, answer.slot.on_failure) {
            (Err(error), OnFailure::Closed) => Some((&answer.slot.plugin, error)),
            _ => None,
        });
        if let Some((plugin, error)) = failed {
            let why = format!("Plugin `{plugin}`, without which no command runs here, gave no answer: {error}");
            steps.settle(Ruling::Refuse(Kind::MissingScanner, why));
        }
        let disarms = steps.findings.iter().any(|judged| judged.finding.rule == findings::SELF_DISARM);
        steps.settle(match disarms {
            true => Ruling::Ask { in_person: true },
            false => Ruling::Allow(relaxed.to_owned()),
        });
        steps.relax(relaxed);
    }

    /// Asks the scanners; the command is lent to the subject, not copied.
    async fn answers(
        &self,
        request: &CommandRequest<'_>,
        steps: &mut Steps,
        required: Option<&[String]>,
    ) -> Vec<Answer<'_>> {
        let (cwd, backend) = (request.cwd.to_owned(), request.caller.backend.to_owned());
        let subject = CommandSubject { command: std::mem::take(&mut steps.command), cwd, backend };
        let subject = Subject::Command(subject);
        let encoded = scan::encoded(&subject);
        if let Subject::Command(subject) = subject {
            steps.command = subject.command;
        }
        self.scanners.scan(&encoded, required).await
    }

    async fn scanned(&self, request: &CommandRequest<'_>, steps: &mut Steps) {
        for Answer { slot, result } in self.answers(request, steps, None).await {
            match (result, slot.on_failure) {
                (Ok(found), _) => steps.merge(&slot.plugin, found),
                (Err(error), OnFailure::Closed) => {
                    steps.merge(&slot.plugin, [findings::of_failure(slot, &error.to_string())]);
                }
                (Err(error), OnFailure::Open) => {
                    tracing::warn!(%error, plugin = slot.plugin, "A scanner failed and is passed over.");
                    steps.passed_over.push((slot.plugin.clone(), error.to_string()));
                }
            }
        }
    }

    /// Steps 7 and 8: what is remembered drops out, and what is left decides.
    fn remembered(&self, request: &CommandRequest<'_>, relaxed: Option<&str>, steps: &mut Steps) {
        let switched_off = |rule: &str| !findings::is_reserved(rule) && self.policy.rules.get(rule) == Some(&false);
        let command = std::mem::take(&mut steps.command);
        steps.suppress(|judged| {
            let rule = &judged.finding.rule;
            switched_off(rule).then(|| format!("`approvals.rules.{rule}: false`"))
        });
        if let Some(relaxed) = relaxed {
            steps.relax(relaxed);
        }
        if steps.findings.iter().any(Judged::counts) {
            let place = Place { cwd: request.cwd, facts: request.caller.facts, policy: &self.policy };
            // A yes to a line that touches a protected place is for this once, whichever rule found it.
            if law::touches_protected(&command, place) {
                steps.findings.iter_mut().for_each(|judged| judged.finding.remember = Remember::Once);
            }
            let remembered = self.consent.remembered(request.caller.session);
            steps.suppress(|judged| remembered.covering(&judged.finding, &command));
        }
        steps.command = command;
        steps.weigh();
    }
}

impl Steps {
    fn go_on(&self) -> bool {
        self.ruling.is_none() || self.depth == Depth::Everything
    }

    /// The first ruling stands.
    fn settle(&mut self, ruling: Ruling) {
        self.ruling.get_or_insert(ruling);
    }

    fn merge(&mut self, source: &str, found: impl IntoIterator<Item = hermes_plugin_api::finding::Finding>) {
        findings::merge(&mut self.findings, source, found);
    }

    fn suppress(&mut self, by: impl Fn(&Judged) -> Option<String>) {
        for judged in self.findings.iter_mut().filter(|judged| judged.suppressed.is_none()) {
            judged.suppressed = by(judged);
        }
    }

    fn relax(&mut self, by: &str) {
        self.suppress(|judged| (!findings::holds_unasked(&judged.finding.rule)).then(|| by.to_owned()));
    }

    fn floor(&mut self, place: Place<'_>) {
        if let Some(hit) = law::floor(&self.command, place) {
            self.settle(Ruling::Refuse(Kind::Hardline, hit.title.clone()));
            self.merge(CORE, [hit]);
        }
    }

    fn deny_rules(&mut self, rules: &deny::DenyRules) {
        if let Some(denied) = rules.hit(&self.command) {
            let why = format!("The owner's rule `{}` in `approvals.deny` forbids this command", denied.glob);
            self.settle(Ruling::Refuse(Kind::Deny, why));
            self.merge(CORE, [findings::of_deny(&denied)]);
        }
    }

    fn weigh(&mut self) {
        let mut counting = self.findings.iter().filter(|judged| judged.counts()).map(|judged| &judged.finding);
        let ruling = match counting.clone().find(|finding| finding.action == Action::Forbid) {
            Some(forbidden) => Ruling::Refuse(Kind::Forbidden, format!("A scanner forbids it: {}", forbidden.title)),
            None if counting.clone().all(|finding| finding.action == Action::Note) => Ruling::Allow(self.allowed_by()),
            None => Ruling::Ask { in_person: counting.any(|finding| finding.rule == findings::SELF_DISARM) },
        };
        self.settle(ruling);
    }

    fn allowed_by(&self) -> String {
        match self.findings.iter().find_map(|judged| judged.suppressed.clone()) {
            Some(by) => by,
            None => "no findings".to_owned(),
        }
    }

    /// Without a ruling nothing runs.
    fn finish(mut self, boundary: bool) -> Judgement {
        if boundary {
            let core = |judged: &Judged| findings::is_verdict(&judged.finding.rule);
            self.suppress(|judged| (!core(judged)).then(|| "the backend is a boundary".to_owned()));
        }
        let unsettled = || Ruling::Refuse(Kind::Unreadable, "Nothing decided about this command".to_owned());
        Judgement {
            command: self.command,
            findings: self.findings,
            ruling: self.ruling.unwrap_or_else(unsettled),
            passed_over: self.passed_over,
        }
    }
}
