//! The conformance checks: what every plugin of a kind must do, tried on one that lies in a folder.
//!
//! The plugin runs in a home of its own that is thrown away. Nothing is decided here about what a plugin may say,
//! only that it answers, in time and in form, whatever it is asked.

mod model;
mod places;
mod scanner;
mod tools;

use std::path::Path;
use std::time::Duration;

use hermes_plugin_api::error::{ErrorCode, PluginError};
use hermes_plugin_api::manifest::Kind;

use tokio_util::task::AbortOnDropHandle;

use crate::app::{App, Ground};
use crate::config::home::Home;
use crate::error::Failure;
use crate::plugin::find::{self, Roots};
use crate::plugin::install::{self, Candidate};
use crate::plugin::registry::Entry;

/// How long one call may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// One thing that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// What must hold.
    pub what: String,
    /// Why it does not.
    pub failed: Option<String>,
}

/// Collects checks.
#[derive(Default)]
struct Checks(Vec<Check>);

impl Checks {
    fn add(&mut self, what: impl Into<String>, result: Result<(), String>) {
        self.0.push(Check { what: what.into(), failed: result.err() });
    }
}

/// Runs all checks for what a plugin offers. Must be called on the runtime.
///
/// # Errors
/// When there is nothing to check: no manifest, no library, no place for a home.
pub async fn run(ground: &Ground, folder: &Path) -> Result<Vec<Check>, Failure> {
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
    let alone = Ground { home, env: ground.env.clone(), roots, found, catalogue };
    let app = App::start(alone, Vec::new())?;
    let mut checks = Checks::default();
    let entry = app.plugins.entry(&candidate.manifest.id)?;
    let loaded = app.plugins.verify(entry).map_err(|refusal| refusal.cause);
    let usable = loaded.is_ok();
    checks.add("it loads and offers what its manifest declares", loaded);
    if usable {
        offers(&mut checks, &app, entry).await;
        let plugins = app.plugins.clone();
        let stopped = timely("stop", async move {
            plugins.stop().await;
            Ok(())
        });
        let stopped = stopped.await;
        checks.add("it returns its resources in time", stopped.map_err(|error| error.message));
    }
    Ok(checks.0)
}

/// Installs it, trusts it and enables it there.
fn settle(home: &Home, candidate: &Candidate) -> Result<(), Failure> {
    install::copy(home, candidate)?;
    let id = &candidate.manifest.id;
    let text = format!("plugins:\n  enabled: [{id}]\n  trusted: [{id}]\n");
    crate::host::file::write_whole(&home.config_file(), text.as_bytes(), 0o600)?;
    Ok(())
}

async fn offers(checks: &mut Checks, app: &App, entry: &Entry) {
    let Ok(manifest) = &entry.found.manifest else { return };
    for offer in &manifest.provides {
        match offer.kind {
            Kind::Scanner => scanner::check(checks, app, entry, offer).await,
            Kind::McpServer => tools::check(checks, app, &offer.name).await,
            Kind::Model => model::check(checks, app, &offer.name).await,
            Kind::Backend => places::backend(checks, app, &offer.name).await,
            Kind::Platform => places::platform(checks, app, &offer.name).await,
            // What they do when called is for others to see: a word may change anything.
            Kind::Gate | Kind::Commands => {}
        }
    }
}

/// Runs a call on a task of its own, so that one that blocks its thread is noticed too.
async fn timely<T: Send + 'static>(
    what: &str,
    call: impl Future<Output = Result<T, PluginError>> + Send + 'static,
) -> Result<T, PluginError> {
    let task = AbortOnDropHandle::new(tokio::spawn(call));
    match tokio::time::timeout(PATIENCE, task).await {
        Ok(Ok(result)) => result,
        Ok(Err(error)) => Err(PluginError::internal(error.to_string())),
        Err(_) => {
            let message = format!("`{what}` took longer than {} seconds", PATIENCE.as_secs());
            Err(PluginError::new(ErrorCode::TIMEOUT, message))
        }
    }
}

/// Whether an error is one a plugin may answer with: it says what it cannot do, and why.
fn graceful(error: &PluginError) -> Result<(), String> {
    match error.code {
        ErrorCode::PANICKED | ErrorCode::PROTOCOL | ErrorCode::TIMEOUT => Err(error.message.clone()),
        _ => Ok(()),
    }
}
