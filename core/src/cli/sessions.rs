//! `hermes sessions …`: what was said, kept in the home: listed, searched, shown, exported, renamed and deleted.

mod browse;
mod delete;
mod export;
mod list;
mod show;

use std::io::{BufRead as _, IsTerminal as _};
use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use serde_json::{Value, json};

use crate::app::Ground;
use crate::cli::out;
use crate::error::{Failure, OK};
use crate::host::clock;
use crate::session::sessions::Sessions;
use crate::session::store::list::Summary;

/// What to do with sessions. One is named by its id, the beginning of it, or its title.
#[derive(Debug, Subcommand)]
pub enum SessionsCommand {
    /// List sessions, the latest first.
    List {
        /// So many at most.
        #[arg(short, default_value_t = 20, value_name = "N")]
        n: usize,
        /// Only those from TAG.
        #[arg(long, value_name = "TAG")]
        source: Option<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Find messages by their words.
    ///
    /// All words must stand in a message; "words in quotes" stand together, and word* stands for what begins so.
    Search {
        /// The words.
        #[arg(required = true)]
        words: Vec<String>,
        /// So many at most.
        #[arg(short, default_value_t = 20, value_name = "N")]
        n: usize,
        /// Only in sessions from TAG.
        #[arg(long, value_name = "TAG")]
        source: Option<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show what was said in a session.
    Show {
        /// The session.
        session: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Write sessions, whole, to standard output or a file. All of them, without a name.
    Export {
        /// The session.
        session: Option<String>,
        /// How.
        #[arg(short, long, value_enum, default_value_t = Format::Jsonl)]
        format: Format,
        /// Where to.
        #[arg(short, long, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Only those from TAG.
        #[arg(long, value_name = "TAG", conflicts_with = "session")]
        source: Option<String>,
    },
    /// Delete sessions for good.
    Delete {
        /// The sessions.
        #[arg(required = true)]
        sessions: Vec<String>,
        /// Do not ask.
        #[arg(short, long)]
        yes: bool,
    },
    /// Delete the sessions in which nothing was said for long.
    Prune {
        /// For how long: 12h, 30d, 8w.
        #[arg(long, value_name = "AGE", value_parser = delete::age)]
        older_than: std::time::Duration,
        /// Only those from TAG.
        #[arg(long, value_name = "TAG")]
        source: Option<String>,
        /// Do not ask.
        #[arg(short, long)]
        yes: bool,
    },
    /// Tell how much there is.
    Stats {
        /// Only of sessions from TAG.
        #[arg(long, value_name = "TAG")]
        source: Option<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Give a session another title.
    Rename {
        /// The session.
        session: String,
        /// The title.
        #[arg(required = true, num_args = 1..)]
        title: Vec<String>,
    },
    /// Choose a session to go on with.
    Browse {
        /// Only among those from TAG.
        #[arg(long, value_name = "TAG")]
        source: Option<String>,
    },
}

/// How sessions are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// One JSON object a line: each session, then its messages.
    Jsonl,
    /// To be read.
    Markdown,
}

/// Runs one.
///
/// # Errors
/// What the command reports.
pub fn run(command: SessionsCommand, ground: Ground) -> Result<u8, Failure> {
    let sessions = Sessions::existing(&ground.home)?;
    let some = || sessions.as_ref().ok_or_else(none_yet);
    match command {
        SessionsCommand::List { n, source, json } => list::sessions(sessions.as_ref(), n, source, json),
        SessionsCommand::Search { words, n, source, json } => {
            list::search(sessions.as_ref(), &words.join(" "), n, source.as_deref(), json)
        }
        SessionsCommand::Show { session, json } => show::run(some()?, &session, json),
        SessionsCommand::Export { session, format, output, source } => {
            export::run(some()?, session.as_deref(), source, format, output)
        }
        SessionsCommand::Delete { sessions, yes } => delete::named(some()?, &sessions, yes),
        SessionsCommand::Prune { older_than, source, yes } => match &sessions {
            Some(sessions) => delete::old(sessions, older_than, source, yes),
            None => nothing(),
        },
        SessionsCommand::Stats { source, json } => list::stats(sessions.as_ref(), source.as_deref(), json),
        SessionsCommand::Rename { session, title } => {
            let mut store = some()?.store();
            let id = store.find(&session)?.id;
            let title = store.rename(&id, &title.join(" "))?;
            out::line(&format!("It is called `{title}` now."));
            Ok(OK)
        }
        SessionsCommand::Browse { source } => browse::run(sessions.ok_or_else(none_yet)?, source, ground),
    }
}

fn none_yet() -> Failure {
    Failure::new("There are no sessions yet").hint("every `hermes chat` makes one")
}

fn nothing() -> Result<u8, Failure> {
    out::line("There are no such sessions.");
    Ok(OK)
}

/// A session as `--json` tells it.
fn described(sessions: &Sessions, summary: &Summary) -> Value {
    json!({
        "id": summary.id,
        "title": summary.title,
        "source": summary.source,
        "model": summary.model,
        "parent": summary.parent,
        "begun": clock::stamp(summary.begun_ms),
        "last": clock::stamp(summary.last_ms),
        "messages": summary.messages,
        "spent": summary.spent,
        "in_use_by": sessions.in_use(&summary.id),
    })
}

/// A text of others on one line, at most `max` characters.
fn one_line(text: &str, max: usize) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|w| !w.is_empty()).collect();
    let line = words.join(" ");
    let start: String = line.chars().take(max).collect();
    if start.len() < line.len() { format!("{start}…") } else { start }
}

/// A text of others, its lines kept, without what would control the terminal.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' && c != '\t' { '\u{fffd}' } else { c }).collect()
}

/// Asks for a yes; anything else is none.
///
/// # Errors
/// Where nobody can be asked.
fn confirmed(question: &str) -> Result<bool, Failure> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Err(Failure::new("Nobody is there to confirm it").hint("give `--yes` to go ahead without asking"));
    }
    out::prompt(&format!("{question} [y/N] "));
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
