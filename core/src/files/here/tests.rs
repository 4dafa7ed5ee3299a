use std::os::unix::fs::{PermissionsExt as _, symlink};

use tempfile::TempDir;

use super::*;

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().canonicalize().expect("there");
    (folder, path)
}

fn allowed(path: &Path) -> Authorized<Write> {
    let path = path.to_str().expect("text").to_owned();
    Authorized::for_test(Write { path, backend: String::new(), session: String::new() })
}

fn put(path: &Path, data: &[u8]) -> Result<Found, Unwritten> {
    let found = find(path)?;
    write(allowed(&found.path), &found, data)
}

fn names(folder: &Path) -> usize {
    std::fs::read_dir(folder).expect("listed").count()
}

#[test]
fn a_file_is_replaced_with_its_mode_and_nothing_is_left_over() {
    let (_keep, folder) = folder();
    let path = folder.join("odd \n name");
    put(&path, b"one").expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o750)).expect("set");
    let before = find(&path).expect("found");
    let after = put(&path, b"two").expect("written");
    assert_eq!((before.mode, after.mode, after.size), (0o750, 0o750, 3));
    assert_ne!(before.version, after.version);
    assert_eq!(find(&path).expect("found"), after);
    assert_eq!(read(&path, 3).expect("read").as_deref(), Some(&b"two"[..]));
    assert_eq!(read(&path, 2).expect("read"), None);
    assert_eq!(names(&folder), 1);
}

#[test]
fn folders_on_the_way_are_made() {
    let (_keep, folder) = folder();
    put(&folder.join("a/b/c"), b"x").expect("written");
    assert_eq!(std::fs::read(folder.join("a/b/c")).expect("read"), b"x");
}

#[test]
fn links_are_resolved_before_and_refused_after() {
    let (_keep, folder) = folder();
    let (_elsewhere, other) = self::folder();
    std::fs::create_dir(folder.join("real")).expect("made");
    std::fs::write(folder.join("real/file"), "old").expect("written");
    symlink(folder.join("real"), folder.join("link")).expect("linked");
    let found = find(&folder.join("link/../real/./file")).expect("found");
    assert_eq!(found.path, folder.join("real/file"));
    // What was judged is `real/file`; now `real` leads elsewhere.
    std::fs::rename(folder.join("real"), folder.join("moved")).expect("moved");
    std::fs::write(other.join("file"), "secret").expect("written");
    symlink(&other, folder.join("real")).expect("linked");
    assert!(open(&found.path).is_err());
    assert!(write(allowed(&found.path), &found, b"new").is_err());
    assert_eq!(std::fs::read(other.join("file")).expect("read"), b"secret");
    assert_eq!(names(&other), 1);
}

#[test]
fn a_link_that_takes_the_files_place_is_not_written_through() {
    let (_keep, folder) = folder();
    let (path, other) = (folder.join("file"), folder.join("other"));
    std::fs::write(&path, "old").expect("written");
    std::fs::write(&other, "theirs").expect("written");
    let found = find(&path).expect("found");
    std::fs::remove_file(&path).expect("removed");
    symlink(&other, &path).expect("linked");
    assert!(matches!(write(allowed(&path), &found, b"new"), Err(Unwritten::Changed)));
    assert!(open(&path).is_err());
    assert_eq!(std::fs::read(&other).expect("read"), b"theirs");
    let missing = find(&folder.join("none")).expect("found");
    symlink(&other, folder.join("none")).expect("linked");
    assert!(matches!(write(allowed(&missing.path), &missing, b"new"), Err(Unwritten::Changed)));
    assert_eq!(names(&folder), 3);
}

#[test]
fn what_changed_since_it_was_found_is_left_alone() {
    let (_keep, folder) = folder();
    let path = folder.join("file");
    let missing = find(&path).expect("found");
    std::fs::write(&path, "theirs").expect("written");
    assert!(matches!(write(allowed(&path), &missing, b"new"), Err(Unwritten::Changed)));
    let found = find(&path).expect("found");
    std::fs::write(&path, "theirs too").expect("written");
    assert!(matches!(write(allowed(&path), &found, b"new"), Err(Unwritten::Changed)));
    assert!(matches!(remove(allowed(&path), &found), Err(Unwritten::Changed)));
    assert_eq!((std::fs::read(&path).expect("read"), names(&folder)), (b"theirs too".to_vec(), 1));
    let found = find(&path).expect("found");
    remove(allowed(&path), &found).expect("removed");
    assert_eq!(names(&folder), 0);
}

#[test]
fn what_is_no_file_or_read_only_is_not_touched() {
    let (_keep, folder) = folder();
    let pipe = folder.join("pipe");
    let mode = Mode::from_raw_mode(0o600);
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, FileType::Fifo, mode, 0).expect("made");
    for (path, kind) in [(pipe.as_path(), FileKind::Other), ("/dev/zero".as_ref(), FileKind::Other)] {
        assert_eq!(find(path).expect("found").kind, kind);
        assert!(open(path).is_err());
    }
    assert_eq!(find(Path::new("/")).expect("found").kind, FileKind::Folder);
    assert_eq!(find(&folder).expect("found").kind, FileKind::Folder);
    symlink("nowhere", folder.join("dead")).expect("linked");
    assert_eq!(find(&folder.join("dead")).expect("found").kind, FileKind::Other);
    let path = folder.join("file");
    std::fs::write(&path, "old").expect("written");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o444)).expect("set");
    assert!(matches!(put(&path, b"new"), Err(Unwritten::Failed(error)) if error.to_string() == "it is read-only"));
    assert!(find(&folder.join("none/../file")).is_err(), "`..` after what is not there means nothing");
}
