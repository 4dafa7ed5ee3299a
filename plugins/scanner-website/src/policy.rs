//! The list in force: rules of the configuration first, then those of shared files, which are read again whenever
//! they changed.

use std::collections::HashMap;
use std::fs::{File, Metadata};
use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use hermes_plugin_api::error::PluginError;
use hermes_plugin_api::finding::{Action, Finding, Remember, Severity};
use serde_json::json;

use crate::rule::{self, Rule};

/// Longer files are no lists.
const LONGEST: u64 = 32 << 20;
/// A file that changed less than this before it was read may have changed after it, on the same tick of its clock.
const RACY_MS: u64 = 2_000;
/// How often a file that changes while it is read is read again.
const TRIES: u32 = 5;

/// The list.
pub(crate) struct Policy {
    domains: Vec<String>,
    files: Vec<(String, PathBuf)>,
    read: Option<Read>,
}

/// What was read, and from what.
struct Read {
    stamps: Vec<Stamp>,
    /// Nothing changed shortly before.
    settled: bool,
    rules: Result<Rules, String>,
}

/// By what a change of a file is known. A file that cannot be asked about has none.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp(Option<[i64; 6]>);

/// Where a rule stands, and how.
#[derive(Clone, Debug)]
struct Place {
    rule: String,
    source: String,
    line: Option<usize>,
}

#[derive(Default)]
struct Rules {
    everything: Option<Place>,
    domains: HashMap<String, Place>,
    below: HashMap<String, Place>,
}

impl Policy {
    /// The list of these rules and files; a relative path is one below `home`.
    pub(crate) fn new(domains: Vec<String>, files: Vec<String>, home: PathBuf) -> Self {
        let files = files.into_iter().map(|name| (name.clone(), home.join(name))).collect();
        Self { domains, files, read: None }
    }

    /// What the list says of a URL.
    pub(crate) fn judge(&mut self, url: &str, now_ms: u64) -> Option<Finding> {
        let host = rule::host_of(url);
        match self.rules(now_ms) {
            Err(why) => Some(broken(why)),
            Ok(rules) => {
                let host = host?;
                rules.covering(&host).map(|place| blocked(url, &host, place))
            }
        }
    }

    fn rules(&mut self, now_ms: u64) -> &Result<Rules, String> {
        let stamps: Vec<Stamp> = self.files.iter().map(|(_, path)| Stamp::of(path)).collect();
        let fresh = self.read.take().filter(|read| read.settled && read.stamps == stamps);
        let read = fresh.unwrap_or_else(|| self.read_all(now_ms));
        &self.read.insert(read).rules
    }

    fn read_all(&self, now_ms: u64) -> Read {
        let mut rules = Rules::default();
        let mut stamps = Vec::new();
        let mut failed = None;
        for (at, text) in self.domains.iter().enumerate() {
            let place = || Place { rule: text.clone(), source: "config".to_owned(), line: None };
            match rule::read(text) {
                Ok(rule) => rules.add(rule, place),
                Err(why) => drop(failed.get_or_insert(format!(
                    "`security.website_blocklist.domains[{at}]` is `{}`: {why}",
                    text.escape_debug()
                ))),
            }
        }
        for (name, path) in &self.files {
            match text_of(path) {
                Ok((stamp, text)) => {
                    stamps.push(stamp);
                    if let Err(why) = rules.add_file(name, &text) {
                        failed.get_or_insert(why);
                    }
                }
                Err(why) => {
                    stamps.push(Stamp::of(path));
                    failed.get_or_insert(format!(
                        "The list `{}` of `security.website_blocklist.shared_files` cannot be read: {why}",
                        path.display()
                    ));
                }
            }
        }
        let settled = stamps.iter().all(|stamp| stamp.is_settled(now_ms));
        Read { stamps, settled, rules: failed.map_or(Ok(rules), Err) }
    }
}

impl Stamp {
    fn of(path: &Path) -> Self {
        std::fs::metadata(path).map_or(Self(None), |meta| Self::from(&meta))
    }

    fn is_settled(&self, now_ms: u64) -> bool {
        // Whole seconds of the last change of the content, or of anything else about the file.
        let changed = self.0.map(|stamp| stamp[2].max(stamp[4]));
        let changed = changed.and_then(|seconds| u64::try_from(seconds).ok());
        changed.is_some_and(|seconds| (seconds + 1).saturating_mul(1000) + RACY_MS < now_ms)
    }
}

