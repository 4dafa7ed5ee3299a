//! Files of a session, for its tools: found, judged, read, written and walked through on the backend.
//!
//! Links are resolved where the files are, before the guard judges. On this machine what was judged is what is
//! opened, whatever changes in between (`here.rs`); elsewhere the backend's own reading and writing is used
//! (`there.rs`). Nothing here decides: reading and writing take the guard's proof.

pub mod checkpoint;
mod here;
pub mod rollback;
mod there;
mod walk;

use std::path::{Path, PathBuf};

use hermes_plugin_api::error::{ErrorCode, PluginError, Result};
use hermes_plugin_api::file::{
    Expect, FileHead, FileKind, FileRead, FileWalk, FileWrite, FileWritten, LARGEST_WRITE, Walked,
};
use hermes_plugin_api::flow::{Cancel, Output};

use crate::files::checkpoint::{Before, Checkpoints};
use crate::files::here::{Found, Unwritten};
use crate::flow::CancelSource;
use crate::guard::witness::{Authorized, Write};
use crate::guard::{Caller, Guard, WriteRequest};
use crate::shell::Shell;

/// How much of a file is passed on at a time.
const CHUNK: usize = 256 << 10;

/// The files of a session.
#[derive(Clone, Copy)]
pub struct Files<'a> {
    /// Where they are.
    pub shell: &'a Shell,
    /// Who decides.
    pub guard: &'a Guard,
    /// Who wants something.
    pub caller: Caller<'a>,
    /// They are this machine's, and this process sees them as commands of the session do.
    pub here: bool,
    /// Where what is overwritten is kept.
    pub checkpoints: &'a Checkpoints,
}

/// Stops work on another thread when nobody waits for it any more.
struct StopOnDrop(CancelSource);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

impl Files<'_> {
    /// Reads a file into `output`. What is there and is no file is told and not read.
    ///
    /// # Errors
    /// `DENIED` for what holds secrets, `USER` when it cannot be read, `CANCELLED`.
    pub async fn read(&self, request: FileRead, output: Option<Output>, cancel: &Cancel) -> Result<FileHead> {
        let found = self.find(&request.path, cancel).await?;
        if found.kind != FileKind::File {
            return head(&found);
        }
        let path = text(&found.path)?;
        let witness = self.guard.authorize_read(path, self.caller).await?;
        let Some(output) = output else { return head(&found) };
        let range = (request.offset, request.limit.unwrap_or(u64::MAX));
        if !self.here {
            there::read(self, witness, range, output, cancel).await?;
            return head(&found);
        }
        let path = PathBuf::from(witness.redeem().path);
        let found = blocking(&request.path, "read", cancel, move |stop| here_read(&path, range, &output, stop)).await?;
        head(&found)
    }

    /// Writes a file whole, keeping what was there for `/rollback`.
    ///
    /// # Errors
    /// `DENIED` when the guard or a person refuses; `USER` when it cannot be written or something else is there
    /// than expected; `CANCELLED`.
    pub async fn write(&self, request: FileWrite, cancel: &Cancel) -> Result<FileWritten> {
        let data = request.content.into_vec()?;
        if data.len() > LARGEST_WRITE {
            return Err(PluginError::user(format!("At most {LARGEST_WRITE} bytes are written to a file")));
        }
        let found = self.find(&request.path, cancel).await?;
        let shown = text(&found.path)?.to_owned();
        match (found.kind, &request.expect) {
            (FileKind::Folder | FileKind::Other, _) => {
                return Err(PluginError::user(format!("`{shown}` is not a regular file")));
            }
            (FileKind::File, Expect::Missing) => return Err(changed(&shown)),
            (_, Expect::Version(version)) if *version != found.version => return Err(changed(&shown)),
            _ => {}
        }
        let witness = self.authorize(&found, cancel).await?;
        let unsaved = self.keep(&found, &data, cancel).await?;
        let written = self.put(witness, found, data, cancel).await?;
        Ok(FileWritten { path: shown, version: written.version, unsaved })
    }

    /// Walks through a folder.
    ///
    /// # Errors
    /// `USER` for a wrong glob or a folder that cannot be read; `CANCELLED`.
    pub async fn walk(&self, request: FileWalk, output: Option<Output>, cancel: &Cancel) -> Result<Walked> {
        let output = output.ok_or_else(|| PluginError::internal("Nobody takes what is met on the walk"))?;
        let found = self.find(&request.path, cancel).await?;
        let root = text(&found.path)?.to_owned();
        match found.kind {
            FileKind::Missing => return Err(PluginError::user(format!("There is nothing at `{root}`"))),
            FileKind::Other => return Err(PluginError::user(format!("`{root}` is neither a folder nor a file"))),
            FileKind::File => drop(self.guard.authorize_read(&root, self.caller).await?),
            FileKind::Folder => {}
        }
        match self.here {
            true => walk::here(self, &root, request, output, cancel).await,
            false => there::walk(self, &found, request, output, cancel).await,
        }
    }

    /// What there is at a path as a tool gives it: links resolved where the files are.
    async fn find(&self, path: &str, cancel: &Cancel) -> Result<Found> {
        if path.is_empty() || path.contains('\0') {
            return Err(PluginError::user("The path is empty, or holds a NUL character"));
        }
        let asked = self.shell.directory(Some(path));
        if !self.here {
            return there::find(self, &asked, cancel).await;
        }
        blocking(path, "look at", cancel, move |_| here::find(Path::new(&asked))).await
    }

    async fn authorize(&self, found: &Found, cancel: &Cancel) -> Result<Authorized<Write>> {
        let replaces = found.kind == FileKind::File;
        let request = WriteRequest { path: text(&found.path)?, replaces, caller: self.caller };
        Ok(self.guard.authorize_write(request, cancel).await?)
    }

    /// Keeps what is about to be overwritten. Returns why it could not, where that is so.
    async fn keep(&self, found: &Found, after: &[u8], cancel: &Cancel) -> Result<Option<String>> {
        let path = text(&found.path)?;
        if !self.guard.may_read(path, self.caller) {
            return Ok(Some("it may hold secrets, of which no copy is kept".to_owned()));
        }
        let before = match found.kind {
            FileKind::File => match self.whole(found, cancel).await? {
                Some(data) => Before::File { data, mode: found.mode },
                None => return Ok(Some(format!("it was longer than {LARGEST_WRITE} bytes"))),
            },
            _ => Before::Missing,
        };
        let (checkpoints, path, after) = (self.checkpoints.clone(), path.to_owned(), checkpoint::name(after));
        let kept = tokio::task::spawn_blocking(move || checkpoints.keep(&path, before, after)).await;
        let failed = match kept {
            Ok(Ok(())) => return Ok(None),
            Ok(Err(error)) => error.to_string(),
            Err(error) => error.to_string(),
        };
        tracing::warn!(error = failed, "What is overwritten could not be kept.");
        Ok(Some(format!("a copy could not be kept: {failed}")))
    }

    /// All of a file; `None` when it is longer than may be kept.
    async fn whole(&self, found: &Found, cancel: &Cancel) -> Result<Option<Vec<u8>>> {
        let path = text(&found.path)?;
        let witness = self.guard.authorize_read(path, self.caller).await?;
        if !self.here {
            return there::whole(self, witness, LARGEST_WRITE, cancel).await;
        }
        let shown = path.to_owned();
        let path = PathBuf::from(witness.redeem().path);
        blocking(&shown, "read", cancel, move |_| here::read(&path, LARGEST_WRITE)).await
    }

    async fn put(&self, witness: Authorized<Write>, found: Found, data: Vec<u8>, cancel: &Cancel) -> Result<Found> {
        let shown = text(&found.path)?.to_owned();
        if !self.here {
            self.shell.session().write_file(witness, data).await?;
            return there::find(self, &shown, cancel).await;
        }
        let written = tokio::task::spawn_blocking(move || here::write(witness, &found, &data)).await;
        settled(&shown, written)
    }
}

