//! The command line: which words there are and which file serves each. One file per command; nothing is decided
//! here.

pub mod config;
pub mod out;
pub mod plugins;

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
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show, change and check the configuration.
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// List, install, trust and check plugins.
    #[command(subcommand)]
    Plugins(plugins::PluginsCommand),
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
    let matches = match Cli::command().try_get_matches_from(&args) {
        Ok(matches) => matches,
        Err(error) => return usage(&error),
    };
    let cli = Cli::from_arg_matches(&matches).map_err(|error| Failure::new(error.to_string()))?;
    let ground = || Ground::survey(Environment::capture(), cli.profile.clone());
    match cli.command {
        Some(Command::Version) => {
            out::line(&format!("hermes {}", env!("CARGO_PKG_VERSION")));
            Ok(error::OK)
        }
        Some(Command::Config(command)) => config::run(command, &ground()?),
        Some(Command::Plugins(command)) => plugins::run(command, ground()?),
        Some(Command::Contributed(words)) => contributed(&words, ground()?),
        None => usage(&Cli::command().error(clap::error::ErrorKind::DisplayHelp, "")),
    }
}

/// Help, version and mistakes. Help lists the words of plugins like any other.
fn usage(error: &clap::Error) -> Result<u8, Failure> {
    let _ = error.print();
    Ok(u8::try_from(error.exit_code()).unwrap_or(error::USAGE))
}

fn contributed(words: &[String], ground: Ground) -> Result<u8, Failure> {
    let word = words.first().map_or("", String::as_str);
    let Some(listed) = ground.catalogue.owner_of_word(word) else {
        let known: Vec<String> = Cli::command().get_subcommands().map(|known| known.get_name().to_owned()).collect();
        let failure = Failure::new(format!("Unknown command `{word}`")).code(error::USAGE);
        let nearest = known.iter().max_by(|a, b| strsim::jaro(a, word).total_cmp(&strsim::jaro(b, word)));
        let nearest = nearest.filter(|known| strsim::jaro(known, word) > 0.7);
        return Err(match nearest {
            Some(known) => failure.hint(format!("did you mean `{known}`?")),
            None => failure.hint("see `hermes --help`"),
        });
    };
    let installed = ground.found.iter().any(|found| found.id == listed.id);
    let failure = Failure::new(format!("`{word}` is a command of the plugin `{}`, which is not installed", listed.id));
    match (installed, listed.available) {
        (true, _) => Err(Failure::new(format!("`{word}` is a command of the plugin `{}`", listed.id))),
        (false, true) => Err(failure.hint(format!("install it with `hermes plugins install {}`", listed.id))),
        (false, false) => Err(failure.hint("it is planned and not part of this release")),
    }
}
