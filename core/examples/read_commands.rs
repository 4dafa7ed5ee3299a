//! Reads command lines, one JSON object with `input` a line, and prints how long a reading takes.
//! `cargo run --release -p hermes-core --example read_commands < corpus.jsonl`
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measuring tool: it takes times and prints them"
)]

use std::hint::black_box;
use std::io::BufRead;
use std::time::Instant;

fn main() {
    let lines = std::io::stdin().lock().lines().map_while(Result::ok);
    let inputs: Vec<String> = lines
        .filter_map(|line| Some(serde_json::from_str::<serde_json::Value>(&line).ok()?["input"].as_str()?.to_owned()))
        .collect();
    let mut times = Vec::new();
    for input in &inputs {
        const ROUNDS: u32 = 20;
        let start = Instant::now();
        for _ in 0..ROUNDS {
            black_box(hermes_core::command::read(black_box(input)));
        }
        times.push((start.elapsed() / ROUNDS, input));
    }
    times.sort();
    if times.is_empty() {
        return println!("no input");
    }
    let at = |share: f64| &times[((times.len() - 1) as f64 * share) as usize];
    println!(
        "{} commands: median {:?}, p99 {:?}, slowest {:?} for {:?}",
        times.len(),
        at(0.5).0,
        at(0.99).0,
        at(1.0).0,
        at(1.0).1
    );
}
