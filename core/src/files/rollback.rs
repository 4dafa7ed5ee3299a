//! Takes back what tools changed, after showing it. A file that somebody else changed later is not touched unless
//! the person says so.

use std::time::Duration;

use hermes_plugin_api::error::{PluginError, Result};
use hermes_plugin_api::file::FileKind;
use hermes_plugin_api::flow::Cancel;
use hermes_plugin_api::platform::{Choice, Prompt};
use similar::TextDiff;

use super::checkpoint::{self, Before, Undo};
use super::here::{self, Found};
use super::{Files, settled, text};
use crate::guard::Approver;
use crate::host::clock;
use crate::redact::redact;

/// Most lines of one file's diff that are shown.
const LINES: usize = 60;
/// Longest line that is shown, in characters.
const WIDTH: usize = 200;
/// How long a diff may take to find.
const DIFF: Duration = Duration::from_millis(500);
/// How long the person has to answer.
const ANSWER: Duration = Duration::from_secs(60);

/// One file that is to be taken back.
struct Step {
    undo: Undo,
    found: Found,
    /// It is not what we wrote.
    strange: bool,
    shown: String,
}

impl Files<'_> {
    /// Takes back the last `turns` turns that changed files. Returns what became of it, for the person.
    ///
    /// # Errors
    /// When what was kept cannot be read; `CANCELLED`.
    pub async fn rollback(&self, turns: usize, approver: Option<&dyn Approver>, cancel: &Cancel) -> Result<String> {
        let checkpoints = self.checkpoints.clone();
        let undo = tokio::task::spawn_blocking(move || checkpoints.undo(turns)).await;
        let undo = undo.map_err(|error| PluginError::internal(error.to_string()))?;
        let undo = undo.map_err(|error| PluginError::user(format!("Failed to read what was kept: {error}")))?;
        if undo.is_empty() {
            return Ok("No tool changed a file in this session".to_owned());
        }
        let mut told = Vec::new();
        let mut steps = Vec::new();
        for undo in undo {
            let path = undo.path.clone();
            match self.step(undo, cancel).await {
                Ok(Some(step)) => steps.push(step),
                Ok(None) => told.push(format!("{path}: nothing to take back")),
                Err(error) => told.push(format!("{path}: left alone: {error}")),
            }
        }
        let shown: Vec<&str> = steps.iter().map(|step| step.shown.as_str()).collect();
        if let (Some(approver), false) = (approver, shown.is_empty()) {
            approver.notice(&redact(&shown.join("\n"))).await;
        }
        let strange: Vec<&str> = steps.iter().filter(|step| step.strange).map(|step| step.undo.path.as_str()).collect();
        let overwrite = !strange.is_empty() && self.may_overwrite(&strange, approver, cancel).await?;
        for step in steps {
            let path = step.undo.path.clone();
            told.push(match step.strange && !overwrite {
                true => format!("{path}: left alone: somebody else changed it since"),
                false => match self.take_back(step, cancel).await {
                    Ok(()) => format!("{path}: taken back"),
                    Err(error) => format!("{path}: left alone: {error}"),
                },
            });
        }
        Ok(told.join("\n"))
    }

    /// How a file is taken back; `None` when it is already.
    async fn step(&self, undo: Undo, cancel: &Cancel) -> Result<Option<Step>> {
        let found = self.find(&undo.path, cancel).await?;
        if text(&found.path)? != undo.path {
            return Err(PluginError::user("a link leads elsewhere now"));
        }
        let now = match found.kind {
            FileKind::File => self.whole(&found, cancel).await?,
            FileKind::Missing => None,
            FileKind::Folder | FileKind::Other => return Err(PluginError::user("it is no file any more")),
        };
        let before = match &undo.before {
            Before::File { data, .. } => Some(data.as_slice()),
            Before::Missing => None,
        };
        if now.as_deref() == before {
            self.note(&undo);
            return Ok(None);
        }
        let strange = now.as_deref().map(checkpoint::name).as_ref() != Some(&undo.after);
        let shown = diff(&undo.path, now.as_deref(), before);
        Ok(Some(Step { undo, found, strange, shown }))
    }

    async fn may_overwrite(&self, strange: &[&str], approver: Option<&dyn Approver>, cancel: &Cancel) -> Result<bool> {
        let Some(approver) = approver else { return Ok(false) };
        let choice = |id: &str, label: &str| Choice { id: id.to_owned(), label: label.to_owned() };
        let prompt = Prompt {
            id: clock::random_id(),
            text: format!("Changed since by somebody else:\n    {}", strange.join("\n    ")),
            choices: vec![choice("overwrite", "[o]verwrite"), choice("leave", "[l]eave")],
            question: "    Choice [o/L]: ".to_owned(),
            hidden: false,
        };
        let answer = cancel.run(tokio::time::timeout(ANSWER, approver.ask(&prompt))).await;
        let yes = match &answer {
            Ok(Ok(Ok(Some(typed)))) => ["o", "overwrite"].contains(&typed.trim().to_lowercase().as_str()),
            _ => false,
        };
        approver.settled(&prompt, if yes { "overwritten" } else { "left alone" }).await;
        answer.map(|_| yes)
    }

    async fn take_back(&self, step: Step, cancel: &Cancel) -> Result<()> {
        let Step { undo, mut found, .. } = step;
        let witness = self.authorize(&found, cancel).await?;
        match &undo.before {
            Before::File { data, mode } => {
                if found.kind == FileKind::File {
                    found.mode = *mode;
                }
                self.put(witness, found, data.clone(), cancel).await?;
            }
            Before::Missing if self.here => {
                let removed = tokio::task::spawn_blocking(move || here::remove(witness, &found)).await;
                settled(&undo.path, removed)?;
            }
            Before::Missing => return Err(PluginError::user("it was new, and this backend cannot remove files")),
        }
        self.note(&undo);
        Ok(())
    }

    fn note(&self, undo: &Undo) {
        if let Err(error) = self.checkpoints.undone(undo) {
            tracing::warn!(%error, "The journal of checkpoints could not be written.");
        }
    }
}

/// What taking a file back does to it.
fn diff(path: &str, now: Option<&[u8]>, before: Option<&[u8]>) -> String {
    let readable = |data: Option<&[u8]>| match data {
        None => Some(String::new()),
        Some(data) if data.contains(&0) => None,
        Some(data) => Some(String::from_utf8_lossy(data).into_owned()),
    };
    let name = |data: Option<&[u8]>| if data.is_some() { path } else { "/dev/null" };
    let (old, new) = (name(now), name(before));
    let (Some(now), Some(before)) = (readable(now), readable(before)) else {
        return format!("--- {old}\n+++ {new}\n(not text)");
    };
    let diff = TextDiff::configure().timeout(DIFF).diff_lines(now.as_str(), before.as_str());
    let unified = diff.unified_diff().header(old, new).to_string();
    let mut lines: Vec<String> = unified.lines().take(LINES).map(|line| line.chars().take(WIDTH).collect()).collect();
    let more = unified.lines().count().saturating_sub(LINES);
    if more > 0 {
        lines.push(format!("[{more} more lines]"));
    }
    lines.join("\n")
}
