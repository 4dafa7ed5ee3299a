//! `hermes plugins test`: loads a plugin that lies in a folder and runs the suites of plugin-api on what it offers.
//!
//! The plugin runs in a home of its own that is thrown away. What is checked is decided there, not here; here is
//! only how a loaded plugin is called.

mod offered;
mod shell;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hermes_plugin_api::backend::SessionSpec;
use hermes_plugin_api::conformance::{self, Check, Outcome, Runner};
use hermes_plugin_api::error::{ErrorCode, PluginError};
use hermes_plugin_api::manifest::{Kind, Manifest, Provide};
use serde_json::Value;
use tokio_util::task::AbortOnDropHandle;

use crate::app::{App, Ground};
use crate::config::home::Home;
use crate::error::Failure;
use crate::guard::Audit;
use crate::plugin::find::{self, Roots};
use crate::plugin::install::{self, Candidate};
use crate::plugin::refusal::Refusal;
use crate::plugin::registry::Entry;
use offered::Tried;

/// How long the plugin may take to return its resources.
const FAREWELL: Duration = Duration::from_secs(10);

/// Runs all checks for what a plugin offers. Must be called on the runtime. `tell` is told what the person should
/// know before it happens.
///
/// # Errors
/// When there is nothing to check: no manifest, no library, no place for a home.
pub async fn run(ground: &Ground, folder: &Path, tell: impl Fn(&str)) -> Result<Vec<Check>, Failure> {
    // A first-party plugin may be put to the test like any other.
    let mut catalogue = ground.catalogue.clone();
    if let Ok(manifest) = find::read_manifest(folder) {
        catalogue.plugins.retain(|listed| listed.id != manifest.id);
    }
    let candidate = install::inspect(folder, &catalogue, &[])?;
    let place = tempfile::tempdir()?;
    let home = Home::at(place.path().join("home"));
    settle(&home, &candidate)?;
    let roots = Roots { extra: Vec::new(), home: home.root().to_owned(), bundle: None };
    let found = find::find(&roots)?;
    let app = App::start(Ground { home, env: ground.env.clone(), roots, found, catalogue }, Vec::new())?;
    let entry = app.plugins.entry(&candidate.manifest.id)?;
    let loaded = app.plugins.verify(entry).map_err(|refusal| refusal.cause);
    let mut checks = vec![check("it loads and offers what its manifest declares", loaded.clone())];
    if loaded.is_ok() {
        let tester =
            Tester { app: &app, entry, audit: Audit::new(ground.home.root()), place: place.path(), tell: &tell };
        checks.extend(tester.offers(&candidate.manifest).await);
        let plugins = app.plugins.clone();
        let stopped = async move {
            plugins.stop().await;
            Ok(())
        };
        let stopped = Timed.run(FAREWELL, stopped).await;
        checks.push(check("it returns its resources in time", stopped.map_err(|error| error.message)));
    }
    Ok(checks)
}

fn check(what: &str, held: Result<(), String>) -> Check {
    Check { what: what.to_owned(), outcome: held.map_or_else(Outcome::Failed, |()| Outcome::Passed) }
}

/// Installs it, trusts it and enables it there.
fn settle(home: &Home, candidate: &Candidate) -> Result<(), Failure> {
    install::copy(home, candidate)?;
    let id = &candidate.manifest.id;
    let text = format!("plugins:\n  enabled: [{id}]\n  trusted: [{id}]\n");
    crate::host::file::write_whole(&home.config_file(), text.as_bytes(), 0o600)?;
    Ok(())
}

/// A plugin that was loaded, and what its suites need.
struct Tester<'a> {
    app: &'a App,
    entry: &'a Entry,
    /// The log of the person's own home, not of the one that is thrown away.
    audit: Audit,
    /// A directory that is thrown away.
    place: &'a Path,
    tell: &'a dyn Fn(&str),
}

