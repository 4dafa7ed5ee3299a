//! Compares what ran with what was read.

use crate::sandbox::{HOME, Ran};
use hermes_core::command::read;
use hermes_plugin_api::command::{Command, Piece, Reach, Simple, Word};
use std::fmt;

/// What was seen over all lines.
#[derive(Default)]
pub(crate) struct Tally {
    /// Commands that bash ran.
    pub(crate) ran: usize,
    /// Lines with an opaque or unparsable part.
    pub(crate) problems: usize,
    /// Commands of stand-ins that were read as running.
    read: usize,
    /// Those among them that did run.
    confirmed: usize,
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally { ran, problems, read, confirmed } = self;
        write!(f, "{ran} commands ran; {problems} lines with a problem; {confirmed} of {read} commands read did run")
    }
}

/// Says how a line was read differently from what ran, if it was.
pub(crate) fn compare(line: &str, ran: &[Ran], tally: &mut Tally) -> Result<(), String> {
    let command = read(line);
    tally.ran += ran.len();
    count(&command, ran, tally);
    if !command.problems.is_empty() {
        tally.problems += 1;
        return Ok(());
    }
    for one in ran {
        if !command.simple.iter().any(|simple| reads(simple, one)) {
            let known: Vec<String> = command.simple.iter().map(show).collect();
            return Err(format!("--- {line}\nran:  {one:?}\nread: {known:?}"));
        }
    }
    Ok(())
}

fn count(command: &Command, ran: &[Ran], tally: &mut Tally) {
    for simple in command.simple.iter().filter(|simple| simple.reach == Reach::Runs) {
        let stands_in = simple
            .words
            .first()
            .is_some_and(|word| matches!(&word.pieces[..], [Piece::Text(name)] if crate::sandbox::is_stand_in(name)));
        if stands_in {
            tally.read += 1;
            tally.confirmed += usize::from(ran.iter().any(|one| reads(simple, one)));
        }
    }
}

/// Whether a simple command may be what ran.
fn reads(simple: &Simple, ran: &[String]) -> bool {
    simple.reach == Reach::Runs && words_match(&simple.words, ran)
}

fn words_match(words: &[Word], ran: &[String]) -> bool {
    let Some((first, rest)) = words.split_first() else {
        return ran.is_empty();
    };
    let many = first.pieces.iter().any(|piece| match piece {
        Piece::Unknown(unknown) => !unknown.quoted,
        Piece::Glob(_) => true,
        Piece::Text(_) | Piece::Home => false,
    });
    if !many {
        return ran.first().is_some_and(|arg| pieces_match(&first.pieces, arg)) && words_match(rest, &ran[1..]);
    }
    // An unknown word may be any number of words.
    (0..=ran.len())
        .any(|n| (n == 0 || pieces_match(&first.pieces, &ran[..n].join(" "))) && words_match(rest, &ran[n..]))
}

fn pieces_match(pieces: &[Piece], text: &str) -> bool {
    let Some((first, rest)) = pieces.split_first() else {
        return text.is_empty();
    };
    match first {
        Piece::Text(own) => text.strip_prefix(own.as_str()).is_some_and(|after| pieces_match(rest, after)),
        Piece::Home => text.strip_prefix(HOME).is_some_and(|after| pieces_match(rest, after)),
        Piece::Glob(_) | Piece::Unknown(_) => {
            let mut cuts = text.char_indices().map(|(at, _)| at).chain([text.len()]);
            cuts.any(|at| pieces_match(rest, &text[at..]))
        }
    }
}

fn show(simple: &Simple) -> String {
    let words = simple.words.iter().map(|word| {
        let pieces = word.pieces.iter().map(|piece| match piece {
            Piece::Text(text) => text.clone(),
            Piece::Home => "<HOME>".to_owned(),
            Piece::Glob(glob) => format!("<{glob}>"),
            Piece::Unknown(unknown) => format!("<?{}>", unknown.name),
        });
        pieces.collect::<String>()
    });
    words.collect::<Vec<_>>().join("·")
}
