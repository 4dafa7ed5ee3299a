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

const CASES: usize = 2_000;
const SEED: u64 = 20_250_101;

/// More lines with a problem than this share would make the comparison empty.
const MOST_PROBLEMS: f64 = 0.35;

#[test]
fn every_command_that_bash_runs_is_read() {
    let count = setting("HERMES_DIFF_CASES").map_or(CASES, |n| n as usize);
    let seed = setting("HERMES_DIFF_SEED").unwrap_or(SEED);
    let lines: Vec<String> = (0..count as u64).map(|n| Generator::new(seed.wrapping_add(n)).line()).collect();
    let runs = match sandbox::run(&lines) {
        Ok(runs) => runs,
        Err(reason) => {
            assert!(std::env::var_os("CI").is_none(), "the sandbox does not start: {reason}");
            return println!(
                "skipped: the reader against bash ({reason}); needs bash, coreutils and `unshare` with user namespaces"
            );
        }
    };
    let mut tally = compare::Tally::default();
    let mut wrong = Vec::new();
    for (line, ran) in lines.iter().zip(&runs) {
        if let Err(difference) = compare::compare(line, ran, &mut tally) {
            wrong.push(difference);
        }
    }
    println!("{count} lines: {tally}");
    wrong.sort_by_key(String::len);
    let shown = wrong.iter().take(25).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(wrong.is_empty(), "{} of {count} lines were read differently:\n{shown}", wrong.len());
    assert!(tally.ran > count, "bash ran only {} commands in {count} lines", tally.ran);
    let problems = tally.problems as f64 / count as f64;
    assert!(problems < MOST_PROBLEMS, "{:.0} % of the lines had a problem", problems * 100.0);
}

fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}
