//! Differential test of the command reader against bash: lines generated from a grammar are run by a real
//! bash in a throw-away sandbox where every program is a recording stand-in, and every command that ran
//! must be among those that the reader read.
//!
//! `HERMES_DIFF_CASES` sets the number of lines, `HERMES_DIFF_SEED` where they start.

#![expect(clippy::disallowed_methods, reason = "a test: starts bash in its sandbox and reads its own settings")]

mod compare;
mod generate;
mod grammar;
mod sandbox;

use generate::Generator;

/// Lines that a run generates, in CI and elsewhere, and where they start.
const CASES_IN_CI: usize = 20_000;
const CASES: usize = 4_000;
const SEED: u64 = 20_250_101;

/// One line in this many is a rewrite of a plain command.
const EVASIONS: u64 = 4;
/// Larger shares would make the comparison empty: lines of the grammar that are not read in full, rewrites
/// that are not, and commands that were read with an unknown part.
const MOST_PROBLEMS: f64 = 0.25;
const MOST_HIDDEN: f64 = 0.02;
const MOST_LOOSE: f64 = 0.15;

/// A generated line, with the one command that it has to run if that is known.
struct Case {
    seed: u64,
    line: String,
    plain: Option<Vec<String>>,
}

fn case(seed: u64) -> Case {
    let mut generator = Generator::new(seed);
    if seed.is_multiple_of(EVASIONS) {
        let (line, plain) = generator.evasion();
        return Case { seed, line, plain: Some(plain) };
    }
    Case { seed, line: generator.line(), plain: None }
}

#[test]
fn every_command_that_bash_runs_is_read() {
    // The sandbox runs this very test as its first process.
    if sandbox::inside::is_here() {
        return sandbox::inside::run();
    }
    let usual = if std::env::var_os("CI").is_some() { CASES_IN_CI } else { CASES };
    let count = setting("HERMES_DIFF_CASES").map_or(usual, |n| n as usize);
    let first = setting("HERMES_DIFF_SEED").unwrap_or(SEED);
    let cases: Vec<Case> = (0..count as u64).map(|n| case(first.wrapping_add(n))).collect();
    let lines: Vec<String> = cases.iter().map(|case| case.line.clone()).collect();
    let started = std::time::Instant::now();
    let runs = match sandbox::run(&lines) {
        Ok(runs) => runs,
        Err(reason) => {
            assert!(std::env::var_os("CI").is_none(), "the sandbox does not start: {reason}");
            return println!(
                "skipped: the reader against bash ({reason}); needs bash, coreutils, xxd, rustc and `unshare` with user namespaces"
            );
        }
    };
    let ran = started.elapsed();
    let mut tally = compare::Tally::default();
    let mut wrong = Vec::new();
    for (case, ran) in cases.iter().zip(&runs) {
        if let Err(difference) = compare::compare(case, ran, &mut tally) {
            wrong.push((case.line.len(), format!("--- seed {}\n{}\n{difference}", case.seed, case.line)));
        }
    }
    println!("{count} lines: {tally}");
    println!("bash took {ran:.1?}, the reader {:.1?}", started.elapsed() - ran);
    wrong.sort();
    let shown = wrong
        .iter()
        .take(setting("HERMES_DIFF_SHOWN").unwrap_or(25) as usize)
        .map(|(_, text)| text.as_str())
        .collect::<Vec<_>>()
        .join("\n");
    assert!(wrong.is_empty(), "{} of {count} lines were read differently:\n{shown}", wrong.len());
    assert!(tally.ran > count, "bash ran only {} commands in {count} lines", tally.ran);
    tally.assert_shares();
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}
