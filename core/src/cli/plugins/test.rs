//! `hermes plugins test`: the conformance checks, run on a plugin that lies in a folder.

use std::path::Path;

use hermes_plugin_api::conformance::{Check, Outcome};
use serde_json::{Value, json};

use crate::app::Ground;
use crate::cli::{out, runtime};
use crate::error::{self, Failure};
use crate::plugin::asks::plain;
use crate::plugin::conform;

pub(super) fn run(ground: &Ground, path: &Path, as_json: bool) -> Result<u8, Failure> {
    let checks = runtime::block_on(conform::run(ground, path, out::note))??;
    let count = |of: fn(&Outcome) -> bool| checks.iter().filter(|check| of(&check.outcome)).count();
    let failed = count(|outcome| matches!(outcome, Outcome::Failed(_)));
    let skipped = count(|outcome| matches!(outcome, Outcome::Skipped(_)));
    match as_json {
        true => out::json(&checks.iter().map(as_value).collect()),
        false => {
            checks.iter().for_each(print);
            let passed = checks.len() - failed - skipped;
            let skipped = if skipped == 0 { String::new() } else { format!("{skipped} skipped, ") };
            out::line(&format!("{passed} passed, {skipped}{failed} failed"));
        }
    }
    Ok(if failed == 0 { error::OK } else { error::FAILED })
}

fn print(check: &Check) {
    let what = plain(&check.what);
    match &check.outcome {
        Outcome::Passed => out::line(&format!("pass  {what}")),
        Outcome::Failed(why) => out::line(&format!("FAIL  {what}: {}", plain(why))),
        Outcome::Skipped(why) => out::line(&format!("skip  {what}: {}", plain(why))),
    }
}

fn as_value(check: &Check) -> Value {
    let (outcome, why) = match &check.outcome {
        Outcome::Passed => ("pass", None),
        Outcome::Failed(why) => ("fail", Some(why)),
        Outcome::Skipped(why) => ("skip", Some(why)),
    };
    json!({ "check": check.what, "outcome": outcome, "why": why })
}
