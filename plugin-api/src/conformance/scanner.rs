//! Every scanner answers in time and in form, whatever it is shown. Which findings it has is its own affair.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Check, Checks, Held, PATIENCE, Runner, graceful, shapes};
use crate::Scanner;
use crate::command::{Command, Piece, Simple, Span, Word};
use crate::finding::{CommandSubject, Finding, Subject};
use crate::manifest::is_id;

/// The kinds of subject, as manifests write them.
const KINDS: [&str; 6] = ["command", "url", "context_file", "skill", "tool_output", "message"];

/// Runs the checks of a scanner that the manifest calls `name` and that declares to judge `subjects`.
pub async fn scanner(runner: &impl Runner, scanner: &Arc<impl Scanner>, name: &str, subjects: &[String]) -> Vec<Check> {
    let mut checks = Checks::default();
    let unknown = subjects.iter().find(|subject| !KINDS.contains(&subject.as_str()));
    let declared = match (subjects.is_empty(), unknown) {
        (true, _) => Err("the manifest declares no `subjects`: it would never be asked".to_owned()),
        (_, Some(unknown)) => Err(format!("`{unknown}` is no kind of subject; there are {}", KINDS.join(", "))),
        _ => Ok(()),
    };
    checks.add(format!("scanner `{name}` declares what it judges"), declared);
    for kind in KINDS.into_iter().filter(|kind| subjects.iter().any(|subject| subject == kind)) {
        for (shape, text) in shapes() {
            let (scanner, subject) = (scanner.clone(), subject(kind, &text));
            let result = match runner.run(PATIENCE, async move { scanner.scan(&subject).await }).await {
                Ok(findings) => findings.iter().try_for_each(|finding| formed(finding, &text)),
                Err(error) => graceful(&error),
            };
            checks.add(format!("scanner `{name}` judges {kind} of {shape}"), result);
        }
    }
    checks.0
}

fn subject(kind: &str, text: &str) -> Subject {
    let text = text.to_owned();
    match kind {
        "command" => command(text),
        "url" => Subject::Url { url: text },
        "context_file" => Subject::ContextFile { name: "AGENTS.md".into(), text },
        "skill" => Subject::Skill { files: BTreeMap::from([("SKILL.md".to_owned(), text)]) },
        "tool_output" => Subject::ToolOutput { tool: "read_file".into(), text },
        _ => Subject::Message { text },
    }
}

/// A command whose words are the text's, cut at blanks.
fn command(text: String) -> Subject {
    let mut words = Vec::new();
    for part in text.split(' ').filter(|part| !part.is_empty()) {
        let start = part.as_ptr() as usize - text.as_ptr() as usize;
        let span = Span { start, end: start + part.len() };
        words.push(Word { pieces: vec![Piece::Text(part.to_owned())], span });
    }
    let simple = Simple { words, span: Span { start: 0, end: text.len() }, ..Simple::default() };
    let command = Command { text, simple: vec![simple], ..Command::default() };
    Subject::Command(CommandSubject { command, cwd: "/".into(), backend: "local".into() })
}

fn formed(finding: &Finding, text: &str) -> Held {
    let rule = &finding.rule;
    if !is_id(rule) {
        return Err(format!("the rule `{}` is not lower-case words joined by `-`", rule.escape_debug()));
    }
    let title = &finding.title;
    if title.trim().is_empty() || title.chars().any(char::is_control) || title.len() > 200 {
        return Err(format!("`{rule}`: the title is not one short line of text"));
    }
    match finding.span {
        Some(span) if text.get(span.start..span.end).is_none() => {
            Err(format!("`{rule}`: the span {}..{} is not a part of the text", span.start, span.end))
        }
        _ => Ok(()),
    }
}
