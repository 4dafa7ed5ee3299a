//! Bad plugins that are loaded, and do no harm to anybody else.

use std::fs;
use std::time::Duration;

use hermes_core::app::{App, Ground};
use hermes_core::config::Environment;
use hermes_core::host::service;
use hermes_core::plugin::handle::ScannerHandle;
use hermes_core::plugin::{find, load, trust};
use hermes_plugin_api::error::ErrorCode;
use hermes_plugin_api::harness::command;
use hermes_tests::owner::Owner;
use hermes_tests::plugins::{Shipped, library};
use serde_json::json;

/// The plugins of a home, in this process.
struct Here {
    hermes: Owner,
    app: App,
}

/// Installs one plugin, and a good one beside it.
fn with(shipped: &Shipped) -> Here {
    let hermes = Owner::default();
    for one in [shipped, &Shipped::new("scanner-good", "probe")] {
        let folder = one.put(&hermes.dir());
        let _ = hermes.ok(&["plugins", "install", folder.to_str().expect("text")]);
        let _ = hermes.ok(&["plugins", "enable", &one.id, "--trust"]);
    }
    let home = hermes.home().into_os_string();
    let env = Environment::of([("HERMES_HOME", home.clone()), ("HOME", home)]);
    let ground = Ground::survey(env, None).unwrap_or_else(|failure| panic!("{}", failure.render()));
    let app = App::start(ground, Vec::new()).unwrap_or_else(|failure| panic!("{}", failure.render()));
    Here { hermes, app }
}

impl Here {
    fn scanner(&self, id: &str, name: &str) -> ScannerHandle {
        let entry = self.app.plugins.entry(id).expect("installed");
        self.app.plugins.scanner(entry, name).unwrap_or_else(|refusal| panic!("{refusal}"))
    }

