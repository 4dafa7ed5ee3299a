//! Reads server-sent events from bytes as they come, however they are cut. It bounds what it keeps, and waits
//! for nothing.

use std::collections::VecDeque;

use crate::error::{ErrorCode, PluginError, Result};

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// Its name; empty where the stream gives none.
    pub name: String,
    /// Its data, several lines joined by line feeds.
    pub data: String,
}

/// A reader of server-sent events.
#[derive(Debug)]
pub struct Sse {
    longest: usize,
    line: Vec<u8>,
    /// The last byte was a carriage return: a line feed that follows belongs to it.
    returned: bool,
    /// Nothing was read yet: a byte order mark may come.
    fresh: bool,
    event: Event,
    has_data: bool,
    ready: VecDeque<Event>,
}

impl Sse {
    /// A reader that refuses an event longer than `longest` bytes.
    #[must_use]
    pub fn new(longest: usize) -> Self {
        Self {
            longest,
            line: Vec::new(),
            returned: false,
            fresh: true,
            event: Event::default(),
            has_data: false,
            ready: VecDeque::new(),
        }
    }

    /// Takes the next bytes of the stream.
    ///
    /// # Errors
    /// `PROTOCOL` when an event is too long. The reader is of no use afterwards.
    pub fn feed(&mut self, mut bytes: &[u8]) -> Result<()> {
        while let Some(&first) = bytes.first() {
            if std::mem::take(&mut self.returned) && first == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let end = bytes.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
            let (part, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
            if self.line.len() + self.event.data.len() + part.len() > self.longest {
                let message = format!("An event of the stream is longer than {} bytes", self.longest);
                return Err(PluginError::new(ErrorCode::PROTOCOL, message));
            }
            self.line.extend_from_slice(part);
            bytes = rest;
            if let Some(&end) = rest.first() {
                self.returned = end == b'\r';
                bytes = &rest[1..];
                self.end_line();
            }
        }
        Ok(())
    }

    /// Takes the end of the stream: servers leave out the last empty line.
    pub fn finish(&mut self) {
        if !self.line.is_empty() {
            self.end_line();
        }
        self.dispatch();
    }

    /// The next event that is complete.
    pub fn event(&mut self) -> Option<Event> {
        self.ready.pop_front()
    }

    fn end_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        let text = String::from_utf8_lossy(&line);
        let text = if std::mem::take(&mut self.fresh) { text.trim_start_matches('\u{feff}') } else { &text };
        if text.is_empty() {
            return self.dispatch();
        }
        let (field, value) = text.split_once(':').unwrap_or((text, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
            }
            "event" => value.clone_into(&mut self.event.name),
            // A comment, an id or a time to reconnect after: of no use here.
            _ => {}
        }
    }

    fn dispatch(&mut self) {
        let event = std::mem::take(&mut self.event);
        if std::mem::take(&mut self.has_data) {
            self.ready.push_back(event);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<(String, String)> {
        let mut sse = Sse::new(1 << 20);
        for piece in pieces {
            sse.feed(piece).expect("short enough");
        }
        sse.finish();
        std::iter::from_fn(|| sse.event()).map(|event| (event.name, event.data)).collect()
    }

    fn check(text: &str, events: &[(&str, &str)]) {
        let events: Vec<_> = events.iter().map(|(name, data)| ((*name).to_owned(), (*data).to_owned())).collect();
        assert_eq!(read([text.as_bytes()]), events, "{text:?}");
    }

    #[test]
    fn events_are_read() {
        check("data: one\n\ndata: two\n\n", &[("", "one"), ("", "two")]);
        check("event: a\ndata: {\"x\":1}\n\n", &[("a", "{\"x\":1}")]);
        check("data: a\ndata:b\ndata:  c\n\n", &[("", "a\nb\n c")]);
        check("\u{feff}data: a\r\n\r\ndata: b\r\rdata: c\n\n", &[("", "a"), ("", "b"), ("", "c")]);
        check(": comment\n\nid: 1\nretry: 5\n\n", &[]);
        check("data\n\n", &[("", "")]);
        check("data: \n\n", &[("", "")]);
        check("event: a\n\ndata: b\n\n", &[("", "b")]);
    }

    #[test]
    fn the_last_event_counts_without_its_empty_line() {
        check("data: a\n\ndata: [DONE]", &[("", "a"), ("", "[DONE]")]);
        check("data: a\n", &[("", "a")]);
    }

    #[test]
    fn what_is_no_text_is_replaced() {
        assert_eq!(read([&b"data: a\xffb\n\n"[..]]), [(String::new(), "a\u{fffd}b".to_owned())]);
    }

    #[test]
    fn what_is_too_long_is_refused_before_it_is_kept() {
        let mut sse = Sse::new(100);
        assert!(sse.feed(&[b'x'; 100]).is_ok());
        assert!(sse.feed(b"x").is_err());
        let mut sse = Sse::new(100);
        let lines = "data: 0123456789\n".repeat(20);
        assert!(sse.feed(lines.as_bytes()).is_err());
    }

    proptest! {
        /// However a stream is cut, the same events come out.
        #[test]
        fn cuts_do_not_matter(text in "(data|event|id|:|\\PC)?[: ]?[a-zé{}\"]{0,5}(\r|\n|\r\n|\n\n|){1,3}".prop_map(|part| part).prop_recursive(1, 8, 8, |part| prop::collection::vec(part, 0..8).prop_map(|parts| parts.concat())), size in 1..7usize) {
            prop_assert_eq!(read(text.as_bytes().chunks(size)), read([text.as_bytes()]));
        }

        /// What is written as events is read as the same ones.
        #[test]
        fn what_is_written_is_read(events in prop::collection::vec(("[a-z]{0,4}", "[^\r\u{feff}]{0,20}"), 0..6), crlf: bool, size in 1..9usize) {
            let eol = if crlf { "\r\n" } else { "\n" };
            let mut text = String::new();
            for (name, data) in &events {
                text.push_str(&format!("event: {name}{eol}"));
                data.split('\n').for_each(|line| text.push_str(&format!("data: {line}{eol}")));
                text.push_str(eol);
            }
            prop_assert_eq!(read(text.as_bytes().chunks(size)), events);
        }
    }
}
