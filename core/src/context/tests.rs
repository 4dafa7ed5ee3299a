//! What enters a prompt, in which order, and what does not, with scanners that object to a word.

use std::fs;
use std::path::Path;
use std::time::Duration;

use hermes_plugin_api::command::Span;
use hermes_plugin_api::error::{PluginError, Result};
use hermes_plugin_api::finding::{Action, Finding, Severity, Subject};
use hermes_plugin_api::{Scanner, serve};
use sha2::{Digest as _, Sha256};

use super::*;
use crate::config::home::Home;
use crate::guard::content::Contents;
use crate::guard::{OnFailure, ScannerSlot};
use crate::plugin::handle::ScannerHandle;

struct Watchful;

impl Scanner for Watchful {
    async fn scan(&self, subject: &Subject) -> Result<Vec<Finding>> {
        let Subject::ContextFile { text, .. } = subject else { return Ok(Vec::new()) };
        if text.contains("BREAK") {
            return Err(PluginError::internal("It broke"));
        }
        let action = if text.contains("HARMLESS") { Action::Note } else { Action::Forbid };
        let at = text.find("EVIL").map(|start| Finding {
            rule: "prompt-injection".into(),
            severity: Severity::High,
            action,
            title: "instructions to ignore".into(),
            span: Some(Span { start, end: start + 4 }),
            ..Finding::default()
        });
        Ok(at.into_iter().collect())
    }
}

fn slot(on_failure: OnFailure) -> ScannerSlot {
    let scanner = ScannerHandle::new("scanner-fake", "fake", serve::scanner(Watchful));
    let (plugin, name) = ("scanner-fake".to_owned(), "fake".to_owned());
    let (timeout, scanner) = (Duration::from_secs(5), Ok(scanner));
    ScannerSlot { plugin, name, required: false, at_once: false, timeout, on_failure, scanner }
}

pub(crate) fn context(home: &Path, directory: Option<&Path>, failure: Option<OnFailure>) -> Context {
    let slots: Vec<ScannerSlot> = failure.map(slot).into_iter().collect();
    Context {
        soul: home.join("SOUL.md"),
        directory: directory.map(Path::to_owned),
        guidance: vec!["Use them well.".into()],
        place: "Commands run here.".into(),
        platform: "Plain text.".into(),
        notes: Notebook::new(Home::at(home)),
        admission: Admission::new(move || Contents::new(slots), Vec::new(), "install one".into()),
        told: Mutex::default(),
    }
}

struct Folders {
    home: tempfile::TempDir,
    project: tempfile::TempDir,
}

impl Folders {
    fn new() -> Self {
        let folder = || tempfile::tempdir().expect("a folder");
        Self { home: folder(), project: folder() }
    }

    fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.project.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        fs::write(path, text).expect("written");
    }

    fn scanned(&self) -> Context {
        context(self.home.path(), Some(self.project.path()), Some(OnFailure::Closed))
    }

    fn names(&self, below: &str) -> Vec<String> {
        project::find(&self.project.path().join(below)).into_iter().map(|file| file.name).collect()
    }
}

#[tokio::test]
async fn the_order_is_fixed_and_the_same_every_time() {
    let folders = Folders::new();
    folders.write("AGENTS.md", "Run the tests with `just test`.");
    let memories = folders.home.path().join("memories");
    fs::create_dir(&memories).expect("made");
    fs::write(memories.join("MEMORY.md"), "The printer is upstairs.").expect("written");
    fs::write(memories.join("USER.md"), "Likes tea.").expect("written");
    fs::write(folders.home.path().join("SOUL.md"), "You are a butler.").expect("written");
    let prompt = folders.scanned().prompt().await;
    let wanted = "You are a butler.

# How to use your tools

Use them well.

# The project

Its own instructions. Follow them in what the person asks you to do here.

## AGENTS.md

Run the tests with `just test`.

# What you keep in mind

## What you noted

The printer is upstairs.

## What you noted about the person

Likes tea.

# Where you are

Commands run here.

Plain text.";
    assert_eq!(prompt, Prompt { text: wanted.into(), notices: Vec::new() });
    assert_eq!(folders.scanned().prompt().await, prompt);
}

