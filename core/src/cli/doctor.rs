//! `hermes doctor`: looks at everything that must be there, and says of each what is wrong with it and what to do.
//!
//! It opens no plugin, asks nobody and changes nothing, unless it is asked to open the places where commands run. What cannot be looked at because something before it is broken
//! is left out.

mod backends;
mod disk;
mod needs;
mod place;
mod plugins;
mod state;

use clap::Args;
use serde::Serialize;
use serde_json::json;

use crate::app::Ground;
use crate::cli::out;
use crate::config::layers::Config;
use crate::config::problem::{Problem, Severity};
use crate::error::{FAILED, Failure, OK};

/// How to tell it.
#[derive(Debug, Args)]
pub struct DoctorArgs {
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Also open a session of every backend that could be used, and close it: it may connect, and fetch an image.
    #[arg(long)]
    open: bool,
}

/// What was looked at, and how it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct Check {
    /// What.
    name: &'static str,
    state: State,
    /// How it is, in a sentence.
    said: String,
    /// What to do about it.
    fix: Option<String>,
}

/// What must be well before anything is opened.
const BEFORE: [&str; 3] = ["home", "config", "secrets"];

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
enum State {
    /// As it should be.
    Ok,
    /// It works, and could be better.
    Warning,
    /// Something will not work.
    Failed,
}

impl Check {
    fn ok(name: &'static str, said: impl Into<String>) -> Self {
        Self { name, state: State::Ok, said: said.into(), fix: None }
    }

    fn warning(name: &'static str, said: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { name, state: State::Warning, said: said.into(), fix: Some(fix.into()) }
    }

    /// Something that is as it should be for now, and how it could be more.
    fn hinted(name: &'static str, said: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { state: State::Ok, ..Self::warning(name, said, fix) }
    }

    fn is_bad(&self) -> bool {
        self.state == State::Failed
    }

    fn failed(name: &'static str, said: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { state: State::Failed, ..Self::warning(name, said, fix) }
    }
}

/// Runs it.
///
/// # Errors
/// Never: what is wrong is told as a check, and the exit code says so.
pub fn run(args: &DoctorArgs, ground: Result<Ground, Failure>) -> Result<u8, Failure> {
    let opened = args.open.then(|| ground.as_ref().ok().cloned()).flatten();
    let mut checks = all(ground);
    if let Some(ground) = opened.filter(|_| !checks.iter().any(|check| BEFORE.contains(&check.name) && check.is_bad()))
    {
        checks.extend(backends::opened(ground));
    }
    if args.json {
        out::json(&json!(checks));
    } else {
        checks.iter().for_each(print);
    }
    Ok(if checks.iter().any(|check| check.state == State::Failed) { FAILED } else { OK })
}

fn all(ground: Result<Ground, Failure>) -> Vec<Check> {
    let ground = match ground {
        Ok(ground) => ground,
        Err(failure) => return vec![told("home", &failure)],
    };
    let mut checks = vec![place::home(&ground.home)];
    checks.extend(configuration(&ground));
    match Config::load(&ground.sources()) {
        Ok(config) => {
            checks.extend(plugins::all(&ground, &config));
            checks.extend([plugins::scanners(&ground, &config), plugins::model(&ground, &config)]);
            checks.extend(backends::all(&ground, &config));
        }
        Err(error) if checks.iter().all(|check| check.state != State::Failed) => {
            checks.push(told("config", &error.into()));
        }
        // It was told line by line.
        Err(_) => {}
    }
    checks.extend([state::sessions(&ground.home), state::audit(&ground.home), state::notes(&ground.home)]);
    checks.extend([disk::space(&ground.home), place::terminal(&ground.env)]);
    checks
}

/// Every problem of the configuration and of the file of secrets is a check of its own.
fn configuration(ground: &Ground) -> Vec<Check> {
    let problems = match ground.sources().problems() {
        Ok(problems) => problems,
        Err(error) => return vec![told("config", &error.into())],
    };
    let secrets = ground.home.env_file();
    let is_secrets = |problem: &Problem| {
        problem.file.as_ref() == Some(&secrets) || problem.message.contains(&secrets.display().to_string())
    };
    let (of_secrets, of_config): (Vec<Problem>, Vec<Problem>) = problems.into_iter().partition(is_secrets);
    [("config", ground.home.config_file(), of_config), ("secrets", secrets, of_secrets)]
        .into_iter()
        .flat_map(|(name, path, problems)| match (problems.is_empty(), path.exists()) {
            (true, true) => vec![Check::ok(name, format!("`{}` is as it should be", path.display()))],
            (true, false) => vec![Check::ok(name, format!("there is no `{}`, and need not be", path.display()))],
            _ => problems.iter().map(|problem| of_problem(name, problem)).collect(),
        })
        .collect()
}

fn of_problem(name: &'static str, problem: &Problem) -> Check {
    let fix = problem.hint.clone().unwrap_or_else(|| "`hermes config edit`".to_owned());
    match problem.severity {
        Severity::Error => Check::failed(name, problem.to_string(), fix),
        Severity::Warning => Check::warning(name, problem.to_string(), fix),
    }
}

/// A failure as a check.
fn told(name: &'static str, failure: &Failure) -> Check {
    let text = failure.render();
    let (said, fix) = text.split_once("\nhint: ").unwrap_or((&text, "see the documentation"));
    let said = said.strip_prefix("error: ").unwrap_or(said).replace("\n  Caused by: ", ": ");
    Check::failed(name, said, fix)
}

fn print(check: &Check) {
    let (bold, mark, plain) = match check.state {
        State::Ok => ("\u{1b}[32m", "ok     ", "\u{1b}[0m"),
        State::Warning => ("\u{1b}[33m", "warning", "\u{1b}[0m"),
        State::Failed => ("\u{1b}[31m", "failed ", "\u{1b}[0m"),
    };
    out::line(&format!("{bold}{mark}{plain}  {:<9} {}", check.name, check.said));
    if let Some(fix) = &check.fix {
        out::line(&format!("                   → {fix}"));
    }
}
