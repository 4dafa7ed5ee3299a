//! Files of this machine, by paths that cannot be changed between the judgement and the deed.
//!
//! A path is resolved first and judged then. What is opened or replaced after that is reached from `/` folder by
//! folder without following any link, so that a link put in the way meanwhile is an error and not another file.
//! Everything here blocks and belongs on a thread for that. It decides nothing: writing takes the guard's proof.

use std::fs::File;
use std::io::{Error, ErrorKind, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::{Component, Path, PathBuf};

use hermes_plugin_api::file::FileKind;
use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, RawMode, RenameFlags, Stat, Uid};
use rustix::io::Errno;

use crate::guard::witness::{Authorized, Write};
use crate::host::clock;

type Result<T, E = Error> = std::result::Result<T, E>;

/// What there is at a path.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// The path, with links resolved.
    pub(super) path: PathBuf,
    pub(super) kind: FileKind,
    pub(super) size: u64,
    /// Permissions, of a file that is there.
    pub(super) mode: u32,
    /// Changes with the content.
    pub(super) version: String,
}

/// Finds out what there is at an absolute path.
pub(super) fn find(path: &Path) -> Result<Found> {
    let path = resolve(path)?;
    match std::fs::symlink_metadata(&path) {
        Ok(_) => stat(&path),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(Found { path, ..Found::default() }),
        Err(error) => Err(error),
    }
}

fn stat(path: &Path) -> Result<Found> {
    let Some((parent, name)) = parent_of(path, Missing::Fails)? else {
        return Ok(Found { path: path.to_owned(), kind: FileKind::Folder, ..Found::default() });
    };
    let stat = rustix::fs::statat(&parent, name, AtFlags::SYMLINK_NOFOLLOW)?;
    Ok(found(path, &stat))
}

fn found(path: &Path, stat: &Stat) -> Found {
    let kind = match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => FileKind::File,
        FileType::Directory => FileKind::Folder,
        _ => FileKind::Other,
    };
    let size = u64::try_from(stat.st_size).unwrap_or_default();
    let version = format!("{}:{size}:{}.{:09}", stat.st_ino, stat.st_mtime, stat.st_mtime_nsec);
    Found { path: path.to_owned(), kind, size, mode: stat.st_mode & 0o7777, version }
}

/// The path with links resolved. Names at its end may be missing.
fn resolve(path: &Path) -> Result<PathBuf> {
    let mut rest: Vec<&std::ffi::OsStr> = Vec::new();
    let mut known = path;
    loop {
        match std::fs::canonicalize(known) {
            Ok(base) => return Ok(rest.iter().rev().fold(base, |path, name| path.join(name))),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                let plain = matches!(known.components().next_back(), Some(Component::Normal(_)));
                let (Some(parent), Some(name), true) = (known.parent(), known.file_name(), plain) else {
                    return Err(error);
                };
                rest.push(name);
                known = parent;
            }
            Err(error) => return Err(error),
        }
    }
}

/// What becomes of folders that are not there.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    Fails,
    IsMade,
}

/// Opens the folder that a resolved path lies in, following no link. `None` for `/` itself.
fn parent_of(path: &Path, missing: Missing) -> Result<Option<(OwnedFd, &std::ffi::OsStr)>> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return Ok(None) };
    let mut folder = rustix::fs::open("/", flags, Mode::empty())?;
    for part in parent.components() {
        let part = match part {
            Component::RootDir => continue,
            Component::Normal(part) => part,
            _ => return Err(Error::new(ErrorKind::InvalidInput, "the path is not resolved")),
        };
        let opened = match rustix::fs::openat(&folder, part, flags, Mode::empty()) {
            Err(Errno::NOENT) if missing == Missing::IsMade => {
                match rustix::fs::mkdirat(&folder, part, Mode::from_raw_mode(0o777)) {
                    Ok(()) | Err(Errno::EXIST) => rustix::fs::openat(&folder, part, flags, Mode::empty()),
                    Err(error) => Err(error),
                }
            }
            opened => opened,
        };
        folder = opened.map_err(|error| match error {
            Errno::LOOP | Errno::NOTDIR => Error::other("a folder on the way is a link, or no folder"),
            error => error.into(),
        })?;
    }
    Ok(Some((folder, name)))
}

/// Opens a regular file at a resolved path. Reading it never waits for a writer.
pub(super) fn open(path: &Path) -> Result<(File, Found)> {
    let no_file = || Error::other("it is not a regular file");
    let (parent, name) = parent_of(path, Missing::Fails)?.ok_or_else(no_file)?;
    let before = rustix::fs::statat(&parent, name, AtFlags::SYMLINK_NOFOLLOW)?;
    // Opening some devices does something.
    if FileType::from_raw_mode(before.st_mode) != FileType::RegularFile {
        return Err(no_file());
    }
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = rustix::fs::openat(&parent, name, flags, Mode::empty())?;
    let found = found(path, &rustix::fs::fstat(&file)?);
    if found.kind != FileKind::File {
        return Err(no_file());
    }
    Ok((File::from(file), found))
}

