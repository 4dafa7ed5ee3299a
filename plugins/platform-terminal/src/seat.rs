//! The person's seat: one console, shared by those who show things and the thread that waits for keys.
//!
//! Whoever wants to show something has the editor step aside first.

use std::io;
use std::os::fd::{AsFd as _, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use hermes_plugin_api::platform::{Body, Event};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::pipe::{PipeFlags, pipe_with};

use crate::console::Console;
use crate::editor::{self, Edited, Setup};
use crate::work::PACE;

/// How often the editor is reminded.
const REMINDER: Duration = Duration::from_millis(20);

/// How many reminders the editor gets on a terminal that is gone.
const REMINDERS: u32 = 100;
/// How many on one that is there: it may be slow, as everything is on a busy machine.
const MOST_REMINDERS: u32 = 1_000;

/// The seat.
pub(crate) struct Seat {
    console: Mutex<Console>,
    aside: Condvar,
    stop: Arc<AtomicBool>,
    over: AtomicBool,
    /// The editor did not step aside.
    lost: AtomicBool,
    /// Wakes the thread, which then looks what is its turn.
    nudge: (OwnedFd, OwnedFd),
}

impl Seat {
    pub(crate) fn new(console: Console) -> io::Result<Self> {
        let nudge = pipe_with(PipeFlags::CLOEXEC | PipeFlags::NONBLOCK)?;
        let (stop, over, lost) = (Arc::default(), AtomicBool::new(false), AtomicBool::new(false));
        Ok(Self { console: Mutex::new(console), aside: Condvar::new(), stop, over, lost, nudge })
    }

    /// Shows something.
    pub(crate) fn show(&self, body: &Body) -> io::Result<()> {
        let shown = self.aside().show(body, rustix::stdio::stdin());
        self.nudge();
        shown
    }

    /// The console, once the editor has stepped aside.
    pub(crate) fn aside(&self) -> MutexGuard<'_, Console> {
        let mut console = self.console();
        for reminders in 0.. {
            if !console.is_editing() {
                break;
            }
            if reminders == MOST_REMINDERS || reminders == REMINDERS && is_gone(rustix::stdio::stdin()) {
                // On a terminal that is gone the editor hears nothing any more: it is left to itself.
                console.abandon(rustix::stdio::stdin());
                self.lost.store(true, Ordering::SeqCst);
                break;
            }
            self.stop.store(true, Ordering::Relaxed);
            console = self.aside.wait_timeout(console, REMINDER).unwrap_or_else(PoisonError::into_inner).0;
        }
        self.stop.store(false, Ordering::Relaxed);
        console
    }

    /// The thread is to end: no line is edited any more. Returns whether it will.
    pub(crate) fn end(&self) -> bool {
        self.over.store(true, Ordering::SeqCst);
        drop(self.aside());
        !self.lost.load(Ordering::SeqCst)
    }

    /// From now on keys are waited for.
    pub(crate) fn begin(&self) {
        self.over.store(false, Ordering::SeqCst);
        self.console().begin(rustix::stdio::stdin());
    }

    /// What wakes the thread.
    pub(crate) fn news(&self) -> BorrowedFd<'_> {
        self.nudge.0.as_fd()
    }

    /// Has the person edit a line, when that is what comes next. Returns what came of it.
    pub(crate) fn edit(&self) -> Option<Vec<Event>> {
        let mut bytes = [0; 64];
        // News are looked at now, whatever they were.
        while rustix::io::read(self.news(), &mut bytes).is_ok_and(|n| n > 0) {}
        let (setup, draft): (Setup, String) = {
            let mut console = self.console();
            if self.over.load(Ordering::SeqCst) {
                return None;
            }
            console.lend()?
        };
        let edited = editor::edit(&setup, &draft, &self.stop);
        let mut console = self.console();
        let ahead = match edited {
            Edited::Line(_) => editor::ahead(),
            _ => Vec::new(),
        };
        let events = console.take_back(edited, &ahead, rustix::stdio::stdin());
        drop(console);
        self.aside.notify_all();
        Some(events)
    }

    /// How soon time matters, if it does.
    pub(crate) fn pace(&self) -> Option<Duration> {
        self.console().is_busy().then_some(PACE)
    }

    /// Time went by.
    pub(crate) fn tick(&self) {
        self.console().tick();
    }

    /// Reads what was typed while no line is edited.
    pub(crate) fn read(&self, stdin: BorrowedFd<'_>) -> Vec<Event> {
        self.console().read(stdin)
    }

    fn nudge(&self) {
        // A full pipe wakes as well.
        let _ = rustix::io::write(&self.nudge.1, &[0]);
    }

    fn console(&self) -> MutexGuard<'_, Console> {
        self.console.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether nobody is at the other end of a terminal any more.
fn is_gone(stdin: BorrowedFd<'_>) -> bool {
    let mut fds = [PollFd::new(&stdin, PollFlags::empty())];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    let asked = poll(&mut fds, Some(&now));
    asked.is_err() || fds[0].revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL)
}
