//! Calls over the ABI, and what loading a library takes.

use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use hermes_core::app::App;
use hermes_core::plugin::handle::ScannerHandle;
use hermes_plugin_api::finding::Subject;
use hermes_plugin_api::flow::Cancel;
use hermes_plugin_api::manifest::Kind;

use crate::rows::{Rows, quantile};
use crate::{Result, runtime};

/// Adds the overhead of a call: typed, and with JSON both ways.
pub(crate) fn rows(rows: &mut Rows, app: &App) -> Result<()> {
    let cancel = Cancel::from_wire(Cancel::never().to_wire());
    let typed = each(1_000_000, || {
        black_box(cancel.is_cancelled());
    });
    rows.time("typed call", typed, Some(Duration::from_nanos(50)));

    let scanner = command_rules(app)?;
    // A subject that it does not judge: what is left is the way there and back.
    let subject = Subject::Url { url: "https://example.com/".to_owned() };
    let json = each(20_000, || {
        black_box(runtime().block_on(scanner.scan(&subject)).is_ok());
    });
    rows.time("JSON call", json, Some(Duration::from_micros(2)));
    Ok(())
}

/// Adds what loading takes, in fresh processes: the first hashes the libraries, the second knows the hashes.
pub(crate) fn loading(rows: &mut Rows, prefix: &Path, home: &Path) -> Result<()> {
    for (run, title) in ["first time, hashed", "hash known"].into_iter().enumerate() {
        let mut child = Command::new(std::env::current_exe()?);
        let output = child.arg("load").args([prefix, home]).output()?;
        let said = String::from_utf8(output.stdout)?;
        if !output.status.success() {
            return Err(format!("{said}{}", String::from_utf8_lossy(&output.stderr)).into());
        }
        for line in said.lines() {
            let (plugin, nanos) = line.split_once(' ').ok_or("a line of the loader has two words")?;
            let time = Duration::from_nanos(nanos.parse()?);
            if run == 0 || plugin != "all" {
                rows.time(format!("load {plugin}, {title}"), time, None);
            }
        }
    }
    Ok(())
}

/// What those processes do: load each plugin and print its time in nanoseconds.
pub(crate) fn load(app: &App) -> Result<()> {
    let _guard = runtime().enter();
    for entry in app.plugins.entries() {
        let Ok(manifest) = &entry.found.manifest else { continue };
        let Some(offer) = manifest.provides.first() else { continue };
        let started = Instant::now();
        let loaded = match offer.kind {
            Kind::Scanner => app.plugins.scanner(entry, &offer.name).map(drop),
            Kind::Backend => app.plugins.backend(&offer.name).map(drop),
            Kind::Model => app.plugins.model(&offer.name).map(drop),
            _ => continue,
        };
        if loaded.is_ok() {
            println!("{} {}", entry.found.id, started.elapsed().as_nanos());
        }
    }
    Ok(())
}

/// Returns the scanner of the command rules.
fn command_rules(app: &App) -> Result<ScannerHandle> {
    let _guard = runtime().enter();
    let (entry, offer) = app.plugins.offers(Kind::Scanner).next().ok_or("there is no scanner")?;
    app.plugins.scanner(entry, &offer.name).map_err(|refusal| refusal.to_string().into())
}

/// Returns the median time of one call, over rounds of many.
pub(crate) fn each(calls: u32, mut call: impl FnMut()) -> Duration {
    let rounds = 11;
    let mut times: Vec<Duration> = (0..rounds)
        .map(|_| {
            let started = Instant::now();
            for _ in 0..calls / rounds {
                call();
            }
            started.elapsed() / (calls / rounds)
        })
        .collect();
    quantile(&mut times, 0.5)
}
