//! Lists: of sessions, of what a search found, of how much there is.

use std::io::IsTerminal as _;

use serde_json::{Value, json};

use super::{described, one_line};
use crate::cli::out;
use crate::error::{Failure, OK};
use crate::host::clock;
use crate::session::sessions::Sessions;
use crate::session::spent::grouped;
use crate::session::store::find::short;
use crate::session::store::list::{Stats, Summary, Wanted};
use crate::session::store::search::{Hit, MARKS};

/// The widest title in a table.
const TITLE: usize = 60;

pub(super) fn sessions(
    sessions: Option<&Sessions>,
    n: usize,
    source: Option<String>,
    as_json: bool,
) -> Result<u8, Failure> {
    let wanted = Wanted { source, limit: Some(n), ..Wanted::default() };
    let found = sessions.map_or(Ok(Vec::new()), |sessions| sessions.store().sessions(&wanted))?;
    match sessions {
        Some(sessions) if as_json => out::json(&found.iter().map(|summary| described(sessions, summary)).collect()),
        None if as_json => out::json(&json!([])),
        Some(sessions) if !found.is_empty() => {
            let rows = found.iter().map(|summary| row(sessions, summary)).collect();
            out::table(&["ID", "TITLE", "SOURCE", "MESSAGES", "LAST"], rows);
        }
        _ => return super::nothing(),
    }
    Ok(OK)
}

fn row(sessions: &Sessions, summary: &Summary) -> Vec<String> {
    let in_use = if sessions.in_use(&summary.id).is_some() { " (open)" } else { "" };
    vec![
        short(&summary.id).to_owned(),
        one_line(summary.title.as_deref().unwrap_or_default(), TITLE),
        one_line(&summary.source, 20),
        grouped(summary.messages),
        format!("{}{in_use}", clock::ago(summary.last_ms)),
    ]
}

pub(super) fn search(
    sessions: Option<&Sessions>,
    text: &str,
    n: usize,
    source: Option<&str>,
    as_json: bool,
) -> Result<u8, Failure> {
    let hits = sessions.map_or(Ok(Vec::new()), |sessions| sessions.store().search(text, source, n))?;
    if as_json {
        out::json(&hits.iter().map(told).collect());
        return Ok(OK);
    }
    if hits.is_empty() {
        out::line("Nothing like it was said.");
    }
    let marked = std::io::stdout().is_terminal();
    for hit in &hits {
        let title = hit.title.as_deref().unwrap_or_default();
        let Hit { place, role, .. } = hit;
        let (id, title, age) = (short(&hit.session), one_line(title, TITLE), clock::ago(hit.at_ms));
        out::line(&format!("{id}  {title}  ({role}, message {place}, {age})\n    {}", piece(&hit.piece, marked)));
    }
    Ok(OK)
}

fn told(hit: &Hit) -> Value {
    let Hit { session, title, source, place, role, at_ms, piece } = hit;
    let at = clock::stamp(*at_ms);
    let piece = piece.replace([MARKS.0, MARKS.1], "");
    json!({ "session": session, "title": title, "source": source, "place": place, "role": role, "at": at, "piece": piece })
}

/// What was found, with the words in bold where somebody looks at it.
fn piece(text: &str, marked: bool) -> String {
    let (bold, plain) = if marked { ("\u{1b}[1m", "\u{1b}[0m") } else { ("", "") };
    let parts = text.split(MARKS.0).map(|part| match part.split_once(MARKS.1) {
        Some((word, rest)) => format!("{bold}{}{plain}{}", clean(word), clean(rest)),
        None => clean(part),
    });
    parts.collect()
}

fn clean(text: &str) -> String {
    text.chars().map(|c| if c.is_whitespace() || c.is_control() { ' ' } else { c }).collect()
}

pub(super) fn stats(sessions: Option<&Sessions>, source: Option<&str>, as_json: bool) -> Result<u8, Failure> {
    let (stats, size) = match sessions {
        Some(sessions) => {
            let store = sessions.store();
            (store.stats(source)?, store.size())
        }
        None => (Stats::default(), 0),
    };
    let Stats { sessions, messages, sources, spent, first_ms, last_ms } = &stats;
    if as_json {
        let (first, last) = (first_ms.map(clock::stamp), last_ms.map(clock::stamp));
        out::json(&json!({
            "sessions": sessions, "messages": messages, "sources": sources, "spent": spent,
            "first": first, "last": last, "bytes": size,
        }));
        return Ok(OK);
    }
    let sources: Vec<String> =
        sources.iter().map(|(tag, n)| format!("{} {}", one_line(tag, 20), grouped(*n))).collect();
    let mut lines = vec![
        format!("sessions  {}", grouped(*sessions)),
        format!("messages  {}", grouped(*messages)),
        format!("spent     {}", spent.told()),
        format!("size      {:.1} MiB", size as f64 / f64::from(1 << 20)),
    ];
    if !sources.is_empty() {
        lines.insert(1, format!("from      {}", sources.join(", ")));
    }
    if let (Some(first), Some(last)) = (first_ms, last_ms) {
        lines.push(format!("since     {}, last {}", clock::stamp(*first), clock::ago(*last)));
    }
    out::line(&lines.join("\n"));
    Ok(OK)
}
