//! The throw-away sandbox: own user, pid, mount, network and ipc namespaces, a read-only root that holds
//! only a shell, a few filters and recording stand-ins, and a scratch directory in memory.

use std::fs;
use std::path::Path;
use std::process::Command;

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
    "head",
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
    let text = |error: std::io::Error| error.to_string();
    for folder in ["cases", "log", "root"] {
        fs::create_dir_all(scratch.join(folder)).map_err(text)?;
    }
    for (index, line) in lines.iter().enumerate() {
        fs::write(scratch.join(format!("cases/{index}")), line).map_err(text)?;
    }
    fs::write(scratch.join("outside.sh"), OUTSIDE).map_err(text)?;
    fs::write(scratch.join("inside.sh"), INSIDE).map_err(text)?;
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child", "--net", "--ipc", "--uts"])
        .args(["bash", "outside.sh"])
        .arg(lines.len().to_string())
        .current_dir(scratch)
        .env_clear()
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("STAND_INS", STAND_INS.join(" "))
        .env("REAL", REAL.join(" "))
        .stdin(std::process::Stdio::null())
        .output()
        .map_err(text)?;
    if !output.status.success() || !scratch.join("log/done").exists() {
        return Err(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim()));
    }
    let runs = records(&fs::read(scratch.join("log/now")).map_err(text)?);
    if runs.len() == lines.len() { Ok(runs) } else { Err(format!("{} of {} lines were run", runs.len(), lines.len())) }
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
mkdir -p "$root"/{bin,usr/bin,lib,lib64,usr/lib,dev,proc,tmp,log,cases,stand,home/u}
mount --rbind /usr/lib "$root/usr/lib"
for lib in lib lib64; do
    if [ -L "/$lib" ]; then rmdir "$root/$lib"; ln -s "$(readlink "/$lib")" "$root/$lib"; else mount --rbind "/$lib" "$root/$lib"; fi
done
[ -d /usr/lib64 ] && mkdir -p "$root/usr/lib64" && mount --rbind /usr/lib64 "$root/usr/lib64"
touch "$root/dev/null"; mount --bind /dev/null "$root/dev/null"
ln -s /proc/self/fd "$root/dev/fd"
for name in $REAL; do cp "$(readlink -f "$(command -v "$name")")" "$root/stand/$name"; done
for name in dash rm mkdir; do cp "$(command -v "$name")" "$root/usr/bin/real-$name"; done
cp "$root/stand/bash" "$root/stand/sh"
printf '%s\n' '#!/usr/bin/real-dash' 'printf "%s\0" "$(($# + 1))" "${0##*/}" "$@" >> /log/now' > "$root/stand/.record"
chmod 755 "$root/stand/.record"
for name in $STAND_INS; do ln "$root/stand/.record" "$root/stand/$name"; done
ln -s /stand/bash "$root/bin/bash"; ln -s /stand/sh "$root/bin/sh"
cp inside.sh "$root/inside.sh"
mount --bind cases "$root/cases"; mount -o remount,ro,bind "$root/cases"
mount --bind log "$root/log"
mount -t tmpfs -o size=16m tmpfs "$root/tmp"
mount -t proc proc "$root/proc"
mount -o remount,ro "$root"
exec env -i /usr/sbin/chroot "$root" /stand/bash /inside.sh "$1"
"#;

/// Runs the cases one after the other; a record of no words ends each.
const INSIDE: &str = r#"
ulimit -f 2048; ulimit -v 1000000; ulimit -c 0
/usr/bin/real-mkdir -p /tmp/w
export PATH=/stand HOME=/home/u LC_ALL=C
unset OLDPWD
for ((n = 0; n < $1; n++)); do
    cd /tmp/w || exit 1
    line=
    IFS= read -r -d '' line < "/cases/$n"
    /stand/timeout -k 1 4 /stand/bash --norc --noprofile -c "$line"$'\n\nwait' bash < /dev/null > /dev/null 2>&1
    printf '0\0' >> /log/now
    for left in /tmp/w/* /tmp/w/.[!.]*; do
        [ -e "$left" ] && /usr/bin/real-rm -rf "$left"
    done
done
: > /log/done
"#;
