//! `hermes completion SHELL` and the manual page: both made from the grammar of the command line, so that they say
//! what it says.

use clap::builder::PossibleValuesParser;
use clap::{Args, Command};
use clap_complete::Shell;

use super::{contributed, out};
use crate::error::{Failure, OK, USAGE};

/// For which shell.
#[derive(Debug, Args)]
pub struct CompletionArgs {
    /// The shell.
    #[arg(value_parser = PossibleValuesParser::new(["bash", "zsh", "fish"]))]
    shell: String,
}

/// For which command.
#[derive(Debug, Args)]
pub struct ManArgs {
    /// The command; all of the program without one.
    command: Option<String>,
}

/// Prints what a shell needs to complete words, those of plugins among them.
///
/// # Errors
/// Never, but for a shell that the grammar lets through and nobody knows.
pub fn complete(args: &CompletionArgs, command: Command) -> Result<u8, Failure> {
    let shell: Shell = args.shell.parse().map_err(|error: String| Failure::new(error).code(USAGE))?;
    let mut command = contributed::with_words(command.clone()).unwrap_or(command);
    clap_complete::generate(shell, &mut command, "hermes", &mut out::writer());
    Ok(OK)
}

/// Prints a page of the manual.
///
/// # Errors
/// For a command that is not there, or when nothing can be printed.
pub fn page(args: &ManArgs, mut command: Command) -> Result<u8, Failure> {
    command.build();
    if let Some(name) = &args.command {
        let found = command.find_subcommand(name).cloned();
        let unknown = || Failure::new(format!("There is no command `{name}`")).code(USAGE);
        // The page is called as the command is: `hermes-sessions`.
        command = found.ok_or_else(unknown)?.name(format!("hermes-{name}"));
    }
    clap_mangen::Man::new(command).render(&mut out::writer())?;
    Ok(OK)
}
