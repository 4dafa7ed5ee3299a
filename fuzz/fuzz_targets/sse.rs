//! However a stream of events is cut, the same events come out of it, and never one that is too long.
#![no_main]

use hermes_plugin_api::sse::{Event, Sse};
use libfuzzer_sys::fuzz_target;

const LONGEST: usize = 4096;

fuzz_target!(|input: (Vec<u8>, Vec<u8>)| {
    let (bytes, cuts) = input;
    let whole = read([&bytes[..]]);
    let mut pieces = Vec::new();
    let mut rest = &bytes[..];
    for cut in cuts {
        let (piece, after) = rest.split_at(rest.len().min(usize::from(cut)));
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    assert_eq!(read(pieces), whole);
});

fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Option<Vec<Event>> {
    let mut sse = Sse::new(LONGEST);
    for piece in pieces {
        sse.feed(piece).ok()?;
    }
    sse.finish();
    let events: Vec<Event> = std::iter::from_fn(|| sse.event()).collect();
    assert!(events.iter().all(|event| event.data.len() <= 3 * LONGEST));
    Some(events)
}
