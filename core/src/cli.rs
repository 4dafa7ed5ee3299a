//! The command line: which words there are and which file serves each. One file per command; nothing is decided
//! here.

pub mod approvals;
mod ask;
pub mod audit;
pub mod chat;
pub mod check;
pub mod config;
mod contributed;
pub mod doctor;
pub mod exec;
pub mod manual;
pub mod model;
pub mod out;
pub mod plugins;
pub mod profile;
pub mod redact;
mod runtime;
pub mod sessions;
pub mod setup;
mod start;
pub mod status;
pub mod tools;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};

use crate::app::Ground;
use crate::config::environment::Environment;
use crate::config::home::Profile;
use crate::error::{self, Failure};

/// An agent that runs commands, and can be trusted with it.
#[derive(Debug, Parser)]
#[command(name = "hermes", version, max_term_width = 100, disable_help_subcommand = true)]
struct Cli {
    /// Use the profile NAME, which has a home of its own.
    #[arg(short = 'p', long, global = true, value_name = "NAME")]
    profile: Option<Profile>,
    #[command(flatten)]
    chat: chat::ChatArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List and revoke what runs without asking.
    #[command(subcommand)]
    Approvals(approvals::ApprovalsCommand),
    /// List decisions, and check that their log is whole.
    #[command(subcommand)]
    Audit(audit::AuditCommand),
    /// Tell what the guard would decide: exit code 0 allowed, 3 needs approval, 4 denied.
    Check(check::CheckArgs),
    /// Talk at the terminal, or answer one query. The default.
    Chat(chat::ChatArgs),
    /// Print what a shell needs to complete words: put it where that shell looks for it.
    Completion(manual::CompletionArgs),
    /// Look at everything that must be there, and say what to do about what is not.
    Doctor(doctor::DoctorArgs),
    /// Run one command through the guard.
    Exec(exec::ExecArgs),
    /// Print a page of the manual.
    #[command(hide = true)]
    Man(manual::ManArgs),
    /// Show, change and check the configuration.
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Choose the model that answers; without more words, by questions.
    Model(model::ModelArgs),
    /// List, install, trust and check plugins.
    #[command(subcommand)]
    Plugins(plugins::PluginsCommand),
    /// Make, choose and delete profiles: homes with everything of their own.
    #[command(subcommand)]
    Profile(profile::ProfileCommand),
    /// Hide secrets in what comes on standard input.
    Redact(redact::RedactArgs),
    /// List, search, export and delete what was said.
    #[command(subcommand)]
    Sessions(sessions::SessionsCommand),
    /// Get a new home going: choose a model, by questions or by flags.
    Setup(setup::SetupArgs),
    /// Tell what is in force.
    Status(status::StatusArgs),
    /// List the toolsets that models are offered, and switch them on and off.
    Tools(tools::ToolsArgs),
    /// Print the version.
    Version,
    /// A word that a plugin contributes.
    #[command(external_subcommand)]
    Contributed(Vec<String>),
}

/// Runs the program and returns the code to exit with. Prints the one final error.
#[must_use]
pub fn main(args: Vec<std::ffi::OsString>) -> u8 {
    match run(args) {
        Ok(code) => code,
        Err(failure) => {
            out::error(&failure.render());
            failure.exit_code()
        }
    }
}

fn run(args: Vec<std::ffi::OsString>) -> Result<u8, Failure> {
    if only_asks_version(&args) {
        return Ok(print_version());
    }
    let matches = match Cli::command().try_get_matches_from(&args) {
        Ok(matches) => matches,
        Err(error) => return usage(&args, error),
    };
    let cli = Cli::from_arg_matches(&matches).map_err(|error| Failure::new(error.to_string()))?;
    let ground = || -> Result<Ground, Failure> { Ground::survey(Environment::capture(), cli.profile.clone()) };
    match cli.command {
        Some(Command::Version) => Ok(print_version()),
        None => chat::run(cli.chat, ground()?),
        Some(_) if cli.chat != chat::ChatArgs::default() => {
            let text = "flags of `chat` stand behind it";
            usage(&args, Cli::command().error(clap::error::ErrorKind::ArgumentConflict, text))
        }
        Some(Command::Chat(args)) => chat::run(args, ground()?),
        Some(Command::Completion(args)) => manual::complete(&args, Cli::command()),
        Some(Command::Doctor(args)) => doctor::run(&args, ground()),
        Some(Command::Man(args)) => manual::page(&args, Cli::command()),
        Some(Command::Profile(command)) => profile::run(command, ground()?),
        Some(Command::Status(args)) => status::run(&args, ground()?),
        Some(Command::Tools(args)) => tools::run(args, ground()?),
        Some(Command::Exec(args)) => exec::run(args, ground()?),
        Some(Command::Approvals(command)) => approvals::run(command, &ground()?),
        Some(Command::Audit(command)) => audit::run(command, &ground()?),
        Some(Command::Check(args)) => check::run(args, ground()?),
        Some(Command::Config(command)) => config::run(command, &ground()?),
        Some(Command::Model(args)) => model::run(args, ground()?),
        Some(Command::Setup(args)) => setup::run(&args, ground()?),
        Some(Command::Plugins(command)) => plugins::run(command, ground()?),
        Some(Command::Redact(args)) => redact::run(&args, &ground()?),
        Some(Command::Sessions(command)) => sessions::run(command, ground()?),
        Some(Command::Contributed(words)) => contributed::run(&words, ground()?, &own_words()),
    }
}

/// Whether nothing but the version is wanted: then the command line's whole grammar is not worth building. Version
/// flags among other words are left to it.
fn only_asks_version(args: &[std::ffi::OsString]) -> bool {
    matches!(args, [_, flag] if flag == "--version" || flag == "-V")
}

fn print_version() -> u8 {
    out::line(&format!("hermes {}", env!("CARGO_PKG_VERSION")));
    error::OK
}

/// Help, version and mistakes. Help lists the words of plugins like any other.
fn usage(args: &[std::ffi::OsString], error: clap::Error) -> Result<u8, Failure> {
    let error = match error.kind() {
        clap::error::ErrorKind::DisplayHelp => contributed::listed(Cli::command(), args).unwrap_or(error),
        _ => error,
    };
    let _ = error.print();
    Ok(u8::try_from(error.exit_code()).unwrap_or(error::USAGE))
}

/// The words that core serves.
fn own_words() -> Vec<String> {
    Cli::command().get_subcommands().map(|known| known.get_name().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;
    use clap::error::ErrorKind;

    use crate::plugin::catalogue::WORDS;

    #[test]
    fn the_short_way_to_the_version_says_what_the_grammar_would() {
        for (words, short) in [
            (&["hermes", "--version"][..], true),
            (&["hermes", "-V"], true),
            (&["hermes", "-p", "work", "--version"], false),
            (&["hermes"], false),
        ] {
            let args: Vec<_> = words.iter().map(Into::into).collect();
            assert_eq!(super::only_asks_version(&args), short, "{words:?}");
            if words.len() > 1 {
                let answer = super::Cli::command().try_get_matches_from(words).expect_err("the version");
                assert_eq!(answer.kind(), ErrorKind::DisplayVersion);
                assert_eq!(answer.to_string(), format!("hermes {}\n", env!("CARGO_PKG_VERSION")));
            }
        }
    }

    #[test]
    fn every_word_of_core_is_reserved_for_it() {
        for word in super::own_words() {
            assert!(WORDS.contains(&word.as_str()), "`{word}` is missing in `WORDS`: a plugin could claim it");
        }
    }
}
