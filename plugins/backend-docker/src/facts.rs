//! What a container really is: read from the engine's account of it and from inside, never from the settings.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bollard::models::{ContainerInspectResponse, MountPoint};

use crate::config::Config;
use crate::container::{PIDS, nano_cpus};

/// What a container may keep without being able to reach out of itself: what engines give by default.
const HARMLESS: u64 = 0xa804_25fb;

/// Read inside, by a shell and nothing else: every small image has one.
pub(crate) const PROBE: &str = r#"
while read -r name value; do case $name in CapBnd:|CapEff:|NoNewPrivs:|Seccomp:) echo "$name $value";; esac; done </proc/self/status
for file in memory/memory.limit_in_bytes memory.max pids/pids.max pids.max cpu/cpu.cfs_quota_us cpu/cpu.cfs_period_us cpu.max; do
  if [ -r "/sys/fs/cgroup/$file" ]; then read -r value <"/sys/fs/cgroup/$file"; echo "$file $value"; fi
done
while read -r what place type options rest; do case $place in /tmp|/var/tmp|/run) echo "mount:$place $type,$options";; esac; done </proc/mounts
if command -v bash >/dev/null; then echo "bash yes"; fi
[ -d "$1" ] || echo "directory no"
"#;

/// What was read inside.
#[derive(Debug, Default)]
pub(crate) struct Inside(BTreeMap<String, String>);

impl Inside {
    /// Reads what [`PROBE`] printed.
    pub(crate) fn read(text: &str) -> Self {
        let lines = text.lines().filter_map(|line| line.split_once(' '));
        Self(lines.map(|(name, value)| (name.trim_end_matches(':').to_owned(), value.trim().to_owned())).collect())
    }

    /// Whether the shell that commands are written for is there.
    pub(crate) fn has_bash(&self) -> bool {
        self.0.contains_key("bash")
    }

