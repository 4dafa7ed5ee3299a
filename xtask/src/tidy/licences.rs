//! Licences, bans and sources of everything in the lock file, by the rules of `deny.toml`. It reads the part of
//! that file that can be judged without a network; `cargo deny check` reads all of it.

use anyhow::{Context as _, Result, ensure};
use serde::Deserialize;

use super::Tidy;
use crate::build::cargo;

/// The platform whose dependencies are looked at.
const TARGET: &str = "x86_64-unknown-linux-gnu";

#[derive(Deserialize)]
struct Deny {
    licenses: Licenses,
    bans: Bans,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
    #[serde(default)]
    exceptions: Vec<Exception>,
}

#[derive(Deserialize)]
struct Exception {
    #[serde(rename = "crate")]
    name: String,
    allow: Vec<String>,
}

#[derive(Deserialize)]
struct Bans {
    #[serde(default)]
    deny: Vec<Ban>,
}

#[derive(Deserialize)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    reason: String,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    license: Option<String>,
    source: Option<String>,
}

pub(super) fn check(tidy: &mut Tidy<'_>) -> Result<()> {
    let deny: Deny = toml::from_str(tidy.text("deny.toml").context("`deny.toml` is missing")?)?;
    let mut cargo = cargo(tidy.workspace);
    let output = cargo.args(["metadata", "--format-version=1", "--locked", "--filter-platform", TARGET]).output()?;
    ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Metadata = serde_json::from_slice(&output.stdout)?;
    for package in metadata.packages {
        for what in faults(&deny, &package) {
            tidy.fault("Cargo.lock", 1, what);
        }
    }
    Ok(())
}

fn faults(deny: &Deny, package: &Package) -> Vec<String> {
    let name = &package.name;
    let mut faults = Vec::new();
    if let Some(ban) = deny.bans.deny.iter().find(|ban| ban.name == *name) {
        faults.push(format!("`{name}` is banned: {}", ban.reason));
    }
    let elsewhere = package.source.as_deref().filter(|source| !source.starts_with("registry+"));
    if let Some(source) = elsewhere {
        faults.push(format!("`{name}` comes from `{source}`, not from the registry"));
    }
    let licence = package.license.as_deref().unwrap_or_default();
    let exceptions = deny.licenses.exceptions.iter().filter(|exception| exception.name == *name);
    let allowed: Vec<&String> = deny.licenses.allow.iter().chain(exceptions.flat_map(|e| &e.allow)).collect();
    let fits = spdx::Expression::parse_mode(licence, spdx::ParseMode::LAX)
        .is_ok_and(|expression| expression.evaluate(|needed| allowed.iter().any(|one| **one == needed.to_string())));
    if !fits {
        faults.push(format!("`{name}` has the licence `{licence}`, which `deny.toml` does not allow"));
    }
    faults
}
