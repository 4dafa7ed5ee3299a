//! A provider, its key, a model, a first word, and then the files: by questions where something is left open and
//! somebody is there to ask.

use std::io::Read as _;

use hermes_plugin_api::model::ModelInfo;
use hermes_plugin_api::secret::Secret;
use serde_json::Value;

use super::provider::{Key, Provider};
use super::trial::Trial;
use super::{With, write};
use crate::app::Ground;
use crate::cli::{ask, out};
use crate::config::keys::{KeyPath, KeyPathError};
use crate::config::layers::Config;
use crate::error::{Failure, INTERRUPTED};
use crate::plugin::asks::plain;

/// Longest key, in bytes.
const KEY: u64 = 64 << 10;

/// What is chosen already.
#[derive(Clone, Debug, Default)]
pub(crate) struct Choice {
    /// The provider.
    pub(crate) provider: Option<String>,
    /// The model.
    pub(crate) model: Option<String>,
    /// What comes with it.
    pub(crate) with: With,
    /// Nobody is asked: what is left open must be clear.
    pub(crate) unattended: bool,
    /// Of several models the first will do.
    pub(crate) any_model: bool,
    /// The server has answered without a key.
    pub(crate) open: bool,
}

/// Makes a choice and writes it.
///
/// # Errors
/// When something is missing that nobody can be asked for, or the model does not answer. Nothing is written then.
pub(crate) fn choose(ground: &Ground, choice: Choice) -> Result<(), Failure> {
    let config = Config::load(&ground.sources())?;
    let all = Provider::all(ground, &config);
    let provider = match &choice.provider {
        Some(name) => Provider::named(&all, name)?,
        None => ask_provider(&all, &config)?,
    };
    let mut trial =
        Trial { settings: vec![(KeyPath::of(["model", "provider"]), provider.name.clone().into())], key: None };
    address(&provider, &config, &choice, &mut trial)?;
    key(&provider, &config, &choice, &mut trial)?;
    let model = model(ground, &provider, &choice, &trial)?;
    trial.settings.push((KeyPath::of(["model", "name"]), model.clone().map_or(Value::Null, Value::from)));
    let name = model.unwrap_or_default();
    if !choice.with.no_test {
        test(ground, &provider, &name, &choice, &trial)?;
    }
    write::write(ground, &trial)?;
    let what = if name.is_empty() { provider.name.clone() } else { format!("{} of {}", plain(&name), provider.name) };
    out::line(&format!("The model is {what}, written to `{}`", ground.home.config_file().display()));
    Ok(())
}

fn ask_provider(all: &[Provider], config: &Config) -> Result<Provider, Failure> {
    let usable: Vec<&Provider> = all.iter().filter(|provider| provider.enabled).collect();
    let names: Vec<String> = usable.iter().map(|provider| provider.name.clone()).collect();
    let label = |provider: &&Provider| {
        let key = match provider.key(config) {
            Key::Set(name) => format!(" (key in {name})"),
            _ => String::new(),
        };
        format!("{:<18} {}{key}", provider.name, provider.facts.title)
    };
    let labels: Vec<String> = usable.iter().map(label).collect();
    out::note("Providers:");
    let name = ask::one_of("Provider (a number or a name)", &names, &labels, false)?;
    Provider::named(all, &name)
}

fn address(provider: &Provider, config: &Config, choice: &Choice, trial: &mut Trial) -> Result<(), Failure> {
    let facts = &provider.facts;
    let given = match &choice.with.base_url {
        Some(url) => Some(url.clone()),
        None if !provider.base_url(config).is_empty() || facts.base_url_key.is_empty() => None,
        None if choice.unattended => {
            let failure = Failure::new(format!("Where the server of `{}` is must be said", provider.name));
            return Err(failure.hint("add `--base-url URL`"));
        }
        None => Some(ask::line("Address of the server (for example http://127.0.0.1:8000/v1): ")?),
    };
    let Some(url) = given else { return Ok(()) };
    if facts.base_url_key.is_empty() {
        return Err(Failure::new(format!("The address of `{}` cannot be changed", provider.name)));
    }
    let parsed = reqwest::Url::parse(&url).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
    let has_host = parsed.as_ref().is_some_and(|url| url.host_str().is_some_and(|host| !host.is_empty()));
    if !has_host {
        let failure = Failure::new(format!("`{}` is not the address of a server", plain(&url)));
        return Err(failure.hint("an address looks like http://127.0.0.1:8000/v1"));
    }
    if parsed.is_some_and(|url| !url.username().is_empty() || url.password().is_some()) {
        let failure = Failure::new("An address in the configuration cannot hold a password");
        return Err(failure.hint("put the key into `.env`: `--key-stdin` does"));
    }
    let key = facts.base_url_key.parse().map_err(|error: KeyPathError| Failure::new(error.to_string()))?;
    trial.settings.push((key, url.into()));
    Ok(())
}

