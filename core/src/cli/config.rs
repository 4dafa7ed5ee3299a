//! `hermes config …`: the configuration, seen and changed by its owner.
//!
//! Works without opening a plugin, and, but for `show`, with a configuration that is broken: mending it is what
//! these words are for. Values of secrets are never printed.

mod editor;
mod set;

use clap::Subcommand;
use serde_json::{Value, json};

use crate::app::Ground;
use crate::cli::out;
use crate::config::keys::KeyPath;
use crate::config::layers::{Config, Shown, Sources};
use crate::config::problem::{Problem, Severity};
use crate::config::yaml::Document;
use crate::error::{FAILED, Failure, OK};

/// The version of the configuration that this program writes.
const VERSION: u64 = 1;

/// What to do with the configuration.
#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Show every value in force and where it comes from.
    Show {
        /// Only this key, or what stands below it.
        key: Option<KeyPath>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Edit the file in $VISUAL or $EDITOR; it is checked before it is saved.
    Edit,
    /// Set a key, such as `terminal.timeout`, or a variable, such as `ACME_API_KEY`. Secrets go to `.env`.
    Set {
        /// The key or variable.
        key: String,
        /// The value; without it, it is asked for, or read from standard input.
        #[arg(allow_hyphen_values = true)]
        value: Option<String>,
    },
    /// Print where the configuration file is.
    Path,
    /// Print where the file of secrets is.
    EnvPath,
    /// List every problem, each with its line.
    Check {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Bring an older configuration up to date.
    Migrate,
}

/// Runs one.
///
/// # Errors
/// What the command reports.
pub fn run(command: ConfigCommand, ground: &Ground) -> Result<u8, Failure> {
    let sources = ground.sources();
    match command {
        ConfigCommand::Show { key, json } => show(&sources, key.as_ref(), json),
        ConfigCommand::Edit => editor::run(&sources),
        ConfigCommand::Set { key, value } => set::run(&sources, &key, value),
        ConfigCommand::Path => path(&sources.home.config_file()),
        ConfigCommand::EnvPath => path(&sources.home.env_file()),
        ConfigCommand::Check { json } => check(&sources, json),
        ConfigCommand::Migrate => migrate(&sources),
    }
}

fn show(sources: &Sources, key: Option<&KeyPath>, as_json: bool) -> Result<u8, Failure> {
    let config = Config::load(sources)?;
    for warning in &config.warnings {
        note(warning);
    }
    let rows: Vec<Shown> =
        config.shown().into_iter().filter(|row| key.is_none_or(|key| key.covers(&row.path))).collect();
    if let Some(key) = key.filter(|_| rows.is_empty()) {
        return match config.key_space().section(key) {
            Some(_) => Err(Failure::new(format!("`{key}` is not set and has no default"))),
            None => Err(set::unknown(config.key_space(), key)),
        };
    }
    match as_json {
        true => out::json(&rows.iter().map(described).collect()),
        false => {
            let row = |row: &Shown| vec![row.path.to_string(), written(&row.value), row.origin.to_string()];
            out::table(&["KEY", "VALUE", "FROM"], rows.iter().map(row).collect());
        }
    }
    Ok(OK)
}

fn described(row: &Shown) -> Value {
    json!({ "key": row.path.to_string(), "value": row.value, "from": row.origin.to_string() })
}

fn written(value: &Value) -> String {
    match value {
        Value::String(text) if !text.is_empty() && !text.contains(char::is_control) => text.clone(),
        other => other.to_string(),
    }
}

fn path(path: &std::path::Path) -> Result<u8, Failure> {
    out::line(&path.display().to_string());
    Ok(OK)
}

fn check(sources: &Sources, as_json: bool) -> Result<u8, Failure> {
    let problems = sources.problems()?;
    let failed = problems.iter().any(|problem| problem.severity == Severity::Error);
    if as_json {
        out::json(&problems.iter().map(told).collect());
    } else if problems.is_empty() {
        out::line("No problems found");
    } else {
        problems.iter().for_each(|problem| out::line(&rendered(problem)));
    }
    Ok(if failed { FAILED } else { OK })
}

fn told(problem: &Problem) -> Value {
    json!({
        "severity": severity(problem),
        "file": problem.file,
        "line": problem.line,
        "key": problem.key,
        "message": problem.message,
        "hint": problem.hint,
    })
}

fn note(problem: &Problem) {
    out::note(&rendered(problem));
}

fn rendered(problem: &Problem) -> String {
    let hint = problem.hint.as_ref().map_or_else(String::new, |hint| format!("\n  hint: {hint}"));
    format!("{}: {problem}{hint}", severity(problem))
}

fn severity(problem: &Problem) -> &'static str {
    match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}

fn migrate(sources: &Sources) -> Result<u8, Failure> {
    let path = sources.home.config_file();
    let text = editor::text(&path)?;
    let document = Document::parse(text).map_err(|error| {
        Failure::new(format!("{error} (`{}`, line {})", path.display(), error.line)).hint("`hermes config edit`")
    })?;
    match document.value().get("config_version").and_then(Value::as_u64).unwrap_or(VERSION) {
        version if version > VERSION => {
            let message = format!("The configuration is of version {version}, and this program knows {VERSION}");
            Err(Failure::new(message).hint("use the newer program that wrote it"))
        }
        _ => {
            out::line(&format!("Nothing to do: version {VERSION} is current"));
            Ok(OK)
        }
    }
}

#[cfg(test)]
mod tests;
