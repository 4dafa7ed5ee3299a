//! Crates: arrows point one way, every crate has the same head, plugins have the house shape.

use anyhow::{Context as _, Result};
use toml::{Table, Value};

use super::Tidy;

/// What does I/O or brings a runtime, and so has no place in plugin-api.
const NOT_IN_API: &[&str] = &[
    "axum",
    "hyper",
    "libc",
    "libloading",
    "nix",
    "reqwest",
    "rusqlite",
    "rustix",
    "socket2",
    "tempfile",
    "tungstenite",
    "ureq",
];

pub(super) fn check(tidy: &mut Tidy<'_>) -> Result<()> {
    let manifests: Vec<String> = tidy.files.iter().map(|file| file.path.clone()).filter(|p| is_member(p)).collect();
    for path in manifests {
        let text = tidy.text(&path).unwrap_or_default();
        let manifest: Table = text.parse().with_context(|| format!("Failed to read `{path}`"))?;
        for what in faults(&path, &manifest) {
            tidy.fault(&path, 1, what);
        }
    }
    for plugin in tidy.workspace.plugins()? {
        for file in ["Cargo.toml", "src/lib.rs"] {
            let path = format!("plugins/{}/{file}", plugin.id);
            if tidy.text(&path).is_none() {
                tidy.fault(&path, 1, "a plugin has this file");
            }
        }
        let library = format!("lib{}.so", plugin.package().replace('-', "_"));
        if plugin.library != library {
            tidy.fault(&format!("plugins/{}/plugin.yaml", plugin.id), 1, format!("`library` is not `{library}`"));
        }
        let member = format!("plugins/{}/Cargo.toml", plugin.id);
        let named = tidy.text(&member).is_some_and(|text| text.contains(&format!("name = \"{}\"", plugin.package())));
        if !named {
            tidy.fault(&member, 1, format!("the package of this folder is `{}`", plugin.package()));
        }
    }
    Ok(())
}

fn is_member(path: &str) -> bool {
    let outside = ["examples/", "fuzz/", "core/templates/", "tests/fixtures/", "tests/plugins/"];
    path.ends_with("/Cargo.toml") && !outside.iter().any(|dir| path.starts_with(dir))
}

fn faults(path: &str, manifest: &Table) -> Vec<String> {
    let mut faults = Vec::new();
    let in_abi = path == "plugin-api/abi/Cargo.toml";
    if !inherits(manifest.get("lints")) && !in_abi {
        faults.push("`[lints] workspace = true` is missing".to_owned());
    }
    let package = manifest.get("package").and_then(Value::as_table);
    for key in ["edition", "rust-version", "license"] {
        if !package.is_some_and(|package| inherits(package.get(key))) {
            faults.push(format!("`{key}.workspace = true` is missing"));
        }
    }
    for (name, dependency) in dependencies(manifest) {
        if !inherits(Some(dependency)) {
            faults.push(format!("`{name}` does not come from `[workspace.dependencies]`"));
        }
    }
    if path.starts_with("plugins/") {
        faults.extend(plugin_faults(manifest));
    }
    if path.starts_with("plugin-api/") {
        for (name, dependency) in table(manifest, "dependencies") {
            let runtime = name == "tokio" && dependency.get("optional").and_then(Value::as_bool) != Some(true);
            if runtime || NOT_IN_API.contains(&name.as_str()) {
                faults.push(format!("plugin-api does no I/O and has no runtime: `{name}` cannot be a dependency"));
            }
        }
    }
    faults
}

fn plugin_faults(manifest: &Table) -> Vec<String> {
    let mut faults = Vec::new();
    let ours = |name: &str| name.starts_with("hermes-") && !matches!(name, "hermes-plugin-api");
    for (name, _) in dependencies(manifest).filter(|(name, _)| ours(name)) {
        faults.push(format!("a plugin knows only `hermes-plugin-api`, not `{name}`"));
    }
    let crate_type = manifest.get("lib").and_then(|lib| lib.get("crate-type"));
    if crate_type != Some(&Value::Array(vec!["cdylib".into()])) {
        faults.push("a plugin is `crate-type = [\"cdylib\"]` and nothing else".to_owned());
    }
    faults
}

fn dependencies(manifest: &Table) -> impl Iterator<Item = (&String, &Value)> {
    ["dependencies", "dev-dependencies", "build-dependencies"].into_iter().flat_map(|kind| table(manifest, kind))
}

fn table<'a>(manifest: &'a Table, name: &str) -> impl Iterator<Item = (&'a String, &'a Value)> {
    manifest.get(name).and_then(Value::as_table).into_iter().flatten()
}

fn inherits(value: Option<&Value>) -> bool {
    value.and_then(|value| value.get("workspace")).and_then(Value::as_bool) == Some(true)
}
