//! What a container may do, read from the engine and tried from inside.

use hermes_tests::docker::{self, Engine, IMAGE, Session, exec};
use serde_json::{Value, json};

/// A running container, as the engine describes it.
fn inspected(engine: &Engine, session: &Session<'_>) -> Value {
    let told = engine.ask(&["inspect", &session.container()]);
    let told: Value = serde_json::from_str(&told).expect("JSON");
    told[0].clone()
}

fn is_podman(engine: &Engine) -> bool {
    engine.ask(&["version"]).contains("Podman Engine")
}

fn the_flags_are_those_of_the_page(engine: &Engine) {
    let hermes = docker::hermes(engine, "");
    let session = Session::begin(engine, &hermes, "sleep 60");
    let told = inspected(engine, &session);
    let host = &told["HostConfig"];
    // Podman tells what it took away, one by one: below, nothing is left.
    assert!(host["CapDrop"] == json!(["ALL"]) || is_podman(engine), "{host}");
    assert!(host["CapAdd"].as_array().is_none_or(Vec::is_empty), "{host}");
    assert_eq!(host["SecurityOpt"], json!(["no-new-privileges"]));
    assert_eq!(host["PidsLimit"], 256);
    assert_eq!(host["Init"], true);
    assert_eq!(host["NanoCpus"], 1_000_000_000);
    assert_eq!(host["Memory"], 5120_i64 << 20);
    assert_eq!((&host["Privileged"], host["PidMode"] == "host"), (&json!(false), false));
    let mut mounted = host["Tmpfs"].clone();
    for options in mounted.as_object_mut().expect("a map").values_mut() {
        let plain = options.as_str().unwrap_or_default().trim_end_matches(",rprivate,nodev,tmpcopyup").to_owned();
        *options = plain.into();
    }
    let tmpfs = json!({
        "/tmp": "rw,nosuid,size=512m",
        "/var/tmp": "rw,noexec,nosuid,size=256m",
        "/run": "rw,noexec,nosuid,size=64m",
    });
    assert_eq!(mounted, tmpfs);
    let mut mounts: Vec<(String, String)> = told["Mounts"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|mount| {
            let text = |name: &str| mount[name].as_str().unwrap_or_default().to_owned();
            (text("Source"), text("Destination"))
        })
        .collect();
    mounts.sort();
    let own = |name: &str| hermes.path(&format!("home/sandboxes/docker/exec/{name}")).display().to_string();
    assert_eq!(mounts, [(own("home"), "/root".to_owned()), (own("workspace"), "/workspace".to_owned())]);
    assert!(told["Config"]["Image"].as_str().is_some_and(|image| image.ends_with(IMAGE)), "{told}");
    assert_eq!(told["Config"]["Labels"]["hermes.home"], hermes.path("home").display().to_string());
    session.end();
    let ran = exec(&hermes, "grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status | tr -d '\\t'");
    let none = "0".repeat(16);
    assert_eq!(ran.out, format!("CapEff:{none}\nCapBnd:{none}\nNoNewPrivs:1\nSeccomp:2\n"), "{ran:?}");
}

fn settings_change_what_they_say(engine: &Engine) {
    let more = "container_cpu: 0.5\ncontainer_memory: 64\ncontainer_persistent: false\ndocker_network: false\n\
                docker_cap_add: [CHOWN]";
    let hermes = docker::hermes(engine, more);
    let session = Session::begin(engine, &hermes, "sleep 60");
    let told = inspected(engine, &session);
    let host = &told["HostConfig"];
    assert_eq!((&host["NanoCpus"], &host["Memory"]), (&json!(500_000_000), &json!(64 << 20)));
    assert_eq!(host["NetworkMode"], "none");
    assert_eq!(told["Mounts"], json!([]), "nothing of this machine is in it");
    for place in ["/workspace", "/root"] {
        let options = host["Tmpfs"][place].as_str().unwrap_or_default();
        assert!(options.starts_with("rw,exec,nosuid,"), "{options}");
    }
    session.end();
    let ran = exec(&hermes, "grep CapBnd /proc/self/status");
    assert_eq!(ran.out, format!("CapBnd:\t{}1\n", "0".repeat(15)), "{ran:?}");
    let ran = exec(&hermes, "ls /sys/class/net; echo x >kept; cp /bin/busybox busybox; ./busybox echo runs");
    assert_eq!(ran.out, "lo\nruns\n", "{ran:?}");
    assert_eq!(exec(&hermes, "ls").out, "", "all is gone with the session");
}

fn a_fork_bomb_is_stopped(engine: &Engine) {
    let hermes = docker::hermes(engine, "timeout: 20");
    let bomb = "n=0; for i in $(seq 400); do sleep 60 & done 2>&1 | head -n 1; cat /sys/fs/cgroup/pids/pids.current \
                /sys/fs/cgroup/pids.current 2>/dev/null";
    let ran = exec(&hermes, bomb);
    assert!(ran.out.contains("Resource temporarily unavailable"), "{ran:?}");
    assert_eq!(engine.containers(&hermes), Vec::<String>::new(), "it is gone with all of them");
}

fn memory_that_is_not_there_is_not_given(engine: &Engine) {
    let hermes = docker::hermes(engine, "container_memory: 64");
    let ran = exec(&hermes, "tail /dev/zero; echo code $?");
    assert!(ran.out.contains("code 137"), "{ran:?}");
}

fn temporary_folders_are_small_and_run_nothing(engine: &Engine) {
    let hermes = docker::hermes(engine, "");
    let ran = exec(&hermes, "head -c 600000000 /dev/zero >/tmp/big; wc -c </tmp/big");
    assert!(ran.out.ends_with("\n536870912\n"), "{ran:?}");
    for place in ["/var/tmp", "/run"] {
        let ran = exec(&hermes, &format!("cp /bin/busybox {place}/sh && {place}/sh true; echo code $?"));
        assert!(ran.out.contains("Permission denied") && ran.out.contains("code 126"), "{place}: {ran:?}");
    }
}

on_each_engine! {
    the_flags_are_those_of_the_page,
    settings_change_what_they_say,
    a_fork_bomb_is_stopped,
    memory_that_is_not_there_is_not_given,
    temporary_folders_are_small_and_run_nothing,
}