impl From<&Metadata> for Stamp {
    fn from(meta: &Metadata) -> Self {
        let inode = i64::from_ne_bytes(meta.ino().to_ne_bytes());
        let length = i64::try_from(meta.len()).unwrap_or(i64::MAX);
        Self(Some([inode, length, meta.mtime(), meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec()]))
    }
}

/// A whole file, of one moment.
fn text_of(path: &Path) -> Result<(Stamp, String), String> {
    let said = |error: std::io::Error| error.to_string();
    for _ in 0..TRIES {
        // Before it is opened: opening a pipe waits for somebody to write.
        if !std::fs::metadata(path).map_err(said)?.is_file() {
            return Err("it is no file".to_owned());
        }
        let mut file = File::open(path).map_err(said)?;
        let before = Stamp::from(&file.metadata().map_err(said)?);
        let mut bytes = Vec::new();
        file.by_ref().take(LONGEST + 1).read_to_end(&mut bytes).map_err(said)?;
        if bytes.len() as u64 > LONGEST {
            return Err(format!("it is longer than {} MiB", LONGEST >> 20));
        }
        if before != Stamp::from(&file.metadata().map_err(said)?) || before != Stamp::of(path) {
            continue;
        }
        return Ok((before, String::from_utf8(bytes).map_err(|error| not_text(&error))?));
    }
    Err("it keeps changing while it is read".to_owned())
}

fn not_text(error: &std::string::FromUtf8Error) -> String {
    let at = error.utf8_error().valid_up_to();
    let line = error.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
    format!("line {line} is not UTF-8 text")
}

impl Rules {
    /// The first rule of two that say the same stands.
    fn add(&mut self, rule: Option<Rule>, place: impl FnOnce() -> Place) {
        match rule {
            None => {}
            Some(Rule::Everything) => drop(self.everything.get_or_insert_with(place)),
            Some(Rule::Domain(name)) => drop(self.domains.entry(name).or_insert_with(place)),
            Some(Rule::Below(name)) => drop(self.below.entry(name).or_insert_with(place)),
        }
    }

    fn add_file(&mut self, name: &str, text: &str) -> Result<(), String> {
        // What some editors put before the first character.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        for (at, line) in text.lines().enumerate() {
            let number = at + 1;
            let rule = rule::read(line).map_err(|why| {
                let shown: String = line.escape_debug().take(100).collect();
                format!("`{name}`, line {number}: `{shown}` is no rule: {why}")
            })?;
            self.add(rule, || Place { rule: line.trim().to_owned(), source: name.to_owned(), line: Some(number) });
        }
        Ok(())
    }

    /// The rule that covers a host. Its own name counts with and without `www.`.
    fn covering(&self, host: &str) -> Option<&Place> {
        let exact = self.domains.get(rule::without_www(host));
        let ends = || host.match_indices('.').filter_map(|(at, _)| host.get(at + 1..));
        let above = || ends().find_map(|name| self.domains.get(name).or_else(|| self.below.get(name)));
        exact.or_else(|| self.domains.get(host)).or_else(above).or(self.everything.as_ref())
    }
}

fn blocked(url: &str, host: &str, place: &Place) -> Finding {
    let at = place.line.map(|line| format!(", line {line}")).unwrap_or_default();
    let message = format!("The website policy blocks `{host}`: rule `{}` ({}{at})", place.rule, place.source);
    let url: String = url.chars().take(200).collect();
    Finding {
        title: format!("`{host}` is on the list of blocked websites"),
        description: format!("rule `{}` ({}{at})", place.rule, place.source),
        details: json!({ "url": url, "host": host, "rule": place.rule, "source": place.source, "message": message }),
        ..finding("website-blocklist")
    }
}

fn broken(why: &str) -> Finding {
    let title = "the list of blocked websites is malformed, and everything is blocked until it is mended".to_owned();
    let description = format!("{why}; the owner can mend it");
    Finding { title, description, ..finding("website-policy") }
}

/// The settings cannot be read, and so nobody knows what is blocked.
pub(crate) fn unknown(error: &PluginError) -> Finding {
    let title = "the configuration is malformed, and every website is blocked until it is mended".to_owned();
    let hint = error.hint().map(|hint| format!(" ({hint})")).unwrap_or_default();
    Finding { title, description: format!("{}{hint}", error.message), ..finding("website-policy") }
}

fn finding(rule: &str) -> Finding {
    let (severity, action, remember) = (Severity::High, Action::Forbid, Remember::Once);
    Finding { rule: rule.to_owned(), severity, action, remember, ..Finding::default() }
}
