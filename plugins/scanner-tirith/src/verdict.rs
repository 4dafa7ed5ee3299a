//! What an answer of tirith means: its exit code decides, and its JSON says why.
//!
//! Pure functions over what a program printed, which may be anything. A code that is no verdict is a failure, and so
//! is a warning without details: tirith ends with the same code when it is called wrongly.

use hermes_plugin_api::command::Span;
use hermes_plugin_api::finding::{Action, Finding, Remember, Severity};
use serde::Deserialize;
use serde_json::{Map, Value, json};

/// Findings that are told, at most. More than the guard names one by one, so that none that is left out can be
/// agreed to for longer than once.
const MOST: usize = 32;
/// Longest title, in bytes.
const TITLE: usize = 160;
/// Longest description and such, in characters.
const WORDS: usize = 400;
/// Longest piece of evidence, in characters, and how many there are of one finding.
const EVIDENCE: (usize, usize) = (120, 3);

/// What tirith prints. Fields that are not used are not looked at.
#[derive(Deserialize)]
struct Report {
    findings: Vec<Raw>,
    #[serde(default)]
    bypass_honored: bool,
}

#[derive(Deserialize)]
struct Raw {
    rule_id: String,
    #[serde(default)]
    severity: String,
    #[serde(default)]
    title: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    remediation: Option<String>,
    #[serde(default)]
    mitre_id: Option<String>,
    #[serde(default)]
    evidence: Vec<Map<String, Value>>,
}

/// Returns what tirith found in a command, by its exit code and what it printed.
///
/// # Errors
/// Why this is no verdict.
pub(crate) fn read(code: Option<i32>, printed: &[u8], command: &str) -> Result<Vec<Finding>, String> {
    let report = serde_json::from_str::<Report>(&String::from_utf8_lossy(printed));
    match (code, report) {
        (Some(0), Ok(report)) if report.bypass_honored => {
            let why = "the command switches tirith off, and tirith did as it was told";
            Ok(vec![plain("tirith-bypass", "tirith was switched off", why)])
        }
        (Some(0), Ok(report)) => Ok(findings(report, command, Action::Note)),
        (Some(0), Err(_)) => Ok(Vec::new()),
        (Some(1), report) => Ok(asking(report.ok(), command, "tirith-block", "tirith blocks this command")),
        (Some(2), Ok(report)) => Ok(asking(Some(report), command, "tirith-warn", "tirith warns of this command")),
        (Some(2), Err(error)) => Err(format!("it ended with code 2 without a readable verdict ({error})")),
        (Some(code), _) => Err(format!("it ended with code {code}, which is no verdict")),
        (None, _) => Err("it was ended by a signal".to_owned()),
    }
}

/// Returns a finding for a command that tirith cannot be shown.
pub(crate) fn unjudged(why: &str) -> Finding {
    plain("tirith-unjudged", "tirith cannot judge this command", why)
}

/// A verdict that asks does so without details too.
fn asking(report: Option<Report>, command: &str, rule: &str, title: &str) -> Vec<Finding> {
    let found = report.map(|report| findings(report, command, Action::Ask)).unwrap_or_default();
    match found.is_empty() {
        true => vec![plain(rule, title, "it does not say why")],
        false => found,
    }
}

fn plain(rule: &str, title: &str, description: &str) -> Finding {
    Finding {
        rule: rule.to_owned(),
        severity: Severity::High,
        action: Action::Ask,
        title: title.to_owned(),
        description: description.to_owned(),
        remember: Remember::Session,
        ..Finding::default()
    }
}

/// One finding for each rule: a yes is a yes to the rule, so all that it found must be told at once.
fn findings(report: Report, command: &str, action: Action) -> Vec<Finding> {
    let mut found: Vec<Finding> = Vec::new();
    for raw in report.findings {
        let finding = finding(&raw, command, action);
        if let Some(known) = found.iter_mut().find(|known| known.rule == finding.rule) {
            known.severity = known.severity.max(finding.severity);
            known.description = words(&format!("{}; {}", known.description, finding.description), 2 * WORDS);
        } else if found.len() < MOST {
            found.push(finding);
        }
    }
    found
}

