//! Where commands run: what each backend lacks on this machine, and whether its sessions open.

use std::time::Duration;

use hermes_plugin_api::backend::{Keep, SessionSpec};
use hermes_plugin_api::error::PluginError;
use hermes_plugin_api::manifest::{Kind, Manifest, Provide};
use tokio::time::Instant;

use super::needs::{Lacking, lacking};
use super::plugins::of_refusal;
use super::{Check, told};
use crate::app::Ground;
use crate::cli::start::{self, Started};
use crate::config::layers::Config;
use crate::error::{Failure, OK};
use crate::plugin::asks::plain;
use crate::plugin::refusal::Refusal;
use crate::plugin::registry::Plugins;

const NAME: &str = "backend";
/// How long opening a session may take; an image may have to be fetched first.
const OPENING: Duration = Duration::from_secs(300);

/// The chosen one, and what the others lack.
pub(super) fn all(ground: &Ground, config: &Config) -> Vec<Check> {
    let plugins = ground.clone().plugins(config, None);
    let Some(chosen) = &config.settings.terminal.backend else {
        let fix = "`hermes plugins list` shows what is installed";
        return vec![Check::failed(NAME, "no installed plugin runs commands", fix)];
    };
    let offers: Vec<&Provide> = plugins.offers(Kind::Backend).map(|(_, offer)| offer).collect();
    let of = |name: &str| offers.iter().find(|offer| offer.name == name).map(|offer| lacking(offer, ground, config));
    let mut checks = match (offering(&plugins, chosen), of(chosen).unwrap_or_default()) {
        (Ok(id), lacks) if lacks.is_empty() => {
            vec![Check::ok(NAME, format!("commands run on `{}`, by plugin `{id}`", plain(chosen)))]
        }
        (Ok(_), lacks) => {
            let failed = |Lacking { said, fix }: Lacking| {
                Check::failed(NAME, format!("commands run on `{}`, where {said}", plain(chosen)), fix)
            };
            lacks.into_iter().map(failed).collect()
        }
        (Err(refusal), _) => vec![of_refusal(NAME, &refusal)],
    };
    for offer in offers.iter().filter(|offer| offer.name != *chosen) {
        checks.extend(lacking(offer, ground, config).into_iter().map(|Lacking { said, fix }| {
            Check::hinted(NAME, format!("`{}` is not chosen, and could not be used: {said}", plain(&offer.name)), fix)
        }));
    }
    checks
}

/// A session of each that lacks nothing, opened and closed again.
pub(super) fn opened(ground: Ground) -> Vec<Check> {
    let mut checks = Vec::new();
    let looked_at = ground.clone();
    let ran = start::run(ground, Vec::new(), false, async |started| {
        let config = &started.app.config;
        let chosen = config.settings.terminal.backend.as_deref();
        for (_, offer) in started.app.plugins.offers(Kind::Backend) {
            if !lacking(offer, &looked_at, config).is_empty() {
                continue;
            }
            let begun = Instant::now();
            checks.push(match open(&started, &offer.name).await {
                Ok(why) => {
                    let seconds = begun.elapsed().as_secs_f64();
                    let said =
                        format!("a session of `{}` was opened in {seconds:.1} s. {}", plain(&offer.name), plain(&why));
                    Check::ok(NAME, said)
                }
                Err(failure) => {
                    let check = told(NAME, &failure);
                    let said = format!("no session of `{}` can be opened: {}", plain(&offer.name), check.said);
                    let fix = check.fix.unwrap_or_default();
                    match chosen == Some(offer.name.as_str()) {
                        true => Check::failed(NAME, said, fix),
                        false => Check::warning(NAME, said, fix),
                    }
                }
            });
        }
        Ok(OK)
    });
    checks.extend(ran.err().map(|failure| told(NAME, &failure)));
    checks
}

/// What a session says that it is.
async fn open(started: &Started, name: &str) -> Result<String, Failure> {
    let place = started.place(Some(name), "doctor".to_owned())?;
    let (cwd, env, files) = (place.cwd, place.env, place.files);
    let spec = SessionSpec { task: "doctor".to_owned(), cwd, env, files, ..SessionSpec::default() };
    let session = tokio::time::timeout(OPENING, place.backend.open("doctor", &spec)).await.map_err(|_| {
        let text = format!("it took longer than {} s", OPENING.as_secs());
        Failure::from(PluginError::unavailable(text))
    })??;
    let why = session.facts().why.clone();
    session.close(Keep::Nothing).await?;
    Ok(why)
}

/// The plugin that runs commands under this name.
fn offering(plugins: &Plugins, name: &str) -> Result<String, Refusal> {
    if let Some((entry, _)) = plugins.offers(Kind::Backend).find(|(_, offer)| offer.name == name) {
        return Ok(entry.found.id.clone());
    }
    let declares = |manifest: &Manifest| manifest.declares(Kind::Backend, name);
    let found = plugins.entries().iter().find(|entry| entry.found.manifest.as_ref().is_ok_and(declares));
    let listed = plugins.catalogue().owner_of(Kind::Backend, name);
    let id = found.map(|entry| entry.found.id.as_str()).or(listed.map(|listed| listed.id.as_str()));
    Err(plugins.absence(id.unwrap_or(name)))
}
