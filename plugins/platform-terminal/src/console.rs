//! Screen and keyboard behind one lock: which line answers which prompt is decided while nothing else happens.
//!
//! What was typed before a prompt stood on the screen is never its answer, and what was typed after it was
//! settled neither.

use std::os::fd::BorrowedFd;

use hermes_plugin_api::platform::{Body, Event};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::termios::{QueueSelector, tcflush};

use crate::draft::{Draft, Typed};
use crate::editor::{Edited, Setup};
use crate::keyboard::Keyboard;
use crate::screen::Screen;

/// Longest line, in bytes; a longer one is taken in pieces.
const LINE: usize = 1 << 20;

/// The terminal.
pub(crate) struct Console {
    screen: Screen,
    asking: Option<String>,
    /// What is typed is not shown now.
    hidden: Option<Keyboard>,
    /// What was typed of an answer, or of a line where lines are not edited.
    typed: Vec<u8>,
    /// Lines are edited; absent where the terminal cannot.
    live: Option<Live>,
    setup: Setup,
    /// The person may write.
    ready: bool,
}

/// A terminal on which lines are edited.
struct Live {
    keyboard: Keyboard,
    draft: Draft,
    /// The editor has the terminal.
    editing: bool,
}

impl Console {
    pub(crate) fn new(screen: Screen, setup: Setup) -> Self {
        Self { screen, asking: None, hidden: None, typed: Vec::new(), live: None, setup, ready: false }
    }

    /// From now on lines are edited, where the terminal can.
    pub(crate) fn begin(&mut self, stdin: BorrowedFd<'_>) {
        if self.screen.can_edit() {
            let live = |keyboard| Live { keyboard, draft: Draft::default(), editing: false };
            self.live = Keyboard::of(stdin).ok().map(live);
            self.screen.edited(self.live.is_some());
            if self.live.is_some() && self.ready {
                // The editor draws the sign itself.
                self.screen.withdraw(true);
            }
            self.heed(stdin);
        }
    }

    /// Whether the editor has the terminal.
    pub(crate) fn is_editing(&self) -> bool {
        self.live.as_ref().is_some_and(|live| live.editing)
    }

    /// Does without the editor, which keeps the terminal.
    pub(crate) fn abandon(&mut self, stdin: BorrowedFd<'_>) {
        if let Some(live) = self.live.take() {
            live.keyboard.restore(stdin);
            self.screen.edited(false);
        }
    }

    /// Whether something runs, so that the person waits.
    pub(crate) fn is_busy(&self) -> bool {
        self.live.as_ref().is_some_and(|live| !live.editing) && !self.ready && self.asking.is_none()
    }

    /// Time went by.
    pub(crate) fn tick(&mut self) {
        if self.is_busy() {
            // A terminal that is gone is noticed by those who have something to say.
            let _ = self.screen.spin();
        }
    }

    /// Gives the terminal to the editor, when it is its turn. Returns what it needs, and how the line begins.
    pub(crate) fn lend(&mut self) -> Option<(Setup, String)> {
        let live = self.live.as_mut().filter(|_| self.ready && self.asking.is_none())?;
        live.editing = true;
        Some((self.setup.clone(), live.draft.give()))
    }

    /// Takes the terminal back from the editor. `ahead` is what was typed after the line.
    pub(crate) fn take_back(&mut self, edited: Edited, ahead: &[u8], stdin: BorrowedFd<'_>) -> Vec<Event> {
        let Some(live) = &mut self.live else { return Vec::new() };
        live.editing = false;
        self.screen.entered();
        let mut events = Vec::new();
        match edited {
            Edited::Line(text) => {
                self.ready = false;
                events.push(Event::Message { text, media: Vec::new() });
            }
            Edited::Interrupt => {
                self.ready = false;
                events.push(Event::Interrupt);
            }
            Edited::End => {
                self.ready = false;
                events.push(Event::Closed);
            }
            Edited::Cleared => {}
            Edited::Broken(text) => {
                self.screen.withdraw(text.is_empty());
                live.draft.paste(&text);
            }
            Edited::Failed => {
                live.keyboard.restore(stdin);
                self.live = None;
                self.screen.edited(false);
                let _ = self.screen.show(&Body::TurnEnd);
                return events;
            }
        }
        self.heed(stdin);
        events.extend(self.ahead(ahead));
        events
    }

    /// Has the keyboard say what is wanted: an answer as the terminal itself edits it, or every key.
    fn heed(&mut self, stdin: BorrowedFd<'_>) {
        if let Some(live) = &mut self.live {
            live.keyboard.raw(stdin, self.asking.is_none());
            self.screen.pasting(self.asking.is_none());
        }
    }

    /// What was typed while no line was edited.
    fn ahead(&mut self, bytes: &[u8]) -> Vec<Event> {
        let Some(live) = &mut self.live else { return Vec::new() };
        let mut events = Vec::new();
        for typed in live.draft.take(bytes) {
            events.push(match typed {
                Typed::Line(text) => {
                    let _ = self.screen.queued(&text);
                    Event::Message { text, media: Vec::new() }
                }
                Typed::End => Event::Closed,
            });
        }
        events
    }

    /// Shows something; where it begins or ends a question, drops what was typed by then.
    pub(crate) fn show(&mut self, body: &Body, stdin: BorrowedFd<'_>) -> std::io::Result<()> {
        if let Body::Prompt(prompt) = body {
            self.forget(stdin);
            self.asking = Some(prompt.id.clone());
            self.heed(stdin);
            if prompt.hidden {
                self.hide(stdin);
            }
        }
        if matches!(body, Body::PromptEnd { prompt, .. } if self.asking.as_ref() == Some(prompt)) {
            self.forget(stdin);
            self.asking = None;
        }
        if matches!(body, Body::PromptEnd { .. }) {
            self.unhide(stdin);
            self.heed(stdin);
        }
        if let Body::Status(status) = body {
            self.setup.learn(status);
        }
        if matches!(body, Body::TurnEnd) {
            self.ready = true;
        }
        self.screen.show(body)
    }

    fn hide(&mut self, stdin: BorrowedFd<'_>) {
        // What is no terminal shows nothing.
        self.hidden = Keyboard::of(stdin).ok();
        if let Some(keyboard) = &self.hidden {
            keyboard.hide(stdin);
        }
    }

    fn unhide(&mut self, stdin: BorrowedFd<'_>) {
        if let Some(keyboard) = self.hidden.take() {
            keyboard.restore(stdin);
        }
    }

    /// The conversation is over.
    pub(crate) fn leave(&mut self, stdin: BorrowedFd<'_>) -> std::io::Result<()> {
        self.unhide(stdin);
        if let Some(live) = self.live.take() {
            live.keyboard.restore(stdin);
            self.screen.pasting(false);
            self.screen.edited(false);
        }
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
            Ok(n) if self.live.is_some() && self.asking.is_none() => self.ahead(&bytes[..n]),
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
        if let Some(live) = &mut self.live {
            live.draft.clear();
        }
        // Not a terminal: nothing to flush.
        let _ = tcflush(stdin, QueueSelector::IFlush);
    }
}

fn is_readable(stdin: BorrowedFd<'_>) -> bool {
    let mut fds = [PollFd::new(&stdin, PollFlags::IN)];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    poll(&mut fds, Some(&now)).is_ok_and(|ready| ready > 0)
}
