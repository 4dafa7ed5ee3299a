//! Which texts enter a prompt: those that the guard's scanners let through, and those that the owner allowed by their
//! exact content. What is kept out is told, with the place and the way out.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use hermes_plugin_api::finding::Finding;
use sha2::{Digest as _, Sha256};

use crate::guard::content::{Contents, Objection};

/// Most of a line that is shown to a person, in characters.
const EXCERPT: usize = 100;
/// Most findings that are shown.
const SHOWN: usize = 3;

/// Decides what enters.
pub struct Admission {
    /// Made when there is something to decide: a scanner is a library to open.
    contents: LazyLock<Contents, Box<dyn FnOnce() -> Contents + Send>>,
    allowed: Vec<(PathBuf, String)>,
    /// How to get a scanner.
    way_out: String,
}

/// Whether a text enters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admitted {
    /// It does.
    Yes,
    /// It does not.
    No {
        /// What stands in the prompt in its place.
        instead: String,
        /// What the person is told.
        notice: String,
    },
}

impl Admission {
    /// Decides by the guard's scanners and the files that the owner allowed: paths, and the SHA-256 of their content.
    #[must_use]
    pub fn new(
        contents: impl FnOnce() -> Contents + Send + 'static,
        allowed: Vec<(PathBuf, String)>,
        way_out: String,
    ) -> Self {
        Self { contents: LazyLock::new(Box::new(contents)), allowed, way_out }
    }

    /// Why no file of a project can enter at all, where that is so.
    #[must_use]
    pub fn shut(&self) -> Option<String> {
        let why = || {
            format!(
                "files of a project are read only after a scan for prompt injection, and no plugin does that. {}",
                self.way_out
            )
        };
        (!self.contents.is_watched()).then(why)
    }

    /// Decides about a text that stands in a file.
    pub async fn admit(&self, name: &str, path: &Path, text: &str) -> Admitted {
        let Err(objection) = self.contents.judge(name, text).await else { return Admitted::Yes };
        let digest = hex::encode(Sha256::digest(text));
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let is_this =
            |(allowed, sha256): &(PathBuf, String)| sha256.eq_ignore_ascii_case(&digest) && real(allowed) == real(path);
        if self.allowed.iter().any(is_this) {
            return Admitted::Yes;
        }
        Admitted::No { instead: blocked(name, &objection), notice: told(name, path, text, &digest, &objection) }
    }
}

/// What the model reads in place of a text.
fn blocked(name: &str, objection: &Objection) -> String {
    if objection.found.is_empty() {
        return format!("[BLOCKED: {name} could not be scanned for prompt injection. Content not loaded.]");
    }
    let mut rules: Vec<String> = objection.found.iter().map(|(_, finding)| finding.rule.replace('-', "_")).collect();
    rules.sort_unstable();
    rules.dedup();
    format!("[BLOCKED: {name} contained potential prompt injection ({}). Content not loaded.]", rules.join(", "))
}

fn told(name: &str, path: &Path, text: &str, digest: &str, objection: &Objection) -> String {
    let mut lines = vec![format!("⚠ `{name}` is not loaded:")];
    lines.extend(objection.failed.iter().map(|(plugin, why)| format!("  {plugin} could not judge it: {why}")));
    lines.extend(objection.found.iter().take(SHOWN).map(|(plugin, finding)| shown(plugin, finding, text)));
    if objection.found.len() > SHOWN {
        lines.push(format!("  and {} more", objection.found.len() - SHOWN));
    }
    if !objection.found.is_empty() {
        let path = path.display();
        lines.push("If it is meant well, allow exactly this content in `config.yaml`:".to_owned());
        lines.push(format!("  security: {{context_allow: [{{path: '{path}', sha256: {digest}}}]}}"));
    }
    lines.join("\n")
}

/// A finding with its line, harmless to look at.
fn shown(plugin: &str, finding: &Finding, text: &str) -> String {
    let title = &finding.title;
    let Some(span) = finding.span.filter(|span| text.is_char_boundary(span.start.min(text.len()))) else {
        return format!("  {title} ({plugin})");
    };
    let start = span.start.min(text.len());
    let number = text[..start].matches('\n').count() + 1;
    let from = text[..start].rfind('\n').map_or(0, |at| at + 1);
    let line = text[from..].lines().next().unwrap_or_default().trim();
    let hidden = |c: char| c.is_control() || crate::command::hides(c.encode_utf8(&mut [0; 4]));
    let plain = line.chars().take(EXCERPT).map(|c| if hidden(c) { char::REPLACEMENT_CHARACTER } else { c });
    let mut excerpt: String = plain.collect();
    if excerpt.chars().count() < line.chars().count() {
        excerpt.push('…');
    }
    format!("  line {number}: {title} ({plugin}): {excerpt}")
}
