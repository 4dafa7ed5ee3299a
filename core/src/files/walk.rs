//! Walks through a folder of this machine, as ripgrep does: what `.gitignore` and its like leave out is left out.
//!
//! Links are not followed, and every file is opened without following any on the way. What holds secrets is counted
//! and not told.

use std::io::Read as _;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use hermes_plugin_api::error::{PluginError, Result};
use hermes_plugin_api::file::{FileEntry, FileWalk, Walked, packed};
use hermes_plugin_api::flow::{Cancel, Output};
use ignore::overrides::{Override, OverrideBuilder};
use ignore::{DirEntry, WalkBuilder};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::{Files, StopOnDrop, here};
use crate::flow::CancelSource;

/// The longest that a walk takes.
pub(super) const LONGEST: Duration = Duration::from_secs(60);
/// How many entries wait to be judged and taken.
const QUEUE: usize = 256;

/// A file that was met.
struct Met {
    entry: FileEntry,
    path: String,
}

pub(super) async fn here(
    files: &Files<'_>,
    root: &str,
    request: FileWalk,
    output: Output,
    cancel: &Cancel,
) -> Result<Walked> {
    let globs = globs(root, &request.globs)?;
    let stop = StopOnDrop(CancelSource::new());
    let (met, mut coming) = mpsc::channel::<Met>(QUEUE);
    let (readable, mut wanted) = mpsc::channel::<Met>(QUEUE);
    let (root_path, all) = (root.to_owned(), request.all);
    let walk = tokio::task::spawn_blocking(move || go(&root_path, all, globs, &met));
    let (handle, contents) = (stop.0.handle(), request.contents);
    let hand_over = tokio::task::spawn_blocking(move || {
        let mut skipped = 0;
        while let Some(met) = wanted.blocking_recv() {
            if handle.is_cancelled() {
                break;
            }
            match taken(&met, contents, &output) {
                Some(true) => {}
                Some(false) => break,
                None => skipped += 1,
            }
        }
        skipped
    });
    let mut walked = Walked { path: root.to_owned(), ..Walked::default() };
    let until = Instant::now() + LONGEST;
    let judge = async {
        while let Some(met) = coming.recv().await {
            if !files.guard.may_read(&met.path, files.caller) {
                walked.secret += 1;
            } else if walked.files >= request.most || Instant::now() > until {
                walked.more = true;
                break;
            } else {
                walked.files += 1;
                if readable.send(met).await.is_err() {
                    walked.more = true;
                    break;
                }
            }
        }
        // Both threads end when these go.
        drop((coming, readable));
        hand_over.await
    };
    let skipped = cancel.run(judge).await?;
    walked.skipped = skipped.map_err(|error| PluginError::internal(error.to_string()))?;
    walk.await.map_err(|error| PluginError::internal(error.to_string()))?;
    Ok(walked)
}

/// Hands one file over. Whether more is wanted; `None` when the file is left out.
fn taken(met: &Met, contents: Option<u64>, output: &Output) -> Option<bool> {
    let content = match contents {
        None => Vec::new(),
        Some(longest) if met.entry.size > longest => return None,
        Some(longest) => content(Path::new(&met.path), longest)?,
    };
    let message = packed(&met.entry, &content).ok()?;
    Some(super::pushed(output, &message))
}

/// The content, unless it is longer than it said it was or cannot be read.
fn content(path: &Path, longest: u64) -> Option<Vec<u8>> {
    let (file, found) = here::open(path).ok()?;
    let mut data = Vec::with_capacity(usize::try_from(found.size.min(longest)).ok()?);
    file.take(longest + 1).read_to_end(&mut data).ok()?;
    (data.len() as u64 <= longest).then_some(data)
}

fn go(root: &str, all: bool, globs: Override, met: &mpsc::Sender<Met>) {
    let mut walk = WalkBuilder::new(root);
    walk.standard_filters(!all).require_git(false).follow_links(false).sort_by_file_name(|a, b| a.cmp(b));
    // Globs of the walk itself would bring back what `.gitignore` leaves out.
    walk.filter_entry(move |entry| {
        let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
        let wanted = || entry.file_name() != ".git" && !globs.matched(entry.path(), is_folder).is_ignore();
        entry.depth() == 0 || wanted()
    });
    for entry in walk.build().flatten() {
        let Some(found) = met_file(root, &entry) else { continue };
        if met.blocking_send(found).is_err() {
            return;
        }
    }
}

fn met_file(root: &str, entry: &DirEntry) -> Option<Met> {
    let kind = entry.file_type().filter(std::fs::FileType::is_file);
    let metadata = kind.and_then(|_| entry.metadata().ok())?;
    let path = entry.path().to_str()?.to_owned();
    let below = path.strip_prefix(root)?.trim_start_matches('/').to_owned();
    let modified = metadata.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok()).unwrap_or_default();
    let modified_ms = u64::try_from(modified.as_millis()).unwrap_or_default();
    Some(Met { entry: FileEntry { path: below, size: metadata.len(), modified_ms }, path })
}

/// Globs as the person would write them into `.gitignore`.
///
/// # Errors
/// `USER` for one that is none.
pub(super) fn globs(root: &str, globs: &[String]) -> Result<Override> {
    let mut builder = OverrideBuilder::new(root);
    for glob in globs {
        builder.add(glob).map_err(|error| PluginError::user(format!("`{glob}` is not a glob: {error}")))?;
    }
    builder.build().map_err(|error| PluginError::user(format!("The globs are too many: {error}")))
}
