//! `hermes audit …`: what was decided, and whether the log is whole.

use clap::Subcommand;
use serde_json::json;

use crate::app::Ground;
use crate::cli::out;
use crate::error::{FAILED, Failure, OK};
use crate::guard::audit::{Line, read, verify};

/// What to do with the audit log.
#[derive(Debug, Subcommand)]
pub enum AuditCommand {
    /// List the last decisions, the newest last.
    List {
        /// So many at most.
        #[arg(short, default_value_t = 20, value_name = "N")]
        n: usize,
        /// Only those of one session.
        #[arg(long, value_name = "ID")]
        session: Option<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Check that no decision was changed, removed or put in later.
    Verify {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Runs one.
///
/// # Errors
/// What the command reports; a log that is not whole among it.
pub fn run(command: AuditCommand, ground: &Ground) -> Result<u8, Failure> {
    match command {
        AuditCommand::List { n, session, json } => list(ground, n, session.as_deref(), json),
        AuditCommand::Verify { json } => verify(ground, json),
    }
}

fn list(ground: &Ground, n: usize, session: Option<&str>, as_json: bool) -> Result<u8, Failure> {
    let lines = read::last(ground.home.root(), n, session).map_err(|error| unreadable(&error))?;
    match as_json {
        true => out::json(&json!(lines)),
        false => out::table(&["TIME", "VERDICT", "BY", "FINDINGS", "COMMAND"], lines.iter().map(row).collect()),
    }
    Ok(OK)
}

fn row(line: &Line) -> Vec<String> {
    let by = line.answer.as_ref().map_or_else(|| line.by.clone(), |answer| format!("{}: {answer}", line.by));
    let command: String = line.command.chars().take(100).collect();
    vec![line.time.clone(), line.verdict.clone(), by, line.findings.join(", "), command.escape_debug().to_string()]
}

fn verify(ground: &Ground, as_json: bool) -> Result<u8, Failure> {
    let verified = verify::verify(ground.home.root()).map_err(|error| unreadable(&error))?;
    if as_json {
        out::json(&json!(verified));
        return Ok(if verified.broken.is_some() { FAILED } else { OK });
    }
    for note in &verified.notes {
        out::note(&format!("note: {note}"));
    }
    if let Some(broken) = &verified.broken {
        let place = format!("{}:{}", broken.file.display(), broken.line);
        return Err(Failure::new(format!("The audit log is not whole at `{place}`: {}", broken.why)));
    }
    out::line(&format!("{} decisions in {} files, and the chain is whole", verified.decisions, verified.files));
    Ok(OK)
}

fn unreadable(error: &std::io::Error) -> Failure {
    Failure::new(format!("Failed to read the audit log: {error}"))
}
