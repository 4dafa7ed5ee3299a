//! Screen and keyboard behind one lock: which line answers which prompt is decided while nothing else happens.
//!
//! What was typed before a prompt stood on the screen is never its answer, and what was typed after it was
//! settled neither.

use std::os::fd::BorrowedFd;

use hermes_plugin_api::platform::{Body, Event};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::termios::{QueueSelector, tcflush};

use crate::screen::Screen;

/// Longest line, in bytes; a longer one is taken in pieces.
const LINE: usize = 1 << 20;

/// The terminal.
pub(crate) struct Console {
    screen: Screen,
    asking: Option<String>,
    typed: Vec<u8>,
}

impl Console {
    pub(crate) fn new(screen: Screen) -> Self {
        Self { screen, asking: None, typed: Vec::new() }
    }

    /// Shows something; where it begins or ends a question, drops what was typed by then.
    pub(crate) fn show(&mut self, body: &Body, stdin: BorrowedFd<'_>) -> std::io::Result<()> {
        if let Body::Prompt(prompt) = body {
            self.forget(stdin);
            self.asking = Some(prompt.id.clone());
        }
        if matches!(body, Body::PromptEnd { prompt, .. } if self.asking.as_ref() == Some(prompt)) {
            self.forget(stdin);
            self.asking = None;
        }
        self.screen.show(body)
    }

    /// The conversation is over.
    pub(crate) fn leave(&mut self) -> std::io::Result<()> {
        self.screen.leave()
    }

    /// Reads what is there. The lock is held, so it must not wait: between the look and the read nobody else
    /// takes anything.
    pub(crate) fn read(&mut self, stdin: BorrowedFd<'_>) -> Vec<Event> {
        if !is_readable(stdin) {
            return Vec::new();
        }
        let mut bytes = [0; 4096];
        match rustix::io::read(stdin, &mut bytes) {
            Ok(0) => self.ended(),
            Ok(n) => self.take(&bytes[..n]),
            Err(Errno::INTR | Errno::AGAIN) => Vec::new(),
            Err(_) => vec![Event::Closed],
        }
    }

    /// The lines in what was typed.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> Vec<Event> {
        self.typed.extend_from_slice(bytes);
        let mut events = Vec::new();
        while let Some(end) = self.typed.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.typed.drain(..=end).collect();
            events.push(self.line(&line[..end]));
        }
        if self.typed.len() >= LINE {
            let line = std::mem::take(&mut self.typed);
            events.push(self.line(&line));
        }
        events
    }

    /// End of input: no answer to a question, else the end of the conversation.
    pub(crate) fn ended(&mut self) -> Vec<Event> {
        let rest = std::mem::take(&mut self.typed);
        if !rest.is_empty() {
            return vec![self.line(&rest)];
        }
        match self.asking.take() {
            Some(prompt) => vec![Event::Answer { prompt, text: String::new() }],
            None => vec![Event::Closed],
        }
    }

    fn line(&mut self, line: &[u8]) -> Event {
        self.screen.entered();
        let text = String::from_utf8_lossy(line).trim_end_matches('\r').to_owned();
        match self.asking.take() {
            Some(prompt) => Event::Answer { prompt, text },
            None => Event::Message { text, media: Vec::new() },
        }
    }

    fn forget(&mut self, stdin: BorrowedFd<'_>) {
        self.typed.clear();
        // Not a terminal: nothing to flush.
        let _ = tcflush(stdin, QueueSelector::IFlush);
    }
}

fn is_readable(stdin: BorrowedFd<'_>) -> bool {
    let mut fds = [PollFd::new(&stdin, PollFlags::IN)];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut fds, Some(&now)).is_ok_and(|ready| ready > 0)
}
