//! Core names no plugin: neither an id nor a vendor, platform or protocol that a plugin stands for. Its tests may:
//! they read configurations as people write them.

use std::collections::BTreeSet;

use anyhow::Result;

use super::{Tidy, is_test, words};
use crate::catalogue::{self, Catalogue};

/// What ids are made of besides names: kinds, and words that mean something without any plugin.
const GENERIC: &[&str] = &[
    "backend", "commands", "context", "cron", "direct", "file", "files", "gate", "local", "mcp", "memory", "model",
    "pairing", "platform", "scanner", "scripted", "session", "signal", "skills", "terminal", "tools", "url", "web",
];

/// Names that belong to a plugin without standing in its id.
const VENDORS: &[&str] = &[
    "apptainer",
    "bollard",
    "cohere",
    "deepseek",
    "fireworks",
    "gemini",
    "groq",
    "huggingface",
    "kubernetes",
    "minimax",
    "mistral",
    "moonshot",
    "nikolaik",
    "nvidia",
    "ollama",
    "openrouter",
    "perplexity",
    "podman",
    "synapse",
    "vllm",
];

/// Where a name may stand, and why.
const ALLOWED: &[(&str, &str)] = &[
    ("core/src/command", "the table of launcher programs: `docker exec` runs a command whoever wrote the line"),
    ("core/src/guard/protect", "the vocabulary of protected paths has `~/.ssh`"),
];

pub(super) fn check(tidy: &mut Tidy<'_>) -> Result<()> {
    let plugins = tidy.workspace.plugins()?;
    let catalogue = Catalogue::read(tidy.workspace, &plugins)?;
    let ids: BTreeSet<String> = catalogue.plugins.iter().map(|entry| catalogue::id(entry).to_owned()).collect();
    let mut names: BTreeSet<&str> = ids.iter().flat_map(|id| id.split('-')).collect();
    names.extend(VENDORS);
    names.retain(|name| !GENERIC.contains(name));

    let in_core = |path: &str| {
        path.starts_with("core/src/") && !is_test(path) && ALLOWED.iter().all(|(allowed, _)| !path.starts_with(allowed))
    };
    tidy.each_line(in_core, |_, line| {
        let lower = line.to_lowercase();
        let id = ids.iter().find(|id| id.contains('-') && lower.contains(id.as_str()));
        let parts = words(&lower).flat_map(|word| word.split('_'));
        let name = id.map(String::as_str).or_else(|| parts.into_iter().find(|part| names.contains(part)));
        name.map(|name| format!("core names `{name}`; what core must know of a plugin stands in the catalogue"))
    });
    Ok(())
}
