//! The tool that looks after processes in the background.

use hermes_plugin_api::host::ProcessAction;
use hermes_plugin_api::prelude::*;
use hermes_plugin_api::tools::{CallContext, CallResult, Tool};
use serde::Deserialize;
use serde_json::{Value, json};

pub(crate) const NAME: &str = "process";

const DESCRIPTION: &str = "\
Look after the processes that `terminal` started in the background.

list: all of them. poll: status and the output since the last look. log: lines of the output kept so far (the last \
ones, or `limit` lines from `offset`). wait: until it ends or `timeout` is over, then as poll. kill: end it and all it \
started. write: put `data` into its standard input as is. submit: the same with a line feed, as if Enter were pressed. \
close: end its standard input.

All but list need `process_id`. The output of a process is kept for 30 minutes after its end.";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Arguments {
    action: String,
    process_id: Option<String>,
    data: Option<String>,
    offset: Option<usize>,
    limit: Option<usize>,
    timeout: Option<u64>,
}

pub(crate) fn tool() -> Tool {
    let input_schema = json!({
        "type": "object",
        "properties": {
            "action": {
                "type": "string",
                "enum": ["list", "poll", "log", "wait", "kill", "write", "submit", "close"],
            },
            "process_id": { "type": "string", "description": "The id that `terminal` returned, for example proc-1." },
            "data": { "type": "string", "description": "What to write, for write and submit." },
            "offset": { "type": "integer", "minimum": 0, "description": "For log: the first line, counted from 0." },
            "limit": {
                "type": "integer",
                "minimum": 1,
                "maximum": 10_000,
                "description": "For log: the number of lines. Default 200.",
            },
            "timeout": {
                "type": "integer",
                "minimum": 0,
                "maximum": 600,
                "description": "For wait: seconds. Default 60.",
            },
        },
        "required": ["action"],
        "additionalProperties": false,
    });
    Tool { name: NAME.to_owned(), description: DESCRIPTION.to_owned(), input_schema, ..Tool::default() }
}

pub(crate) async fn call(
    host: &Host,
    context: CallContext,
    arguments: Arguments,
    cancel: &Cancel,
) -> Result<CallResult> {
    let Arguments { action, process_id, data, offset, limit, timeout } = arguments;
    let request = ProcessAction { token: context.token, action, process: process_id, data, offset, limit, timeout };
    let answer = host.process(&request, cancel).await?;
    Ok(CallResult { structured: Some(answer.clone()), ..CallResult::text(shown(&answer)) })
}

/// The answer as the model reads it: output first, then one line on the process.
fn shown(answer: &Value) -> String {
    if let Some(processes) = answer["processes"].as_array() {
        let lines: Vec<String> = processes.iter().map(status).collect();
        return if lines.is_empty() { "(no background processes)".to_owned() } else { lines.join("\n") };
    }
    match answer["output"].as_str().map(|output| output.trim_end_matches('\n')) {
        Some("") => format!("(no new output)\n{}", status(answer)),
        Some(output) => format!("{output}\n{}", status(answer)),
        None => status(answer),
    }
}

fn status(answer: &Value) -> String {
    let text = |key: &str| answer[key].as_str().unwrap_or_default();
    let end = match (answer["exit_code"].as_i64(), answer["error"].as_str()) {
        (Some(code), _) => format!(", exit code {code}"),
        (None, Some(error)) => format!(", failed: {error}"),
        (None, None) => String::new(),
    };
    let lines = match (answer["first_line"].as_u64(), answer["total_lines"].as_u64()) {
        (Some(first), Some(total)) => format!(", from line {first} of {total}"),
        _ => String::new(),
    };
    let seconds = answer["seconds"].as_u64().unwrap_or_default();
    format!("[{} {}{end}, {seconds} s{lines}: {}]", text("process_id"), text("status"), text("command"))
}
