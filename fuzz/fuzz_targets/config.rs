//! No text makes the reader of configuration files panic, and what it means does not change when it is checked.
#![no_main]

use hermes_core::config::{KeySpace, check::check, yaml::Document};
use libfuzzer_sys::fuzz_target;
use std::path::Path;
use std::sync::LazyLock;

static SPACE: LazyLock<KeySpace> = LazyLock::new(|| KeySpace::without_conflicts(&[]).0);

fuzz_target!(|text: &str| {
    let checked = check(text, Path::new("config.yaml"), &SPACE);
    match Document::parse(text) {
        Ok(document) => drop(document.value()),
        Err(_) => assert!(checked.values.is_empty() && !checked.problems.is_empty()),
    }
    let last = text.split(['\n', '\r']).count();
    assert!(checked.values.iter().all(|(_, _, line)| (1..=last).contains(line)));
});
