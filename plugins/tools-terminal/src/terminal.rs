//! The tool that runs a command.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use hermes_plugin_api::host::{ShellRequest, ShellResult};
use hermes_plugin_api::prelude::*;
use hermes_plugin_api::tools::{CallContext, CallResult, Progress, Tool};
use serde::Deserialize;
use serde_json::json;

pub(crate) const NAME: &str = "terminal";

/// How many sessions are remembered.
const SESSIONS: usize = 1_000;

const DESCRIPTION: &str = "\
Run a shell command (bash) in the session's terminal and return its output and exit code.

The working directory and exported variables stay for the next call; other shell state (functions, aliases, \
unexported variables) does not. Standard input is empty, so do not start programs that ask questions or need a \
terminal (editors, pagers, ssh without a command): use flags such as -y, and --no-pager. Standard error is part of the \
output. Long output is cut in the middle.

A command that does not end by itself (a server, a watcher) or takes longer than the timeout belongs into the \
background: set `background`, then use the tool `process` with the id you get. Do not put `&`, nohup or disown into \
the command for that.

Dangerous commands are shown to a person first. When one is refused, do not retry it or try the same in other words.";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {
    command: String,
    workdir: Option<String>,
    timeout: Option<u64>,
    #[serde(default)]
    background: bool,
}

/// The working directories that the model was told, by session.
#[derive(Default)]
pub(crate) struct Places(Mutex<HashMap<String, String>>);

impl Places {
    /// Whether this is news to the model.
    fn moved(&self, session: &str, cwd: &str) -> bool {
        let mut places = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if places.len() >= SESSIONS && !places.contains_key(session) {
            // Saying it once more to everybody is cheaper than knowing which sessions have ended.
            places.clear();
        }
        places.insert(session.to_owned(), cwd.to_owned()).as_deref() != Some(cwd)
    }
}

pub(crate) fn tool() -> Tool {
    let input_schema = json!({
        "type": "object",
        "properties": {
            "command": { "type": "string", "minLength": 1, "description": "The command, as typed into bash." },
            "workdir": {
                "type": "string",
                "minLength": 1,
                "description": "Run it in this directory instead; the working directory of later calls stays as it is.",
            },
            "timeout": {
                "type": "integer",
                "minimum": 1,
                "maximum": 600,
                "description": "Seconds until it is ended. Default 180 unless configured otherwise. Not for background.",
            },
            "background": {
                "type": "boolean",
                "default": false,
                "description": "Return at once with a process id and keep it running.",
            },
        },
        "required": ["command"],
        "additionalProperties": false,
    });
    Tool { name: NAME.to_owned(), description: DESCRIPTION.to_owned(), input_schema, ..Tool::default() }
}

pub(crate) async fn call(
    host: &Host,
    places: &Places,
    context: CallContext,
    arguments: Arguments,
    progress: Sink<Progress>,
    cancel: &Cancel,
) -> Result<CallResult> {
    let Arguments { command, workdir, timeout, background } = arguments;
    let CallContext { token, session } = context;
    let request = ShellRequest { token, command, workdir, timeout, background };
    let result = host.shell(&request, Some(Progress::output(progress)), cancel).await?;
    let cwd = Some(result.cwd.as_str()).filter(|cwd| places.moved(&session, cwd));
    Ok(CallResult { structured: Some(serde_json::to_value(&result)?), ..CallResult::text(shown(&result, cwd)) })
}

/// The result as the model reads it.
fn shown(result: &ShellResult, moved_to: Option<&str>) -> String {
    if let Some(process) = &result.process {
        return format!("Started in the background as {process}. Use the tool `process` to look after it.");
    }
    let mut shown = result.output.trim_end_matches('\n').to_owned();
    if shown.is_empty() {
        shown.push_str("(no output)");
    }
    if let Some(code) = result.exit_code {
        shown.push_str(&format!("\n[exit code {code}]"));
    }
    if let Some(cwd) = moved_to {
        shown.push_str(&format!("\n[working directory {cwd}]"));
    }
    shown
}
