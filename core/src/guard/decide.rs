//! The guard: what is authorized, and on whose word.
//!
//! [`Guard::authorize`] is the only place that makes a witness for a command. The order of the steps before a
//! person is asked stands in `judge.rs`.

use std::collections::HashMap;
use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use hermes_plugin_api::error::Result;
use hermes_plugin_api::finding::{Action, Finding};
use hermes_plugin_api::flow::Cancel;

use super::ask::{Asked, Turns};
use super::audit::{Audit, Record};
use super::consent::Consent;
use super::deny::DenyRules;
use super::judge::{Depth, Judgement, Ruling};
use super::policy::{ConsentStore, Mode, Policy, ScannerSlot, Unattended};
use super::prompt::Answer;
use super::refusal::{Kind, Refusal};
use super::report::{Report, Verdict};
use super::request::{Audience, CommandRequest};
use super::scan::Scanners;
use super::smart::{Advice, Adviser};
use super::witness::{Authorized, Exec};
use crate::host::clock;
use crate::redact::redact;

/// As many bytes of a command are looked at for the log.
const RECORDED: usize = 128 << 10;

/// Decides.
pub struct Guard {
    pub(super) policy: Policy,
    pub(super) scanners: Scanners,
    pub(super) outputs: Scanners,
    pub(super) deny: DenyRules,
    pub(super) consent: Consent,
    pub(super) adviser: Result<Arc<dyn Adviser>, String>,
    audit: Audit,
    pub(super) turns: Turns,
    yolo: Mutex<HashMap<String, bool>>,
    /// Failures that a session was told of: session and plugin.
    told: Mutex<HashSet<(String, String)>>,
}

/// A yes: on whose word, and what was typed.
struct Yes {
    by: String,
    answer: Option<&'static str>,
}

/// A decision, and what a model had said about it before.
struct Decided {
    result: Result<Yes, Refusal>,
    advice: Advice,
}

impl Guard {
    /// Makes a guard.
    ///
    /// # Errors
    /// `CONFIG` for a deny rule that is not a glob.
    pub fn new(policy: Policy, scanners: Vec<ScannerSlot>, store: Arc<dyn ConsentStore>, audit: Audit) -> Result<Self> {
        Ok(Self {
            deny: DenyRules::new(&policy.deny)?,
            scanners: Scanners::new(scanners),
            outputs: Scanners::new(Vec::new()),
            consent: Consent::new(store),
            policy,
            adviser: Err("no model was given to ask".to_owned()),
            audit,
            turns: Turns::default(),
            yolo: Mutex::default(),
            told: Mutex::default(),
        })
    }

    /// The guard with scanners of what tools return.
    #[must_use]
    pub fn judging_outputs(self, scanners: Vec<ScannerSlot>) -> Self {
        Self { outputs: Scanners::new(scanners), ..self }
    }

    /// The guard with a model that smart mode asks, or why there is none.
    #[must_use]
    pub fn advised_by(self, adviser: Result<Arc<dyn Adviser>, String>) -> Self {
        Self { adviser, ..self }
    }

    /// Decides about a command, asking a person where that is due, and writes the decision down.
    ///
    /// # Errors
    /// Why it does not run.
    ///
    /// # Cancellation
    /// A pending prompt is withdrawn and the command refused.
    pub async fn authorize(&self, request: CommandRequest<'_>, cancel: &Cancel) -> Result<Authorized<Exec>, Refusal> {
        if cancel.is_cancelled() {
            return Err(Refusal::new(Kind::Cancelled, "The turn was cancelled"));
        }
        let mut judgement = self.judge(&request, Depth::Enough).await;
        let mut turn = None;
        if let (Ruling::Ask { .. }, Audience::Person(_)) = (&judgement.ruling, request.caller.audience) {
            // What was answered while this one waited for its turn may have settled it.
            let waiting = cancel.run(self.turns.take(request.caller.session)).await;
            turn = Some(waiting.map_err(|_| Refusal::new(Kind::Cancelled, "The turn was cancelled"))?);
            judgement = self.judge(&request, Depth::Enough).await;
        }
        let concluded = self.conclude(&request, &judgement, cancel).await;
        drop(turn);
        concluded.map(|()| Authorized::mint(exec(&request)))
    }

    /// Asks where the judgement says so, and writes down what came of it.
    pub(super) async fn conclude(
        &self,
        request: &CommandRequest<'_>,
        judgement: &Judgement,
        cancel: &Cancel,
    ) -> Result<(), Refusal> {
        self.tell_failures(request, judgement).await;
        let decided = self.decide(request, judgement, cancel).await;
        self.write_down(request, judgement, &decided).await?;
        decided.result.map(|_| ())
    }