    async fn good_one_goes_on(&self) {
        let findings = self.scanner("scanner-good", "probe").scan(&command(&["probe"])).await.expect("judged");
        assert_eq!(findings.len(), 1);
        assert!(self.hermes.home().exists());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_in_a_call_is_an_error_and_the_third_is_the_last() {
    for (id, said) in [("scanner-panics-in-call", "in call"), ("scanner-panics-in-poll", "in poll")] {
        let here = with(&Shipped::new(id, "mischief"));
        let scanner = here.scanner(id, "mischief");
        for _ in 0..3 {
            let error = scanner.scan(&command(&["ls"])).await.expect_err("it panicked");
            assert_eq!(error.code, ErrorCode::PANICKED);
            assert_eq!(error.message, format!("Plugin `{id}`: Panicked: {said}"));
        }
        let error = scanner.scan(&command(&["ls"])).await.expect_err("it is not called");
        assert_eq!(error.code, ErrorCode::UNAVAILABLE);
        assert_eq!(error.message, format!("Plugin `{id}` panicked 3 times and is not called any more"));
        here.good_one_goes_on().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_in_a_drop_stays_inside() {
    let id = "scanner-panics-in-drop";
    let here = with(&Shipped::new(id, "mischief"));
    let scanner = here.scanner(id, "mischief");
    // The call is given up, and with it dropped what it holds.
    let given_up = tokio::time::timeout(Duration::from_millis(100), scanner.scan(&command(&["ls"]))).await;
    assert!(given_up.is_err());
    here.good_one_goes_on().await;
    drop((scanner, here));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scan_that_waits_is_given_up_when_its_time_is_over() {
    let here = with(&Shipped::new("scanner-waits", "mischief"));
    let scanner = here.scanner("scanner-waits", "mischief");
    let given_up = tokio::time::timeout(Duration::from_millis(100), scanner.scan(&command(&["ls"]))).await;
    assert!(given_up.is_err());
    here.good_one_goes_on().await;
}

/// It says of itself that it answers at once; only what ships with the program is believed.
#[test]
fn a_scan_that_keeps_its_thread_is_left_behind() {
    let hermes = Owner::default();
    hermes.configure("security: {scanners: {scanner-blocks: {timeout: 0.2}}}\n");
    let folder = Shipped::new("scanner-blocks", "mischief").put(&hermes.dir());
    let _ = hermes.ok(&["plugins", "install", folder.to_str().expect("text")]);
    let _ = hermes.ok(&["plugins", "enable", "scanner-blocks", "--trust"]);
    let ran = hermes.run(&["check", "--", "true"]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    assert!(ran.out.contains("scanner `mischief` gave no answer"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn findings_that_cannot_be_read_are_an_error() {
    let here = with(&Shipped::new("scanner-raw", "raw"));
    let error = here.scanner("scanner-raw", "raw").scan(&command(&["ls"])).await.expect_err("no JSON");
    assert_eq!(error.code, ErrorCode::PROTOCOL);
    assert!(error.message.starts_with("Failed to read findings: "), "{error}");
    here.good_one_goes_on().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_checked_is_what_is_loaded() {
    let id = "scanner-mine";
    let here = with(&Shipped::new(id, "mischief"));
    let entry = here.app.plugins.entry(id).expect("installed");
    let manifest = entry.found.manifest.clone().expect("readable");
    let checked = trust::open(&entry.found, &manifest.library, true, None).expect("as installed");
    // Somebody exchanges the file between check and load.
    let place = entry.found.folder.join(&manifest.library);
    fs::rename(&place, place.with_extension("old")).expect("moved");
    fs::copy(library("aborts"), &place).expect("copied");
    let host = service::host(&here.app.services, &manifest, &json!({}));
    let offers = load::load(checked, &manifest, "{}".into(), host).unwrap_or_else(|error| panic!("{error}"));
    assert!(offers.scanners.contains_key("mischief"));
    let again = trust::open(&entry.found, &manifest.library, true, None).expect_err("it is another file");
    assert!(again.to_string().contains("is not the file that was installed"), "{again}");
    assert!(find::read_manifest(&entry.found.folder).is_ok());
}

#[test]
fn a_scanner_that_fails_makes_the_guard_ask_in_time() {
    for (does, why) in [
        ("blocks", "It did not answer within 0.5 s"),
        ("waits", "It did not answer within 0.5 s"),
        ("panics-in-call", "Panicked: in call"),
        ("panics-in-poll", "Panicked: in poll"),
        ("panics-in-init", "Panicked: in init"),
    ] {
        let id = format!("scanner-{does}");
        let owner = Owner::default();
        owner.configure(&format!("security: {{scanners: {{{id}: {{timeout: 0.5}}}}}}\n"));
        let _ = owner.installs(&Shipped::new(&id, "mischief").put(&owner.dir()));
        let _ = owner.ok(&["plugins", "enable", &id, "--trust"]);
        let ran = owner.run(&["check", "--json", "--", "ls"]);
        assert_eq!(ran.code, Some(3), "{ran:?}");
        assert!(!ran.err.contains("panicked at"), "a thread of the program died: {ran:?}");
        let said: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
        assert_eq!(said["findings"][0]["source"], id.as_str(), "{said}");
        assert!(said["findings"][0]["description"].as_str().is_some_and(|text| text.contains(why)), "{said}");
        // What the others find is still found.
        let said = owner.json(&["check", "--json", "--", "rm", "-r", "/tmp/x"]);
        let rules = said["findings"].as_array().expect("a list").iter().map(|finding| finding["source"].clone());
        assert!(rules.into_iter().any(|source| source == "scanner-commands"), "{said}");
    }
}

#[test]
fn the_conformance_checks_tell_good_from_bad() {
    let hermes = Owner::default();
    let tested = |shipped: &Shipped| {
        let folder = shipped.put(&hermes.dir());
        hermes.run(&["plugins", "test", folder.to_str().expect("text")])
    };
    let good = tested(&Shipped::new("scanner-mine", "mischief"));
    assert_eq!(good.code, Some(0), "{good:?}");
    assert!(good.out.contains("pass  scanner `mischief` judges command of odd characters"), "{good:?}");
    let bad = tested(&Shipped::new("scanner-panics-in-call", "mischief"));
    assert_eq!(bad.code, Some(1), "{bad:?}");
    assert!(bad.out.contains("FAIL  scanner `mischief` judges command of no text"), "{bad:?}");
    let untidy = tested(&Shipped::new("scanner-untidy", "mischief"));
    assert!(untidy.out.contains("the rule `No Id` is not lower-case words joined by `-`"), "{untidy:?}");
    let undeclared = tested(&Shipped::new("scanner-mine", "mischief").provides(&["scanner other"]));
    assert!(undeclared.out.contains("FAIL  it loads and offers what its manifest declares"), "{undeclared:?}");
    assert!(!hermes.home().join("plugins").exists(), "the home was touched");
}
