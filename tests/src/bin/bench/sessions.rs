//! Sessions: going on with a long one, and finding words among many messages, against a search without an index.

use std::path::Path;
use std::time::{Duration, Instant};

use hermes_core::config::home::Home;
use hermes_core::session::sessions::Sessions;
use hermes_core::session::spent::Spent;
use hermes_core::session::store::About;
use hermes_core::session::transcript::Transcript;
use hermes_plugin_api::model::{CallRequest, Message, Role};

use crate::rows::{Rows, quantile};
use crate::{Result, programs};

/// How many messages the long session has.
const LONG: usize = 10_000;
/// How many sessions there are besides, of `EACH` messages.
const OTHERS: usize = 450;
const EACH: usize = 200;
/// What is looked for; it stands in one message of a thousand.
const RARE: &str = "zanzibar";

/// Adds the rows of sessions.
pub(crate) fn rows(rows: &mut Rows, prefix: &Path, scratch: &Path) -> Result<()> {
    let home = scratch.join("home-of-sessions");
    fill(&home)?;
    let sessions = Sessions::open(&Home::at(&home))?;

    let loaded = median(9, || {
        let messages = sessions.store().messages("long")?;
        let transcript = Transcript::restore(messages);
        (transcript.messages().len() == LONG).then_some(()).ok_or_else(|| "messages are missing".into())
    })?;
    rows.time(format!("session of {LONG} messages, read and restored"), loaded, None);
    let appended = median(200, || {
        sessions.store().append(&about("other"), 0, &[message(3)], &Spent::default())?;
        Ok(())
    })?;
    rows.time("one message, stored", appended, None);
    let total = LONG + OTHERS * EACH;
    let found = median(9, || hits(sessions.store().search(RARE, None, 20)?.len()))?;
    rows.time(format!("search over {total} messages, by words"), found, None);
    let database = sessions.store().path().to_owned();
    let scanned = median(9, || hits(by_grep(&database)?))?;
    rows.time("the same with `grep -c` over the file", scanned, None);
    rows.number("search, ratio to grep", found.as_secs_f64() / scanned.as_secs_f64(), "", Some(1.0));
    drop(sessions);

    let hermes = prefix.join("bin/hermes");
    let hermes = hermes.to_str().ok_or("the prefix is not UTF-8")?;
    let fresh = programs::usage(&home, 10, &[hermes, "-q", "true"])?;
    rows.time("`hermes -q true`, CPU", fresh.cpu, None);
    rows.number("`hermes -q true`, RSS", fresh.mib, "MiB", None);
    let resumed = programs::usage(&home, 10, &[hermes, "-r", "long", "-q", "true"])?;
    rows.time(format!("`hermes -r … -q true`, {LONG} messages, CPU"), resumed.cpu, None);
    rows.number(format!("`hermes -r … -q true`, {LONG} messages, RSS"), resumed.mib, "MiB", None);
    Ok(())
}

fn about(id: &str) -> About {
    About { id: id.to_owned(), parent: None, source: "bench".to_owned(), model: "m".to_owned() }
}

fn fill(home: &Path) -> Result<()> {
    let sessions = Sessions::open(&Home::at(home))?;
    let mut store = sessions.store();
    let long: Vec<Message> = (0..LONG).map(message).collect();
    store.append(&about("long"), 0, &long, &Spent::default())?;
    for n in 0..OTHERS {
        let messages: Vec<Message> = (0..EACH).map(|m| message(n * EACH + m)).collect();
        store.append(&about(&format!("session-{n}")), 0, &messages, &Spent::default())?;
    }
    Ok(())
}

/// A question, a call, its result, an answer, and again; about 400 characters each.
fn message(n: usize) -> Message {
    let words = ["guard", "plugin", "session", "where", "the", "roof", "is", "fixed", "and", "tested", "again"];
    let mut content: String = (0..70).map(|m| format!("{} ", words[(n * 7 + m * (n % 5 + 1)) % words.len()])).collect();
    if n.is_multiple_of(1000) {
        content.push_str(RARE);
    }
    let id = format!("call_{}", n / 4 + 1);
    match n % 4 {
        0 => Message { role: Role::User, content, ..Message::default() },
        1 => {
            let call = CallRequest { id, name: "terminal".into(), arguments: r#"{"command":"ls -la"}"#.into() };
            Message { role: Role::Assistant, tool_calls: vec![call], ..Message::default() }
        }
        2 => Message { role: Role::Tool, content, tool_call_id: id, ..Message::default() },
        _ => Message { role: Role::Assistant, content, ..Message::default() },
    }
}

fn by_grep(database: &Path) -> Result<usize> {
    let output = std::process::Command::new("grep").args(["-a", "-c", "-i", RARE]).arg(database).output()?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().parse()?)
}

fn hits(n: usize) -> Result<()> {
    if n == 0 { Err("nothing was found".into()) } else { Ok(()) }
}

fn median(runs: usize, mut work: impl FnMut() -> Result<()>) -> Result<Duration> {
    let mut times = Vec::with_capacity(runs);
    for _ in 0..runs {
        let begun = Instant::now();
        work()?;
        times.push(begun.elapsed());
    }
    Ok(quantile(&mut times, 0.5))
}
