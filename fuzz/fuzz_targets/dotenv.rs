//! No text makes the reader of `.env` panic, and setting a variable changes that one alone.
#![no_main]

use hermes_core::config::dotenv::{Dotenv, is_name};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&str, &str, &str)| {
    let (text, name, value) = input;
    let Ok(file) = Dotenv::parse(text) else {
        return assert!(Dotenv::set(text, name, value).is_err());
    };
    assert!(file.names().all(is_name));
    if let Ok(Some(new)) = Dotenv::set(text, name, value) {
        let after = Dotenv::parse(&new).expect("what was written can be read");
        assert_eq!(after.value(name), Some(value));
        assert!(file.names().all(|other| other == name || after.value(other) == file.value(other)));
    }
});
