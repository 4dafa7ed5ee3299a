//! Files change whole or not at all, whoever else writes or dies.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use serde_json::json;

use super::{Mode, change, edit_config, replace};
use crate::config::Home;
use crate::config::edit::{Edit, EditError};

fn add(item: &str) -> Edit {
    Edit::ListAdd("command_allowlist".parse().expect("a key"), json!(item))
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("there").permissions().mode() & 0o777
}

fn names(dir: &Path) -> Vec<String> {
    let entries = fs::read_dir(dir).expect("readable").map(|entry| entry.expect("an entry").file_name());
    let mut names: Vec<String> = entries.map(|name| name.to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn a_new_file_is_private_and_nothing_else_is_left() {
    let dir = tempfile::tempdir().expect("a directory");
    let home = Home::at(dir.path().join("new"));
    assert!(edit_config(&home, &add("rm")).expect("written"));
    assert!(!edit_config(&home, &add("rm")).expect("nothing to do"));
    assert_eq!(fs::read_to_string(home.config_file()).expect("read"), "command_allowlist:\n  - rm\n");
    assert_eq!((mode(home.root()), mode(&home.config_file())), (0o700, 0o600));
    assert_eq!(names(home.root()), ["config.yaml", "config.yaml.lock"]);
}

#[test]
fn mode_and_link_stay() {
    let dir = tempfile::tempdir().expect("a directory");
    let home = Home::at(dir.path().join("home"));
    home.create().expect("made");
    let real = dir.path().join("real.yaml");
    fs::write(&real, "command_allowlist: [] # mine\n").expect("written");
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).expect("set");
    symlink("../real.yaml", home.config_file()).expect("linked");
    edit_config(&home, &add("rm")).expect("written");
    assert!(fs::symlink_metadata(home.config_file()).expect("there").is_symlink());
    assert_eq!(fs::read_to_string(&real).expect("read"), "command_allowlist: [rm] # mine\n");
    assert_eq!(mode(&real), 0o640);
}

#[test]
fn a_link_to_nothing_yet_makes_its_target() {
    let dir = tempfile::tempdir().expect("a directory");
    symlink("later", dir.path().join("link")).expect("linked");
    replace(&dir.path().join("link"), b"x", Mode::Keep).expect("written");
    assert_eq!(fs::read_to_string(dir.path().join("later")).expect("read"), "x");
    symlink("loop", dir.path().join("loop")).expect("linked");
    assert!(replace(&dir.path().join("loop"), b"x", Mode::Keep).is_err());
}

#[test]
fn writers_take_turns() {
    let dir = tempfile::tempdir().expect("a directory");
    let home = Home::at(dir.path());
    fs::write(home.config_file(), "# mine\ncommand_allowlist: [first]\n").expect("written");
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let home = &home;
            scope.spawn(move || {
                for n in 0..10 {
                    edit_config(home, &add(&format!("w{writer} {n}"))).expect("written");
                }
            });
        }
        for _ in 0..200 {
            let text = fs::read_to_string(home.config_file()).expect("always there");
            assert!(text.starts_with("# mine\n") && text.ends_with("]\n"), "{text:?}");
        }
    });
    let text = fs::read_to_string(home.config_file()).expect("read");
    assert_eq!(text.matches(", ").count(), 40, "{text}");
}

#[test]
fn a_private_change_shuts_others_out() {
    let dir = tempfile::tempdir().expect("a directory");
    let home = Home::at(dir.path());
    fs::write(home.env_file(), "A=1\n").expect("written");
    fs::set_permissions(home.env_file(), fs::Permissions::from_mode(0o644)).expect("set");
    change(&home, &home.env_file(), Mode::Private, |_| Ok(Some("A=2\n".to_owned()))).expect("written");
    assert_eq!(mode(&home.env_file()), 0o600);
}

#[test]
fn a_refused_change_leaves_the_file_and_says_what_to_do() {
    let dir = tempfile::tempdir().expect("a directory");
    let home = Home::at(dir.path());
    for before in ["command_allowlist: rm\n", "a: [\n"] {
        fs::write(home.config_file(), before).expect("written");
        let error = edit_config(&home, &add("rm")).expect_err("refused");
        assert!(error.hint().expect("a hint").contains("hermes config edit"), "{error}");
        assert_eq!(fs::read_to_string(home.config_file()).expect("read"), before);
    }
    fs::write(home.config_file(), b"a: \xff\n").expect("written");
    assert!(matches!(edit_config(&home, &add("rm")), Err(EditError::Io { .. })));
}

#[test]
fn what_a_killed_writer_left_is_swept() {
    let dir = tempfile::tempdir().expect("a directory");
    let home = Home::at(dir.path());
    fs::write(dir.path().join(".config.yaml.0123abcd"), "half").expect("written");
    fs::write(dir.path().join(".other.tmp"), "mine").expect("written");
    let changed = change(&home, &home.config_file(), Mode::Keep, |old| Ok(Some(format!("{old}# x\n"))));
    assert!(changed.expect("written"));
    assert_eq!(names(dir.path()), [".other.tmp", "config.yaml", "config.yaml.lock"]);
}

#[test]
fn a_write_that_fails_leaves_no_temp_file() {
    let dir = tempfile::tempdir().expect("a directory");
    let target = dir.path().join("config.yaml");
    fs::create_dir(&target).expect("a directory stands in the way");
    assert!(replace(&target, b"x", Mode::Keep).is_err());
    assert_eq!(names(dir.path()), ["config.yaml"]);
}
