//! Tables: a line, and the simple commands that it is read as.

mod found;
mod growth;
mod properties;
mod quoting;
mod stays;
mod structure;

use super::read;
use hermes_plugin_api::command::{Command, Piece, ProblemKind, Reach, Simple, View, Why, Word};

/// Checks the simple commands that a line is read as, each in the form of [`render`], and that nothing kept
/// the reading from being complete.
#[track_caller]
fn check(line: &str, expected: &[&str]) {
    let command = read(line);
    assert_eq!(simples(&command), expected, "{line}\n{:?}", command.problems);
    assert!(command.problems.is_empty(), "{line}: {:?}", command.problems);
}

/// Like [`check`], and the kinds of problem.
#[track_caller]
fn check_with(line: &str, expected: &[&str], problems: &[ProblemKind]) {
    let command = read(line);
    let kinds: Vec<ProblemKind> = command.problems.iter().map(|problem| problem.kind).collect();
    assert_eq!(
        (simples(&command), &kinds[..]),
        (expected.iter().map(|s| (*s).to_owned()).collect(), problems),
        "{line}"
    );
}

fn simples(command: &Command) -> Vec<String> {
    command.simple.iter().map(render).collect()
}

/// `via> A=value word 'two words' ?name >file`: launchers, assignments, words, redirections; `?` stands for
/// what is not known, `data:` and `cleaned:` for reach and view.
fn render(simple: &Simple) -> String {
    let mut out = String::new();
    if simple.view == View::Cleaned {
        out.push_str("cleaned: ");
    }
    if simple.reach == Reach::Data {
        out.push_str("data: ");
    }
    for launcher in &simple.via {
        out.push_str(&launcher.program);
        out.push_str("> ");
    }
    let mut items: Vec<String> = simple
        .assignments
        .iter()
        .map(|assignment| format!("{}={}", assignment.name, word(&assignment.value)))
        .collect();
    items.extend(simple.words.iter().map(word));
    for redirect in &simple.redirects {
        let fd = redirect.fd.map_or("{}".to_owned(), |fd| fd.to_string());
        items.push(format!("{fd}{:?}:{}", redirect.op, word(&redirect.target)));
    }
    out.push_str(&items.join(" "));
    out + if simple.background { " &" } else { "" }
}

fn word(word: &Word) -> String {
    let mut out = String::new();
    for piece in &word.pieces {
        match piece {
            Piece::Text(text) => out.push_str(text),
            Piece::Home => out.push_str("<HOME>"),
            Piece::Glob(glob) => out.push_str(&format!("<{glob}>")),
            Piece::Unknown(unknown) if unknown.why == Why::Variable => out.push_str(&format!("?{}", unknown.name)),
            Piece::Unknown(unknown) => out.push_str(&format!("?{:?}", unknown.why)),
        }
    }
    let plain = !out.is_empty() && !out.contains([' ', '\n', '\'']);
    if plain { out } else { format!("'{}'", out.replace('\n', "\\n")) }
}

#[test]
fn everyday_lines_take_few_steps() {
    assert!(super::read_view("ls -la | grep x > y").steps < 100);
}
