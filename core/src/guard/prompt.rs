//! What a person is asked about a command, and what their answer means.
//!
//! Only a clear yes is a yes: Enter, end of input and anything unknown are a no.

use hermes_plugin_api::command::Span;
use hermes_plugin_api::finding::{Finding, Remember};
use hermes_plugin_api::platform::{Choice, Prompt};

use super::{consent, show};
use crate::host::clock;

/// As many findings are told one by one.
const LISTED: usize = 8;

/// A question about a command.
pub(super) struct Question<'a> {
    /// The text as it may be shown.
    pub(super) text: &'a str,
    /// What must be answered for. Never empty.
    pub(super) findings: Vec<&'a Finding>,
    /// How long a yes may last.
    pub(super) longest: Remember,
    /// The places of findings are those of this text.
    markable: bool,
    /// The model that was asked first is against it.
    against: bool,
}

/// What a person answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// This execution.
    Once,
    /// These rules, for this session.
    Session,
    /// These rules, for good.
    Always,
    /// No.
    Deny {
        /// What they said about it.
        reason: Option<String>,
    },
    /// Show the whole command, and ask again.
    View,
}

impl<'a> Question<'a> {
    /// Makes a question about findings that all want an answer; `markable` where their places are those of `text`.
    pub(super) fn new(text: &'a str, findings: Vec<&'a Finding>, markable: bool) -> Self {
        let longest = findings.iter().map(|finding| consent::longest(finding)).min().unwrap_or(Remember::Once);
        let mut question = Self { text, findings, longest, markable, against: false };
        // What is not named cannot be agreed to for longer than this once.
        if question.titles().len() > LISTED {
            question.longest = Remember::Once;
        }
        question
    }

    /// A model advised against it: a yes holds this once.
    pub(super) fn advised_against(self) -> Self {
        Self { longest: Remember::Once, against: true, ..self }
    }

    /// Returns it as a prompt; `whole` shows all of a long command.
    pub(super) fn prompt(&self, whole: bool) -> Prompt {
        let marks = self.findings.iter().filter_map(|finding| finding.span).filter(|_| self.markable);
        let marks: Vec<Span> = marks.collect();
        let shown = show::command(self.text, &marks, whole);
        let choices = self.choices(shown.shortened);
        let labels: Vec<&str> = choices.iter().map(|choice| choice.label.as_str()).collect();
        let letters: Vec<String> = choices.iter().map(letter).collect();
        let head = format!("⚠️  DANGEROUS COMMAND: {}", self.title());
        let text = format!("{head}\n{}\n{}    {}", shown.text, self.details(), labels.join(" | "));
        let question = format!("    Choice [{}]: ", letters.join("/"));
        Prompt { id: clock::random_id(), text, choices, question, hidden: false }
    }

    /// Returns what was found, in a few words: nothing is agreed to that was not named.
    pub(super) fn title(&self) -> String {
        let mut titles = self.titles();
        let more = titles.len().saturating_sub(LISTED);
        titles.truncate(LISTED);
        match more {
            0 => titles.join(", "),
            more => format!("{}, and {more} more", titles.join(", ")),
        }
    }

    fn titles(&self) -> Vec<String> {
        let mut titles: Vec<String> = Vec::new();
        for finding in &self.findings {
            let title = show::one_line(&finding.title);
            if !titles.contains(&title) {
                titles.push(title);
            }
        }
        titles
    }

    /// A single finding without a description needs no list: its title says it.
    fn details(&self) -> String {
        let told = self.findings.iter().filter(|finding| !finding.description.is_empty());
        let line = |finding: &&&Finding| {
            let (title, words) = (show::one_line(&finding.title), show::one_line(&finding.description));
            let safer = finding.alternative.as_deref().map(|way| format!("\n      Safer: {}", show::one_line(way)));
            format!("    - {title}: {words}{}\n", safer.unwrap_or_default())
        };
        let mut details: String = told.take(LISTED).map(|finding| line(&finding)).collect();
        if self.against {
            details.push_str("    - The model that was asked first is against it\n");
        }
        details
    }

    fn choices(&self, shortened: bool) -> Vec<Choice> {
        let choice = |id: &str, label: &str| Choice { id: id.to_owned(), label: label.to_owned() };
        let mut choices = vec![choice("once", "[o]nce")];
        if self.longest >= Remember::Session {
            choices.push(choice("session", "[s]ession"));
        }
        if self.longest >= Remember::Always {
            choices.push(choice("always", "[a]lways"));
        }
        choices.push(choice("deny", "[d]eny"));
        if shortened {
            choices.push(choice("view", "[v]iew"));
        }
        choices
    }

    /// Returns what a typed text means, `None` being end of input. A yes that was not offered is a no.
    pub(super) fn read(&self, typed: Option<&str>) -> Answer {
        let typed = typed.unwrap_or_default().trim();
        let (first, rest) = typed.split_once(char::is_whitespace).unwrap_or((typed, ""));
        let reason = Some(rest.trim().to_owned()).filter(|rest| !rest.is_empty());
        match (first.to_lowercase().as_str(), rest) {
            ("o" | "once", "") => Answer::Once,
            ("s" | "session", "") if self.longest >= Remember::Session => Answer::Session,
            ("a" | "always", "") if self.longest >= Remember::Always => Answer::Always,
            ("v" | "view", "") => Answer::View,
            ("d" | "deny" | "n" | "no", _) => Answer::Deny { reason },
            _ => Answer::Deny { reason: None },
        }
    }
}

/// Deny is the default, and stands in upper case.
fn letter(choice: &Choice) -> String {
    let first: String = choice.id.chars().take(1).collect();
    if choice.id == "deny" { first.to_uppercase() } else { first }
}

#[cfg(test)]
mod tests;