/// What came of writing on another thread.
fn settled<T>(shown: &str, written: Result<Result<T, Unwritten>, tokio::task::JoinError>) -> Result<T> {
    match written {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(Unwritten::Changed)) => Err(changed(shown)),
        Ok(Err(Unwritten::Failed(error))) => Err(PluginError::user(format!("Failed to write `{shown}`: {error}"))),
        Err(error) => Err(PluginError::internal(error.to_string())),
    }
}

fn changed(path: &str) -> PluginError {
    PluginError::user(format!("`{path}` has changed meanwhile, so it was not written")).with_hint("read it again")
}

/// A path as text: what is not UTF-8 has no name in JSON.
fn text(path: &Path) -> Result<&str> {
    path.to_str().ok_or_else(|| PluginError::user(format!("The path `{}` is not UTF-8", path.display())))
}

fn head(found: &Found) -> Result<FileHead> {
    let (path, version) = (text(&found.path)?.to_owned(), found.version.clone());
    Ok(FileHead { path, kind: found.kind, size: found.size, version })
}

/// Does something with a file on a thread for that. It is told to stop when the turn is cancelled.
async fn blocking<T: Send + 'static>(
    path: &str,
    verb: &str,
    cancel: &Cancel,
    work: impl FnOnce(&Cancel) -> std::io::Result<T> + Send + 'static,
) -> Result<T> {
    let stop = StopOnDrop(CancelSource::new());
    let handle = stop.0.handle();
    let done = cancel.run(tokio::task::spawn_blocking(move || work(&handle))).await?;
    match done {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(error)) => {
            let code = match error.kind() {
                std::io::ErrorKind::Interrupted => ErrorCode::CANCELLED,
                _ => ErrorCode::USER,
            };
            Err(PluginError::new(code, format!("Failed to {verb} `{path}`: {error}")))
        }
        Err(error) => Err(PluginError::internal(error.to_string())),
    }
}

/// Passes a part of a file on until nobody wants more.
fn here_read(path: &Path, (offset, limit): (u64, u64), output: &Output, stop: &Cancel) -> std::io::Result<Found> {
    use std::io::{Read as _, Seek as _, SeekFrom};
    let (mut file, found) = here::open(path)?;
    file.seek(SeekFrom::Start(offset))?;
    let mut left = file.take(limit);
    let mut chunk = vec![0; CHUNK];
    loop {
        let n = left.read(&mut chunk)?;
        if n == 0 || stop.is_cancelled() || !pushed(output, &chunk[..n]) {
            return Ok(found);
        }
    }
}

/// Hands a piece over from a thread that may wait. Whether more is wanted.
fn pushed(output: &Output, piece: &[u8]) -> bool {
    tokio::runtime::Handle::current().block_on(output.write(piece)).is_ok()
}

#[cfg(test)]
mod tests;
