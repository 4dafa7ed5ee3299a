//! One look at a text: characters that nobody sees, orders in prose, commands, markup, and the same in what is
//! encoded.
//!
//! Every part takes time in proportion to the text.

mod encoded;
mod explained;
mod hidden;
mod json;
mod markup;
mod orders;
mod shell;
mod words;

use std::ops::Range;

/// As many findings are told; more say nothing new.
const MOST: usize = 20;

/// Something found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hit {
    pub(crate) rule: &'static str,
    pub(crate) title: &'static str,
    pub(crate) span: Range<usize>,
}

/// Looks at a text.
pub(crate) fn scan(text: &str) -> Vec<Hit> {
    let mut hits = hidden::find(text);
    hits.extend(plain(text));
    hits.extend(encoded::find(text));
    hits.sort_by_key(|hit| (hit.span.start, hit.span.end));
    hits.dedup_by(|one, other| one.rule == other.rule && one.span.start < other.span.end);
    hits.truncate(MOST);
    hits
}

/// Looks at a page of the web and the like. Commands that a page shows are for its readers: any page on an interface
/// shows one that sends a key, and nothing runs it unasked. What is said to the agent counts.
pub(crate) fn scan_page(text: &str) -> Vec<Hit> {
    let mut hits = scan(text);
    for (said, span) in json::strings(text) {
        hits.extend(plain(&said).into_iter().map(|hit| Hit { span: span.clone(), ..hit }));
    }
    hits.truncate(MOST);
    hits.retain(|hit| !shell::RULES.contains(&hit.rule));
    hits
}

/// What stands there as it is.
fn plain(text: &str) -> Vec<Hit> {
    let words = words::read(text);
    let mut hits = orders::find(text, &words);
    hits.extend(shell::find(text, &words));
    hits.extend(markup::find(text));
    hits
}

/// Whether a text gives orders, asked of what was hidden or encoded: nobody explains attacks there.
fn is_order(text: &str) -> bool {
    let words = words::read(text);
    !orders::find(text, &words).is_empty() || !shell::find(text, &words).is_empty()
}
