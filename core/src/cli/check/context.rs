//! `hermes check context …`: whether a file may enter the prompt, by every enabled scanner of context files.

use std::io::Read as _;
use std::path::PathBuf;

use clap::Args;
use hermes_plugin_api::finding::{Action, Finding};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{code, jsonl};
use crate::app::{App, Ground};
use crate::cli::{out, runtime};
use crate::error::Failure;
use crate::guard::content::{Contents, Objection};
use crate::guard::{Verdict, show};

/// The most that is read of a file, in bytes.
const LONGEST: u64 = 64 << 20;
/// The rule of a file that was not judged.
const UNJUDGED: &str = "scanner-failed";

/// A file to check.
#[derive(Debug, Args)]
pub(super) struct ContextArgs {
    /// The file; `-` is standard input.
    #[arg(required_unless_present = "jsonl")]
    file: Option<PathBuf>,
    /// As if it had this name.
    #[arg(long = "as", value_name = "NAME")]
    name: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Read one JSON object `{"id", "file", "text"}` a line from standard input, and answer each on a line.
    #[arg(long, conflicts_with_all = ["json", "file", "name"])]
    jsonl: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(default, rename = "id")]
    _id: Option<Value>,
    file: String,
    text: String,
}

/// Runs it. The code tells the verdict.
///
/// # Errors
/// What kept it from checking.
pub(super) fn run(args: ContextArgs, ground: Ground) -> Result<u8, Failure> {
    runtime::block_on(async {
        let app = App::start(ground, Vec::new())?;
        let contents = app.contents();
        let Some(file) = args.file else {
            return jsonl::run(async |line| {
                let asked: Asked =
                    serde_json::from_value(line).map_err(|error| format!("Not a check of a context file: {error}"))?;
                let (verdict, findings) = judge(&contents, &asked.file, &asked.text).await;
                Ok(as_json(verdict, &findings))
            })
            .await;
        };
        let text = read(&file)?;
        let name = args.name.unwrap_or_else(|| file.to_string_lossy().into_owned());
        let (verdict, findings) = judge(&contents, &name, &text).await;
        match args.json {
            true => out::json(&as_json(verdict, &findings)),
            false => print(verdict, &findings, &name, &text),
        }
        Ok(code(verdict))
    })?
}

/// A file that was not judged does not enter.
async fn judge(contents: &Contents, name: &str, text: &str) -> (Verdict, Vec<(String, Finding)>) {
    if !contents.is_watched() {
        let why = "No enabled plugin scans context files: see `hermes plugins list`";
        return (Verdict::Deny, vec![("core".to_owned(), unjudged(why.to_owned()))]);
    }
    match contents.judge(name, text).await {
        Ok(()) => (Verdict::Allow, Vec::new()),
        Err(Objection { mut found, failed }) => {
            found.extend(failed.into_iter().map(|(plugin, why)| (plugin, unjudged(why))));
            (Verdict::Deny, found)
        }
    }
}

fn unjudged(why: String) -> Finding {
    Finding {
        rule: UNJUDGED.to_owned(),
        severity: Default::default(),
        action: Action::Forbid,
        title: "the file could not be scanned".to_owned(),
        description: why,
        span: None,
        program: None,
        alternative: None,
        remember: Default::default(),
        details: Default::default(),
    }
}

fn read(file: &std::path::Path) -> Result<String, Failure> {
    let failed = |error: std::io::Error| Failure::new(format!("Failed to read `{}`: {error}", file.display()));
    let mut bytes = Vec::new();
    match file.as_os_str() == "-" {
        true => std::io::stdin().lock().take(LONGEST + 1).read_to_end(&mut bytes).map_err(failed)?,
        false => {
            let file = std::fs::File::open(file).map_err(failed)?;
            file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(failed)?
        }
    };
    if bytes.len() as u64 > LONGEST {
        return Err(Failure::new(format!("`{}` is longer than {} MiB", file.display(), LONGEST >> 20)));
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn as_json(verdict: Verdict, findings: &[(String, Finding)]) -> Value {
    let told = findings.iter().map(|(plugin, finding)| {
        let mut value =
            json!({ "rule": finding.rule, "severity": finding.severity, "title": finding.title, "source": plugin });
        if let Some(span) = finding.span {
            value["span"] = json!(span);
        }
        if !finding.description.is_empty() {
            value["description"] = json!(finding.description);
        }
        value
    });
    json!({ "verdict": verdict, "findings": told.collect::<Vec<_>>() })
}

fn print(verdict: Verdict, findings: &[(String, Finding)], name: &str, text: &str) {
    let word = json!(verdict);
    out::line(&show::one_line(&format!("{}: {name}", word.as_str().unwrap_or_default())));
    for (plugin, finding) in findings {
        let place = finding.span.map(|span| text.get(..span.start).unwrap_or_default().matches('\n').count() + 1);
        let place = place.map(|line| format!(", line {line}")).unwrap_or_default();
        let part = finding.span.and_then(|span| text.get(span.start..span.end)).unwrap_or(&finding.description);
        let part: String = part.chars().take(100).collect();
        let line = format!("  {} ({plugin}{place}) {}: {}", finding.rule, finding.title, part.escape_debug());
        out::line(&show::one_line(&line));
    }
}
