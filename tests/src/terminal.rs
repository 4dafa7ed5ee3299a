//! A terminal with a person at it: the program runs on a real pty, keys are typed, the screen is read.
//!
//! Unless it is asked for, the terminal is a dumb one. One that is not answers where its cursor is, and its screen
//! is what a person would see.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use std::num::NonZeroU16;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};
use vt100::{Callbacks, Parser};

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

struct Screen {
    /// The person closed the terminal.
    closed: AtomicBool,
    /// Milliseconds until the next question to the terminal is answered.
    late: AtomicU64,
    text: Mutex<(String, bool)>,
    shown: Mutex<Parser<Asked>>,
    news: Condvar,
}

/// What the program asked the terminal.
#[derive(Default)]
struct Asked {
    cursor: usize,
}

impl Callbacks for Asked {
    fn unhandled_csi(
        &mut self,
        _: &mut vt100::Screen,
        first: Option<u8>,
        _: Option<u8>,
        params: &[&[u16]],
        last: char,
    ) {
        if first.is_none() && last == 'n' && params == [[6]] {
            self.cursor += 1;
        }
    }
}

impl Terminal {
    /// Starts the program on a terminal of its own.
    ///
    /// # Panics
    /// When the system has no terminal left.
    #[must_use]
    pub fn open(hermes: &Hermes, args: &[&str]) -> Self {
        Self::running(&hermes.command(args))
    }

    /// Starts the program on a terminal that can do what terminals can, of so many rows and columns.
    ///
    /// # Panics
    /// When the system has no terminal left.
    #[must_use]
    pub fn able(hermes: &Hermes, args: &[&str], size: (u16, u16)) -> Self {
        Self::start(&hermes.command(args), "xterm-256color", size)
    }

    /// Runs a command, whose environment is what it names, on a dumb terminal.
    ///
    /// # Panics
    /// When the system has no terminal left.
    #[must_use]
    pub fn running(command: &Command) -> Self {
        Self::start(command, "dumb", (24, 80))
    }

    fn start(what: &Command, term: &str, size: (u16, u16)) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a pty");
        grantpt(&master).and_then(|()| unlockpt(&master)).expect("unlocked");
        let name = ptsname(&master, Vec::new()).expect("a name");
        let slave = File::options().read(true).write(true).open(name.to_str().expect("text")).expect("opened");
        let (rows, columns) = size;
        tcsetwinsize(&slave, Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).expect("sized");
        let end = || Stdio::from(slave.try_clone().expect("cloned"));
        // Makes the pty the controlling terminal, so that Ctrl-C is a signal.
        #[expect(clippy::disallowed_methods, reason = "a story runs the program as a person would")]
        let mut command = Command::new("setsid");
        command.args(["--ctty", "--wait"]).arg(what.get_program()).args(what.get_args()).env_clear();
        command.envs(what.get_envs().filter_map(|(name, value)| Some((name, value?)))).env("TERM", term);
        command.current_dir(what.get_current_dir().expect("a folder to work in"));
        let child = command.stdin(end()).stdout(end()).stderr(end()).spawn().expect("started");
        drop(slave);
        let keys = File::from(master);
        let count = |n: u16| NonZeroU16::new(n).expect("a size");
        let shown = Parser::new_with_callbacks(count(rows), count(columns), 0, Asked::default());
        let screen = Screen {
            closed: AtomicBool::new(false),
            late: AtomicU64::new(0),
            text: Mutex::default(),
            shown: Mutex::new(shown),
            news: Condvar::new(),
        };
        let screen = Arc::new(screen);
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

