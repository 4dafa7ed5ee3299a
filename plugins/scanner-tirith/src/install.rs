//! When a download is begun by itself, and what becomes of it: in the background, at most once in a process, and not
//! again within a day of one that failed. Nobody waits for it.

use std::sync::{Mutex, PoisonError};
use std::thread::JoinHandle;

use futures_util::future::{AbortHandle, abortable};
use hermes_plugin_api::harness::block_on;
use hermes_plugin_api::host::Host;
use serde::{Deserialize, Serialize};

use crate::ask::Env;
use crate::find::Places;
use crate::{download, trouble};

/// Under this the plugin's store keeps the last download.
const KEY: &str = "download";
/// How long a failure is remembered.
const REMEMBERED_MS: u64 = 24 * 60 * 60 * 1000;
/// A download that began less than this before may still run, in another process.
const RUNS_MS: u64 = 60_000;
/// How a person tries again.
const AGAIN: &str = "`hermes tirith install` tries again";

/// The last download.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Last {
    /// When it began, or failed, in milliseconds since 1970.
    pub(crate) at_ms: u64,
    /// Why it failed.
    pub(crate) why: Option<String>,
}

impl Last {
    /// What was kept. A store that cannot be read has nothing against trying.
    pub(crate) async fn kept(host: &Host) -> Self {
        host.kv_get(KEY).await.ok().flatten().unwrap_or_default()
    }

    /// How long the last failure still counts, and what it was.
    pub(crate) fn failed(&self, now_ms: u64) -> Option<(u64, &str)> {
        let why = self.why.as_deref()?;
        // A clock that was set back holds nothing up.
        let passed = now_ms.checked_sub(self.at_ms)?;
        Some((REMEMBERED_MS.checked_sub(passed).filter(|left| *left > 0)?, why))
    }

    fn runs(&self, now_ms: u64) -> bool {
        self.why.is_none() && now_ms.checked_sub(self.at_ms).is_some_and(|passed| passed < RUNS_MS)
    }
}

/// The download of this process.
#[derive(Default)]
pub(crate) struct Background(Mutex<Option<(AbortHandle, JoinHandle<()>)>>);

impl Background {
    /// Begins one, unless it was begun or failed lately. Returns why there is no program, for a person.
    pub(crate) async fn begin(&self, host: &Host, base: &str, places: &Places, env: &Env) -> String {
        if base.trim().is_empty() {
            return "tirith is not installed: put it on PATH, or name it in `security.tirith_path`".to_owned();
        }
        let (last, now) = (Last::kept(host).await, host.now_ms());
        if let Some((left, why)) = last.failed(now) {
            let hours = left.div_ceil(60 * 60 * 1000);
            return format!(
                "tirith is not installed, and downloading it failed: {why}; {AGAIN}, and so does hermes in {hours} h"
            );
        }
        let mut running = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if running.is_none() && !last.runs(now) {
            let (host, base, places, env) = (host.clone(), base.to_owned(), places.clone(), env.clone());
            let (work, handle) = abortable(async move {
                // What it came to is kept, logged, and of no use to this thread.
                let _ = install(&host, &base, &places, &env).await;
            });
            let thread = std::thread::Builder::new().name("tirith-download".to_owned());
            match thread.spawn(move || block_on(work).unwrap_or_default()) {
                Ok(thread) => *running = Some((handle, thread)),
                Err(error) => return format!("tirith is not installed, and cannot be downloaded: {error}"),
            }
        }
        "tirith is not installed yet: it is being downloaded in the background".to_owned()
    }

    /// Ends it.
    pub(crate) fn stop(&self) {
        let running = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((handle, thread)) = running {
            handle.abort();
            if thread.join().is_err() {
                tracing::warn!("The download of tirith panicked.");
            }
        }
    }
}

/// Downloads it now, and keeps what became of that. Returns what to tell.
///
/// # Errors
/// What went wrong.
pub(crate) async fn install(host: &Host, base: &str, places: &Places, env: &Env) -> Result<String, String> {
    keep(host, &Last { at_ms: host.now_ms(), why: None }).await;
    match download::install(host, base, places, env).await {
        Ok((path, how)) => {
            let said = format!("tirith is installed at `{}`, checked {how}", path.display());
            tracing::info!("{said}.");
            trouble::over(host).await;
            Ok(said)
        }
        Err(why) => {
            tracing::warn!(why, "Downloading tirith failed.");
            let at_ms = host.now_ms();
            keep(host, &Last { at_ms, why: Some(why.clone()) }).await;
            trouble::tell(host, &format!("Downloading tirith failed: {why}"), AGAIN, at_ms + REMEMBERED_MS).await;
            Err(why)
        }
    }
}

async fn keep(host: &Host, last: &Last) {
    if let Err(error) = host.kv_set(KEY, last).await {
        tracing::warn!(%error, "What became of a download of tirith cannot be kept.");
    }
}
