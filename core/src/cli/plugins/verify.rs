//! `hermes plugins verify`: checks files, and loads each plugin that may be loaded.

use serde_json::{Value, json};

use crate::app::{App, Ground};
use crate::cli::{out, runtime};
use crate::error::{self, Failure};
use crate::host::clock;
use crate::plugin::asks::plain;
use crate::plugin::lock::Source;
use crate::plugin::refusal::Refusal;
use crate::plugin::registry::{Entry, Plugins};
use crate::plugin::state::State;

pub(super) fn run(ground: Ground, id: Option<&str>, as_json: bool) -> Result<u8, Failure> {
    let reports = runtime::block_on(async move { reports(ground, id) })??;
    match as_json {
        true => out::json(&reports.iter().map(Report::json).collect()),
        false => reports.iter().for_each(Report::print),
    }
    let broken = reports.iter().any(|report| report.result.is_err());
    Ok(if broken { error::FAILED } else { error::OK })
}

fn reports(ground: Ground, id: Option<&str>) -> Result<Vec<Report>, Failure> {
    let app = App::start(ground, Vec::new())?;
    let mut reports = Vec::new();
    for entry in app.plugins.entries().iter().filter(|entry| id.is_none_or(|id| entry.found.id == id)) {
        reports.push(report(&app.plugins, entry));
    }
    if let Some(id) = id.filter(|_| reports.is_empty()) {
        app.plugins.entry(id)?;
    }
    Ok(reports)
}

struct Report {
    id: String,
    result: Result<String, Refusal>,
    elapsed_us: u128,
}

fn report(plugins: &Plugins, entry: &Entry) -> Report {
    let started = clock::instant();
    let result = check(plugins, entry);
    Report { id: entry.found.id.clone(), result, elapsed_us: started.elapsed().as_micros() }
}

fn check(plugins: &Plugins, entry: &Entry) -> Result<String, Refusal> {
    let runs_here = entry.found.source == Source::Bundled || plugins.trusts(&entry.found.id);
    if !runs_here && entry.state == State::Disabled {
        let said = "its files are as installed; not loaded, because it is not trusted".to_owned();
        return plugins.trouble(entry).map_or(Ok(said), Err);
    }
    plugins.verify(entry)?;
    let state = if entry.state == State::Disabled { ", but it is disabled" } else { "" };
    Ok(format!("its files are as installed, and it loads{state}"))
}

impl Report {
    fn print(&self) {
        match &self.result {
            Ok(said) => out::line(&format!("ok      {}: {said}", self.id)),
            Err(refusal) => {
                out::line(&format!("broken  {}: {}", plain(&self.id), plain(&refusal.cause)));
                out::line(&format!("        {}", plain(&refusal.hint)));
            }
        }
    }

    fn json(&self) -> Value {
        json!({
            "id": self.id,
            "ok": self.result.is_ok(),
            "said": self.result.as_ref().unwrap_or_else(|refusal| &refusal.cause),
            "way_out": self.result.as_ref().err().map(|refusal| &refusal.hint),
            "elapsed_us": self.elapsed_us,
        })
    }
}
