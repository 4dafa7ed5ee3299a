//! A terminal with a person at it: the program runs on a real pty, keys are typed, the screen is read.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

use crate::hermes::Hermes;

/// How long something may take to appear.
const PATIENCE: Duration = Duration::from_secs(30);

/// A key.
pub const ENTER: &str = "\r";
/// A key: end of input.
pub const CTRL_D: &str = "\x04";
/// A key: interrupt.
pub const CTRL_C: &str = "\x03";

/// The terminal.
pub struct Terminal {
    keys: File,
    child: Child,
    screen: Arc<Screen>,
    read: usize,
    reader: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Screen {
    text: Mutex<(String, bool)>,
    news: Condvar,
}

impl Terminal {
    /// Starts the program on a terminal of its own.
    ///
    /// # Panics
    /// When the system has no terminal left.
    #[must_use]
    pub fn open(hermes: &Hermes, args: &[&str]) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a pty");
        grantpt(&master).and_then(|()| unlockpt(&master)).expect("unlocked");
        let name = ptsname(&master, Vec::new()).expect("a name");
        let slave = File::options().read(true).write(true).open(name.to_str().expect("text")).expect("opened");
        let end = || Stdio::from(slave.try_clone().expect("cloned"));
        // Makes the pty the controlling terminal, so that Ctrl-C is a signal.
        #[expect(clippy::disallowed_methods, reason = "a story runs the program as a person would")]
        let mut command = Command::new("setsid");
        command.args(["--ctty", "--wait"]).arg(hermes.program()).args(args);
        hermes.settle(&mut command);
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().expect("started");
        drop(slave);
        let keys = File::from(master);
        let screen = Arc::new(Screen::default());
        let reader = std::thread::spawn({
            let (pty, screen) = (keys.try_clone().expect("cloned"), screen.clone());
            move || watch(pty, &screen)
        });
        Self { keys, child, screen, read: 0, reader: Some(reader) }
    }

    /// Types keys.
    ///
    /// # Panics
    /// When the program is gone.
    pub fn keys(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("typed");
    }

    /// Types a line.
    pub fn line(&mut self, line: &str) {
        self.keys(line);
        self.keys(ENTER);
    }

    /// Waits until a text appears after what was last waited for. Returns everything in between and the text.
    ///
    /// # Panics
    /// When it does not appear.
    pub fn until(&mut self, text: &str) -> String {
        let mut screen = self.screen.text.lock().expect("no panic");
        loop {
            if let Some(at) = screen.0[self.read..].find(text) {
                let end = self.read + at + text.len();
                let seen = screen.0[self.read..end].to_owned();
                self.read = end;
                return seen;
            }
            assert!(!screen.1, "`{text}` never appeared; the program ended after:\n{}", screen.0);
            let (next, timeout) = self.screen.news.wait_timeout(screen, PATIENCE).expect("no panic");
            assert!(!timeout.timed_out(), "`{text}` did not appear after:\n{}", next.0);
            screen = next;
        }
    }

    /// Waits for the end. Returns the exit code.
    ///
    /// # Panics
    /// When the program was killed.
    pub fn end(mut self) -> i32 {
        let status = self.child.wait().expect("waited for");
        if let Some(reader) = self.reader.take() {
            reader.join().expect("no panic");
        }
        status.code().expect("an exit code")
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn watch(mut pty: File, screen: &Screen) {
    let mut bytes = [0; 4096];
    // A pty whose other end is gone reports an error rather than an end.
    while let Ok(n @ 1..) = pty.read(&mut bytes) {
        let text = String::from_utf8_lossy(&bytes[..n]).replace('\r', "");
        screen.text.lock().expect("no panic").0.push_str(&text);
        screen.news.notify_all();
    }
    screen.text.lock().expect("no panic").1 = true;
    screen.news.notify_all();
}
