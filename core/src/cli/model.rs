//! `hermes model …`: which model answers. Providers are whatever plugins of kind `model` are enabled, and what is
//! said of them stands in their manifests: nothing here knows any by name.
//!
//! A key goes to `.env` and nowhere else; nothing is written before the model has answered, unless its owner says so.

mod choose;
mod list;
mod provider;
mod trial;
mod write;

use clap::{Args, Subcommand};

use crate::app::Ground;
use crate::cli::ask;
use crate::error::{Failure, OK, USAGE};

pub(super) use choose::{Choice, choose};
pub(super) use provider::{Key, Provider};
pub(super) use trial::search;

/// What to do about models.
#[derive(Debug, Args)]
pub struct ModelArgs {
    #[command(subcommand)]
    command: Option<ModelCommand>,
}

/// What to do about models, in words.
#[derive(Debug, Subcommand)]
enum ModelCommand {
    /// List the providers there are, or the models of one, which asks it.
    List {
        /// The provider.
        provider: Option<String>,
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Show which model answers, and what is known of it.
    Show {
        /// Print JSON.
        #[arg(long)]
        json: bool,
    },
    /// Choose a model without questions. It is asked for a word before anything is written.
    Set {
        /// The provider.
        provider: String,
        /// The model, as its provider names it; may be left out where there is only one.
        model: Option<String>,
        #[command(flatten)]
        with: With,
    },
}

/// What a choice may come with.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct With {
    /// Where the server is, when not where it usually is.
    #[arg(long, value_name = "URL")]
    pub(super) base_url: Option<String>,
    /// Read the key from standard input and write it to `.env`.
    #[arg(long)]
    pub(super) key_stdin: bool,
    /// Write the choice without asking the model for a word.
    #[arg(long)]
    pub(super) no_test: bool,
}

/// Runs it.
///
/// # Errors
/// What the command reports.
pub fn run(args: ModelArgs, ground: Ground) -> Result<u8, Failure> {
    match args.command {
        None if ask::is_attended() => choose(&ground, Choice::default()).map(|()| OK),
        None => {
            let failure = Failure::new("Nobody is here to choose a model").code(USAGE);
            Err(failure.hint("`hermes model set PROVIDER MODEL` needs no answers"))
        }
        Some(ModelCommand::List { provider: None, json }) => list::providers(ground, json),
        Some(ModelCommand::List { provider: Some(name), json }) => list::models(ground, &name, json),
        Some(ModelCommand::Show { json }) => list::show(ground, json),
        Some(ModelCommand::Set { provider, model, with }) => {
            let choice = Choice { provider: Some(provider), model, with, unattended: true, ..Choice::default() };
            choose(&ground, choice).map(|()| OK)
        }
    }
}
