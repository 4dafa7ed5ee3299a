//! What was found, as the model reads it. Pure.

use hermes_plugin_api::archive::{Excerpt, Found, Said};
use hermes_plugin_api::model::Role;

/// How much of a message is shown, in characters.
const MESSAGE: usize = 2_000;
/// How much of a call's arguments is shown.
const CALL: usize = 200;

/// What a search found.
pub(crate) fn found(found: &[Found], now_ms: u64) -> String {
    if found.is_empty() {
        return "Nothing like it was said. Try other words, or fewer.".to_owned();
    }
    let lines = found.iter().map(|hit| {
        let Found { session, title, place, role, at_ms, piece } = hit;
        let (id, age, piece) = (short(session), ago(*at_ms, now_ms), one_line(piece));
        format!("session {id} `{title}`, message {place}, {role}, {age}:\n    {piece}")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A piece of a session.
pub(crate) fn excerpt(excerpt: &Excerpt, now_ms: u64) -> String {
    let Excerpt { session, title, messages, said } = excerpt;
    let mut text = format!("session {} `{title}`, {messages} messages", short(session));
    for said in said {
        text.push_str(&message(said, now_ms));
    }
    if let Some(last) = said.last().filter(|last| last.place < *messages) {
        text.push_str(&format!("\n\nGo on from message {}.", last.place + 1));
    }
    text
}

fn message(said: &Said, now_ms: u64) -> String {
    let role = match said.message.role {
        Role::User => "user",
        Role::Assistant => "assistant",
        Role::Tool => "tool",
    };
    let mut text = format!("\n\nmessage {}, {role}, {}:", said.place, ago(said.at_ms, now_ms));
    if !said.message.content.trim().is_empty() {
        text.push_str(&format!("\n{}", cut(said.message.content.trim(), MESSAGE)));
    }
    for call in &said.message.tool_calls {
        text.push_str(&format!("\n[calls {} {}]", call.name, cut(&one_line(&call.arguments), CALL)));
    }
    text
}

/// As much of an id as is needed to name a session.
fn short(id: &str) -> &str {
    id.get(..12).unwrap_or(id)
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn cut(text: &str, most: usize) -> String {
    let start: String = text.chars().take(most).collect();
    match text.len() - start.len() {
        0 => start,
        rest => format!("{start}… ({rest} bytes more)"),
    }
}

/// How long ago something was, in one unit.
fn ago(at_ms: u64, now_ms: u64) -> String {
    let minutes = now_ms.saturating_sub(at_ms) / 60_000;
    let (n, unit) = match minutes {
        0 => return "just now".to_owned(),
        1..60 => (minutes, "minute"),
        60..2_880 => (minutes / 60, "hour"),
        _ => (minutes / 1_440, "day"),
    };
    format!("{n} {unit}{} ago", if n == 1 { "" } else { "s" })
}