impl Tester<'_> {
    async fn offers(&self, manifest: &Manifest) -> Vec<Check> {
        let mut checks = Vec::new();
        for offer in &manifest.provides {
            let checked = self.offer(offer).await;
            checks.extend(checked.unwrap_or_else(|refusal| {
                let what = format!("{} `{}` can be used", offer.kind.as_str(), offer.name);
                vec![check(&what, Err(refusal.cause))]
            }));
        }
        checks
    }

    async fn offer(&self, offer: &Provide) -> Result<Vec<Check>, Refusal> {
        let (plugins, name) = (&self.app.plugins, offer.name.as_str());
        Ok(match offer.kind {
            Kind::Scanner => {
                let scanner = Arc::new(plugins.scanner(self.entry, name)?);
                conformance::scanner(&Timed, &scanner, name, &offer.subjects).await
            }
            Kind::McpServer => conformance::tools(&Timed, &Arc::new(plugins.toolset(self.entry, name)?), name).await,
            Kind::Model => conformance::model(&Timed, &Arc::new(plugins.model(name)?), name).await,
            Kind::Gate => conformance::gate(&Timed, &Arc::new(plugins.gate(self.entry, name)?), name).await,
            Kind::Platform if is(offer, "shows", "terminal") => {
                let why = "it writes on the terminal of whoever runs this".to_owned();
                vec![Check { what: format!("platform `{name}` carries messages"), outcome: Outcome::Skipped(why) }]
            }
            Kind::Platform => conformance::platform(&Timed, &Arc::new(plugins.platform(name)?), name).await,
            Kind::Backend => self.backend(offer).await?,
            // What a word does when called is for others to see: it may change anything.
            Kind::Commands => Vec::new(),
        })
    }

    async fn backend(&self, offer: &Provide) -> Result<Vec<Check>, Refusal> {
        let name = &offer.name;
        let backend = self.app.plugins.backend(name)?;
        (self.tell)(&format!(
            "note: backend `{name}` is asked to run fixed, harmless commands of the suite, which work in a directory of \
             their own and take it away again"
        ));
        let tried = Tried { backend, audit: self.audit.clone(), plugin: self.entry.found.id.clone() };
        let mut spec = SessionSpec { task: "conformance".to_owned(), ..SessionSpec::default() };
        if is(offer, "environment", "process") {
            let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
            let place = self.place.display().to_string();
            spec.env = BTreeMap::from([("PATH", path), ("HOME", &place)].map(|(k, v)| (k.to_owned(), v.to_owned())));
            spec.cwd = Some(place);
        }
        let tried = Arc::new(tried);
        let mut checks = conformance::backend(&Timed, &tried, name, &spec).await;
        if !checks.iter().any(|check| matches!(check.outcome, Outcome::Skipped(_))) {
            checks.extend(shell::checks(&tried, &spec).await);
        }
        Ok(checks)
    }
}

/// Whether a manifest states this fact about what it offers.
fn is(offer: &Provide, fact: &str, value: &str) -> bool {
    offer.facts.get(fact).and_then(Value::as_str) == Some(value)
}

/// Runs each call on a task of its own, so that one that blocks its thread is noticed too.
struct Timed;

impl Runner for Timed {
    async fn run<T: Send + 'static>(
        &self,
        limit: Duration,
        call: impl Future<Output = Result<T, PluginError>> + Send + 'static,
    ) -> Result<T, PluginError> {
        let task = AbortOnDropHandle::new(tokio::spawn(call));
        match tokio::time::timeout(limit, task).await {
            Ok(Ok(result)) => result,
            Ok(Err(error)) => Err(PluginError::internal(error.to_string())),
            Err(_) => {
                let message = format!("it took longer than {} seconds", limit.as_secs());
                Err(PluginError::new(ErrorCode::TIMEOUT, message))
            }
        }
    }

    fn check_schema(&self, schema: &Value) -> Result<(), String> {
        jsonschema::validator_for(schema).map(drop).map_err(|error| error.to_string())
    }
}