fn key(provider: &Provider, config: &Config, choice: &Choice, trial: &mut Trial) -> Result<(), Failure> {
    let Some(variable) = provider.facts.secrets.first() else { return Ok(()) };
    let known = provider.key(config);
    // A key that is there goes on to stand where it stands.
    let variable = if let Key::Set(name) = &known { &name.clone() } else { variable };
    if choice.with.key_stdin {
        let mut text = String::new();
        std::io::stdin().lock().take(KEY).read_to_string(&mut text)?;
        return given(variable, text.lines().next().unwrap_or_default(), trial);
    }
    match known {
        Key::Set(_) if choice.unattended => Ok(()),
        Key::Set(_) if ask::yes(&format!("There is a key in `{variable}`. Use it?"), true)? => Ok(()),
        Key::Optional if choice.unattended || choice.open => Ok(()),
        Key::Missing if choice.unattended => {
            let failure =
                Failure::new(format!("There is no key for {}: `{variable}` is not set", provider.facts.title));
            Err(failure.hint("hand it over on standard input with `--key-stdin`, or set the variable"))
        }
        known => {
            if known == Key::Missing && !provider.facts.keys_at.is_empty() {
                out::note(&format!("Keys are made at {}", plain(&provider.facts.keys_at)));
            }
            let enough = if known == Key::Optional { "; Enter for none" } else { "" };
            let question = format!("Key (goes to `.env` as {variable}, not shown{enough}): ");
            let text = ask::hidden_line(&question)?;
            out::note("");
            match text.trim() {
                "" if known == Key::Optional => Ok(()),
                text => given(variable, text, trial),
            }
        }
    }
}

fn given(variable: &str, text: &str, trial: &mut Trial) -> Result<(), Failure> {
    let text = text.trim();
    if text.is_empty() || !text.chars().all(|c| c.is_ascii_graphic()) {
        return Err(Failure::new("That is no key: a key is one word of letters, digits and signs"));
    }
    trial.key = Some((variable.to_owned(), Secret::new(text)));
    Ok(())
}

/// The model: the one that is named, or one of those that the provider lists. None where it has no names for them.
fn model(ground: &Ground, provider: &Provider, choice: &Choice, trial: &Trial) -> Result<Option<String>, Failure> {
    if let Some(name) = &choice.model {
        return Ok(Some(name.clone()));
    }
    let listed = match trial.models(ground, &provider.name) {
        Err(failure) if choice.unattended || failure.exit_code() == INTERRUPTED => return Err(failure),
        Err(failure) => {
            out::note(&failure.render());
            Vec::new()
        }
        Ok(None) => return Ok(None),
        Ok(Some(listed)) => listed,
    };
    let names: Vec<String> = listed.iter().map(|info| info.name.clone()).collect();
    match names.as_slice() {
        [first] | [first, ..] if names.len() == 1 || choice.any_model => Ok(Some(first.clone())),
        [] if choice.unattended => {
            let failure = Failure::new(format!("{} lists no model", provider.facts.title));
            Err(failure.hint("name one: `hermes model set PROVIDER MODEL`"))
        }
        _ if choice.unattended => {
            let some: Vec<String> = names.iter().take(5).map(|name| plain(name)).collect();
            let failure = Failure::new(format!("{} has {} models: which one?", provider.facts.title, names.len()));
            Err(failure.hint(format!("name one, such as {}", some.join(", "))))
        }
        [] => match ask::line("Model, as the provider names it: ")? {
            name if name.is_empty() => Err(Failure::new("No model was named; nothing was changed")),
            name => Ok(Some(name)),
        },
        _ => {
            let labels: Vec<String> = listed.iter().map(label).collect();
            out::note(&format!("Models of {}:", provider.facts.title));
            ask::one_of("Model (a number, a name, or a part of one)", &names, &labels, true).map(Some)
        }
    }
}

fn label(info: &ModelInfo) -> String {
    let context = info.context.map_or_else(String::new, |tokens| format!("  {} tokens", tokens));
    format!("{}{context}", plain(&info.name))
}

fn test(ground: &Ground, provider: &Provider, name: &str, choice: &Choice, trial: &Trial) -> Result<(), Failure> {
    out::note(&format!("Asking {} for a word …", provider.facts.title));
    let failure = match trial.word(ground, &provider.name, name) {
        Ok(_) => {
            out::note("It answers.");
            return Ok(());
        }
        Err(failure) => failure,
    };
    if choice.unattended || failure.exit_code() == INTERRUPTED {
        return Err(failure);
    }
    out::note(&failure.render());
    match ask::yes("It does not answer. Keep the choice all the same?", false)? {
        true => Ok(()),
        false => Err(Failure::new("Nothing was changed")),
    }
}
