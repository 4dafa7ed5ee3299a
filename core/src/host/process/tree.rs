//! The tree of processes under a child: who belongs to it, and how all of it is ended.
//!
//! It signals processes, and nothing else: waiting for the child itself is its owner's.

use std::collections::HashSet;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::MARK;

/// How long a tree has between TERM and KILL.
const GRACE: Duration = Duration::from_secs(1);
/// How long KILL is repeated for processes that were born in the meantime.
const INSIST: Duration = Duration::from_secs(2);

/// The tree under one child. Dropping it, before it is disarmed, kills the tree at once.
pub(super) struct Tree {
    leader: Pid,
    mark: String,
    armed: bool,
}

impl Tree {
    pub(super) fn new(leader: u32, mark: String) -> Self {
        let leader = i32::try_from(leader).ok().and_then(Pid::from_raw).unwrap_or(Pid::INIT);
        Self { leader, mark: format!("{MARK}={mark}"), armed: leader != Pid::INIT }
    }

    /// The child has been reaped: its id may belong to somebody else from now on.
    pub(super) fn disarm(&mut self) {
        self.armed = false;
    }

    /// Signals the child's process group.
    pub(super) fn signal_group(&self, signal: i32) {
        if let Some(signal) = Signal::from_named_raw(signal).filter(|_| self.armed) {
            let _ = kill_process_group(self.leader, signal);
        }
    }

    /// Ends all of it: TERM, [`GRACE`], KILL. The child must not have been reaped.
    pub(super) async fn end(&self) {
        self.signal(Signal::TERM);
        // One that is stopped would sleep through it.
        self.signal(Signal::CONT);
        if self.gone_within(GRACE, None).await {
            return;
        }
        self.gone_within(INSIST, Some(Signal::KILL)).await;
    }

    /// Waits until nothing of it lives, signalling before each look.
    async fn gone_within(&self, time: Duration, signal: Option<Signal>) -> bool {
        let deadline = tokio::time::Instant::now() + time;
        let mut pause = Duration::from_millis(2);
        loop {
            if let Some(signal) = signal {
                self.signal(signal);
            }
            if self.members().is_empty() {
                return true;
            }
            if tokio::time::Instant::now() >= deadline {
                return false;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_millis(50));
        }
    }

    fn signal(&self, signal: Signal) {
        if !self.armed {
            return;
        }
        let _ = kill_process_group(self.leader, signal);
        for pid in self.members() {
            let _ = kill_process(pid, signal);
        }
    }

    /// Its living processes: the child's session and group, whoever descends from them, whoever bears the mark.
    fn members(&self) -> Vec<Pid> {
        let all = processes();
        if all.is_empty() {
            // No process table to read: the group is all that is known.
            let alive = rustix::process::test_kill_process_group(self.leader).is_ok();
            return if alive { vec![self.leader] } else { Vec::new() };
        }
        let leader = self.leader.as_raw_nonzero().get();
        let ours = |p: &Entry| p.pid == leader || p.group == leader || p.session == leader || self.marked(p.pid);
        let mut members: HashSet<i32> = all.iter().filter(|p| ours(p)).map(|p| p.pid).collect();
        loop {
            let before = members.len();
            members.extend(all.iter().filter(|p| members.contains(&p.parent)).map(|p| p.pid).collect::<Vec<_>>());
            if members.len() == before {
                break;
            }
        }
        let living = all.iter().filter(|p| p.alive && members.contains(&p.pid));
        living.filter_map(|p| Pid::from_raw(p.pid)).collect()
    }

    fn marked(&self, pid: i32) -> bool {
        let environ = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environ.split(|byte| *byte == 0).any(|variable| variable == self.mark.as_bytes())
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        // Nobody is left to wait out the grace.
        for _ in 0..3 {
            self.signal(Signal::KILL);
        }
    }
}

/// A row of the process table.
struct Entry {
    pid: i32,
    parent: i32,
    group: i32,
    session: i32,
    alive: bool,
}

fn processes() -> Vec<Entry> {
    let Ok(table) = std::fs::read_dir("/proc") else { return Vec::new() };
    let pids = table.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    pids.filter_map(entry).collect()
}

fn entry(pid: i32) -> Option<Entry> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name, in parentheses, may hold anything.
    let mut fields = stat.rsplit_once(')')?.1.split_ascii_whitespace();
    let alive = !matches!(fields.next()?, "Z" | "X");
    let mut number = || fields.next()?.parse().ok();
    Some(Entry { pid, parent: number()?, group: number()?, session: number()?, alive })
}
