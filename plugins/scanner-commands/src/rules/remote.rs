//! Running what was fetched from elsewhere.

use hermes_plugin_api::command::{Simple, Stdin, Word};
use hermes_plugin_api::finding::Severity;
use hermes_plugin_api::rule::{Case, Rule};

use super::programs::{self, Program};

pub(super) const RULES: &[Rule] = &[
    Rule {
        matches: |case| {
            (programs::is_interpreter(case)
                && runs_input(case)
                && case.fed_by(programs::fetches)
                && !is_substituted(case))
                || runs_fetched_file(case)
        },
        alternative: "Download it, read it, then run the file",
        ..Rule::new("remote-to-shell", "pipe remote content to shell", Severity::Critical)
    },
    Rule {
        matches: |case| is_substituted(case) || runs_substitution(case),
        alternative: "Download it, read it, then run the file",
        ..Rule::new("remote-substitution", "execute remote script via process substitution", Severity::Critical)
    },
];

fn runs_input(case: &Case) -> bool {
    matches!(programs::program_of(case), Program::Input | Program::Text(None))
}

/// Standard input is `< <(curl …)`.
fn is_substituted(case: &Case) -> bool {
    programs::is_interpreter(case)
        && matches!(&case.stdin, Stdin::File(word) if comes_from_elsewhere(case, word))
        && runs_input(case)
}

/// The program itself, its code or its script is the output of a download.
fn runs_substitution(case: &Case) -> bool {
    let remote = |word: &Word| comes_from_elsewhere(case, word);
    if case.words.first().is_some_and(remote) {
        return true;
    }
    if case.is(&["eval", "source", "."]) {
        return case.args().iter().any(remote);
    }
    programs::is_interpreter(case)
        && match programs::program_of(case) {
            Program::Text(Some(word)) => remote(&word),
            Program::File(word) => remote(word),
            Program::Text(None) | Program::Input | Program::Nothing => false,
        }
}

fn comes_from_elsewhere(case: &Case, word: &Word) -> bool {
    word.is_unknown() && case.command.sources(word).into_iter().any(programs::fetches)
}

/// A file that this line downloaded is run: given to a shell, sourced, or called.
fn runs_fetched_file(case: &Case) -> bool {
    script(case).is_some_and(|word| {
        let path = case.path(&word);
        !is_fetching(case) && case.filled_by(programs::fetches, &path)
    })
}

fn is_fetching(simple: &Simple) -> bool {
    programs::fetches(simple)
}

fn script(case: &Case) -> Option<Word> {
    if case.is(&["source", "."]) {
        return case.args().first().cloned();
    }
    if programs::is_interpreter(case) {
        return match (programs::program_of(case), &case.stdin) {
            (Program::File(word), _) => Some(word.clone()),
            (Program::Input, Stdin::File(word)) => Some(word.clone()),
            _ => None,
        };
    }
    case.words.first().filter(|word| word.fragments().any(|text| text.contains('/'))).cloned()
}
