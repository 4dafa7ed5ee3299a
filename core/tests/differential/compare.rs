//! Compares what ran with what was read.

use crate::sandbox::{HOME, Ran};
use crate::{Case, MOST_HIDDEN, MOST_LOOSE, MOST_PROBLEMS};
use hermes_core::command::read;
use hermes_plugin_api::command::{Command, Piece, ProblemKind, Reach, Simple, Word};
use std::fmt;

/// What was seen over all lines.
#[derive(Default)]
pub(crate) struct Tally {
    /// Commands that bash ran.
    pub(crate) ran: usize,
    /// Of those, read with a part that is not known.
    loose: usize,
    /// Lines of the grammar, those of them that have an opaque part, and those that do not parse.
    lines: usize,
    opaque: usize,
    unparsable: usize,
    /// Rewrites of a plain command, and those of them that were not read in full.
    rewrites: usize,
    hidden: usize,
    /// Commands of stand-ins that were read as running.
    read: usize,
    /// Those among them that did run.
    confirmed: usize,
}

impl Tally {
    /// What is not known may not be so much that it hides the rest.
    pub(crate) fn assert_shares(&self) {
        let within = |part: usize, of: usize, most: f64, what: &str| {
            let share = part as f64 / of.max(1) as f64;
            assert!(share < most, "{:.1} % of {what}", share * 100.0);
        };
        within(self.opaque, self.lines, MOST_PROBLEMS, "the lines were read with an opaque part");
        within(self.hidden, self.rewrites, MOST_HIDDEN, "the rewrites of a plain command were not read");
        within(self.loose, self.ran, MOST_LOOSE, "the commands that ran were read with an unknown part");
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Tally { ran, loose, lines, opaque, unparsable, rewrites, hidden, read, confirmed } = self;
        write!(
            f,
            "{ran} commands ran, {loose} read with an unknown part; {opaque} of {lines} lines opaque, {unparsable} \
             unparsable; {hidden} of {rewrites} rewrites not read; {confirmed} of {read} commands read did run"
        )
    }
}

/// Says how a line was read differently from what ran, if it was.
pub(crate) fn compare(case: &Case, ran: &[Ran], tally: &mut Tally) -> Result<(), String> {
    let command = read(&case.line);
    let known: Vec<String> = command.simple.iter().map(show).collect();
    let differs = |one: &dyn fmt::Debug| Err(format!("ran:  {one:?}\nread: {known:?}"));
    tally.ran += ran.len();
    count(&command, ran, tally);
    let unparsable = command.problems.iter().find(|problem| problem.kind == ProblemKind::Unparsable);
    if let Some(plain) = &case.plain {
        tally.rewrites += 1;
        if ran != std::slice::from_ref(plain) {
            return Err(format!("the rewrite does not run {plain:?} but {ran:?}"));
        }
        if !command.problems.is_empty() {
            tally.hidden += 1;
            return if std::env::var_os("HERMES_DIFF_HIDDEN").is_some() {
                Err(format!("{:?}", command.problems))
            } else {
                Ok(())
            };
        }
        let exact = |simple: &&Simple| {
            let name = simple.words.first().and_then(|word| hermes_plugin_api::vocabulary::known(&word.pieces));
            simple.reach == Reach::Runs && name.is_some_and(|name| crate::sandbox::is_stand_in(&name))
        };
        let others = command.simple.iter().filter(exact).any(|simple| !reads(simple, plain));
        let reads = command.simple.iter().filter(exact).any(|simple| reads(simple, plain));
        return if reads && !others { Ok(()) } else { differs(plain) };
    }
    tally.lines += 1;
    if let Some(problem) = unparsable {
        tally.unparsable += 1;
        let bound = BOUNDS.iter().any(|bound| problem.message.contains(bound));
        // What stands in text inside text is of no concern to the line around it.
        let own = problem.span.is_some_and(|span| span.start == span.end);
        return match crate::grammar::bash_parses(&case.line) {
            Some(true) if own && !bound => Err(format!("bash parses it: {}", problem.message)),
            _ => Ok(()),
        };
    }
    if !command.problems.is_empty() {
        tally.opaque += 1;
        return Ok(());
    }
    for one in ran {
        let mut matching = command.simple.iter().filter(|simple| reads(simple, one)).peekable();
        if matching.peek().is_none() {
            return differs(one);
        }
        tally.loose += usize::from(matching.all(is_loose));
    }
    Ok(())
}

/// What a bound of the reader says.
const BOUNDS: &[&str] = &["too many", "too much", "too deep", "too long"];

fn is_loose(simple: &Simple) -> bool {
    simple.words.iter().flat_map(|word| &word.pieces).any(|piece| matches!(piece, Piece::Unknown(_)))
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
    let named = simple.words.first().is_none_or(|word| !matches!(word.pieces.first(), Some(Piece::Unknown(_))));
    // A program is recorded by the last part of its path.
    let mut words = simple.words.clone();
    if let Some(Piece::Text(path)) = words.first_mut().and_then(|word| word.pieces.last_mut()) {
        *path = path.rsplit('/').next().unwrap_or_default().to_owned();
    }
    simple.reach == Reach::Runs && named && words_match(&words, ran)
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
