//! What a model is told before a conversation: who it is, how its tools are used, what the project and the notes
//! say, and where it is read.
//!
//! The order is always the same and nothing in it depends on the time, so that a provider can keep it in its cache.
//! It runs nothing and decides nothing: what may enter is the guard's to say.

pub mod admit;
pub mod project;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use hermes_plugin_api::notes::Notes;

use crate::context::admit::{Admission, Admitted};
use crate::notes::Notebook;
use crate::redact::redact;

/// Who the model is when the home does not say.
pub const IDENTITY: &str = include_str!("context/identity.md");
/// Most of one file that enters, in characters.
const CAP: usize = 20_000;
/// Of these: the beginning.
const HEAD: usize = CAP / 10 * 7;
/// And the end.
const TAIL: usize = CAP / 10 * 2;
/// Most that a plugin may say of how its part is used, in characters.
const GUIDANCE: usize = 2_000;

/// What prompts are made of in one run of the program.
pub struct Context {
    /// `SOUL.md` of the home: who the model is.
    pub soul: PathBuf,
    /// Where the project is.
    pub directory: Option<PathBuf>,
    /// How the tools that are there are used, a text each.
    pub guidance: Vec<String>,
    /// Where commands run and files lie.
    pub place: String,
    /// Where it is read.
    pub platform: String,
    /// The notes.
    pub notes: Notebook,
    /// Who decides what enters.
    pub admission: Admission,
    /// What the person was told.
    pub told: Mutex<BTreeSet<String>>,
}

/// A prompt.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prompt {
    /// What the model is told first.
    pub text: String,
    /// What the person must know of it, and was not told before.
    pub notices: Vec<String>,
}

impl Context {
    /// Makes the prompt of a session that begins, or goes on in this process.
    pub async fn prompt(&self) -> Prompt {
        let mut notices = Vec::new();
        let mut parts = vec![self.identity(&mut notices).await];
        parts.extend(section("How to use your tools", &self.guidance()));
        parts.extend(section("The project", &self.project(&mut notices).await));
        parts.extend(self.memory(&mut notices).await);
        parts.extend(section("Where you are", &[self.place.clone(), self.platform.clone()]));
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        notices.retain(|notice| told.insert(notice.clone()));
        Prompt { text: parts.join("\n\n"), notices }
    }

    async fn identity(&self, notices: &mut Vec<String>) -> String {
        let name = "SOUL.md";
        let own = match project::read(&self.soul, None) {
            Ok(text) => text.filter(|text| !text.trim().is_empty()),
            Err(why) => {
                notices.push(format!("`{name}` of the home is not used: {why}"));
                None
            }
        };
        let Some(own) = own else { return IDENTITY.trim().to_owned() };
        match self.admission.admit(name, &self.soul, &own).await {
            Admitted::Yes => prepared(name, &own),
            Admitted::No { notice, .. } => {
                notices.push(notice);
                IDENTITY.trim().to_owned()
            }
        }
    }

    /// How the tools are used. What a plugin says of that is its author's word, and short.
    fn guidance(&self) -> Vec<String> {
        let texts = self.guidance.iter().map(|text| text.trim()).filter(|text| !text.is_empty());
        texts.map(|text| text.chars().take(GUIDANCE).collect()).collect()
    }

    async fn project(&self, notices: &mut Vec<String>) -> Vec<String> {
        let Some(directory) = &self.directory else { return Vec::new() };
        let found = project::find(directory);
        if found.is_empty() {
            return Vec::new();
        }
        if let Some(why) = self.admission.shut() {
            let names: Vec<String> = found.iter().map(|file| format!("`{}`", file.name)).collect();
            notices.push(format!("{} is not loaded: {why}", names.join(", ")));
            return Vec::new();
        }
        let mut texts = Vec::new();
        for file in found {
            let text = match file.text {
                Ok(text) => text,
                Err(why) => {
                    notices.push(format!("`{}` is not loaded: {why}", file.name));
                    continue;
                }
            };
            let entered = match self.admission.admit(&file.name, &file.path, &text).await {
                Admitted::Yes => prepared(&file.name, &text),
                Admitted::No { instead, notice } => {
                    notices.push(notice);
                    instead
                }
            };
            texts.push(format!("## {}\n\n{entered}", file.name));
        }
        if !texts.is_empty() {
            texts.insert(0, "Its own instructions. Follow them in what the person asks you to do here.".to_owned());
        }
        texts
    }

    /// The notes, as they are now: what is noted later is read in the next session.
    async fn memory(&self, notices: &mut Vec<String>) -> Option<String> {
        let mut texts = Vec::new();
        for notes in Notes::ALL {
            let (name, path) = (notes.file(), self.notes.path(notes));
            let text = match self.notes.read(notes) {
                Ok(text) if text.trim().is_empty() => continue,
                Ok(text) => text,
                Err(error) => {
                    notices.push(format!("Your notes are not loaded: {error}"));
                    continue;
                }
            };
            let entered = match self.admission.admit(name, &path, &text).await {
                Admitted::Yes => prepared(name, &text),
                Admitted::No { instead, notice } => {
                    notices.push(notice);
                    instead
                }
            };
            let title = match notes {
                Notes::Agent => "What you noted",
                Notes::User => "What you noted about the person",
            };
            texts.push(format!("## {title}\n\n{entered}"));
        }
        section("What you keep in mind", &texts)
    }
}

/// A part of the prompt, if there is anything in it.
fn section(title: &str, texts: &[String]) -> Option<String> {
    let texts: Vec<&str> = texts.iter().map(|text| text.trim()).filter(|text| !text.is_empty()).collect();
    (!texts.is_empty()).then(|| format!("# {title}\n\n{}", texts.join("\n\n")))
}

/// A text as it enters: without secrets, not too long, and without the mark of its encoding.
fn prepared(name: &str, text: &str) -> String {
    capped(name, redact(text.trim_start_matches('\u{feff}').trim()).as_ref())
}

/// Head and tail of a text that is too long.
fn capped(name: &str, text: &str) -> String {
    let count = text.chars().count();
    if count <= CAP {
        return text.to_owned();
    }
    let head: String = text.chars().take(HEAD).collect();
    let tail: String = text.chars().skip(count - TAIL).collect();
    let left_out = count - HEAD - TAIL;
    format!(
        "{head}\n\n[… {left_out} of the {count} characters of {name} are left out here: read the file for them …]\n\n{tail}"
    )
}

#[cfg(test)]
pub(crate) mod tests;
