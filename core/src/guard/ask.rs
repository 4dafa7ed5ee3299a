//! Asks a person about a command: shows the prompt, keeps the time, and tells how it ended.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use hermes_plugin_api::finding::Finding;
use hermes_plugin_api::flow::Cancel;
use tokio::sync::OwnedMutexGuard;

use super::Guard;
use super::prompt::{Answer, Question};
use super::refusal::{Kind, Refusal};
use super::request::{Approver, CommandRequest};
use super::smart::Advice;
use crate::redact::redact;

/// One prompt at a time in each session: a second one waits, and may be answered by the first.
#[derive(Default)]
pub(super) struct Turns(Mutex<HashMap<String, Arc<tokio::sync::Mutex<()>>>>);

impl Turns {
    pub(super) async fn take(&self, session: &str) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            turns.entry(session.to_owned()).or_default().clone()
        };
        turn.lock_owned().await
    }

    pub(super) fn end(&self, session: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(session);
    }
}

/// How a prompt ended.
pub(super) enum Asked {
    /// A yes, and what it was.
    Yes(Answer),
    /// No.
    No(Refusal),
}

/// What one showing of a prompt came to.
enum Heard {
    Typed(Option<String>),
    Unreachable(String),
    Late,
    Cancelled,
}

impl Guard {
    /// Asks about findings, as often as the person wants to see the command whole.
    pub(super) async fn ask(
        &self,
        request: &CommandRequest<'_>,
        approver: &dyn Approver,
        findings: Vec<&Finding>,
        advice: &Advice,
        cancel: &Cancel,
    ) -> Asked {
        let text = redact(request.text);
        let question = Question::new(&text, findings, text == request.text);
        let question = if *advice == Advice::Deny { question.advised_against() } else { question };
        let mut whole = false;
        loop {
            let prompt = question.prompt(whole);
            let heard = self.hear(approver, &prompt, cancel).await;
            let asked = match heard {
                Heard::Typed(typed) => match question.read(typed.as_deref()) {
                    Answer::View => None,
                    Answer::Deny { reason } => Some(Asked::No(refused(&question, typed.is_none(), reason))),
                    yes => Some(Asked::Yes(yes)),
                },
                Heard::Unreachable(why) => Some(Asked::No(unreachable(&question, &why))),
                Heard::Late => Some(Asked::No(self.late(&question))),
                Heard::Cancelled => {
                    Some(Asked::No(Refusal::new(Kind::Cancelled, "The turn was cancelled before anybody answered")))
                }
            };
            approver.settled(&prompt, outcome(asked.as_ref())).await;
            match asked {
                Some(asked) => return asked,
                None => whole = true,
            }
        }
    }

    /// Dropping the approver's future withdraws the prompt.
    async fn hear(
        &self,
        approver: &dyn Approver,
        prompt: &hermes_plugin_api::platform::Prompt,
        cancel: &Cancel,
    ) -> Heard {
        let asking = tokio::time::timeout(self.policy.timeout, approver.ask(prompt));
        match cancel.run(asking).await {
            Err(_) => Heard::Cancelled,
            Ok(Err(_)) => Heard::Late,
            Ok(Ok(Ok(typed))) => Heard::Typed(typed),
            Ok(Ok(Err(error))) => Heard::Unreachable(error.to_string()),
        }
    }

    fn late(&self, question: &Question<'_>) -> Refusal {
        let limit = self.policy.timeout.as_secs();
        let title = question.title();
        let why = format!("It needs approval ({title}), and nobody answered within {limit} s: a timeout, not a no");
        Refusal::new(Kind::Timeout, why)
    }
}

fn refused(question: &Question<'_>, left: bool, reason: Option<String>) -> Refusal {
    let title = question.title();
    let why = match &reason {
        Some(reason) => format!("The person refused it ({title}) and said: {reason}"),
        None if left => format!("The person did not answer ({title}), which counts as a no"),
        None => format!("The person refused it ({title})"),
    };
    Refusal::new(Kind::Person { reason }, why)
}

fn unreachable(question: &Question<'_>, why: &str) -> Refusal {
    let title = question.title();
    Refusal::new(Kind::NobodyThere, format!("It needs approval ({title}), and the person cannot be reached: {why}"))
}

fn outcome(asked: Option<&Asked>) -> &'static str {
    match asked {
        None => "shown whole",
        Some(Asked::Yes(Answer::Session)) => "allowed for this session",
        Some(Asked::Yes(Answer::Always)) => "always allowed",
        Some(Asked::Yes(_)) => "allowed once",
        Some(Asked::No(refusal)) => match refusal.kind {
            Kind::Timeout => "denied: time is over",
            Kind::Cancelled => "cancelled",
            _ => "denied",
        },
    }
}
