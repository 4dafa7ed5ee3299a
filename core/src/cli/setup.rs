//! `hermes setup`: from nothing to a model that answers, without editing a file.
//!
//! It looks for servers on this machine only when the person agrees, and only where they usually are.

use clap::Args;

use crate::app::Ground;
use crate::cli::model::{Choice, Provider, With, choose, search};
use crate::cli::{ask, out};
use crate::config::layers::{Config, Origin};
use crate::error::{Failure, OK, USAGE};
use crate::plugin::asks::plain;

/// How to get going. Without flags, by questions.
#[derive(Debug, Args)]
pub struct SetupArgs {
    /// Use this provider.
    #[arg(long, value_name = "P")]
    provider: Option<String>,
    /// Use this model of it.
    #[arg(long, value_name = "MODEL", requires = "provider")]
    model: Option<String>,
    /// Look for a model server on this machine and use the first that answers.
    #[arg(long, conflicts_with_all = ["provider", "base_url", "key_stdin"])]
    detect: bool,
    #[command(flatten)]
    with: With,
}

/// Runs it.
///
/// # Errors
/// When something is missing that nobody can be asked for, or no model answers.
pub fn run(args: &SetupArgs, ground: Ground) -> Result<u8, Failure> {
    let config = Config::load(&ground.sources())?;
    let all = Provider::all(&ground, &config);
    let choice = Choice { with: args.with.clone(), unattended: true, any_model: args.detect, ..Choice::default() };
    let choice = if args.detect {
        Choice { provider: Some(first_found(&ground, &all, &config)?), ..choice }
    } else if let Some(provider) = &args.provider {
        Choice { provider: Some(provider.clone()), model: args.model.clone(), ..choice }
    } else if ask::is_attended() {
        greet(&config);
        Choice { unattended: false, ..found_or_asked(&ground, &all, &config, choice)? }
    } else {
        let failure = Failure::new("Nobody is here to answer questions").code(USAGE);
        return Err(failure.hint("say it with flags: `hermes setup --detect`, or `--provider P --model MODEL`"));
    };
    choose(&ground, choice)?;
    out::line("All set: `hermes` starts a conversation, `hermes chat -q QUESTION` asks one thing");
    Ok(OK)
}

fn greet(config: &Config) {
    out::note("hermes needs a model to talk to: one on this machine, or one of a provider.");
    if let (Some(provider), false) =
        (&config.settings.model.provider, config.origin("model.provider") == Origin::Default)
    {
        let name = config.settings.model.name.as_deref().unwrap_or_default();
        out::note(&format!("Up to now it is {} {}.", plain(provider), plain(name)));
    }
}

/// Where servers on this machine are looked for.
fn places(all: &[Provider], config: &Config) -> String {
    let local = all.iter().filter(|provider| provider.enabled && provider.facts.local);
    local
        .map(|provider| format!("{} at {}", provider.facts.title, plain(&provider.base_url(config))))
        .collect::<Vec<_>>()
        .join(", ")
}

fn first_found(ground: &Ground, all: &[Provider], config: &Config) -> Result<String, Failure> {
    let found = search(ground, all)?.into_iter().find(|(_, models)| !models.is_empty());
    let found = found.map(|(provider, models)| {
        out::note(&format!("Found {} with {} models", provider.facts.title, models.len()));
        provider.name
    });
    let none = || Failure::new("No server with a model answers on this machine");
    found.ok_or_else(|| none().hint(format!("looked for {}", places(all, config))))
}

fn found_or_asked(ground: &Ground, all: &[Provider], config: &Config, choice: Choice) -> Result<Choice, Failure> {
    let places = places(all, config);
    if places.is_empty() || !ask::yes(&format!("Look for a model server on this machine ({places})?"), true)? {
        return Ok(choice);
    }
    for (provider, models) in search(ground, all)? {
        let question = format!("Found {} with {} models. Use it?", provider.facts.title, models.len());
        if ask::yes(&question, true)? {
            return Ok(Choice { provider: Some(provider.name), open: true, ..choice });
        }
    }
    out::note("No server is used from this machine.");
    Ok(choice)
}
