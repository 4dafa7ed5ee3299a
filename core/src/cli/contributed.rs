//! Words that plugins contribute: run by their plugin, listed like built-in ones. Listing reads manifests alone.

use std::ffi::OsString;
use std::time::Duration;

use hermes_plugin_api::error::PluginError;
use hermes_plugin_api::manifest::{CommandWord, Manifest};

use super::{out, runtime};
use crate::app::{App, Ground};
use crate::config::environment::Environment;
use crate::config::layers::Config;
use crate::error::{self, Failure};
use crate::flow::{self, CancelSource};
use crate::plugin::asks::plain;
use crate::plugin::handle::CommandsHandle;
use crate::plugin::state::State;

/// Pieces of output that wait to be printed.
const PIECES: usize = 16;
/// How long plugins may take to return their resources.
const GRACE: Duration = Duration::from_secs(2);

/// Runs a word that core does not know: `own` are those that it does.
pub(super) fn run(words: &[String], ground: Ground, own: &[String]) -> Result<u8, Failure> {
    let (word, arguments) = words.split_first().ok_or_else(|| Failure::new("No command is named"))?;
    if !claimed(word, &ground) {
        return Err(unknown(word, &ground, own));
    }
    runtime::block_on(async {
        let app = App::start(ground, Vec::new())?;
        let commands = app.plugins.commands(word)?;
        let code = stream(&commands, word, arguments).await;
        if tokio::time::timeout(GRACE, app.plugins.stop()).await.is_err() {
            tracing::warn!("Plugins did not return their resources in time.");
        }
        Ok(u8::try_from(code?).unwrap_or(error::FAILED))
    })?
}

/// Runs it and prints what comes, as it comes.
async fn stream(commands: &CommandsHandle, word: &str, arguments: &[String]) -> Result<i32, PluginError> {
    let (output, mut pieces) = flow::bytes(PIECES);
    let cancel = CancelSource::new();
    let handle = cancel.handle();
    let mut run = std::pin::pin!(commands.run(word, arguments, output, &handle));
    let code = loop {
        tokio::select! {
            biased;
            Some(piece) = pieces.recv() => out::raw(&piece),
            code = &mut run => break code?,
            _ = tokio::signal::ctrl_c() => {
                cancel.cancel();
                break error::INTERRUPTED.into();
            }
        }
    };
    while let Ok(piece) = pieces.try_recv() {
        out::raw(&piece);
    }
    Ok(code)
}

fn claimed(word: &str, ground: &Ground) -> bool {
    let manifests = ground.found.iter().filter_map(|found| found.manifest.as_ref().ok());
    let mut installed = manifests.filter(|manifest| manifest.commands.iter().any(|command| command.name == word));
    installed.next().is_some() || ground.catalogue.owner_of_word(word).is_some()
}

fn unknown(word: &str, ground: &Ground, own: &[String]) -> Failure {
    let contributed = ground.found.iter().filter_map(|found| found.manifest.as_ref().ok());
    let contributed = contributed.flat_map(|manifest| manifest.commands.iter().map(|command| command.name.as_str()));
    let known = own.iter().map(String::as_str).chain(contributed);
    let nearest = known.max_by(|a, b| strsim::jaro(a, word).total_cmp(&strsim::jaro(b, word)));
    let failure = Failure::new(format!("Unknown command `{}`", plain(word))).code(error::USAGE);
    match nearest.filter(|known| strsim::jaro(known, word) > 0.7) {
        Some(known) => failure.hint(format!("did you mean `{known}`?")),
        None => failure.hint("see `hermes --help`"),
    }
}

/// The same help, with the words of enabled plugins in it. None where they cannot be known: help never fails.
pub(super) fn listed(command: clap::Command, args: &[OsString]) -> Option<clap::Error> {
    with_words(command)?.try_get_matches_from(args).err()
}

/// The grammar with the words of enabled plugins in it. None where they cannot be known.
pub(super) fn with_words(mut command: clap::Command) -> Option<clap::Command> {
    for word in words()? {
        if command.find_subcommand(&word.name).is_none() {
            command = command.subcommand(clap::Command::new(word.name).about(plain(&word.about)));
        }
    }
    Some(command)
}

fn words() -> Option<Vec<CommandWord>> {
    let ground = Ground::survey(Environment::capture(), None).ok()?;
    let config = Config::load(&ground.sources()).ok()?;
    let plugins = ground.plugins(&config, None);
    let enabled = plugins.entries().iter().filter(|entry| entry.state == State::Enabled);
    let manifests = enabled.filter_map(|entry| entry.found.manifest.as_ref().ok());
    Some(manifests.flat_map(|manifest: &Manifest| manifest.commands.clone()).collect())
}
