//! Limits on an instance: asked for when it starts, and read back from the kernel afterwards. One that does not hold
//! is said, never taken for granted.

use std::fs;
use std::path::{Path, PathBuf};

use crate::config::Shared;

/// How many processes an instance may have.
const PIDS: u64 = 256;

/// The arguments that ask for them.
pub(crate) fn arguments(shared: &Shared) -> Vec<String> {
    let mut arguments = vec!["--pids-limit".to_owned(), PIDS.to_string()];
    if shared.memory > 0 {
        arguments.extend(["--memory".to_owned(), format!("{}M", shared.memory)]);
    }
    if shared.cpu > 0.0 {
        arguments.extend(["--cpus".to_owned(), shared.cpu.to_string()]);
    }
    arguments
}

/// Those that do not hold for a process.
pub(crate) fn lacking(pid: u32, shared: &Shared) -> Vec<String> {
    let groups = fs::read_to_string(format!("/proc/{pid}/cgroup")).unwrap_or_default();
    lacking_in(Path::new("/sys/fs/cgroup"), &groups, shared)
}

/// As [`lacking`], by the text of the process's list of groups.
pub(crate) fn lacking_in(root: &Path, groups: &str, shared: &Shared) -> Vec<String> {
    let mut lacking = Vec::new();
    let number = |file: &str| value(root, groups, file).and_then(|text| text.parse::<u64>().ok());
    let pids = number("pids/pids.max").or_else(|| number("pids.max"));
    if pids.is_none_or(|pids| pids > PIDS) {
        lacking.push(format!("processes ({PIDS})"));
    }
    let memory = number("memory/memory.limit_in_bytes").or_else(|| number("memory.max"));
    if shared.memory > 0 && memory.is_none_or(|memory| memory > shared.memory << 20) {
        lacking.push(format!("memory ({} MB)", shared.memory));
    }
    if shared.cpu > 0.0 && cores(root, groups).is_none_or(|cores| cores > shared.cpu + 0.01) {
        lacking.push(format!("processor ({} cores)", shared.cpu));
    }
    lacking
}

fn cores(root: &Path, groups: &str) -> Option<f64> {
    let share = |quota: &str, period: &str| {
        Some(quota.parse::<f64>().ok().filter(|quota| *quota > 0.0)? / period.parse::<f64>().ok()?)
    };
    if let Some(max) = value(root, groups, "cpu.max") {
        let (quota, period) = max.split_once(' ')?;
        return share(quota, period);
    }
    share(&value(root, groups, "cpu/cpu.cfs_quota_us")?, &value(root, groups, "cpu/cpu.cfs_period_us")?)
}

/// What stands in a file of the process's group: `memory/…` of a controller of its own, or of the one for all.
fn value(root: &Path, groups: &str, file: &str) -> Option<String> {
    let (controller, name) = file.split_once('/').unwrap_or(("", file));
    let row = groups.lines().find_map(|line| {
        let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
        controllers.split(',').any(|one| one == controller).then_some(path)
    })?;
    let folder: PathBuf = root.join(controller).join(row.trim_start_matches('/'));
    fs::read_to_string(folder.join(name)).ok().map(|text| text.trim().to_owned())
}
