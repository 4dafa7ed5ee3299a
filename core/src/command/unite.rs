//! Unites the readings of the raw text and of the cleaned view: what only the cleaned view shows is added
//! and marked. Must not read anything itself.

use super::Reading;
use hermes_plugin_api::command::{Command, Piece, ProblemKind, Simple, Span, Stdin, View, Word};
use std::collections::HashMap;

/// Adds to a command what another view of it shows. `hidden`: the views differ by hidden characters.
pub(super) fn unite(command: &mut Command, shown: Reading, hidden: bool) {
    let mut own = HashMap::new();
    for (index, simple) in command.simple.iter().enumerate() {
        own.entry(key(simple)).or_insert(index);
    }
    let same: Vec<Option<usize>> = shown.simple.iter().map(|simple| own.get(&key(simple)).copied()).collect();
    // Indices of commands that both views show point to the raw one.
    let mut new = command.simple.len()..;
    let indices: Vec<usize> = same.iter().filter_map(|same| same.or_else(|| new.next())).collect();
    let shells = command.shells.len();
    let shell = |own: usize| if own == 0 { 0 } else { own + shells };
    command.shells.extend(shown.shells.iter().map(|parent| shell(*parent)));
    for (mut simple, _) in shown.simple.into_iter().zip(same).filter(|(_, same)| same.is_none()) {
        renumber(&mut simple, &indices);
        simple.shell = shell(simple.shell);
        simple.view = View::Cleaned;
        command.simple.push(simple);
    }
    for mut problem in shown.problems {
        let known = command.problems.iter().any(|own| own.kind == problem.kind);
        // Prose in wide characters need not be shell when they become ordinary ones.
        let prose = problem.kind == ProblemKind::Unparsable && !hidden;
        if !known && !prose {
            problem.view = View::Cleaned;
            command.problems.push(problem);
        }
    }
}

/// What two views must agree on for a command to be the same.
fn key(simple: &Simple) -> String {
    let mut simple = simple.clone();
    simple.span = Span::default();
    simple.shell = 0;
    simple.feeds.clear();
    simple.stdin = match simple.stdin {
        Stdin::Pipe(_) => Stdin::Pipe(Vec::new()),
        Stdin::Text(word) => Stdin::Text(placeless(word)),
        Stdin::File(word) => Stdin::File(placeless(word)),
        Stdin::Inherited => Stdin::Inherited,
    };
    simple.words = simple.words.into_iter().map(placeless).collect();
    for assignment in &mut simple.assignments {
        assignment.value = placeless(std::mem::take(&mut assignment.value));
    }
    for redirect in &mut simple.redirects {
        redirect.target = placeless(std::mem::take(&mut redirect.target));
    }
    format!("{simple:?}")
}

fn placeless(mut word: Word) -> Word {
    word.span = Span::default();
    for piece in &mut word.pieces {
        if let Piece::Unknown(unknown) = piece {
            unknown.from.clear();
        }
    }
    word
}

fn renumber(simple: &mut Simple, indices: &[usize]) {
    let change = |own: &mut Vec<usize>| {
        own.iter_mut().for_each(|index| *index = indices.get(*index).copied().unwrap_or(*index));
    };
    change(&mut simple.feeds);
    let mut words: Vec<&mut Word> = simple.words.iter_mut().collect();
    words.extend(simple.assignments.iter_mut().map(|assignment| &mut assignment.value));
    words.extend(simple.redirects.iter_mut().map(|redirect| &mut redirect.target));
    match &mut simple.stdin {
        Stdin::Pipe(from) => change(from),
        Stdin::Text(word) | Stdin::File(word) => words.push(word),
        Stdin::Inherited => {}
    }
    for piece in words.into_iter().flat_map(|word| &mut word.pieces) {
        if let Piece::Unknown(unknown) = piece {
            change(&mut unknown.from);
        }
    }
}
