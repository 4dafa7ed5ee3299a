//! The thread that waits for the keyboard. It ends when whoever started it lets go of it.

use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use hermes_plugin_api::platform::Event;
use hermes_plugin_api::prelude::*;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use tokio::sync::mpsc;

use crate::seat::Seat;

/// The running thread.
pub(crate) struct Reader {
    seat: Arc<Seat>,
    events: mpsc::Receiver<Event>,
    stop: Option<OwnedFd>,
    thread: Option<JoinHandle<()>>,
}

impl Reader {
    /// Starts it.
    ///
    /// # Errors
    /// `INTERNAL` when the system has no thread or pipe left.
    pub(crate) fn start(seat: Arc<Seat>) -> Result<Self> {
        let (wake, stop) = rustix::pipe::pipe().map_err(std::io::Error::from)?;
        let (tx, events) = mpsc::channel(16);
        let builder = std::thread::Builder::new().name("terminal".to_owned());
        seat.begin();
        let thread = builder.spawn({
            let seat = seat.clone();
            move || read(&seat, &wake, &tx)
        })?;
        Ok(Self { seat, events, stop: Some(stop), thread: Some(thread) })
    }

    /// The next event; `None` after the last.
    pub(crate) async fn next(&mut self) -> Option<Event> {
        self.events.recv().await
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.events.close();
        drop(self.stop.take());
        let ends = self.seat.end();
        if let Some(thread) = self.thread.take().filter(|_| ends) {
            let _ = thread.join();
        }
    }
}

fn read(seat: &Seat, wake: &OwnedFd, tx: &mpsc::Sender<Event>) {
    let stdin = rustix::stdio::stdin();
    loop {
        let events = match seat.edit() {
            Some(events) => events,
            None => match wait(stdin, seat.news(), wake, seat.pace()) {
                Woken::Something => seat.read(stdin),
                Woken::Time => {
                    seat.tick();
                    continue;
                }
                Woken::Stop => return,
            },
        };
        for event in events {
            let last = event == Event::Closed;
            if tx.blocking_send(event).is_err() || last {
                return;
            }
        }
    }
}

/// What ended a wait.
enum Woken {
    /// The keyboard, or news.
    Something,
    /// Time went by.
    Time,
    /// It is time to go.
    Stop,
}

/// Waits for the keyboard or for news, and no longer than `time`.
fn wait(stdin: BorrowedFd<'_>, news: BorrowedFd<'_>, wake: &OwnedFd, time: Option<Duration>) -> Woken {
    let mut fds =
        [PollFd::new(&stdin, PollFlags::IN), PollFd::new(&news, PollFlags::IN), PollFd::new(wake, PollFlags::IN)];
    let time = time.and_then(|time| Timespec::try_from(time).ok());
    match poll(&mut fds, time.as_ref()) {
        Ok(0) => Woken::Time,
        Ok(_) if fds[2].revents().is_empty() => Woken::Something,
        Err(Errno::INTR) => Woken::Something,
        _ => Woken::Stop,
    }
}
