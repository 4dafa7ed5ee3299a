//! The fixed script around every command, and the report by which the shell itself tells where it ended up.
//!
//! The report goes into the output, between marks that carry a random nonce. A command that looks for the nonce
//! can forge a report, and so lie about the directory and variables that it leaves behind, which it may change
//! anyway; and it can hide output of its own. It gains nothing else: what runs next is judged for the directory
//! that was reported, and runs in that one. Without a report the state stays what it was.

use super::export::{Variables, parse};
use super::sudo;
use crate::host::clock;

/// On one line, so that the shell's own messages count the lines of the command.
///
/// The arguments are the command, the nonce, the directory, `PATH` where it was changed, and the variables to
/// unset. `PATH` is an argument, not in the environment, so that a session with a broken one still finds its
/// shell. The report goes to a descriptor of its own: the command may close its output. It is made after
/// the command, and from a trap for commands that exit; where a command gets around both, there is none.
/// Before the command, a first one without a directory tells what it begins with: what a place gives its shells of
/// its own accord only they know. A subshell that is told to end before it is quite one has the trap still, and
/// must not tell for its parent.
const SCRIPT: &str = concat!(
    r#"__hermes_tell() { builtin printf '\0<%s\0%s\0' "$__hermes_nonce" "$1" && builtin export -p; "#,
    r#"builtin printf '\0>%s\0' "$__hermes_nonce"; }; "#,
    r#"__hermes_report() { [ -n "${__hermes_nonce-}" ] && [ "${BASHPID-$$}" = "$$" ] || return 0; "#,
    r#"__hermes_tell "${PWD-}" 2>/dev/null >&"$__hermes_out" || __hermes_tell "${PWD-}" 2>/dev/null || :; "#,
    r#"__hermes_nonce=; }; "#,
    r#"exec {__hermes_out}>&1; __hermes_run=$1 __hermes_nonce=$2; "#,
    r#"trap '{ set +xv; } 2>/dev/null; __hermes_report' EXIT; "#,
    r#"builtin cd -- "$3" || exit; [ -z "$4" ] || export PATH="$4"; shift 4; unset -v -- "$@"; set --; "#,
    r#"__hermes_tell '' || :; "#,
    r#"eval -- "$__hermes_run"; "#,
    r#"{ __hermes_status=$?; set +xv; } 2>/dev/null; __hermes_report; exit "$__hermes_status""#,
);

/// The most that a report may be long; what is beyond is no report.
const LONGEST: usize = 1 << 20;

/// The argv that runs a command in the shell; with `sudo`, one that reads the password first.
#[must_use]
pub(super) fn argv(command: &str, nonce: &Nonce, cwd: &str, path: &str, unset: &[String], sudo: bool) -> Vec<String> {
    let script = if sudo { format!("{}{SCRIPT}", sudo::SCRIPT) } else { SCRIPT.to_owned() };
    let fixed = ["bash", "--noprofile", "--norc", "-c", &script, "bash", command, &nonce.0, cwd, path];
    fixed.into_iter().map(str::to_owned).chain(unset.iter().cloned()).collect()
}

/// What marks the report of one command.
pub(super) struct Nonce(String);

impl Nonce {
    pub(super) fn new() -> Self {
        Self(clock::random_id())
    }

    fn start(&self) -> Vec<u8> {
        format!("\0<{}\0", self.0).into_bytes()
    }

    fn end(&self) -> Vec<u8> {
        format!("\0>{}\0", self.0).into_bytes()
    }
}

/// Where a command left its shell.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Report {
    /// The working directory.
    pub(super) cwd: String,
    /// The exported variables that it began with, when they could be read.
    pub(super) began: Option<Variables>,
    /// Those at its end.
    pub(super) variables: Option<Variables>,
}

/// Takes reports out of the output of a command as it comes.
pub(super) struct Splitter {
    start: Vec<u8>,
    end: Vec<u8>,
    held: Vec<u8>,
    inside: bool,
    /// The first report, which is made before the command runs; `Some(None)` where it could not be read.
    began: Option<Option<Variables>>,
    report: Option<Report>,
}

impl Splitter {
    pub(super) fn new(nonce: &Nonce) -> Self {
        Self { start: nonce.start(), end: nonce.end(), held: Vec::new(), inside: false, began: None, report: None }
    }

    /// Takes output in, and hands on what is not part of a report.
    pub(super) fn push(&mut self, bytes: &[u8], mut out: impl FnMut(&[u8])) {
        if self.held.is_empty() && !self.inside && !bytes.contains(&0) {
            return out(bytes);
        }
        self.held.extend_from_slice(bytes);
        while let Some((at, length)) = self.find() {
            match self.inside {
                true => self.take(at),
                false => out(&self.held[..at]),
            }
            self.held.drain(..at + length);
            self.inside = !self.inside;
        }
        if self.inside {
            let excess = self.held.len().saturating_sub(LONGEST);
            self.held.drain(..excess);
        } else {
            let keep = self.partial();
            let told = self.held.len() - keep;
            out(&self.held[..told]);
            self.held.drain(..told);
        }
    }

    /// The last whole report. An unfinished mark turns out to have been output.
    pub(super) fn finish(self, mut out: impl FnMut(&[u8])) -> Option<Report> {
        if !self.inside {
            out(&self.held);
        }
        let began = self.began.flatten();
        self.report.map(|report| Report { began, ..report })
    }

    /// Takes the report in that ends at `at`.
    fn take(&mut self, at: usize) {
        let Some(end) = self.held[..at].iter().position(|byte| *byte == 0) else { return };
        let variables = parse(&self.held[end + 1..at]);
        match std::str::from_utf8(&self.held[..end]) {
            Ok("") if self.began.is_none() => self.began = Some(variables),
            Ok(cwd) if cwd.starts_with('/') => {
                self.report = Some(Report { cwd: cwd.to_owned(), began: None, variables });
            }
            _ => {}
        }
    }

    /// Where the next mark is.
    fn find(&self) -> Option<(usize, usize)> {
        let mark = if self.inside { &self.end } else { &self.start };
        let mut from = 0;
        while let Some(at) = self.held[from..].iter().position(|byte| *byte == 0).map(|at| from + at) {
            if self.held[at..].starts_with(mark) {
                return Some((at, mark.len()));
            }
            from = at + 1;
        }
        None
    }

    /// How many of the last bytes may be the beginning of a mark.
    fn partial(&self) -> usize {
        let longest = (self.start.len() - 1).min(self.held.len());
        let tail = &self.held[self.held.len() - longest..];
        (0..tail.len()).find(|at| self.start.starts_with(&tail[*at..])).map_or(0, |at| tail.len() - at)
    }
}