/// Reads a file of at most `limit` bytes; `None` when it is longer.
pub(super) fn read(path: &Path, limit: usize) -> Result<Option<Vec<u8>>> {
    let (file, _) = open(path)?;
    let mut data = Vec::new();
    file.take(limit as u64 + 1).read_to_end(&mut data)?;
    Ok((data.len() <= limit).then_some(data))
}

/// Why a file was not written.
#[derive(Debug)]
pub(super) enum Unwritten {
    /// Something else is there than was found before.
    Changed,
    /// The system refuses.
    Failed(Error),
}

impl<E: Into<Error>> From<E> for Unwritten {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Puts content at the path that was authorized, if what was `found` there before is there still: a new file beside
/// it takes its place, with its mode. Whatever happens in between, all of the old is there or all of the new.
pub(super) fn write(witness: Authorized<Write>, found: &Found, data: &[u8]) -> Result<Found, Unwritten> {
    let path = PathBuf::from(witness.redeem().path);
    if found.kind == FileKind::File && found.mode & 0o222 == 0 {
        return Err(Error::new(ErrorKind::PermissionDenied, "it is read-only").into());
    }
    let no_file = || Error::other("it is not a regular file");
    let (parent, name) = parent_of(&path, Missing::IsMade)?.ok_or_else(no_file)?;
    let temporary = format!(".hermes-{}.tmp", clock::random_id());
    let written = fill(&parent, &temporary, found, data)
        .map_err(Unwritten::from)
        .and_then(|()| take_place(&parent, &temporary, name, found));
    if written.is_err() {
        let _ = rustix::fs::unlinkat(&parent, &*temporary, AtFlags::empty());
    }
    written?;
    let folder = rustix::fs::openat(&parent, ".", OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
    // A folder that may be written and not read cannot be synced.
    folder.map(|folder| rustix::fs::fsync(&folder)).ok();
    let stat = rustix::fs::statat(&parent, name, AtFlags::SYMLINK_NOFOLLOW)?;
    Ok(self::found(&path, &stat))
}

fn fill(parent: &OwnedFd, temporary: &str, found: &Found, data: &[u8]) -> Result<()> {
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let replaces = found.kind == FileKind::File;
    let mode = if replaces { 0o600 } else { 0o666 };
    let file = rustix::fs::openat(parent, temporary, flags, Mode::from_raw_mode(mode))?;
    if replaces {
        keep_owner(parent, &file, found);
        rustix::fs::fchmod(&file, Mode::from_raw_mode(found.mode as RawMode))?;
    }
    let mut file = File::from(file);
    file.write_all(data)?;
    file.sync_all()
}

/// Only root can give a file away; others keep it where they may.
fn keep_owner(parent: &OwnedFd, file: &OwnedFd, found: &Found) {
    let Some(name) = found.path.file_name() else { return };
    let Ok(old) = rustix::fs::statat(parent, name, AtFlags::SYMLINK_NOFOLLOW) else { return };
    let _ = rustix::fs::fchown(file, Some(Uid::from_raw(old.st_uid)), Some(Gid::from_raw(old.st_gid)));
}

fn take_place(parent: &OwnedFd, temporary: &str, name: &std::ffi::OsStr, was: &Found) -> Result<(), Unwritten> {
    if was.kind == FileKind::Missing {
        return match rustix::fs::renameat_with(parent, temporary, parent, name, RenameFlags::NOREPLACE) {
            Err(Errno::EXIST) => Err(Unwritten::Changed),
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {
                match rustix::fs::statat(parent, name, AtFlags::SYMLINK_NOFOLLOW) {
                    Err(Errno::NOENT) => Ok(rustix::fs::renameat(parent, temporary, parent, name)?),
                    _ => Err(Unwritten::Changed),
                }
            }
            renamed => Ok(renamed?),
        };
    }
    let now = rustix::fs::statat(parent, name, AtFlags::SYMLINK_NOFOLLOW);
    match now.map(|stat| found(&was.path, &stat)) {
        Ok(now) if now.kind == was.kind && now.version == was.version => {}
        _ => return Err(Unwritten::Changed),
    }
    Ok(rustix::fs::renameat(parent, temporary, parent, name)?)
}

/// Removes the file at the path that was authorized, if it is still what was `found`.
pub(super) fn remove(witness: Authorized<Write>, was: &Found) -> Result<(), Unwritten> {
    let path = PathBuf::from(witness.redeem().path);
    let Some((parent, name)) = parent_of(&path, Missing::Fails)? else { return Err(Unwritten::Changed) };
    let now = rustix::fs::statat(&parent, name, AtFlags::SYMLINK_NOFOLLOW)?;
    if found(&path, &now).version != was.version {
        return Err(Unwritten::Changed);
    }
    Ok(rustix::fs::unlinkat(&parent, name, AtFlags::empty())?)
}

#[cfg(test)]
mod tests;
