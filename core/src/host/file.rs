//! Writing files whole: all of the new or all of the old, whatever happens in between.

use std::fs::{File, OpenOptions};
use std::io::{Result, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use crate::host::clock;

/// Replaces a file by temporary file, fsync and rename. The mode is set before the first byte, and root leaves the
/// file with its owner.
///
/// # Errors
/// What the system reports. The old file is then untouched and the temporary one is gone.
pub fn write_whole(path: &Path, data: &[u8], mode: u32) -> Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().ok_or_else(|| std::io::Error::other("the path names no file"))?;
    let temporary = folder.join(format!(".{}.{}", name.to_string_lossy(), clock::random_id()));
    let written = write_new(&temporary, data, mode, owner(path)).and_then(|()| std::fs::rename(&temporary, path));
    if written.is_err() {
        let _ = std::fs::remove_file(&temporary);
        return written;
    }
    File::open(folder)?.sync_all()
}

/// Whose the file is, where it is not ours and we may give it away.
fn owner(path: &Path) -> Option<(u32, u32)> {
    let old = std::fs::metadata(path).ok().filter(|_| rustix::process::geteuid().is_root())?;
    (old.uid() != 0 || old.gid() != 0).then(|| (old.uid(), old.gid()))
}

fn write_new(path: &Path, data: &[u8], mode: u32, owner: Option<(u32, u32)>) -> Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    if let Some((user, group)) = owner {
        std::os::unix::fs::fchown(&file, Some(user), Some(group))?;
    }
    file.set_permissions(std::fs::Permissions::from_mode(mode))?;
    file.write_all(data)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_new_text_replaces_the_old_and_nothing_is_left_over() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.yaml");
        write_whole(&path, b"one", 0o600).expect("written");
        write_whole(&path, b"two", 0o600).expect("written");
        assert_eq!(std::fs::read(&path).expect("read"), b"two");
        assert_eq!(std::fs::metadata(&path).expect("there").permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 1);
    }

    #[test]
    fn a_failure_leaves_the_old_file() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(write_whole(&folder.path().join("missing/x"), b"one", 0o600).is_err());
        assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 0);
    }
}