    /// Whether the directory that commands begin in is missing.
    pub(crate) fn lacks_directory(&self) -> bool {
        self.0.contains_key("directory")
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Whether the limit of processes holds.
    fn limits_processes(&self) -> bool {
        let pids = self.number("pids/pids.max").or_else(|| self.number("pids.max"));
        pids.is_some_and(|pids| i64::try_from(pids).is_ok_and(|pids| pids <= PIDS))
    }

    /// Limits that were asked for and do not hold.
    pub(crate) fn lacking(&self, config: &Config) -> Vec<String> {
        let mut lacking = Vec::new();
        let memory = self.number("memory/memory.limit_in_bytes").or_else(|| self.number("memory.max"));
        let wanted = u64::from(config.memory) << 20;
        if config.memory > 0 && memory.is_none_or(|memory| memory > wanted) {
            lacking.push(format!("memory ({} MB)", config.memory));
        }
        if !self.limits_processes() {
            lacking.push(format!("processes ({PIDS})"));
        }
        if self.nano_cpus().is_none_or(|cpus| cpus > nano_cpus(config.cpu)) {
            lacking.push(format!("processor ({} cores)", config.cpu));
        }
        for (place, size) in [("/tmp", "524288k"), ("/var/tmp", "262144k"), ("/run", "65536k")] {
            let mount = self.get(&format!("mount:{place}")).unwrap_or_default();
            if !mount.starts_with("tmpfs,")
                || !mount.split(',').any(|option| option.strip_prefix("size=") == Some(size))
            {
                lacking.push(format!("the size of `{place}`"));
            }
        }
        lacking
    }

    fn number(&self, name: &str) -> Option<u64> {
        self.get(name)?.parse().ok()
    }

    fn nano_cpus(&self) -> Option<i64> {
        let (quota, period) = match self.get("cpu.max") {
            Some(both) => both.split_once(' ')?,
            None => (self.get("cpu/cpu.cfs_quota_us")?, self.get("cpu/cpu.cfs_period_us")?),
        };
        let (quota, period): (i64, i64) = (quota.parse().ok()?, period.parse().ok()?);
        (quota > 0 && period > 0).then(|| quota * 1_000_000 / period * 1000)
    }

    /// Ways out that a look inside shows.
    fn ways_out(&self) -> Vec<String> {
        let mut ways = Vec::new();
        let kept = self.get("CapBnd").and_then(|mask| u64::from_str_radix(mask, 16).ok());
        match kept {
            None => ways.push("its capabilities cannot be read".to_owned()),
            Some(kept) if kept & !HARMLESS != 0 => ways.push("it has capabilities that reach the host".to_owned()),
            Some(_) => {}
        }
        if self.get("NoNewPrivs") != Some("1") {
            ways.push("its processes may gain privileges".to_owned());
        }
        if !self.limits_processes() {
            // A fork bomb would take this machine, which no rule keeps from a boundary.
            ways.push("nothing limits its processes".to_owned());
        }
        ways
    }
}

/// Ways out of a container into the host; with none it is a boundary. `sandboxes` is the folder whose mounts are its
/// own business, `socket` the engine's.
pub(crate) fn ways_out(
    there: &ContainerInspectResponse,
    inside: &Inside,
    sandboxes: &Path,
    socket: Option<&str>,
) -> Vec<String> {
    let mut ways = Vec::new();
    let Some(host) = &there.host_config else { return vec!["the engine does not say what it may do".to_owned()] };
    if host.privileged != Some(false) {
        ways.push("it is privileged".to_owned());
    }
    let shares = |mode: &Option<String>| {
        mode.as_deref().is_some_and(|mode| mode == "host" || mode.starts_with("container:") || mode.starts_with("ns:"))
    };
    for (what, mode) in [
        ("network", &host.network_mode),
        ("processes", &host.pid_mode),
        ("memory", &host.ipc_mode),
        ("users", &host.userns_mode),
    ] {
        if shares(mode) {
            ways.push(format!("it shares the {what} of the host"));
        }
    }
    if host.devices.iter().flatten().next().is_some() {
        ways.push("it has devices of the host".to_owned());
    }
    let named: Vec<&str> = host.binds.iter().flatten().filter_map(|bind| bind.split(':').next()).collect();
    ways.extend(there.mounts.iter().flatten().filter_map(|mount| way_of(mount, &named, sandboxes, socket)));
    ways.extend(inside.ways_out());
    ways
}

/// Why a mount is a way out. `named` are the sources that somebody asked for.
fn way_of(mount: &MountPoint, named: &[&str], sandboxes: &Path, socket: Option<&str>) -> Option<String> {
    let source = mount.source.as_deref().unwrap_or_default();
    let anonymous = |name: &str| name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit());
    match mount.typ.as_deref() {
        Some("tmpfs") => return None,
        // Made with the container, because its image wants it, and gone with it.
        Some("volume") if mount.name.as_deref().is_some_and(|name| anonymous(name) && !named.contains(&name)) => {
            return None;
        }
        _ => {}
    }
    let real = std::fs::canonicalize(source).unwrap_or_else(|_| PathBuf::from(source));
    let climbs = real.components().any(|part| part == std::path::Component::ParentDir);
    let sandboxes = std::fs::canonicalize(sandboxes).unwrap_or_else(|_| sandboxes.to_owned());
    if !climbs && real.starts_with(&sandboxes) && real != sandboxes {
        return None;
    }
    if mount.rw != Some(false) {
        return Some(format!("`{source}` of the host can be written"));
    }
    // A socket is used, not written: a mount that is read-only does not keep anybody from it.
    let socket = socket.map(|socket| std::fs::canonicalize(socket).unwrap_or_else(|_| PathBuf::from(socket)));
    let reaches = real == Path::new("/") || socket.is_some_and(|socket| socket.starts_with(&real)) || is_special(&real);
    reaches.then(|| format!("`{source}` of the host holds sockets or devices"))
}

/// Whether a path is a socket or device, or one of the folders where the system keeps them.
fn is_special(path: &Path) -> bool {
    let kept = ["/run", "/var/run", "/dev", "/proc", "/sys"].iter().any(|folder| path.starts_with(folder));
    let plain = std::fs::metadata(path).is_ok_and(|there| there.is_file() || there.is_dir());
    kept || !plain
}
