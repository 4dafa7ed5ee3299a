use std::collections::BTreeMap;

use hermes_plugin_api::backend::SessionSpec;
use hermes_plugin_api::harness::{Collected, Harness, block_on, check_manifest};
use hermes_plugin_api::manifest::Kind;
use hermes_plugin_api::prelude::*;

use crate::config::Config;
use crate::session::LocalSession;

fn open(cwd: &std::path::Path) -> LocalSession {
    let cwd = Some(cwd.to_str().expect("text").to_owned());
    let env = BTreeMap::from([("HOME".to_owned(), "/home/me".to_owned())]);
    let spec = SessionSpec { cwd, env, ..SessionSpec::default() };
    LocalSession::open(Harness::default().context("backend-local").host, spec).expect("opens")
}

fn read(session: &LocalSession, path: &str) -> Result<Vec<u8>> {
    let collected = Collected::default();
    block_on(session.read_file(path, collected.output()))?;
    Ok(collected.bytes())
}

#[test]
fn the_manifest_fits() {
    let manifest = check_manifest::<Config>(include_str!("../plugin.yaml")).expect("fits");
    assert!(manifest.declares(Kind::Backend, "local"));
}

#[test]
fn a_session_is_no_boundary_and_says_whose_it_is() {
    let dir = tempfile::tempdir().expect("a directory");
    let facts = open(dir.path()).facts();
    assert!(!facts.boundary && facts.why.starts_with("Commands run on this machine as "), "{facts:?}");
    assert_eq!((facts.cwd.as_str(), facts.home.as_str()), (dir.path().to_str().expect("text"), "/home/me"));
}

#[test]
fn a_directory_that_is_not_there_is_a_wrong_setting() {
    let spec = SessionSpec { cwd: Some("/no/such/place".to_owned()), ..SessionSpec::default() };
    let error = LocalSession::open(Harness::default().context("backend-local").host, spec).err().expect("refused");
    assert_eq!((error.code, error.hint()), (ErrorCode::CONFIG, Some("set `terminal.cwd`")));
}

#[test]
fn files_are_replaced_whole_and_read_back() {
    let dir = tempfile::tempdir().expect("a directory");
    let session = open(dir.path());
    let bytes: Vec<u8> = (0..=255).cycle().take(200_000).collect();
    block_on(session.write_file("odd \n name", bytes.clone())).expect("written");
    assert_eq!(read(&session, "odd \n name").expect("read"), bytes);
    assert_eq!(std::fs::read_dir(dir.path()).expect("listed").count(), 1, "nothing temporary stays");
}

#[test]
fn replacing_keeps_mode_and_links() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let dir = tempfile::tempdir().expect("a directory");
    let (file, link) = (dir.path().join("file"), dir.path().join("link"));
    std::fs::write(&file, "old").expect("written");
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).expect("set");
    symlink(&file, &link).expect("linked");
    block_on(open(dir.path()).write_file("link", b"new".to_vec())).expect("written");
    assert_eq!(std::fs::read_to_string(&file).expect("read"), "new");
    assert_eq!(std::fs::metadata(&file).expect("there").permissions().mode() & 0o777, 0o640);
    assert!(link.is_symlink());
}

#[test]
fn what_cannot_be_read_is_named() {
    let dir = tempfile::tempdir().expect("a directory");
    let session = open(dir.path());
    assert!(read(&session, "none").expect_err("fails").message.contains("Failed to read `none`"));
    assert!(read(&session, "/dev/zero").expect_err("fails").message.contains("not a regular file"));
}
