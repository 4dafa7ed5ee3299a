//! `hermes sessions browse`: a person picks the session to go on with. On a terminal that can, with arrows; on any
//! other from numbered pages, which need no more than lines.

mod keys;

use std::io::{BufRead as _, IsTerminal as _};

use super::one_line;
use crate::app::Ground;
use crate::cli::{chat, out};
use crate::error::{Failure, OK};
use crate::host::clock;
use crate::session::sessions::Sessions;
use crate::session::store::StoreError;
use crate::session::store::find::{called, short};
use crate::session::store::list::{Summary, Wanted};

/// How many sessions a page has.
const PAGE: usize = 10;

/// What a person sees.
struct View {
    source: Option<String>,
    /// Only sessions in which this was said.
    words: Option<String>,
    skip: usize,
}

pub(super) fn run(sessions: Sessions, source: Option<String>, ground: Ground) -> Result<u8, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::new("Nobody is there to choose").hint("`hermes sessions list` prints what there is"));
    }
    let view = View { source, words: None, skip: 0 };
    let term = ground.env.text("TERM").unwrap_or_default();
    let can = !matches!(term, "" | "dumb") && std::io::stderr().is_terminal();
    let chosen = if can { keys::choose(&sessions, view)? } else { choose(&sessions, view)? };
    let Some(id) = chosen else { return Ok(OK) };
    drop(sessions);
    chat::run(chat::ChatArgs::resuming(id), ground)
}

fn choose(sessions: &Sessions, mut view: View) -> Result<Option<String>, Failure> {
    loop {
        let mut page = page(sessions, &view, PAGE)?;
        let more = page.len() > PAGE;
        page.truncate(PAGE);
        show(&page, &view, more);
        let mut line = String::new();
        if std::io::stdin().lock().read_line(&mut line)? == 0 {
            return Ok(None);
        }
        match line.trim() {
            "q" | "quit" => return Ok(None),
            "n" | "" if more => view.skip += PAGE,
            "p" => view.skip = view.skip.saturating_sub(PAGE),
            words if words.starts_with('/') => {
                view.words = Some(words[1..].trim().to_owned()).filter(|words| !words.is_empty());
                view.skip = 0;
            }
            number => match number.parse::<usize>().ok().and_then(|number| page.get(number.checked_sub(1)?)) {
                Some(summary) => return Ok(Some(summary.id.clone())),
                None => out::note("Type one of the numbers, or a letter of those below."),
            },
        }
    }
}

/// A page of so many and one more, if there is more.
fn page(sessions: &Sessions, view: &View, rows: usize) -> Result<Vec<Summary>, StoreError> {
    let store = sessions.store();
    let Some(words) = &view.words else {
        let limit = Some(rows + 1);
        return store.sessions(&Wanted { source: view.source.clone(), limit, skip: view.skip, ..Wanted::default() });
    };
    let mut ids: Vec<String> = Vec::new();
    for hit in store.search(words, view.source.as_deref(), 1000)? {
        if !ids.contains(&hit.session) {
            ids.push(hit.session);
        }
    }
    let chosen = ids.iter().skip(view.skip).take(rows + 1);
    let found: Result<Vec<_>, _> = chosen.map(|id| store.session(id)).collect();
    Ok(found?.into_iter().flatten().collect())
}

fn show(page: &[Summary], view: &View, more: bool) {
    if page.is_empty() {
        out::note("There are no such sessions.");
    }
    for (index, summary) in page.iter().enumerate() {
        out::note(&format!("{:>3}  {}", index + 1, told(summary)));
    }
    let next = if more { " · n next" } else { "" };
    let previous = if view.skip > 0 { " · p previous" } else { "" };
    out::prompt(&format!("number to go on{next}{previous} · /words to search · q to leave: "));
}

/// A session in one line.
fn told(summary: &Summary) -> String {
    let title = one_line(&called(summary), 60);
    let (id, age) = (short(&summary.id), clock::ago(summary.last_ms));
    format!("{title}  ({id}, {} messages, {age})", summary.messages)
}
