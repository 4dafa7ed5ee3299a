//! Providers, models and the one that answers, as listings. The list of providers is read from manifests alone.

use hermes_plugin_api::model::ModelInfo;
use serde_json::{Value, json};

use super::provider::{Key, Provider};
use super::trial::Trial;
use crate::app::Ground;
use crate::cli::out;
use crate::config::layers::Config;
use crate::error::{Failure, OK};
use crate::plugin::asks::plain;

pub(super) fn providers(ground: Ground, as_json: bool) -> Result<u8, Failure> {
    let config = Config::load(&ground.sources())?;
    let all = Provider::all(&ground, &config);
    let chosen = config.settings.model.provider.as_deref().unwrap_or_default();
    if as_json {
        out::json(&all.iter().map(|provider| described(provider, &config, chosen)).collect());
        return Ok(OK);
    }
    let row = |provider: &Provider| {
        let name = if provider.name == chosen { format!("{} *", provider.name) } else { provider.name.clone() };
        let key = if provider.enabled { key_text(&provider.key(&config)) } else { "plugin disabled".to_owned() };
        vec![name, provider.facts.title.clone(), key, provider.base_url(&config)]
    };
    out::table(&["PROVIDER", "TITLE", "KEY", "ADDRESS"], all.iter().map(row).collect());
    Ok(OK)
}

fn key_text(key: &Key) -> String {
    match key {
        Key::Set(name) => name.clone(),
        Key::Missing => "missing".to_owned(),
        Key::Optional => "not needed".to_owned(),
    }
}

fn described(provider: &Provider, config: &Config, chosen: &str) -> Value {
    let key = provider.key(config);
    json!({
        "name": provider.name,
        "title": provider.facts.title,
        "plugin": provider.plugin,
        "enabled": provider.enabled,
        "chosen": provider.name == chosen,
        "base_url": provider.base_url(config),
        "secrets": provider.facts.secrets,
        "key": match &key { Key::Set(_) => "set", Key::Missing => "missing", Key::Optional => "optional" },
        "local": provider.facts.local,
    })
}

pub(super) fn models(ground: Ground, name: &str, as_json: bool) -> Result<u8, Failure> {
    let config = Config::load(&ground.sources())?;
    let provider = Provider::named(&Provider::all(&ground, &config), name)?;
    let models = Trial::default().models(&ground, &provider.name)?;
    let models = models.ok_or_else(|| Failure::new(format!("`{}` does not list its models", provider.name)))?;
    if as_json {
        out::json(&models.iter().map(|info| serde_json::to_value(info).unwrap_or_default()).collect());
        return Ok(OK);
    }
    out::table(&["MODEL", "CONTEXT", "PICTURES", "PRICE IN", "PRICE OUT"], models.iter().map(row).collect());
    Ok(OK)
}

fn row(info: &ModelInfo) -> Vec<String> {
    let dollars = |price: f64| format!("${price:.2}");
    let pictures = info.vision.map(|sees| if sees { "yes" } else { "no" });
    vec![
        plain(&info.name),
        info.context.map(|tokens| tokens.to_string()).unwrap_or_default(),
        pictures.unwrap_or_default().to_owned(),
        info.price.map(|price| dollars(price.input)).unwrap_or_default(),
        info.price.map(|price| dollars(price.output)).unwrap_or_default(),
    ]
}

pub(super) fn show(ground: Ground, as_json: bool) -> Result<u8, Failure> {
    let config = Config::load(&ground.sources())?;
    let all = Provider::all(&ground, &config);
    let chosen = config.settings.model.provider.clone().unwrap_or_default();
    let provider = Provider::named(&all, &chosen)?;
    let name = config.settings.model.name.clone().unwrap_or_default();
    let info = Trial::default().info(&ground, &provider.name, &name)?;
    let key = provider.key(&config);
    if as_json {
        let mut shown = described(&provider, &config, &chosen);
        shown["model"] = if name.is_empty() { Value::Null } else { name.into() };
        shown["info"] = serde_json::to_value(&info).unwrap_or_default();
        out::json(&shown);
        return Ok(OK);
    }
    let price = info.price.map(|price| format!("${} in, ${} out for a million tokens", price.input, price.output));
    let rows = [
        ("provider", Some(format!("{} ({})", provider.name, provider.facts.title))),
        ("model", Some(plain(&name))),
        ("address", Some(provider.base_url(&config))),
        ("key", Some(key_text(&key))),
        ("context", info.context.map(|tokens| format!("{tokens} tokens"))),
        ("longest answer", info.max_output.map(|tokens| format!("{tokens} tokens"))),
        ("pictures", info.vision.map(|sees| if sees { "yes" } else { "no" }.to_owned())),
        ("price", price),
    ];
    let known = rows.into_iter().filter_map(|(name, value)| Some((name, value.filter(|value| !value.is_empty())?)));
    known.for_each(|(name, value)| out::line(&format!("{name:<15} {value}")));
    Ok(OK)
}
