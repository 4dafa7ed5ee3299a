//! A plugin's question to a person, and what they answered.
//!
//! It cannot be taken for the guard's: it begins with who asks, every line of it is marked, and choices are
//! numbers. It shows nothing by itself.

use std::time::Duration;

use hermes_plugin_api::error::{PluginError, Result};
use hermes_plugin_api::platform::{Choice, Prompt};
use hermes_plugin_api::session::{
    ASK_LONGEST, ASK_TIMEOUT, Answer, AskRequest, CHOICE, CHOICES, QUESTION, QUESTION_LINES,
};

use crate::conversation::quote;
use crate::host::clock;
use crate::redact::redact;

/// A question that can be asked.
#[derive(Debug)]
pub(super) struct Question<'a> {
    asker: &'a str,
    request: &'a AskRequest,
}

/// What a person's words mean.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// An answer.
    Answer(Answer),
    /// Nothing that was offered.
    Again,
}

impl<'a> Question<'a> {
    /// Checks a question of the plugin `asker`.
    ///
    /// # Errors
    /// `USER`, naming what is wrong with it.
    pub(super) fn new(asker: &'a str, request: &'a AskRequest) -> Result<Self> {
        let AskRequest { question, choices, timeout, .. } = request;
        let wrong = |why: String| Err(PluginError::user(why));
        if question.trim().is_empty() {
            return wrong("The question is empty".into());
        }
        if question.chars().count() > QUESTION || question.lines().count() > QUESTION_LINES {
            return wrong(format!("The question is longer than {QUESTION} characters or {QUESTION_LINES} lines"));
        }
        if choices.len() > CHOICES {
            return wrong(format!("The question has {} choices: at most {CHOICES} can be shown", choices.len()));
        }
        for (index, choice) in choices.iter().enumerate() {
            let number = index + 1;
            if choice.trim().is_empty() || choice.trim().contains('\n') || choice.chars().count() > CHOICE {
                return wrong(format!("Choice {number} is not one line of 1 to {CHOICE} characters"));
            }
            if choices[..index].iter().any(|other| same(other, choice)) {
                return wrong(format!("Choice {number} stands there twice"));
            }
        }
        if timeout.is_some_and(|timeout| timeout == 0 || timeout > ASK_LONGEST) {
            return wrong(format!("The timeout of the question is not 1 to {ASK_LONGEST} seconds"));
        }
        Ok(Self { asker, request })
    }

    /// How long it waits for its answer.
    pub(super) fn limit(&self) -> Duration {
        Duration::from_secs(self.request.timeout.unwrap_or(ASK_TIMEOUT))
    }

    /// Returns it as a prompt, a new one each time.
    pub(super) fn prompt(&self) -> Prompt {
        let mut text = format!("❓ Plugin `{}` asks:\n", self.asker);
        for line in quote::lines(&redact(&self.request.question)) {
            text.push_str(&format!("    │ {line}\n"));
        }
        let mut choices = Vec::new();
        for (index, choice) in self.request.choices.iter().enumerate() {
            let id = (index + 1).to_string();
            let label = format!("{id}. {}", quote::line(&redact(choice)));
            for (place, line) in quote::lines(&label).iter().enumerate() {
                text.push_str(&format!("    │ {}{line}\n", if place == 0 { "  " } else { "     " }));
            }
            choices.push(Choice { id, label });
        }
        let question = match (choices.len(), self.is_free()) {
            (0, _) => "    Answer (Enter for none): ".to_owned(),
            (last, true) => format!("    Answer [1-{last}, or in your own words; Enter for none]: "),
            (last, false) => format!("    Answer [1-{last}; Enter for none]: "),
        };
        Prompt { id: clock::random_id(), text, choices, question, hidden: false }
    }

    /// Returns what a typed or pressed text means, `None` being Ctrl-C or somebody who left.
    pub(super) fn read(&self, typed: Option<&str>) -> Heard {
        let typed = typed.unwrap_or_default().trim();
        if typed.is_empty() {
            return Heard::Answer(Answer::Declined);
        }
        let choices = &self.request.choices;
        let number = typed.strip_suffix('.').unwrap_or(typed).parse::<usize>().ok();
        let numbered = number.and_then(|number| number.checked_sub(1)).filter(|index| *index < choices.len());
        let chosen = numbered.or_else(|| choices.iter().position(|choice| same(choice, typed)));
        match chosen {
            Some(index) => Heard::Answer(Answer::Chosen { index, text: choices[index].clone() }),
            None if self.is_free() => Heard::Answer(Answer::Typed { text: quote::typed(&redact(typed)) }),
            None => Heard::Again,
        }
    }

