//! No text makes the reader of plugin manifests panic, and what it accepts cannot name a file elsewhere.
#![no_main]

use hermes_plugin_api::manifest::Manifest;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(manifest) = Manifest::parse(text) {
        assert!(!manifest.provides.is_empty());
        assert!(!manifest.library.is_empty() && !manifest.library.contains('/'));
        assert!(manifest.id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'));
    }
});