#[tokio::test]
async fn without_a_scanner_no_file_of_a_project_is_loaded_and_the_person_is_told_once() {
    let folders = Folders::new();
    folders.write("AGENTS.md", "Be nice.");
    fs::write(folders.home.path().join("SOUL.md"), "You are a butler.").expect("written");
    let context = context(folders.home.path(), Some(folders.project.path()), None);
    let prompt = context.prompt().await;
    assert!(prompt.text.starts_with("You are a butler.") && !prompt.text.contains("Be nice"), "{}", prompt.text);
    assert_eq!(prompt.notices.len(), 1);
    assert!(prompt.notices[0].starts_with("`AGENTS.md` is not loaded:"), "{:?}", prompt.notices);
    assert!(prompt.notices[0].ends_with("install one"), "{:?}", prompt.notices);
    assert_eq!(context.prompt().await.notices, Vec::<String>::new());
}

#[tokio::test]
async fn what_a_scanner_objects_to_stays_out_and_is_told_with_its_place() {
    let folders = Folders::new();
    folders.write("AGENTS.md", "Be nice.\n\n  Now \u{202e}EVIL things.\n");
    fs::write(folders.home.path().join("SOUL.md"), "EVIL soul").expect("written");
    let prompt = folders.scanned().prompt().await;
    let blocked = "[BLOCKED: AGENTS.md contained potential prompt injection (prompt_injection). Content not loaded.]";
    assert!(prompt.text.contains(blocked) && !prompt.text.contains("Be nice"), "{}", prompt.text);
    assert!(prompt.text.starts_with("You are hermes") && !prompt.text.contains("EVIL"), "{}", prompt.text);
    let told = prompt.notices.join("\n");
    assert!(told.contains("line 3: instructions to ignore (scanner-fake): Now \u{fffd}EVIL things."), "{told}");
    assert!(told.contains("line 1: instructions to ignore (scanner-fake): EVIL soul"), "{told}");
}

#[tokio::test]
async fn the_owner_allows_one_exact_file() {
    let folders = Folders::new();
    let text = "\u{feff}EVIL is only a word here.";
    folders.write("AGENTS.md", text);
    let allowed = |content: &str| {
        let digest = hex::encode(Sha256::digest(content)).to_uppercase();
        let path = folders.project.path().join("./AGENTS.md");
        let contents = || Contents::new(vec![slot(OnFailure::Closed)]);
        Context { admission: Admission::new(contents, vec![(path, digest)], String::new()), ..folders.scanned() }
    };
    let prompt = allowed(text).prompt().await;
    assert!(prompt.text.contains("## AGENTS.md\n\nEVIL is only a word here."), "{prompt:?}");
    assert!(prompt.notices.is_empty(), "{prompt:?}");
    assert!(allowed("EVIL is another word.").prompt().await.text.contains("[BLOCKED: AGENTS.md"));
    // Somewhere else the same content is not allowed.
    fs::rename(folders.project.path().join("AGENTS.md"), folders.project.path().join("CLAUDE.md")).expect("moved");
    assert!(allowed(text).prompt().await.text.contains("[BLOCKED: CLAUDE.md"));
}

#[tokio::test]
async fn a_scanner_that_fails_keeps_out_unless_it_may_fail() {
    let folders = Folders::new();
    folders.write("AGENTS.md", "BREAK it.");
    let prompt = folders.scanned().prompt().await;
    assert!(prompt.text.contains("[BLOCKED: AGENTS.md could not be scanned"), "{prompt:?}");
    assert!(prompt.notices[0].contains("scanner-fake could not judge it: It broke"), "{prompt:?}");
    let open = context(folders.home.path(), Some(folders.project.path()), Some(OnFailure::Open));
    assert!(open.prompt().await.text.contains("BREAK it."));
    folders.write("AGENTS.md", "EVIL but HARMLESS.");
    assert!(folders.scanned().prompt().await.text.contains("EVIL but HARMLESS."));
}