fn finding(raw: &Raw, command: &str, action: Action) -> Finding {
    let evidence: Vec<String> = raw.evidence.iter().filter_map(evidence).take(EVIDENCE.1).collect();
    // What follows the first line repeats the remedy.
    let said = words(raw.description.lines().find(|line| !line.trim().is_empty()).unwrap_or_default(), WORDS);
    let shown: Vec<&str> = evidence.iter().map(String::as_str).filter(|text| !said.contains(text)).collect();
    let (severity, word) = severity(&raw.severity);
    let found = if shown.is_empty() { String::new() } else { format!(" (found: {})", shown.join(", ")) };
    let description = format!("{word}: {said}{found}");
    let title = words(&raw.title, TITLE);
    let title = cut(&title, TITLE).to_owned();
    let remedy = raw.remediation.as_deref().map(|text| words(text, WORDS)).filter(|text| !text.is_empty());
    let mut details = json!({ "rule_id": words(&raw.rule_id, TITLE), "severity": word, "evidence": evidence });
    if let Some(technique) = &raw.mitre_id {
        details["mitre_id"] = words(technique, TITLE).into();
    }
    Finding {
        rule: rule(&raw.rule_id),
        severity,
        action,
        title: if title.is_empty() { "tirith objects".to_owned() } else { title },
        description,
        span: raw.evidence.iter().find_map(|evidence| place(evidence, command)),
        program: None,
        alternative: remedy,
        remember: Remember::Session,
        details,
    }
}

/// The id of a rule as the guard writes them: `curl_pipe_shell` is `tirith-curl-pipe-shell`.
fn rule(id: &str) -> String {
    let plain = id.to_ascii_lowercase();
    let parts = plain.split(|c: char| !c.is_ascii_alphanumeric()).filter(|part| !part.is_empty());
    let mut rule = "tirith".to_owned();
    for part in parts {
        if rule.len() + 1 + part.len() > 64 {
            break;
        }
        rule = format!("{rule}-{part}");
    }
    if rule == "tirith" { "tirith-finding".to_owned() } else { rule }
}

fn severity(text: &str) -> (Severity, &'static str) {
    match text.to_ascii_uppercase().as_str() {
        "INFO" | "LOW" => (Severity::Low, "low"),
        "MEDIUM" => (Severity::Medium, "medium"),
        "CRITICAL" => (Severity::Critical, "critical"),
        // What is not known may be bad.
        _ => (Severity::High, "high"),
    }
}

/// A piece of evidence in a few words, whatever its type.
fn evidence(evidence: &Map<String, Value>) -> Option<String> {
    let fields = ["raw", "matched", "raw_host", "description", "hex", "pattern"];
    let text = fields.iter().find_map(|field| evidence.get(*field)?.as_str())?;
    Some(words(text, EVIDENCE.0)).filter(|text| !text.is_empty())
}

/// Where in the command a piece of evidence stands.
fn place(evidence: &Map<String, Value>, command: &str) -> Option<Span> {
    let text = ["matched", "raw"].iter().find_map(|field| evidence.get(*field)?.as_str())?;
    let start = command.find(text).filter(|_| !text.trim().is_empty())?;
    Some(Span { start, end: start + text.len() })
}

/// A line of at most so many characters, without what a terminal would obey.
fn words(text: &str, most: usize) -> String {
    let blank = |c: char| if c.is_control() { ' ' } else { c };
    // Not more is looked at than can be shown.
    let text: String = text.chars().take(4 * most).map(blank).collect();
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(most) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

fn cut(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    text.get(..end.unwrap_or_default()).unwrap_or_default().trim_end()
}
