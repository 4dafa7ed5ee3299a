//! `cargo xtask VERB`: building, installing, testing and checking, with the same verbs at the desk and in CI.
#![forbid(unsafe_code)]
#![expect(clippy::disallowed_methods, reason = "a developer's tool: it does not live behind the doors of hermes")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a developer's tool: its output is for the terminal")]

mod api_sources;
mod bench;
mod build;
mod catalogue;
mod docs;
mod install;
mod lock;
mod new_plugin;
mod prefix;
mod run;
mod test;
mod tidy;
mod uninstall;
mod workspace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::workspace::Workspace;

/// Builds, installs, tests and checks hermes.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    Run(run::Args),
    Install(install::Args),
    Uninstall(uninstall::Args),
    Test(test::Args),
    Tidy(tidy::Args),
    NewPlugin(new_plugin::Args),
    Docs(docs::Args),
    Bench(bench::Args),
}

fn main() -> ExitCode {
    match perform(Cli::parse().verb) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            for cause in error.chain().skip(1) {
                eprintln!("  Caused by: {cause}");
            }
            ExitCode::FAILURE
        }
    }
}

fn perform(verb: Verb) -> anyhow::Result<()> {
    let workspace = Workspace::here()?;
    match verb {
        Verb::Run(args) => run::run(&workspace, &args),
        Verb::Install(args) => install::run(&workspace, &args),
        Verb::Uninstall(args) => uninstall::run(&args),
        Verb::Test(args) => test::run(&workspace, &args),
        Verb::Tidy(args) => tidy::run(&workspace, &args),
        Verb::NewPlugin(args) => new_plugin::run(&workspace, &args),
        Verb::Docs(args) => docs::run(&workspace, &args),
        Verb::Bench(args) => bench::run(&workspace, &args),
    }
}
