//! How the terminal hands over what is typed: by line, as it edits them itself, or key by key and unseen.
//!
//! Ctrl-C stays a signal in both. Whoever changes it gives it back as it was.

use std::os::fd::BorrowedFd;

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};

/// The keyboard, as it was found.
pub(crate) struct Keyboard {
    found: Termios,
}

impl Keyboard {
    /// The keyboard of a terminal.
    ///
    /// # Errors
    /// When it is none.
    pub(crate) fn of(stdin: BorrowedFd<'_>) -> rustix::io::Result<Self> {
        Ok(Self { found: tcgetattr(stdin)? })
    }

    /// By line, and what is typed is not shown.
    pub(crate) fn hide(&self, stdin: BorrowedFd<'_>) {
        let mut wanted = self.found.clone();
        wanted.local_modes.remove(LocalModes::ECHO);
        wanted.local_modes.insert(LocalModes::ICANON | LocalModes::ECHONL);
        // A terminal that is gone needs nothing any more.
        let _ = tcsetattr(stdin, OptionalActions::Now, &wanted);
    }

    /// Key by key, or by line.
    pub(crate) fn raw(&self, stdin: BorrowedFd<'_>, raw: bool) {
        let mut wanted = self.found.clone();
        if raw {
            wanted.local_modes.remove(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ECHONL);
            wanted.special_codes[SpecialCodeIndex::VMIN] = 1;
            wanted.special_codes[SpecialCodeIndex::VTIME] = 0;
        }
        // A terminal that is gone needs nothing any more.
        let _ = tcsetattr(stdin, OptionalActions::Now, &wanted);
    }

    /// As it was found.
    pub(crate) fn restore(&self, stdin: BorrowedFd<'_>) {
        self.raw(stdin, false);
    }
}