    /// Answers what the program asks next only after this time, as a terminal on a busy machine does.
    pub fn answers_late(&self, time: Duration) {
        self.screen.late.store(u64::try_from(time.as_millis()).unwrap_or(u64::MAX), Ordering::SeqCst);
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

    /// What a person sees now, without blanks at the ends of lines.
    ///
    /// # Panics
    /// When the thread that reads the screen did.
    #[must_use]
    pub fn shown(&self) -> String {
        let contents = self.screen.shown.lock().expect("no panic").screen().contents();
        contents.lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
    }

    /// Looks at the screen as it is now.
    ///
    /// # Panics
    /// When the thread that reads the screen did.
    pub fn look<T>(&self, at: impl FnOnce(&vt100::Screen) -> T) -> T {
        at(self.screen.shown.lock().expect("no panic").screen())
    }

    /// Waits until what a person sees is as it should be, and returns it.
    ///
    /// # Panics
    /// When it does not become so.
    pub fn sees(&self, what: &str, fits: impl Fn(&str) -> bool) -> String {
        let begun = tokio::time::Instant::now();
        loop {
            let shown = self.shown();
            if fits(&shown) {
                return shown;
            }
            assert!(begun.elapsed() < PATIENCE, "{what} is not on the screen:\n{shown}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Whether the terminal itself edits lines and echoes them, as it does for programs that ask for nothing.
    ///
    /// # Panics
    /// When the terminal is gone.
    #[must_use]
    pub fn edits_lines(&self) -> bool {
        let modes = tcgetattr(&self.keys).expect("a terminal").local_modes;
        modes.contains(LocalModes::ICANON | LocalModes::ECHO)
    }

    /// Makes the window larger or smaller.
    ///
    /// # Panics
    /// When the terminal is gone.
    pub fn resize(&self, (rows, columns): (u16, u16)) {
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let count = |n: u16| NonZeroU16::new(n).expect("a size");
        self.screen.shown.lock().expect("no panic").screen_mut().set_size(count(rows), count(columns));
        tcsetwinsize(&self.keys, size).expect("resized");
    }

    /// Sends the program a signal, as `kill` does.
    ///
    /// # Panics
    /// When the program is gone.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw).expect("a process");
        kill_process(pid, signal).expect("sent");
    }

    /// Closes the window: nobody is there any more. Returns the exit code; `None` when the program was killed.
    ///
    /// # Panics
    /// When the program does not end.
    #[must_use]
    pub fn close(mut self) -> Option<i32> {
        self.screen.closed.store(true, Ordering::SeqCst);
        if let Some(reader) = self.reader.take() {
            reader.join().expect("no panic");
        }
        self.keys = File::open("/dev/null").expect("there");
        let begun = tokio::time::Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("waited for") {
                return status.code();
            }
            assert!(begun.elapsed() < PATIENCE, "the program goes on without a terminal");
            std::thread::sleep(Duration::from_millis(10));
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
    while is_readable(&pty, screen)
        && let Ok(n @ 1..) = pty.read(&mut bytes)
    {
        if let Some(answer) = shown(&screen.shown, &bytes[..n]) {
            std::thread::sleep(Duration::from_millis(screen.late.swap(0, Ordering::SeqCst)));
            let _ = pty.write_all(answer.as_bytes());
        }
        let text = String::from_utf8_lossy(&bytes[..n]).replace('\r', "");
        screen.text.lock().expect("no panic").0.push_str(&text);
        screen.news.notify_all();
    }
    screen.text.lock().expect("no panic").1 = true;
    screen.news.notify_all();
}

/// Waits for what the program writes; `false` when the person closed the terminal.
fn is_readable(pty: &File, screen: &Screen) -> bool {
    let time = Timespec { tv_sec: 0, tv_nsec: 50_000_000 };
    while !screen.closed.load(Ordering::SeqCst) {
        if poll(&mut [PollFd::new(pty, PollFlags::IN)], Some(&time)).is_ok_and(|ready| ready > 0) {
            return true;
        }
    }
    false
}

/// Draws what the program wrote. Returns the answer to what it asked.
fn shown(parser: &Mutex<Parser<Asked>>, bytes: &[u8]) -> Option<String> {
    let mut parser = parser.lock().expect("no panic");
    parser.process(bytes);
    let asked = std::mem::take(&mut parser.callbacks_mut().cursor);
    let (row, column) = parser.screen().cursor_position();
    (asked > 0).then(|| format!("\x1b[{};{}R", row + 1, column + 1).repeat(asked))
}
