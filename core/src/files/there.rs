//! Files of another machine or a container: found by the guard's fixed scripts, read and written by the backend.
//!
//! Between the judgement and the deed somebody there may put a link in the way; the backend follows it. Sessions
//! that are a boundary are not judged in the first place.

use std::path::Path;
use std::time::Duration;

use hermes_plugin_api::error::{PluginError, Result};
use hermes_plugin_api::file::{FileEntry, FileKind, FileWalk, Walked, packed};
use hermes_plugin_api::flow::{Cancel, Output};
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use ignore::overrides::Override;
use tokio::time::{Instant, timeout};

use super::here::Found;
use super::{Files, walk};
use crate::flow::bytes;
use crate::guard::look::Script;
use crate::guard::witness::{Authorized, Read};

/// How long a look may take.
const LOOK: Duration = Duration::from_secs(60);
/// Most that a look may tell, in bytes.
const TOLD: usize = 16 << 20;
/// How many pieces wait.
const QUEUE: usize = 4;
/// Longest `.gitignore` that is heeded.
const IGNORE: usize = 256 << 10;

pub(super) async fn find(files: &Files<'_>, path: &str, cancel: &Cancel) -> Result<Found> {
    let told = look(files, Script::Stat, &[path], cancel).await?;
    parsed(&told).ok_or_else(|| {
        let hint =
            "the backend needs `bash`, `readlink` and `stat` of GNU or busybox; a folder on the way may be missing";
        PluginError::user(format!("Failed to look at `{path}`")).with_hint(hint)
    })
}

fn parsed(told: &[u8]) -> Option<Found> {
    let told = std::str::from_utf8(told).ok()?;
    let (word, rest) = told.split_once('\0')?;
    let (path, rest) = rest.split_once('\0')?;
    let path = Path::new(path).to_owned();
    if !path.is_absolute() {
        return None;
    }
    if word == "absent" {
        return Some(Found { path, ..Found::default() });
    }
    let mut fields = rest.trim_end().splitn(3, ' ');
    let mode = u32::from_str_radix(fields.next()?, 16).ok()?;
    let size = fields.next()?.parse().ok()?;
    let kind = match mode & 0o170_000 {
        0o100_000 => FileKind::File,
        0o040_000 => FileKind::Folder,
        _ => FileKind::Other,
    };
    Some(Found { path, kind, size, mode: mode & 0o7777, version: fields.next()?.to_owned() })
}

async fn look(files: &Files<'_>, script: Script, args: &[&str], cancel: &Cancel) -> Result<Vec<u8>> {
    let witness = files.guard.authorize_look(script, files.caller);
    let (output, mut pieces) = bytes(QUEUE);
    let run = files.shell.session().look(witness, args, output, cancel);
    let collect = async {
        let mut told = Vec::new();
        while let Some(piece) = pieces.recv().await {
            told.extend_from_slice(&piece);
            if told.len() > TOLD {
                pieces.close();
            }
        }
        told
    };
    let both = async { tokio::join!(run, collect) };
    let (exit, told) = cancel.run(timeout(LOOK, both)).await?.map_err(|_| too_slow())?;
    exit?;
    Ok(told)
}

fn too_slow() -> PluginError {
    let message = format!("The backend did not answer within {} s", LOOK.as_secs());
    PluginError::new(hermes_plugin_api::error::ErrorCode::TIMEOUT, message)
}

/// Passes a part of a file on. The backend begins at the beginning, whatever the part.
pub(super) async fn read(
    files: &Files<'_>,
    witness: Authorized<Read>,
    (mut skip, mut limit): (u64, u64),
    output: Output,
    cancel: &Cancel,
) -> Result<()> {
    let (sink, mut pieces) = bytes(QUEUE);
    // When enough was passed on, the stream's end goes, and the backend reads no further.
    let pass = async move {
        while let Some(piece) = pieces.recv().await {
            let skipped = usize::try_from(skip).unwrap_or(usize::MAX).min(piece.len());
            skip -= skipped as u64;
            let rest = &piece[skipped..];
            let rest = &rest[..usize::try_from(limit).unwrap_or(usize::MAX).min(rest.len())];
            limit -= rest.len() as u64;
            if (!rest.is_empty() && output.write(rest).await.is_err()) || limit == 0 {
                return true;
            }
        }
        false
    };
    let both = async { tokio::join!(files.shell.session().read_authorized(witness, sink), pass) };
    let (read, enough) = cancel.run(both).await?;
    if enough { Ok(()) } else { read }
}

