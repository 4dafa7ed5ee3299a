//! The throw-away sandboxes: own user, pid, mount, network and ipc namespaces, a read-only root that holds
//! only a shell, a few filters and recording stand-ins, and a scratch directory in memory. As many at once
//! as there are processors.

pub(crate) mod inside;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

/// A command that ran: its name and arguments.
pub(crate) type Ran = Vec<String>;

/// The home directory inside.
pub(crate) const HOME: &str = "/home/u";

/// Programs that record that they ran, and nothing else.
const STAND_INS: &[&str] = &[
    "rm", "mkfs", "curl", "dd", "kill", "git", "ls", "foo", "bar", "chmod", "chown", "wget", "docker", "mv", "cp",
    "ln", "find", "python3",
];

/// Real programs that text flows through or that run others.
const REAL: &[&str] = &[
    "bash", "sh", "cat", "base64", "env", "xargs", "rev", "tr", "nohup", "nice", "timeout", "tee", "stdbuf", "setsid",
    "head", "sed", "xxd",
];

pub(crate) fn is_stand_in(name: &str) -> bool {
    STAND_INS.contains(&name.rsplit('/').next().unwrap_or_default())
}

/// Runs each line and returns the commands that ran for it.
pub(crate) fn run(lines: &[String]) -> Result<Vec<Vec<Ran>>, String> {
    let scratch = std::env::temp_dir().join(format!("hermes-differential-{}", std::process::id()));
    let outcome = run_in(&scratch, lines);
    let _ = fs::remove_dir_all(&scratch);
    outcome
}

fn run_in(scratch: &Path, lines: &[String]) -> Result<Vec<Vec<Ran>>, String> {
    fs::create_dir_all(scratch).map_err(text)?;
    let recorder = scratch.join("recorder");
    fs::write(scratch.join("recorder.rs"), include_str!("sandbox/recorder.rs.in")).map_err(text)?;
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let built = Command::new(rustc)
        .args([
            "--edition",
            "2021",
            "-O",
            "-C",
            "panic=abort",
            "-C",
            "strip=symbols",
            "-C",
            "target-feature=+crt-static",
        ])
        .args([scratch.join("recorder.rs").as_os_str(), "-o".as_ref(), recorder.as_os_str()])
        .output()
        .map_err(|error| format!("rustc: {error}"))?;
    if !built.status.success() {
        return Err(format!("the recorder does not build: {}", String::from_utf8_lossy(&built.stderr)));
    }
    let count = std::thread::available_parallelism().map_or(1, |n| n.get());
    let share = lines.len().div_ceil(count).max(1);
    let runs: Vec<Result<Vec<Vec<Ran>>, String>> = std::thread::scope(|scope| {
        let start = |(at, lines): (usize, &'_ [String])| {
            let folder = scratch.join(at.to_string());
            let (lines, recorder) = (lines.to_vec(), recorder.clone());
            scope.spawn(move || one(&folder, &recorder, &lines))
        };
        let started: Vec<_> = lines.chunks(share).enumerate().map(start).collect();
        started.into_iter().map(|thread| thread.join().expect("no panic")).collect()
    });
    let mut all = Vec::with_capacity(lines.len());
    for run in runs {
        all.extend(run?);
    }
    Ok(all)
}

/// One sandbox.
fn one(scratch: &Path, recorder: &Path, lines: &[String]) -> Result<Vec<Vec<Ran>>, String> {
    for folder in ["log", "root"] {
        fs::create_dir_all(scratch.join(folder)).map_err(text)?;
    }
    fs::write(scratch.join("lines"), lines.join("\0")).map_err(text)?;
    fs::write(scratch.join("outside.sh"), OUTSIDE).map_err(text)?;
    let driver = std::env::current_exe().map_err(text)?;
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child", "--net", "--ipc", "--uts"])
        .args(["bash", "outside.sh"])
        .args([recorder, &driver])
        .current_dir(scratch)
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("STAND_INS", STAND_INS.join(" "))
        .env("REAL", REAL.join(" "))
        .stdin(Stdio::null())
        .output()
        .map_err(text)?;
    if !output.status.success() || !scratch.join("log/done").exists() {
        let said = [&output.stdout[..], &output.stderr[..]].concat();
        return Err(format!("{}: {}", output.status, String::from_utf8_lossy(&said).trim()));
    }
    let runs = records(&fs::read(scratch.join("log/now")).map_err(text)?);
    if runs.len() == lines.len() { Ok(runs) } else { Err(format!("{} of {} lines were run", runs.len(), lines.len())) }
}

fn text(error: std::io::Error) -> String {
    error.to_string()
}

/// Each record is the number of words, then the words, all ended by NUL. Returns them line by line.
fn records(log: &[u8]) -> Vec<Vec<Ran>> {
    let mut fields = log.split(|b| *b == 0).map(|field| String::from_utf8_lossy(field).into_owned());
    let mut lines = Vec::new();
    let mut line = Vec::new();
    while let Some(count) = fields.next().and_then(|count| count.parse::<usize>().ok()) {
        match count {
            0 => lines.push(std::mem::take(&mut line)),
            _ => line.push(fields.by_ref().take(count).collect()),
        }
    }
    lines
}

/// Builds the root and enters it. Runs as root of a new user namespace.
const OUTSIDE: &str = r#"
set -eu
root=$PWD/root
mount --make-rprivate /
mount -t tmpfs -o size=64m tmpfs "$root"
mkdir -p "$root"/{bin,usr/bin,lib,lib64,usr/lib,dev,proc,tmp,log,stand,home/u}
mount --rbind /usr/lib "$root/usr/lib"
for lib in lib lib64; do
    if [ -L "/$lib" ]; then rmdir "$root/$lib"; ln -s "$(readlink "/$lib")" "$root/$lib"; else mount --rbind "/$lib" "$root/$lib"; fi
done
[ -d /usr/lib64 ] && mkdir -p "$root/usr/lib64" && mount --rbind /usr/lib64 "$root/usr/lib64"
touch "$root/dev/null"; mount --bind /dev/null "$root/dev/null"
ln -s /proc/self/fd "$root/dev/fd"
for name in $REAL; do cp "$(readlink -f "$(command -v "$name")")" "$root/stand/$name"; done
cp "$root/stand/bash" "$root/stand/sh"
cp "$1" "$root/stand/.record"
for name in $STAND_INS; do ln "$root/stand/.record" "$root/stand/$name"; done
ln -s /stand/bash "$root/bin/bash"; ln -s /stand/sh "$root/bin/sh"
cp lines "$root/lines"
touch "$root/driver"; mount --bind "$2" "$root/driver"
mount --bind log "$root/log"
mount -t tmpfs -o size=16m tmpfs "$root/tmp"
mount -t proc proc "$root/proc"
mount -o remount,ro "$root"
exec env -i /usr/sbin/chroot "$root" /driver --exact every_command_that_bash_runs_is_read --nocapture
"#;
