//! `hermes plugins test`: every bundled plugin does what its kind must, and what the suite does is known.

use std::fs;
use std::path::PathBuf;

use hermes_tests::owner::Owner;
use serde_json::Value;

fn bundled(hermes: &Owner) -> Vec<PathBuf> {
    let program = fs::canonicalize(hermes.program().program()).expect("it is there");
    let prefix = program.parent().and_then(|bin| bin.parent()).expect("it lies in a prefix");
    let plugins = fs::read_dir(prefix.join("lib/hermes/plugins")).expect("a folder");
    let mut folders: Vec<PathBuf> =
        plugins.map(|entry| entry.expect("an entry").path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

#[test]
fn every_bundled_plugin_does_what_its_kind_must() {
    let hermes = Owner::default();
    for folder in bundled(&hermes) {
        let id = folder.file_name().expect("a name").to_string_lossy().into_owned();
        let checks = hermes.json(&["plugins", "test", "--json", folder.to_str().expect("text")]);
        let checks = checks.as_array().unwrap_or_else(|| panic!("{id}: {checks}"));
        let of = |outcome: &str| -> Vec<&Value> { checks.iter().filter(|check| check["outcome"] == outcome).collect() };
        assert!(of("fail").is_empty(), "{id}: {:?}", of("fail"));
        assert!(of("pass").len() > 1, "{id}: {checks:?}");
    }
}

#[test]
fn a_backend_runs_the_suites_commands_openly_and_leaves_nothing() {
    let hermes = Owner::default();
    let local = bundled(&hermes).into_iter().find(|folder| folder.ends_with("backend-local")).expect("it is bundled");
    let ran = hermes.run(&["plugins", "test", local.to_str().expect("text")]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.err.contains("backend `local` is asked to run fixed, harmless commands"), "{ran:?}");
    for check in ["100 MiB of output come whole", "a cancelled command ends with its whole tree"] {
        assert!(ran.out.contains(&format!("pass  {check}\n")), "{ran:?}");
    }
    assert!(!ran.out.contains("skip  "), "{ran:?}");
    // Once for the session, once for the one that is opened again, and once for the shell over it.
    let log = hermes.json(&["audit", "list", "--json"]);
    let noted: Vec<&Value> =
        log.as_array().expect("a list").iter().filter(|line| line["who"] == "plugins test").collect();
    assert_eq!(noted.len(), 3, "{log}");
    assert_eq!(noted[0]["command"], "the fixed commands of the conformance suite, on plugin backend-local");
    let _ = hermes.ok(&["audit", "verify"]);
    assert!(!hermes.home().join("plugins").exists(), "the home was touched");
}
