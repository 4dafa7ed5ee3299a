//! No text makes the command reader panic, and what it returns is consistent.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let command = hermes_core::command::read(&text);
    for simple in &command.simple {
        assert!(simple.span.start <= simple.span.end);
        assert!(simple.feeds.iter().all(|index| *index < command.simple.len()));
    }
    assert!(command.simple.len() <= 2 * 4096);
    if let Some(cleaned) = &command.cleaned {
        assert!(hermes_core::command::read(cleaned).cleaned.is_none(), "cleaning is not idempotent");
    }
});