    async fn decide(&self, request: &CommandRequest<'_>, judgement: &Judgement, cancel: &Cancel) -> Decided {
        let unasked = |result| Decided { result, advice: Advice::Unasked };
        let in_person = match &judgement.ruling {
            Ruling::Allow(by) => return unasked(Ok(Yes { by: by.clone(), answer: None })),
            Ruling::Refuse(kind, why) => return unasked(Err(Refusal::new(kind.clone(), why))),
            Ruling::Ask { in_person } => *in_person,
        };
        let findings = asking(judgement);
        let advice = match self.advised(request, judgement, &findings, cancel).await {
            Ok(advice) => advice,
            Err(cancelled) => return unasked(Err(cancelled)),
        };
        let result = match (&advice, request.caller.audience) {
            // For this one command: nothing is remembered.
            (Advice::Approve, _) => Ok(Yes { by: "smart: approve".to_owned(), answer: None }),
            (_, Audience::Person(approver)) => {
                match self.ask(request, approver, findings.clone(), &advice, cancel).await {
                    Asked::Yes(answer) => Ok(self.keep(request, answer, &findings).await),
                    Asked::No(refusal) => Err(refusal),
                }
            }
            (Advice::Deny, _) => Err(advised_against(&findings)),
            _ => self.unattended(request, in_person, &findings, &advice),
        };
        Decided { result, advice }
    }

    /// A yes that should last is kept; where that fails it holds this once, and the person is told.
    async fn keep(&self, request: &CommandRequest<'_>, answer: Answer, findings: &[&Finding]) -> Yes {
        let rules = || findings.iter().map(|finding| finding.rule.as_str());
        let word = match answer {
            Answer::Session => {
                self.consent.remember(request.caller.session, rules());
                "session"
            }
            Answer::Always => match self.consent.remember_always(rules()).await {
                Ok(()) => "always",
                Err(error) => {
                    tracing::error!(%error, "Consent could not be written to the allow-list.");
                    if let Audience::Person(approver) = request.caller.audience {
                        let hint = error.hint().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
                        let text = format!("Failed to remember this for good, so it runs this once: {error}{hint}");
                        approver.notice(&text).await;
                    }
                    "once"
                }
            },
            Answer::Once | Answer::View | Answer::Deny { .. } => "once",
        };
        Yes { by: "person".to_owned(), answer: Some(word) }
    }

    /// Where nobody can be asked, the answer is no, unless the owner configured another one. What nobody could
    /// read and what would disarm the guard stays a no.
    fn unattended(
        &self,
        request: &CommandRequest<'_>,
        in_person: bool,
        findings: &[&Finding],
        advice: &Advice,
    ) -> Result<Yes, Refusal> {
        let (key, setting) = match request.caller.audience {
            Audience::Cron => ("cron_mode", self.policy.cron),
            Audience::SingleQuery => ("single_query_mode", self.policy.single_query),
            Audience::Unattended | Audience::Person(_) => ("unattended_mode", self.policy.unattended),
        };
        let unjudged = findings.iter().any(|finding| super::findings::is_unjudged(&finding.rule));
        if setting == Unattended::Approve && !in_person && !unjudged {
            return Ok(Yes { by: format!("`approvals.{key}: approve`"), answer: None });
        }
        let mut why = format!("It needs approval ({}), and nobody can be asked here", titles(findings));
        match (advice, &self.adviser) {
            (Advice::Escalate(escalated), _) => why.push_str(&format!("; smart mode left it to a person: {escalated}")),
            (_, Err(missing)) if self.policy.mode == Mode::Smart => {
                why.push_str(&format!("; smart mode has no model to ask: {missing}"));
            }
            _ => {}
        }
        Err(Refusal::new(Kind::NobodyThere, redact(&why)))
    }

    /// Returns what would be decided about a command, and everything found on the way, without asking.
    pub async fn check(&self, request: CommandRequest<'_>) -> Report {
        let judgement = self.judge(&request, Depth::Everything).await;
        let (verdict, why) = match judgement.ruling {
            Ruling::Allow(by) => (Verdict::Allow, by),
            Ruling::Refuse(_, why) => (Verdict::Deny, why),
            Ruling::Ask { in_person: false } if self.policy.mode == Mode::Smart => {
                (Verdict::Ask, "a model is asked first, then a person".to_owned())
            }
            Ruling::Ask { in_person: false } => (Verdict::Ask, "a person is asked".to_owned()),
            Ruling::Ask { in_person: true } => (Verdict::Ask, "a person is asked, under every mode".to_owned()),
        };
        Report { verdict, why, findings: judgement.findings, command: judgement.command }
    }

