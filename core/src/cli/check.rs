//! `hermes check …`: what the guard would decide, without an agent, without running anything.

mod context;
pub(super) mod jsonl;
mod opening;
mod place;
mod report;
mod url;

use std::ffi::OsString;

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::app::{App, Ground};
use crate::cli::{out, runtime};
use crate::error::{Failure, OK, USAGE};
use crate::guard::{AllowList, Audience, Caller, CommandRequest, Guard, Report, Verdict};
use place::Place;
use std::sync::Arc;

/// It needs approval.
const ASKS: u8 = 3;
/// It is denied.
const DENIED: u8 = 4;

/// What to check.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub struct CheckArgs {
    #[command(subcommand)]
    what: Option<What>,
    #[command(flatten)]
    command: CommandArgs,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Check a command; the word itself may be left out.
    Command(CommandArgs),
    /// Check a file as if it were about to enter the prompt.
    Context(context::ContextArgs),
    /// Check a URL as if the model had chosen it; nothing is fetched.
    Url(url::UrlArgs),
}

/// A command to check.
#[derive(Debug, Args)]
struct CommandArgs {
    /// As if it ran on this backend.
    #[arg(long, value_name = "NAME")]
    backend: Option<String>,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Show how the command was read.
    #[arg(long)]
    explain: bool,
    /// Read one JSON object for each check from standard input, and answer each on a line.
    #[arg(long, conflicts_with_all = ["json", "explain", "words"])]
    jsonl: bool,
    /// One word is shell text; several are a program and its arguments.
    #[arg(last = true, value_name = "CMD")]
    words: Vec<OsString>,
}

/// Runs it. The code tells the verdict.
///
/// # Errors
/// What kept it from checking.
pub fn run(args: CheckArgs, ground: Ground) -> Result<u8, Failure> {
    let args = match args.what {
        Some(What::Command(args)) => args,
        Some(What::Context(args)) => return context::run(args, ground),
        Some(What::Url(args)) => return url::run(args, ground),
        None => args.command,
    };
    if !args.jsonl && args.words.is_empty() {
        let failure = Failure::new("No command to check is given").code(USAGE);
        return Err(failure.hint("put it after `--`, as in `hermes check -- rm -r build`"));
    }
    let text = shell_text(&args.words)?;
    runtime::block_on(async {
        let user_home = ground.env.user_home().unwrap_or_default();
        let app = App::start(ground, Vec::new())?;
        let guard = app.guard(Arc::new(AllowList::new(app.home.clone())), false)?;
        let checker = Checker { app: &app, guard: &guard, home: user_home.to_string_lossy().into_owned() };
        match args.jsonl {
            true => jsonl::run(async |asked| checker.asked(asked, args.backend.as_deref()).await).await,
            false => checker.once(&text, &args).await,
        }
    })?
}

/// Several words are quoted, so that they mean to the shell what they are.
///
/// # Errors
/// For a word that is not UTF-8.
pub(super) fn shell_text(words: &[OsString]) -> Result<String, Failure> {
    let words: Option<Vec<&str>> = words.iter().map(|word| word.to_str()).collect();
    let words = words.ok_or_else(|| Failure::new("The command is not UTF-8"))?;
    match words.as_slice() {
        [text] => Ok((*text).to_owned()),
        words => Ok(words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")),
    }
}

fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:=@%+,".contains(c);
    // A leading `NAME=` would be an assignment.
    let assigns = word.split_once('=').is_some_and(|(name, _)| !name.contains('/') && !name.starts_with('-'));
    match !word.is_empty() && word.chars().all(plain) && !assigns {
        true => word.to_owned(),
        false => format!("'{}'", word.replace('\'', r"'\''")),
    }
}

/// A line of a run of many checks.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    #[serde(default, rename = "id")]
    _id: Option<Value>,
    command: String,
    #[serde(default)]
    backend: Option<String>,
    #[serde(default)]
    cwd: Option<String>,
}

/// What all checks of one process share.
struct Checker<'a> {
    app: &'a App,
    guard: &'a Guard,
    home: String,
}

impl Checker<'_> {
    async fn check(&self, text: &str, place: &Place) -> Report {
        let caller = Caller {
            backend: &place.backend,
            session: "check",
            who: "check",
            facts: &place.facts,
            audience: Audience::Unattended,
            listener: None,
        };
        let request = CommandRequest { text, cwd: &place.facts.cwd, caller };
        self.guard.check(request).await
    }

    async fn asked(&self, asked: Value, backend: Option<&str>) -> Result<Value, String> {
        let asked: Asked =
            serde_json::from_value(asked).map_err(|error| format!("Not a check of a command: {error}"))?;
        let backend = asked.backend.as_deref().or(backend);
        let place = Place::predict(self.app, backend, asked.cwd.as_deref(), &self.home);
        let place = place
            .map_err(|failure| failure.render().replace("\nhint:", ";").trim_start_matches("error: ").to_owned())?;
        Ok(report::json(&self.check(&asked.command, &place).await))
    }

    async fn once(&self, text: &str, args: &CommandArgs) -> Result<u8, Failure> {
        let place = Place::predict(self.app, args.backend.as_deref(), None, &self.home)?;
        let told = self.check(text, &place).await;
        if args.json {
            let mut value = report::json(&told);
            value["backend"] =
                json!({ "name": place.backend, "boundary": place.facts.boundary, "why": place.facts.why });
            if args.explain {
                value["command"] = json!(told.command);
            }
            out::json(&value);
        } else {
            report::print(&told, &place, args.explain);
        }
        Ok(code(told.verdict))
    }
}

fn code(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Allow => OK,
        Verdict::Ask => ASKS,
        Verdict::Deny => DENIED,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_mean_to_the_shell_what_they_are() {
        let text = |words: &[&str]| shell_text(&words.iter().map(OsString::from).collect::<Vec<_>>()).expect("UTF-8");
        assert_eq!(text(&["rm -rf x; y"]), "rm -rf x; y");
        assert_eq!(text(&["rm", "-rf", "my dir", "it's", ""]), r"rm -rf 'my dir' 'it'\''s' ''");
        assert_eq!(text(&["A=b", "--x=y", "~", "*"]), "'A=b' --x=y '~' '*'");
    }
}