    fn is_free(&self) -> bool {
        self.request.free_text || self.request.choices.is_empty()
    }
}

fn same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asking(choices: &[&str], free_text: bool) -> AskRequest {
        let choices = choices.iter().map(|&choice| choice.to_owned()).collect();
        AskRequest { question: "Which one?".into(), choices, free_text, ..AskRequest::default() }
    }

    fn heard(request: &AskRequest, typed: &str) -> Heard {
        Question::new("tools-x", request).expect("can be asked").read(Some(typed))
    }

    fn chosen(index: usize, text: &str) -> Heard {
        Heard::Answer(Answer::Chosen { index, text: text.into() })
    }

    #[test]
    fn a_choice_is_its_number_or_its_words() {
        let request = asking(&["Red", "blue"], false);
        assert_eq!(heard(&request, "2"), chosen(1, "blue"));
        assert_eq!(heard(&request, " 1. "), chosen(0, "Red"));
        assert_eq!(heard(&request, "red"), chosen(0, "Red"));
        for other in ["0", "3", "green", "-1", "99999999999999999999"] {
            assert_eq!(heard(&request, other), Heard::Again, "{other}");
        }
        assert_eq!(heard(&request, "  "), Heard::Answer(Answer::Declined));
        assert_eq!(Question::new("x", &request).expect("good").read(None), Heard::Answer(Answer::Declined));
    }

    #[test]
    fn own_words_are_taken_where_they_may_be_and_hold_no_secret() {
        let typed = |text: &str| Heard::Answer(Answer::Typed { text: text.into() });
        assert_eq!(heard(&asking(&["red"], true), "gr\u{1b}een"), typed("gr\u{fffd}een"));
        assert_eq!(heard(&asking(&[], false), "3"), typed("3"));
        let token = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
        assert_eq!(heard(&asking(&[], true), &format!("use {token}")), typed("use [REDACTED]"));
    }

    #[test]
    fn it_says_who_asks_and_every_line_is_marked() {
        let hostile = "Sure?\n⚠️  DANGEROUS COMMAND: x\r    [o]nce | [d]eny\n\u{1b}[2J    Choice [o/s/a/D]:";
        let request = AskRequest { question: hostile.into(), ..asking(&["one\u{1b}", &"w".repeat(150)], true) };
        let prompt = Question::new("tools-x", &request).expect("can be asked").prompt();
        let mut lines = prompt.text.lines();
        assert_eq!(lines.next(), Some("❓ Plugin `tools-x` asks:"));
        assert!(lines.clone().count() > 5 && lines.all(|line| line.starts_with("    │ ")), "{}", prompt.text);
        assert!(!prompt.text.contains(['\u{1b}', '\r']), "{}", prompt.text);
        assert_eq!(prompt.question, "    Answer [1-2, or in your own words; Enter for none]: ");
        let ids: Vec<_> = prompt.choices.iter().map(|choice| choice.id.as_str()).collect();
        assert_eq!(ids, ["1", "2"]);
    }

    #[test]
    fn what_cannot_be_asked_is_named() {
        let error = |request: AskRequest| Question::new("x", &request).expect_err("cannot be asked").message;
        let long = |n: usize| "x".repeat(n);
        assert_eq!(error(AskRequest::default()), "The question is empty");
        assert!(error(AskRequest { question: long(QUESTION + 1), ..AskRequest::default() }).contains("longer than"));
        let lines = "x\n".repeat(QUESTION_LINES + 1);
        assert!(error(AskRequest { question: lines, ..AskRequest::default() }).contains("20 lines"));
        assert!(error(asking(&["a"; CHOICES + 1], true)).contains("10 choices"));
        assert_eq!(error(asking(&["a", "b", " A "], true)), "Choice 3 stands there twice");
        for bad in ["", "a\nb", &long(CHOICE + 1)] {
            assert!(error(asking(&["a", bad], true)).starts_with("Choice 2 is not one line"), "{bad}");
        }
        for timeout in [0, ASK_LONGEST + 1, u64::MAX] {
            let request = AskRequest { timeout: Some(timeout), ..asking(&[], true) };
            assert!(error(request).contains("timeout"), "{timeout}");
        }
    }
}
