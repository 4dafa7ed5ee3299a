//! `hermes status`: what is in force, at a glance. It opens no plugin; what is wrong is for `hermes doctor`.

use clap::Args;
use serde_json::json;

use super::{out, profile};
use crate::app::Ground;
use crate::cli::model::{Key, Provider};
use crate::config::layers::{Config, Origin};
use crate::config::settings::ApprovalMode;
use crate::error::{Failure, OK};
use crate::host::clock;
use crate::plugin::asks::plain;
use crate::plugin::state::State;
use crate::session::sessions::Sessions;
use crate::session::store::find::called;
use crate::session::store::list::{Summary, Wanted};

/// How to tell it.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What is in force.
struct Status {
    provider: String,
    model: String,
    key: &'static str,
    backend: String,
    asking: &'static str,
    enabled: usize,
    broken: usize,
    sessions: u64,
    latest: Option<Summary>,
}

/// Runs it.
///
/// # Errors
/// When the configuration or the store cannot be read.
pub fn run(args: &StatusArgs, ground: Ground) -> Result<u8, Failure> {
    let config = Config::load(&ground.sources())?;
    let status = status(&ground, &config)?;
    let (profile, home) = (profile::name_of(&ground.home).to_owned(), ground.home.root().display().to_string());
    let Status { provider, model, key, backend, asking, enabled, broken, sessions, latest } = status;
    if args.json {
        out::json(&json!({
            "version": env!("CARGO_PKG_VERSION"), "profile": profile, "home": home,
            "provider": provider, "model": model, "key": key, "backend": backend, "asking": asking,
            "plugins": { "enabled": enabled, "broken": broken },
            "sessions": sessions, "latest": latest.map(|latest| latest.id),
        }));
        return Ok(OK);
    }
    let label = match model.as_str() {
        "" => provider,
        name => format!("{name} ({provider})"),
    };
    let broken = if broken > 0 { format!(", {broken} broken: `hermes doctor`") } else { String::new() };
    let latest =
        latest.map(|latest| format!(", the latest `{}` {}", plain(&called(&latest)), clock::ago(latest.last_ms)));
    for (name, value) in [
        ("hermes", env!("CARGO_PKG_VERSION").to_owned()),
        ("profile", profile),
        ("home", home),
        ("model", plain(&label)),
        ("key", key.to_owned()),
        ("commands", format!("on {}", plain(&backend))),
        ("asking", asking.to_owned()),
        ("plugins", format!("{enabled} on{broken}")),
        ("sessions", format!("{sessions}{}", latest.unwrap_or_default())),
    ] {
        out::line(&format!("{name:<9} {value}"));
    }
    Ok(OK)
}

fn status(ground: &Ground, config: &Config) -> Result<Status, Failure> {
    let settings = &config.settings;
    let plugins = ground.clone().plugins(config, None);
    let count = |is: fn(&State) -> bool| plugins.entries().iter().filter(|entry| is(&entry.state)).count();
    let provider = settings.model.provider.clone().unwrap_or_default();
    let (sessions, latest) = match Sessions::existing(&ground.home)? {
        Some(sessions) => {
            let store = sessions.store();
            let wanted = Wanted { limit: Some(1), ..Wanted::default() };
            (store.stats(None)?.sessions, store.sessions(&wanted)?.pop())
        }
        None => (0, None),
    };
    Ok(Status {
        key: key(ground, config, &provider),
        provider,
        model: settings.model.name.clone().unwrap_or_default(),
        backend: settings.terminal.backend.clone().unwrap_or_else(|| "nothing".to_owned()),
        asking: asking(config),
        enabled: count(|state| *state == State::Enabled),
        broken: count(|state| matches!(state, State::Broken(_))),
        sessions,
        latest,
    })
}

fn key(ground: &Ground, config: &Config, provider: &str) -> &'static str {
    if config.origin("model.provider") == Origin::Default {
        return "no model is chosen: `hermes setup`";
    }
    match Provider::named(&Provider::all(ground, config), provider).map(|provider| provider.key(config)) {
        Ok(Key::Set(_)) => "set",
        Ok(Key::Missing) => "missing: `hermes model`",
        Ok(Key::Optional) => "not needed",
        Err(_) => "its plugin cannot be used: `hermes doctor`",
    }
}

fn asking(config: &Config) -> &'static str {
    match config.settings.approvals.mode {
        _ if config.environment().switch("HERMES_YOLO_MODE") => "off (⚡ YOLO)",
        ApprovalMode::Manual => "a person is asked before dangerous commands",
        ApprovalMode::Smart => "a model is asked first, then a person",
        ApprovalMode::Off => "off (`approvals.mode`)",
    }
}