/// All of a file; `None` when it is longer than `limit`.
pub(super) async fn whole(
    files: &Files<'_>,
    witness: Authorized<Read>,
    limit: usize,
    cancel: &Cancel,
) -> Result<Option<Vec<u8>>> {
    let (sink, mut pieces) = bytes(QUEUE);
    let collect = async move {
        let mut data = Vec::new();
        while let Some(piece) = pieces.recv().await {
            data.extend_from_slice(&piece);
            if data.len() > limit {
                return None;
            }
        }
        Some(data)
    };
    let both = async { tokio::join!(files.shell.session().read_authorized(witness, sink), collect) };
    let (done, data) = cancel.run(timeout(LOOK, both)).await?.map_err(|_| too_slow())?;
    match data {
        None => Ok(None),
        data => done.map(|()| data),
    }
}

pub(super) async fn walk(
    files: &Files<'_>,
    root: &Found,
    request: FileWalk,
    output: Output,
    cancel: &Cancel,
) -> Result<Walked> {
    let root_path = super::text(&root.path)?;
    let globs = walk::globs("", &request.globs)?;
    let mut walked = Walked { path: root_path.to_owned(), ..Walked::default() };
    let names = match root.kind {
        FileKind::File => vec![String::new()],
        _ => listed(files, root_path, request.all, cancel).await?,
    };
    let rules = match request.all {
        true => Vec::new(),
        false => ignores(files, root_path, &names, cancel).await?,
    };
    let until = Instant::now() + walk::LONGEST;
    for name in names {
        let path =
            if name.is_empty() { root_path.to_owned() } else { format!("{}/{name}", root_path.trim_end_matches('/')) };
        let hidden = !request.all && name.rsplit('/').next().is_some_and(|last| last.starts_with('.'));
        if hidden || is_ignored(&rules, &name) || is_unwanted(&globs, &name) {
            continue;
        }
        if !files.guard.may_read(&path, files.caller) {
            walked.secret += 1;
            continue;
        }
        if walked.files >= request.most || Instant::now() > until {
            walked.more = true;
            break;
        }
        let content = match request.contents {
            None => Vec::new(),
            Some(longest) => match content(files, &path, longest, cancel).await? {
                Some(content) => content,
                None => {
                    walked.skipped += 1;
                    continue;
                }
            },
        };
        walked.files += 1;
        let entry = FileEntry { path: name, size: content.len() as u64, modified_ms: 0 };
        if output.write(packed(&entry, &content)?).await.is_err() {
            walked.more = true;
            break;
        }
    }
    Ok(walked)
}

/// The content, unless it is too long or cannot be read.
async fn content(files: &Files<'_>, path: &str, longest: u64, cancel: &Cancel) -> Result<Option<Vec<u8>>> {
    let witness = files.guard.authorize_read(path, files.caller).await?;
    let read = whole(files, witness, usize::try_from(longest).unwrap_or(usize::MAX), cancel).await;
    if cancel.is_cancelled() {
        return Err(PluginError::cancelled());
    }
    Ok(read.unwrap_or_default())
}

async fn listed(files: &Files<'_>, root: &str, all: bool, cancel: &Cancel) -> Result<Vec<String>> {
    let args: &[&str] = if all { &[root, "all"] } else { &[root] };
    let told = look(files, Script::List, args, cancel).await?;
    let names = told.split(|byte| *byte == 0).filter_map(|name| std::str::from_utf8(name.strip_prefix(b"./")?).ok());
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    names.sort_unstable();
    Ok(names)
}

/// What `.gitignore` files leave out, with the folder each stands in; the deepest last.
async fn ignores(files: &Files<'_>, root: &str, names: &[String], cancel: &Cancel) -> Result<Vec<(String, Gitignore)>> {
    let mut rules = Vec::new();
    for name in names.iter().filter(|name| *name == ".gitignore" || name.ends_with("/.gitignore")) {
        let folder = name.trim_end_matches(".gitignore").to_owned();
        let path = format!("{}/{name}", root.trim_end_matches('/'));
        let Some(text) = content(files, &path, IGNORE as u64, cancel).await? else { continue };
        let mut builder = GitignoreBuilder::new("");
        for line in String::from_utf8_lossy(&text).lines() {
            // A line that is no pattern leaves nothing out, as with git.
            let _ = builder.add_line(None, line);
        }
        if let Ok(built) = builder.build() {
            rules.push((folder, built));
        }
    }
    rules.sort_by_key(|(folder, _)| folder.len());
    Ok(rules)
}

/// Whether globs leave out a file, or a folder that it is in.
fn is_unwanted(globs: &Override, name: &str) -> bool {
    let mut folders = name.match_indices('/').map(|(at, _)| &name[..at]);
    !name.is_empty()
        && (globs.matched(name, false).is_ignore() || folders.any(|folder| globs.matched(folder, true).is_ignore()))
}

fn is_ignored(rules: &[(String, Gitignore)], name: &str) -> bool {
    let judged = rules.iter().rev().filter_map(|(folder, rules)| {
        let below = name.strip_prefix(folder.as_str()).filter(|below| !below.is_empty())?;
        match rules.matched_path_or_any_parents(below, false) {
            Match::None => None,
            matched => Some(matched.is_ignore()),
        }
    });
    judged.into_iter().next().unwrap_or(false)
}
