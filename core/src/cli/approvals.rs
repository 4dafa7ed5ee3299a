//! `hermes approvals …`: what runs without asking, for good.

use clap::Subcommand;
use serde_json::json;

use crate::app::Ground;
use crate::cli::out;
use crate::config::layers::Config;
use crate::error::{Failure, OK};
use crate::guard::{AllowList, ConsentStore as _, Entry};

/// What to do with the permanent allow-list.
#[derive(Debug, Subcommand)]
pub enum ApprovalsCommand {
    /// List the entries and how each is understood: as a rule, a program or a glob.
    List {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Ask again about what an entry allows.
    Forget {
        /// The entry, as the list shows it.
        entry: String,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
}

/// Runs one.
///
/// # Errors
/// What the command reports.
pub fn run(command: ApprovalsCommand, ground: &Ground) -> Result<u8, Failure> {
    let list = AllowList::new(ground.home.clone());
    match command {
        ApprovalsCommand::List { json } => show(ground, &list, json),
        ApprovalsCommand::Forget { entry, json } => forget(&list, &entry, json),
    }
}

/// The configuration is read whole, so that one that would not start is not shown as being in force.
fn show(ground: &Ground, list: &AllowList, as_json: bool) -> Result<u8, Failure> {
    Config::load(&ground.sources())?;
    let entries: Vec<Entry> = list.entries()?.iter().map(|entry| Entry::parse(entry)).collect();
    if as_json {
        let all = entries.iter().map(|entry| json!({ "entry": entry.text(), "form": entry.form() }));
        out::json(&all.collect());
        return Ok(OK);
    }
    if entries.is_empty() {
        out::line("Nothing is allowed for good.");
        return Ok(OK);
    }
    let rows = entries.iter().map(|entry| vec![entry.text().to_owned(), entry.form().to_owned()]);
    out::table(&["ENTRY", "FORM"], rows.collect());
    Ok(OK)
}

fn forget(list: &AllowList, entry: &str, as_json: bool) -> Result<u8, Failure> {
    if !list.remove(entry)? {
        let failure = Failure::new(format!("No entry `{entry}` is in the allow-list"));
        return Err(failure.hint("see `hermes approvals list`"));
    }
    match as_json {
        true => out::json(&json!({ "forgotten": entry })),
        false => out::line(&format!("Forgot `{entry}`.")),
    }
    Ok(OK)
}
