//! What can be seen without a host. `hermes plugins test` runs commands in it.

use hermes_plugin_api::harness::{Collected, Harness, block_on};
use hermes_plugin_api::manifest::{Kind, Manifest};

use super::*;

fn session(cwd: &Path) -> Session {
    let host = Harness::default().context("{{id}}").host;
    let spec = SessionSpec {
        cwd: Some(cwd.display().to_string()),
        ..SessionSpec::default()
    };
    block_on(Echo { host }.open(spec)).expect("it opens")
}

#[test]
fn it_is_no_boundary_and_starts_where_it_was_told() {
    let facts = session(Path::new("/work")).facts();
    assert!(!facts.boundary);
    assert_eq!(facts.cwd, "/work");
}

#[test]
fn a_file_is_read_back_and_a_missing_one_is_told() {
    let directory = std::env::temp_dir().join(format!("{{id}}-{}", std::process::id()));
    fs::create_dir(&directory).expect("a directory");
    let session = session(&directory);
    let read = Collected::default();
    block_on(session.write_file("a file", b"text".to_vec())).expect("written");
    block_on(session.read_file("a file", read.output())).expect("read");
    assert_eq!(read.bytes(), b"text");
    let missing = block_on(session.read_file("no such file", Collected::default().output()));
    assert_eq!(missing.expect_err("refused").code, ErrorCode::USER);
    fs::remove_dir_all(&directory).expect("removed");
}

#[test]
fn the_manifest_declares_it() {
    let manifest =
        Manifest::parse(include_str!("../plugin.yaml")).expect("the manifest is readable");
    assert!(manifest.declares(Kind::Backend, "{{name}}"));
}