    /// Switches asking off or on for one session.
    pub fn set_yolo(&self, session: &str, on: bool) {
        self.yolo.lock().unwrap_or_else(PoisonError::into_inner).insert(session.to_owned(), on);
    }

    /// Waits until nobody is being asked anything in a session. What is returned is the turn to ask.
    pub async fn prompting(&self, session: &str) -> impl Send + use<> {
        self.turns.take(session).await
    }

    /// Whether nobody is asked in a session.
    #[must_use]
    pub fn is_yolo(&self, session: &str) -> bool {
        let sessions = self.yolo.lock().unwrap_or_else(PoisonError::into_inner);
        sessions.get(session).copied().unwrap_or(self.policy.yolo)
    }

    /// Forgets what a session said yes to, and that it was relaxed.
    pub fn end_session(&self, session: &str) {
        self.consent.end(session);
        self.turns.end(session);
        self.yolo.lock().unwrap_or_else(PoisonError::into_inner).remove(session);
        self.told.lock().unwrap_or_else(PoisonError::into_inner).retain(|(told, _)| told != session);
    }

    /// A scanner whose failure lets pass is told of once in each session.
    async fn tell_failures(&self, request: &CommandRequest<'_>, judgement: &Judgement) {
        for (plugin, why) in &judgement.passed_over {
            self.tell_once(request, plugin, &format!("Scanner `{plugin}` failed and is passed over: {why}")).await;
        }
    }

    /// Tells the person of a session something about a subject, once.
    pub(super) async fn tell_once(&self, request: &CommandRequest<'_>, subject: &str, text: &str) {
        let Audience::Person(approver) = request.caller.audience else { return };
        let key = (request.caller.session.to_owned(), subject.to_owned());
        let news = self.told.lock().unwrap_or_else(PoisonError::into_inner).insert(key);
        if news {
            approver.notice(text).await;
        }
    }

    /// Nothing takes effect that is not written down.
    async fn write_down(
        &self,
        request: &CommandRequest<'_>,
        judgement: &Judgement,
        Decided { result: decided, advice }: &Decided,
    ) -> Result<(), Refusal> {
        let (by, answer) = match decided {
            Ok(yes) => (yes.by.clone(), yes.answer),
            Err(refusal) => (refusal.word().to_owned(), None),
        };
        let by = match (advice.word(), advice) {
            (None, _) | (_, Advice::Approve) => by,
            (Some(word), _) if by == "smart" => word.to_owned(),
            (Some(word), _) => format!("{by} ({word})"),
        };
        let findings: Vec<String> = judgement.findings.iter().map(|judged| judged.finding.rule.clone()).collect();
        let [session, who, cwd, backend] =
            [request.caller.session, request.caller.who, request.cwd, request.caller.backend].map(str::to_owned);
        let command = recorded(request.text);
        let (audit, allowed, time_ms) = (self.audit.clone(), decided.is_ok(), clock::now_ms());
        let write = move || {
            audit.record(&Record {
                time_ms,
                session: &session,
                who: &who,
                cwd: &cwd,
                backend: &backend,
                command: &command,
                allowed,
                by: &by,
                findings: findings.iter().map(String::as_str).collect(),
                answer,
            })
        };
        let failed = match tokio::task::spawn_blocking(write).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        tracing::error!(error = failed, "A decision could not be written down.");
        match decided {
            Ok(_) => Err(Refusal::new(Kind::Unrecorded, format!("The command does not run: {failed}"))),
            Err(_) => Ok(()),
        }
    }
}

/// The text as the log gets it. Of one that is longer than any command that is read, the log needs the start.
fn recorded(text: &str) -> String {
    let end = text.floor_char_boundary(RECORDED.min(text.len()));
    redact(text.get(..end).unwrap_or("")).into_owned()
}

/// What is told where the model's no is the last word.
fn advised_against(findings: &[&Finding]) -> Refusal {
    let why = format!("The model that judges commands refused it ({}), and nobody can be asked here", titles(findings));
    Refusal::new(Kind::Adviser, why)
}

fn titles(findings: &[&Finding]) -> String {
    findings.iter().map(|finding| finding.title.as_str()).collect::<Vec<_>>().join(", ")
}

/// The findings that want an answer.
fn asking(judgement: &Judgement) -> Vec<&Finding> {
    let counting = judgement.findings.iter().filter(|judged| judged.counts()).map(|judged| &judged.finding);
    counting.filter(|finding| finding.action != Action::Note).collect()
}

fn exec(request: &CommandRequest<'_>) -> Exec {
    Exec {
        command: request.text.to_owned(),
        cwd: request.cwd.to_owned(),
        backend: request.caller.backend.to_owned(),
        session: request.caller.session.to_owned(),
    }
}