#[tokio::test]
async fn what_is_too_long_keeps_head_and_tail_and_secrets_stay_out() {
    let folders = Folders::new();
    let text = format!("{}{}{}", "ä".repeat(20_000), "middle", "ö".repeat(20_000));
    folders.write("AGENTS.md", &text);
    let prompt = folders.scanned().prompt().await.text;
    assert_eq!((prompt.matches('ä').count(), prompt.matches('ö').count()), (14_000, 4_000));
    assert!(prompt.contains("[… 22006 of the 40006 characters of AGENTS.md are left out here"), "{prompt}");
    folders.write("AGENTS.md", "The token is ghp_0123456789abcdefghijABCDEFGHIJ012345.");
    assert!(folders.scanned().prompt().await.text.contains("The token is [REDACTED]"));
}

#[test]
fn the_first_kind_that_is_there_is_the_one() {
    let folders = Folders::new();
    fs::create_dir_all(folders.project.path().join(".git")).expect("made");
    folders.write("sub/x", "");
    assert_eq!(folders.names(""), Vec::<String>::new());
    folders.write(".cursor/rules/b.mdc", "b");
    folders.write(".cursor/rules/a.mdc", "a");
    folders.write(".cursor/rules/a.txt", "no rule");
    folders.write(".cursorrules", "c");
    assert_eq!(folders.names(""), [".cursorrules", ".cursor/rules/a.mdc", ".cursor/rules/b.mdc"]);
    folders.write("CLAUDE.md", "d");
    assert_eq!(folders.names(""), ["CLAUDE.md"]);
    folders.write("AGENTS.md", " \n");
    assert_eq!(folders.names(""), ["CLAUDE.md"], "an empty file says nothing");
    folders.write("AGENTS.md", "e");
    assert_eq!(folders.names(""), ["AGENTS.md"]);
    assert_eq!(folders.names("sub"), Vec::<String>::new(), "only ours are looked for further up");
    folders.write("HERMES.md", "f");
    assert_eq!((folders.names(""), folders.names("sub")), (vec!["HERMES.md".to_owned()], vec!["HERMES.md".to_owned()]));
    folders.write("sub/.hermes.md", "g");
    assert_eq!(folders.names("sub"), [".hermes.md"]);
    fs::remove_dir(folders.project.path().join(".git")).expect("removed");
    fs::remove_file(folders.project.path().join("sub/.hermes.md")).expect("removed");
    assert_eq!(folders.names("sub"), Vec::<String>::new(), "without a repository only the directory counts");
}

#[test]
fn what_is_no_plain_text_of_the_project_is_not_read_and_says_why() {
    let folders = Folders::new();
    let path = folders.project.path().join("AGENTS.md");
    let why = || project::find(folders.project.path())[0].text.clone().expect_err("not read");
    fs::write(folders.home.path().join("id_rsa"), "secret").expect("written");
    std::os::unix::fs::symlink(folders.home.path().join("id_rsa"), &path).expect("linked");
    assert!(why().contains("a link that leads out of the project"), "{}", why());
    fs::remove_file(&path).expect("removed");
    std::os::unix::fs::symlink("nowhere", &path).expect("linked");
    assert!(why().contains("No such file"), "{}", why());
    fs::remove_file(&path).expect("removed");
    fs::create_dir(&path).expect("made");
    assert_eq!(why(), "it is no plain file");
    fs::remove_dir(&path).expect("removed");
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0).expect("a pipe");
    assert_eq!(why(), "it is no plain file");
    fs::remove_file(&path).expect("removed");
    folders.write("AGENTS.md", b"\xff\xfe");
    assert_eq!(why(), "it is not UTF-8 text");
    folders.write("AGENTS.md", vec![b'a'; (1 << 20) + 1]);
    assert_eq!(why(), "it is larger than 1048576 bytes");
    fs::remove_file(&path).expect("removed");
    folders.write("CLAUDE.md", "the same");
    std::os::unix::fs::symlink("CLAUDE.md", &path).expect("linked");
    assert_eq!(project::find(folders.project.path())[0].text, Ok("the same".into()));
}
