use hermes_plugin_api::harness::check_manifest;
use hermes_plugin_api::manifest::Kind;
use hermes_plugin_api::prelude::*;

use crate::config::{Config, Shared};
use crate::facts::Facts;
use crate::limits::{arguments, lacking_in};
use crate::session::told_as;
use crate::{image, task};

const SHUT: &str = "net lo\nmount 102 68 0:41 / / rw,nodev - overlay overlay rw\nmount 1 2 0:4 / /proc rw - proc proc rw\nworkspace\nhome\nbash\n";

fn shared(memory: u64, cpu: f64) -> Shared {
    Shared { cpu, memory, persistent: true, credential_files: Vec::new() }
}

#[test]
fn the_manifest_fits() {
    let manifest = check_manifest::<Config>(include_str!("../plugin.yaml")).expect("fits");
    assert!(manifest.declares(Kind::Backend, "singularity"));
}

#[test]
fn a_container_that_is_shut_is_a_boundary_and_one_that_tells_nothing_is_none() {
    let facts = Facts::read(SHUT);
    assert!(facts.open.is_empty() && facts.workspace && facts.home && facts.bash, "{facts:?}");
    assert_eq!(Facts::read("").open, ["it does not tell what is mounted in it"]);
}

#[test]
fn whatever_leads_out_of_it_makes_it_none() {
    for (line, why) in [
        (
            "kernel /proc/sys/kernel/core_pattern",
            "it can change the kernel of this machine (`/proc/sys/kernel/core_pattern`)",
        ),
        ("net eth0", "it has the network of this machine (`eth0`)"),
        (
            "mount 1 2 8:1 /etc/hosts /etc/hosts rw,nosuid - ext4 /dev/vda rw",
            "files of this machine are in it and can be changed (`/etc/hosts`)",
        ),
        (
            "mount 1 2 8:1 /x /mnt ro,rw - nfs4 server:/x rw",
            "files of this machine are in it and can be changed (`/mnt`)",
        ),
    ] {
        assert_eq!(Facts::read(&format!("{SHUT}{line}\n")).open, [why]);
    }
    let read_only = "mount 1 2 8:1 /k /root/.hermes/k ro,nosuid - ext4 /dev/vda rw";
    assert!(Facts::read(&format!("{SHUT}{read_only}\n")).open.is_empty());
}

#[test]
fn limits_that_do_not_hold_are_named() {
    let root = tempfile::tempdir().expect("a directory");
    let put = |file: &str, text: &str| {
        let path = root.path().join(file);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, text).expect("written");
    };
    let lacking = |groups: &str, shared: &Shared| lacking_in(root.path(), groups, shared);
    let all = ["processes (256)", "memory (64 MB)", "processor (1 cores)"];
    assert_eq!(lacking("", &shared(64, 1.0)), all);
    let first = "4:memory:/a\n8:pids:/a\n1:cpu:/a\n";
    put("memory/a/memory.limit_in_bytes", "67108864\n");
    put("pids/a/pids.max", "256\n");
    put("cpu/a/cpu.cfs_quota_us", "100000\n");
    put("cpu/a/cpu.cfs_period_us", "100000\n");
    assert!(lacking(first, &shared(64, 1.0)).is_empty());
    assert_eq!(lacking(first, &shared(32, 0.5)), ["memory (32 MB)", "processor (0.5 cores)"]);
    put("b/pids.max", "max\n");
    put("b/memory.max", "67108864\n");
    put("b/cpu.max", "max 100000\n");
    assert_eq!(lacking("0::/b\n", &shared(64, 1.0)), ["processes (256)", "processor (1 cores)"]);
    assert_eq!(lacking("0::/b\n", &shared(0, 0.0)), ["processes (256)"]);
    assert_eq!(arguments(&shared(0, 0.0)), ["--pids-limit", "256"]);
    let said = told_as(&Facts::read(SHUT), &["memory (64 MB)".to_owned()]);
    assert_eq!(said, "Commands run in a container without a network; not limited on this machine: memory (64 MB)");
}

#[test]
fn an_image_cannot_become_an_option() {
    for wrong in ["", "--bind=/:/x", "docker://a\nb"] {
        let error = image::check(wrong).expect_err("refused");
        assert!(error.code == ErrorCode::CONFIG && error.message.contains("terminal.singularity_image"), "{error:?}");
    }
    assert!(image::check("docker://debian:12").is_ok());
}

#[test]
fn tasks_have_folders_of_their_own_whatever_they_are_called() {
    let home = tempfile::tempdir().expect("a directory");
    let home = home.path().to_str().expect("text");
    let folders = ["exec", "a/b", "../..", ".", "a b", ""].map(|name| {
        let task = task::Task::take(home, name, None).expect("taken");
        assert_eq!(task.folder.parent().expect("a folder"), std::path::Path::new(home).join("sandboxes/singularity"));
        task.folder.clone()
    });
    assert!(folders.iter().enumerate().all(|(at, folder)| !folders[..at].contains(folder)), "{folders:?}");
    let (one, other) =
        (task::Task::take(home, "exec", None).expect("taken"), task::Task::take(home, "exec", None).expect("taken"));
    one.note("hermes-1").expect("noted");
    assert_eq!(other.instance(), "hermes-1");
}
