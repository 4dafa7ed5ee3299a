use std::path::Path;

use bollard::models::{ContainerInspectResponse, HostConfig, MountPoint};
use hermes_plugin_api::harness::check_manifest;
use hermes_plugin_api::manifest::Kind;

use crate::config::Config;
use crate::facts::{Inside, ways_out};

#[test]
fn the_manifest_fits() {
    let manifest = check_manifest::<Config>(include_str!("../plugin.yaml")).expect("fits");
    assert!(manifest.declares(Kind::Backend, "docker"));
}

/// What a closed container shows inside.
const CLOSED: &str = "CapBnd: 0000000000000000\nNoNewPrivs: 1\npids.max 256\n";

fn ways(host: HostConfig, mounts: Vec<MountPoint>, inside: &str) -> Vec<String> {
    let host = HostConfig { privileged: host.privileged.or(Some(false)), ..host };
    let there = ContainerInspectResponse { host_config: Some(host), mounts: Some(mounts), ..Default::default() };
    ways_out(&there, &Inside::read(inside), Path::new("/nowhere/sandboxes"), Some("/nowhere/docker.sock"))
}

fn mount(source: &str, rw: bool) -> MountPoint {
    let (typ, source) = (Some("bind".to_owned()), Some(source.to_owned()));
    MountPoint { typ, source, rw: Some(rw), ..MountPoint::default() }
}

#[test]
fn a_closed_container_has_no_way_out() {
    let own = mount("/nowhere/sandboxes/docker/task/home", true);
    assert_eq!(ways(HostConfig::default(), vec![own, mount("/usr", false)], CLOSED), Vec::<String>::new());
}

#[test]
fn a_volume_of_the_image_is_the_containers_own_and_one_that_was_asked_for_is_not() {
    let volume = |name: &str| MountPoint {
        typ: Some("volume".to_owned()),
        name: Some(name.to_owned()),
        source: Some(format!("/nowhere/volumes/{name}/_data")),
        rw: Some(true),
        ..MountPoint::default()
    };
    let name = "0123456789abcdef".repeat(4);
    assert_eq!(ways(HostConfig::default(), vec![volume(&name)], CLOSED), Vec::<String>::new());
    let asked = HostConfig { binds: Some(vec![format!("{name}:/data")]), ..HostConfig::default() };
    assert_eq!(ways(asked, vec![volume(&name)], CLOSED).len(), 1);
    assert_eq!(ways(HostConfig::default(), vec![volume("cache")], CLOSED).len(), 1);
}

#[test]
fn every_way_out_is_seen() {
    let host = |host: HostConfig| ways(host, Vec::new(), CLOSED);
    assert_eq!(host(HostConfig { privileged: Some(true), ..HostConfig::default() }).len(), 1);
    for mode in ["host", "container:x", "ns:/proc/1/ns/net"] {
        assert_eq!(host(HostConfig { network_mode: Some(mode.into()), ..HostConfig::default() }).len(), 1, "{mode}");
        assert_eq!(host(HostConfig { pid_mode: Some(mode.into()), ..HostConfig::default() }).len(), 1, "{mode}");
    }
    for (source, rw) in [
        ("/usr", true),
        ("/nowhere/sandboxes", true),
        ("/nowhere/sandboxes/../config.yaml", true),
        ("/", false),
        ("/nowhere", false),
        ("/nowhere/docker.sock", false),
        ("/run", false),
        ("/dev/null", false),
    ] {
        assert_eq!(ways(HostConfig::default(), vec![mount(source, rw)], CLOSED).len(), 1, "{source} {rw}");
    }
    for (what, instead) in [
        (CLOSED, ""),
        ("0000000000000000", "0000000000200000"),
        ("NoNewPrivs: 1", "NoNewPrivs: 0"),
        ("pids.max 256", "pids.max max"),
        ("pids.max 256", "pids.max 18446744073709551615"),
    ] {
        let inside = &CLOSED.replace(what, instead);
        assert!(!ways(HostConfig::default(), Vec::new(), inside).is_empty(), "{inside}");
    }
    assert!(!ways_out(&ContainerInspectResponse::default(), &Inside::read(CLOSED), Path::new("/x"), None).is_empty());
}

#[test]
fn limits_that_do_not_hold_are_named() {
    let config: Config = serde_json::from_value(serde_json::json!({})).expect("defaults");
    let all = "memory.max 5368709120\npids.max 256\ncpu.max 100000 100000\nmount:/tmp tmpfs,rw,size=524288k\n\
               mount:/var/tmp tmpfs,size=262144k\nmount:/run tmpfs,size=65536k\n";
    assert_eq!(Inside::read(all).lacking(&config), Vec::<String>::new());
    assert_eq!(Inside::read("").lacking(&config).len(), 6);
    assert_eq!(Inside::read(&all.replace("5368709120", "max")).lacking(&config), ["memory (5120 MB)"]);
    assert_eq!(Inside::read(&all.replace("pids.max 256", "pids.max max")).lacking(&config), ["processes (256)"]);
    assert_eq!(Inside::read(&all.replace("100000 ", "max ")).lacking(&config), ["processor (1 cores)"]);
}
