//! Runs scanners side by side, each under its own deadline and failure policy.
//!
//! It decides nothing: an answer is findings, a failure, or the absence of a scanner.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use hermes_plugin_api::error::{PluginError, Result};
use hermes_plugin_api::finding::{Finding, Subject};
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use super::policy::ScannerSlot;
use super::workers::Workers;
use crate::plugin::handle::ScannerHandle;

/// A scanner of which so many calls never came back is not called any more.
const STUCK: u32 = 3;

/// The command scanners.
pub(super) struct Scanners {
    slots: Vec<Slot>,
    workers: Workers,
}

struct Slot {
    slot: ScannerSlot,
    /// Calls that were given up and still run.
    stuck: Arc<AtomicU32>,
}

/// What a scanner answered.
pub(super) struct Answer<'a> {
    pub(super) slot: &'a ScannerSlot,
    /// Findings, or why there is no answer.
    pub(super) result: Result<Vec<Finding>>,
}

/// A required scanner that is not there.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Missing {
    pub(super) plugin: String,
    pub(super) why: String,
}

impl Scanners {
    pub(super) fn new(slots: Vec<ScannerSlot>) -> Self {
        let slots = slots.into_iter().map(|slot| Slot { slot, stuck: Arc::default() }).collect();
        Self { slots, workers: Workers::default() }
    }

    /// Returns the first required scanner that is not there, by its own or its plugin's name.
    pub(super) fn missing(&self, required: &[String]) -> Option<Missing> {
        let absent = required.iter().find(|name| !self.slots.iter().any(|slot| slot.is_called(name)));
        let absent = absent.map(|name| Missing { plugin: name.clone(), why: "it is not installed".to_owned() });
        let is_required = |slot: &&Slot| slot.slot.required || required.iter().any(|name| slot.is_called(name));
        let broken = self.slots.iter().filter(is_required).find_map(|slot| {
            let why = slot.slot.scanner.as_ref().err()?;
            Some(Missing { plugin: slot.slot.plugin.clone(), why: why.clone() })
        });
        absent.or(broken)
    }

    /// Asks all scanners.
    pub(super) async fn ask(&self, subject: &Subject) -> Vec<Answer<'_>> {
        let subject = encoded(subject);
        join_all(self.slots.iter().map(|slot| slot.ask(&subject, &self.workers))).await
    }

    /// Asks all scanners, or only the required ones, about a subject as [`encoded`].
    pub(super) async fn scan(&self, subject: &str, required: Option<&[String]>) -> Vec<Answer<'_>> {
        let wanted = self.slots.iter().filter(|slot| {
            required.is_none_or(|names| slot.slot.required || names.iter().any(|name| slot.is_called(name)))
        });
        join_all(wanted.map(|slot| slot.ask(subject, &self.workers))).await
    }
}

/// Returns a subject in its form on the wire. What could not be encoded is no subject, and no scanner passes it.
pub(super) fn encoded(subject: &Subject) -> String {
    serde_json::to_string(subject).unwrap_or_default()
}

impl Slot {
    fn is_called(&self, name: &str) -> bool {
        self.slot.plugin == name || self.slot.name == name
    }

    async fn ask(&self, subject: &str, workers: &Workers) -> Answer<'_> {
        let result = match &self.slot.scanner {
            Ok(scanner) if self.slot.at_once => {
                let scan = tokio::time::timeout(self.slot.timeout, scanner.scan_encoded(subject.to_owned()));
                scan.await.unwrap_or_else(|_| Err(late(self.slot.timeout)))
            }
            Ok(scanner) => self.call(scanner, subject.to_owned(), workers).await,
            Err(why) => Err(PluginError::unavailable(why.clone())),
        };
        Answer { slot: &self.slot, result }
    }

    /// An asynchronous scanner that is late is dropped; a synchronous one goes on by itself and is counted.
    async fn call(&self, scanner: &ScannerHandle, subject: String, workers: &Workers) -> Result<Vec<Finding>> {
        if self.stuck.load(Ordering::SeqCst) >= STUCK {
            return Err(PluginError::unavailable(format!("{STUCK} calls of it never came back")));
        }
        let (scanner, limit, runtime) = (scanner.clone(), self.slot.timeout, Handle::current());
        let call = Arc::new(Call { stuck: self.stuck.clone(), state: AtomicU8::new(RUNNING) });
        let (tx, rx) = oneshot::channel();
        let ours = call.clone();
        let scan = move || {
            let result = runtime.block_on(async { tokio::time::timeout(limit, scanner.scan_encoded(subject)).await });
            ours.end();
            let _ = tx.send(result);
        };
        if !workers.run(scan) {
            return Err(PluginError::unavailable("No worker is free"));
        }
        match tokio::time::timeout(limit + MARGIN, rx).await {
            Ok(Ok(Ok(result))) => result,
            Ok(Err(_)) => Err(PluginError::internal("Its worker panicked")),
            Ok(Ok(Err(_))) | Err(_) => {
                call.give_up();
                Err(late(limit))
            }
        }
    }
}

fn late(limit: Duration) -> PluginError {
    PluginError::unavailable(format!("It did not answer within {} s", limit.as_secs_f64()))
}

/// How much longer the worker is waited for than the scanner, so that one that only waits is dropped by its worker
/// while the runtime is there, and only one that blocks is left behind.
const MARGIN: Duration = Duration::from_millis(50);

const RUNNING: u8 = 0;
const GIVEN_UP: u8 = 1;
const ENDED: u8 = 2;

/// One call, which counts as stuck from when it is given up until it ends after all.
struct Call {
    stuck: Arc<AtomicU32>,
    state: AtomicU8,
}

impl Call {
    fn give_up(&self) {
        if self.state.compare_exchange(RUNNING, GIVEN_UP, Ordering::SeqCst, Ordering::SeqCst).is_ok() {
            self.stuck.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn end(&self) {
        if self.state.swap(ENDED, Ordering::SeqCst) == GIVEN_UP {
            self.stuck.fetch_sub(1, Ordering::SeqCst);
        }
    }
}
