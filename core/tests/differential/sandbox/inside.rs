//! The first process of a sandbox: runs the lines one after the other, each in a bash of its own, and ends
//! whatever a line leaves behind before the next one starts.

use rustix::process::{Pid, Resource, Rlimit, Signal, WaitOptions, kill_process, setrlimit, wait};
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

const LINES: &str = "/lines";
const WORK: &str = "/tmp/w";
/// Ticks of the watchdog that a line may take, and how long one is.
const MOST_TICKS: u64 = 12;
const TICK: Duration = Duration::from_millis(500);

static TICKS: AtomicU64 = AtomicU64::new(0);

/// Whether this is the first process of a sandbox.
pub(crate) fn is_here() -> bool {
    std::process::id() == 1 && fs::exists(LINES).is_ok_and(|there| there)
}

/// Runs the lines in [`LINES`], divided by NUL. `/log/now` gets the records and, after each line, one of no words.
pub(crate) fn run() {
    let limit = |most| Rlimit { current: Some(most), maximum: Some(most) };
    for (resource, most) in
        [(Resource::Fsize, 2 << 20), (Resource::As, 1 << 30), (Resource::Core, 0), (Resource::Nofile, 256)]
    {
        setrlimit(resource, limit(most)).expect("a limit can be set");
    }
    let lines = fs::read(LINES).expect("there are lines");
    let mut log = OpenOptions::new().append(true).create(true).open("/log/now").expect("the log opens");
    fs::create_dir_all(WORK).expect("there is a place to work");
    std::thread::spawn(watch);
    for line in lines.split_inclusive(|byte| *byte == 0) {
        one(line.strip_suffix(&[0]).unwrap_or(line));
        log.write_all(b"0\0").expect("the log takes a record");
        for left in fs::read_dir("/tmp").expect("the folder lists").chain(fs::read_dir(WORK).expect("so does this")) {
            let left = left.expect("an entry").path();
            if left != OsStr::new(WORK) {
                fs::remove_file(&left).or_else(|_| fs::remove_dir_all(&left)).expect("it goes");
            }
        }
    }
    File::create("/log/done").expect("the end can be told");
}

fn one(line: &[u8]) {
    TICKS.store(0, Ordering::Relaxed);
    let mut script = line.to_vec();
    script.extend_from_slice(b"\n\nwait");
    let mut bash = Command::new("/stand/bash")
        .args(["--norc", "--noprofile", "-c"])
        .arg(OsStr::from_bytes(&script))
        .arg("bash")
        .current_dir(WORK)
        .env_clear()
        .envs([("PATH", "/stand"), ("HOME", super::HOME), ("LC_ALL", "C")])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .expect("bash starts");
    // What loses its parent becomes a child of the first process: this waits for all of them.
    while let Ok(Some(_)) = wait(WaitOptions::empty()) {}
    let _ = bash.wait();
}

/// Ends everything but this process when a line takes too long.
fn watch() {
    loop {
        std::thread::sleep(TICK);
        if TICKS.fetch_add(1, Ordering::Relaxed) >= MOST_TICKS {
            for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
                let id = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok());
                if let Some(pid) = id.filter(|id| *id > 1).and_then(Pid::from_raw) {
                    let _ = kill_process(pid, Signal::KILL);
                }
            }
        }
    }
}
