//! What an installation does to a prefix, and what is left after it was removed.

use super::*;

fn install(prefix: &Path, files: &[(&str, &str)]) -> Result<()> {
    let mut installation = Installation::plan(prefix)?;
    for (name, text) in files {
        installation.write(name, (*text).to_owned());
    }
    installation.perform()
}

fn files_in(dir: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(files_in(&path)),
            false => found.push(path.file_name().unwrap().to_string_lossy().into_owned()),
        }
    }
    found.sort();
    found
}

#[test]
fn a_later_installation_removes_what_it_no_longer_has() {
    let prefix = tempfile::tempdir().unwrap();
    install(prefix.path(), &[("bin/hermes", "1"), ("lib/hermes/plugins/old/plugin.yaml", "1")]).unwrap();
    install(prefix.path(), &[("bin/hermes", "2")]).unwrap();
    assert_eq!(fs::read_to_string(prefix.path().join("bin/hermes")).unwrap(), "2");
    assert!(!prefix.path().join("lib/hermes/plugins").exists());
}

#[test]
fn removing_leaves_what_others_put_there() {
    let prefix = tempfile::tempdir().unwrap();
    fs::create_dir(prefix.path().join("bin")).unwrap();
    fs::write(prefix.path().join("bin/other"), "").unwrap();
    install(prefix.path(), &[("bin/hermes", "1"), ("lib/hermes/plugins/a/plugin.yaml", "1")]).unwrap();
    fs::write(prefix.path().join("lib/hermes/plugins/a/notes"), "").unwrap();
    Record::read(prefix.path()).unwrap().unwrap().remove_all(prefix.path()).unwrap();
    assert_eq!(files_in(prefix.path()), ["notes", "other"]);
    assert!(!prefix.path().join("share").exists());
}

#[test]
fn a_file_of_somebody_else_is_not_replaced() {
    let prefix = tempfile::tempdir().unwrap();
    fs::create_dir(prefix.path().join("bin")).unwrap();
    fs::write(prefix.path().join("bin/hermes"), "theirs").unwrap();
    let error = install(prefix.path(), &[("bin/hermes", "1")]).unwrap_err();
    assert!(error.to_string().contains("was not put there by an installation"), "{error}");
    assert_eq!(files_in(prefix.path()), ["hermes"]);
}

#[test]
fn an_installation_that_was_cut_short_can_be_repeated() {
    let prefix = tempfile::tempdir().unwrap();
    fs::create_dir_all(prefix.path().join("lib/hermes")).unwrap();
    let mut cut = Installation::plan(prefix.path()).unwrap();
    cut.write("bin/hermes", "1".to_owned());
    cut.write("share/x", "1".to_owned());
    let mut record = Record { version: 1, ..Record::default() };
    record.files = cut.files.clone();
    cut.make_directories(record.files.keys().map(String::as_str)).unwrap();
    cut.write_record(&record).unwrap();
    cut.place(&cut.steps[0]).unwrap();
    install(prefix.path(), &[("bin/hermes", "1"), ("share/x", "2")]).unwrap();
    assert_eq!(fs::read_to_string(prefix.path().join("share/x")).unwrap(), "2");
}

#[test]
fn a_record_that_points_out_of_the_prefix_is_refused() {
    let prefix = tempfile::tempdir().unwrap();
    fs::create_dir_all(prefix.path().join("lib/hermes")).unwrap();
    let text = "version: 1\nfiles: {../../etc/passwd: {size: 0, sha256: ''}}\ndirectories: []\n";
    fs::write(prefix.path().join(RECORD), text).unwrap();
    let error = Record::read(prefix.path()).err().unwrap();
    assert!(error.to_string().contains("not inside the prefix"), "{error}");
}
