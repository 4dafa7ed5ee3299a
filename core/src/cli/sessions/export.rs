//! `hermes sessions export`: sessions as JSON Lines or Markdown, message by message, so that size does not matter.

use std::fs::OpenOptions;
use std::io::{self, BufWriter, ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use hermes_plugin_api::model::Role;
use serde_json::{Value, json};

use super::{Format, described};
use crate::cli::out;
use crate::error::{Failure, OK};
use crate::host::clock;
use crate::session::sessions::Sessions;
use crate::session::store::StoreError;
use crate::session::store::list::{Said, Summary, Wanted};

pub(super) fn run(
    sessions: &Sessions,
    name: Option<&str>,
    source: Option<String>,
    format: Format,
    output: Option<PathBuf>,
) -> Result<u8, Failure> {
    let store = sessions.store();
    let chosen = match name {
        Some(name) => vec![store.find(name)?],
        None => store.sessions(&Wanted { source, ..Wanted::default() })?,
    };
    drop(store);
    match output {
        None => {
            // A reader that has enough (`| head`) is no error.
            match write(sessions, &chosen, format, &mut out::writer()) {
                Err(StoreError::Output { source }) if source.kind() == ErrorKind::BrokenPipe => {}
                result => result?,
            }
        }
        Some(path) => {
            to_file(sessions, &chosen, format, &path)?;
            out::line(&format!("Wrote {} sessions to `{}`.", chosen.len(), path.display()));
        }
    }
    Ok(OK)
}

/// Writes a new file, 0600. One that did not become whole is taken away.
fn to_file(sessions: &Sessions, chosen: &[Summary], format: Format, path: &Path) -> Result<(), Failure> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    let file = file.map_err(|error| {
        let failure = Failure::new(format!("Failed to make `{}`: {error}", path.display()));
        if error.kind() == ErrorKind::AlreadyExists {
            failure.hint("name a file that is not there yet")
        } else {
            failure
        }
    })?;
    let mut file = BufWriter::new(file);
    let written = write(sessions, chosen, format, &mut file);
    if let Err(error) = written.and_then(|()| file.flush().map_err(|source| StoreError::Output { source })) {
        let _ = std::fs::remove_file(path);
        return Err(error.into());
    }
    Ok(())
}

fn write(sessions: &Sessions, chosen: &[Summary], format: Format, to: &mut dyn Write) -> Result<(), StoreError> {
    let output = |source: io::Error| StoreError::Output { source };
    for summary in chosen {
        let head = match format {
            Format::Jsonl => json!({ "session": described(sessions, summary) }).to_string(),
            Format::Markdown => heading(summary),
        };
        writeln!(to, "{head}").map_err(output)?;
        sessions.store().each(&summary.id, |said| match format {
            Format::Jsonl => writeln!(to, "{}", line(&said)),
            Format::Markdown => writeln!(to, "{}", text(&said)),
        })?;
    }
    to.flush().map_err(output)
}

/// A message as one line of JSON has it.
pub(super) fn line(said: &Said) -> Value {
    let mut line = serde_json::to_value(&said.message).unwrap_or_default();
    line["at"] = clock::stamp(said.at_ms).into();
    line
}

fn heading(summary: &Summary) -> String {
    let title = summary.title.as_deref().unwrap_or(&summary.id);
    let begun = clock::stamp(summary.begun_ms);
    format!("# {title}\n\n`{}` · {} · {} · {begun}", summary.id, summary.source, summary.model)
}

/// A message as Markdown, which also reads well as it is.
pub(super) fn text(said: &Said) -> String {
    let message = &said.message;
    let who = match message.role {
        Role::User => "you",
        Role::Assistant => "hermes",
        Role::Tool if message.is_error => "result (failed)",
        Role::Tool => "result",
    };
    let mut text = format!("\n## {who} · {}\n", clock::stamp(said.at_ms));
    if !message.content.trim().is_empty() {
        let content = message.content.trim_end();
        let content = if message.role == Role::Tool { fenced(content, "text") } else { content.to_owned() };
        text.push_str(&format!("\n{content}\n"));
    }
    for call in &message.tool_calls {
        text.push_str(&format!("\n`{}`\n\n{}\n", call.name, fenced(&call.arguments, "json")));
    }
    text
}

/// A block whose fence is longer than any inside.
fn fenced(text: &str, kind: &str) -> String {
    let runs = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(runs.max(2) + 1);
    format!("{fence}{kind}\n{text}\n{fence}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fence_is_longer_than_what_it_holds() {
        assert_eq!(fenced("a", "text"), "```text\na\n```");
        assert_eq!(fenced("a ```` b", "text"), "`````text\na ```` b\n`````");
    }
}
