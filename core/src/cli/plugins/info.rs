//! `hermes plugins info`: manifest, settings with their origin, files with their hashes, and what is wrong. Reads
//! the library's bytes, and does not load it.

use std::path::Path;

use hermes_plugin_api::manifest::{Manifest, Probe};
use serde_json::{Value, json};

use super::{lane, list, source, survey};
use crate::app::Ground;
use crate::cli::out;
use crate::config::layers::Config;
use crate::error::{self, Failure};
use crate::plugin::asks::{self, plain};
use crate::plugin::find::MANIFEST;
use crate::plugin::probe;
use crate::plugin::registry::{Entry, Plugins};
use crate::plugin::trust;

pub(super) fn run(ground: Ground, id: &str, as_json: bool) -> Result<u8, Failure> {
    let path = ground.env.var("PATH").map(std::ffi::OsStr::to_owned).unwrap_or_default();
    let (plugins, config) = survey(ground)?;
    let entries: Vec<&Entry> = plugins.entries().iter().filter(|entry| entry.found.id == id).collect();
    if entries.is_empty() {
        plugins.entry(id)?;
    }
    let view = |entry| View { plugins: &plugins, config: &config, path: &path, entry };
    match as_json {
        true => out::json(&entries.into_iter().map(|entry| view(entry).json()).collect()),
        false => entries.into_iter().for_each(|entry| view(entry).print()),
    }
    Ok(error::OK)
}

struct View<'a> {
    plugins: &'a Plugins,
    config: &'a Config,
    path: &'a std::ffi::OsStr,
    entry: &'a Entry,
}

impl View<'_> {
    fn json(&self) -> Value {
        let mut all = list::describe(self.plugins, self.entry);
        let trouble = self.plugins.trouble(self.entry);
        all["why"] = trouble.as_ref().map(|refusal| refusal.cause.as_str()).into();
        all["way_out"] = trouble.as_ref().map(|refusal| refusal.hint.as_str()).into();
        let Ok(manifest) = &self.entry.found.manifest else { return all };
        let asks = asks::of(manifest).into_iter().map(|ask| (ask.about.to_owned(), json!(ask.what)));
        all["manifest"] = json!(manifest);
        all["asks"] = Value::Object(asks.collect());
        all["settings"] = self.settings(manifest).into_iter().map(Setting::json).collect();
        all["files"] = self.files(manifest).into_iter().map(FileRow::json).collect();
        all
    }

    fn print(&self) {
        let found = &self.entry.found;
        let Ok(manifest) = &found.manifest else {
            out::line(&plain(&found.id));
            self.print_state();
            return;
        };
        out::line(&format!("{} {}", manifest.id, manifest.version));
        out::line(&format!("  {}", plain(&manifest.description)));
        field("license", &plain(&manifest.license));
        field("homepage", &plain(&manifest.homepage));
        for offer in &manifest.provides {
            let subjects =
                if offer.subjects.is_empty() { String::new() } else { format!(": {}", offer.subjects.join(", ")) };
            field("offers", &plain(&format!("{} {}{subjects}", offer.kind, offer.name)));
        }
        for word in &manifest.commands {
            field("command", &plain(&format!("hermes {}: {}", word.name, word.about)));
        }
        self.print_state();
        for line in asks::lines(&asks::of(manifest)) {
            field("asks for", &line);
        }
        for probe in &manifest.probes {
            field("needs", &self.probe(probe));
        }
        for setting in self.settings(manifest) {
            field("setting", &plain(&format!("{} = {} ({})", setting.key, setting.value, setting.origin)));
        }
        for file in self.files(manifest) {
            field(
                "file",
                &plain(&format!("{}: {} bytes, SHA-256 {}, {}", file.name, file.size, file.sha256, file.verdict)),
            );
        }
    }

    fn print_state(&self) {
        field("source", source(self.entry.found.source));
        field("folder", &plain(&self.entry.found.folder.display().to_string()));
        field("lane", lane(self.plugins, self.entry));
        field("state", &list::state(&self.entry.state));
        if let Some(trouble) = self.plugins.trouble(self.entry) {
            field("trouble", &plain(&trouble.cause));
            field("way out", &plain(&trouble.hint));
        }
    }

    fn probe(&self, probe: &Probe) -> String {
        let (Probe::Program(what) | Probe::Path(what)) = probe;
        plain(&format!("{what}: {}", if probe::is_there(probe, self.path) { "found" } else { "not found" }))
    }

    fn settings(&self, manifest: &Manifest) -> Vec<Setting> {
        let shown = self.config.shown();
        let under =
            |key: &str, path: &str| path.strip_prefix(key).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        let own = shown.into_iter().filter(|row| manifest.settings.keys().any(|key| under(key, &row.path.to_string())));
        own.map(|row| Setting { key: row.path.to_string(), value: row.value, origin: row.origin.to_string() }).collect()
    }

    fn files(&self, manifest: &Manifest) -> Vec<FileRow> {
        let found = &self.entry.found;
        let paths = [(MANIFEST, found.folder.join(MANIFEST)), (&manifest.library, found.library(&manifest.library))];
        paths.into_iter().map(|(name, path)| self.file(name, &path)).collect()
    }

    fn file(&self, name: &str, path: &Path) -> FileRow {
        let locked = self.entry.found.locked.as_ref().and_then(|locked| locked.files.get(name));
        let (size, sha256, verdict) = match trust::digest(path) {
            Err(error) => (0, String::new(), error.to_string()),
            Ok(digest) => {
                let verdict = match locked {
                    None => "not in the lock file",
                    Some(locked) if *locked == digest => "as installed",
                    Some(_) => "not as installed",
                };
                (digest.size, digest.sha256, verdict.to_owned())
            }
        };
        FileRow { name: name.to_owned(), size, sha256, verdict }
    }
}

struct Setting {
    key: String,
    value: Value,
    origin: String,
}

impl Setting {
    fn json(self) -> Value {
        json!({ "key": self.key, "value": self.value, "origin": self.origin })
    }
}

struct FileRow {
    name: String,
    size: u64,
    sha256: String,
    verdict: String,
}

impl FileRow {
    fn json(self) -> Value {
        json!({ "name": self.name, "size": self.size, "sha256": self.sha256, "verdict": self.verdict })
    }
}

fn field(name: &str, value: &str) {
    if !value.is_empty() {
        out::line(&format!("  {name:<9} {value}"));
    }
}
