//! Every scanner answers in time and in form, whatever it is shown.

use std::collections::BTreeMap;

use hermes_plugin_api::command::{Command, Piece, Simple, Span, Word};
use hermes_plugin_api::finding::{CommandSubject, Finding, Subject};
use hermes_plugin_api::manifest::{Provide, is_id};

use super::{Checks, graceful, timely};
use crate::app::App;
use crate::plugin::registry::Entry;

/// The kinds of subject, as manifests write them.
const KINDS: [&str; 6] = ["command", "url", "context_file", "skill", "tool_output", "message"];

pub(super) async fn check(checks: &mut Checks, app: &App, entry: &Entry, offer: &Provide) {
    let name = &offer.name;
    let unknown = offer.subjects.iter().find(|subject| !KINDS.contains(&subject.as_str()));
    let declared = match (offer.subjects.is_empty(), unknown) {
        (true, _) => Err("the manifest declares no `subjects`: it would never be asked".to_owned()),
        (_, Some(unknown)) => Err(format!("`{unknown}` is no kind of subject; there are {}", KINDS.join(", "))),
        _ => Ok(()),
    };
    checks.add(format!("scanner `{name}` declares what it judges"), declared);
    for kind in KINDS.into_iter().filter(|kind| offer.subjects.iter().any(|subject| subject == kind)) {
        for (shape, text) in shapes() {
            let subject = subject(kind, &text);
            let result = match app.plugins.scanner(entry, name) {
                Err(refusal) => Err(refusal.cause),
                Ok(scanner) => match timely("scan", async move { scanner.scan(&subject).await }).await {
                    Ok(findings) => findings.iter().try_for_each(|finding| formed(finding, &text)),
                    Err(error) => graceful(&error),
                },
            };
            checks.add(format!("scanner `{name}` judges {kind} of {shape}"), result);
        }
    }
}

/// Texts that are everyday, extreme or hostile.
fn shapes() -> Vec<(&'static str, String)> {
    vec![
        ("everyday text", "ls -la /tmp".to_owned()),
        ("no text", String::new()),
        ("128 KiB", "a".repeat(128 * 1024)),
        ("100,000 separators", ";".repeat(100_000)),
        ("deep nesting", format!("{}{}", "$(".repeat(2_000), ")".repeat(2_000))),
        ("odd characters", "a\0b\u{1b}[2J\u{202e}\u{200d}e\u{301}\u{feff}👩‍👩‍👧 ﷽ \u{10ffff}\r\n".to_owned()),
    ]
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

fn formed(finding: &Finding, text: &str) -> Result<(), String> {
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
