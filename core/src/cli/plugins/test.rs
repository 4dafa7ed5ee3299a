//! `hermes plugins test`: the conformance checks, run on a plugin that lies in a folder.

use std::path::Path;

use serde_json::{Value, json};

use crate::app::Ground;
use crate::cli::{out, runtime};
use crate::error::{self, Failure};
use crate::plugin::asks::plain;
use crate::plugin::conform::{self, Check};

pub(super) fn run(ground: &Ground, path: &Path, as_json: bool) -> Result<u8, Failure> {
    let checks = runtime::block_on(conform::run(ground, path))??;
    let failed = checks.iter().filter(|check| check.failed.is_some()).count();
    match as_json {
        true => out::json(&checks.iter().map(as_value).collect()),
        false => {
            checks.iter().for_each(print);
            out::line(&format!("{} passed, {failed} failed", checks.len() - failed));
        }
    }
    Ok(if failed == 0 { error::OK } else { error::FAILED })
}

fn print(check: &Check) {
    match &check.failed {
        None => out::line(&format!("pass  {}", check.what)),
        Some(why) => out::line(&format!("FAIL  {}: {}", check.what, plain(why))),
    }
}

fn as_value(check: &Check) -> Value {
    json!({ "check": check.what, "ok": check.failed.is_none(), "why": check.failed })
}
