//! Whether a container is a boundary is a fact of it, predicted by `hermes check` and said to be predicted.

use hermes_tests::docker::{self, Engine, exec};
use hermes_tests::hermes::{Hermes, run, text};
use hermes_tests::podman;
use serde_json::Value;

fn check(hermes: &Hermes, command: &str) -> (Option<i32>, Value) {
    let ran = run(hermes.command(&["check", "--json", "--", command]));
    (ran.code, serde_json::from_str(&ran.out).unwrap_or_default())
}

/// Each setting, as it is predicted and as it is.
fn a_closed_container_is_a_boundary_and_an_opened_one_is_not(engine: &Engine) {
    let plain = Hermes::new();
    let outside = plain.victim();
    let volume = |mode: &str| format!("docker_volumes: ['{}:/data{mode}']", text(&outside));
    let socket = podman::socket(engine);
    let cap = |name: &str| format!("docker_cap_add: [{name}]");
    for (more, closed) in [
        (String::new(), true),
        (volume(":ro"), true),
        (volume(""), false),
        (volume(":rw"), false),
        ("docker_volumes: ['HOME/sandboxes/shared:/data']".to_owned(), true),
        ("docker_volumes: ['HOME/sandboxes:/data']".to_owned(), false),
        ("docker_volumes: ['HOME/sandboxes/../user:/data']".to_owned(), false),
        ("docker_volumes: ['/:/host:ro']".to_owned(), false),
        ("docker_volumes: ['/dev/null:/null:ro']".to_owned(), false),
        (format!("docker_volumes: ['{}:/engine.sock:ro']", text(&socket)), false),
        (format!("docker_volumes: ['{}:/engine:ro']", text(socket.parent().expect("a folder"))), false),
        ("docker_mount_cwd_to_workspace: true".to_owned(), false),
        (cap("CHOWN"), true),
        (cap("CAP_NET_BIND_SERVICE"), true),
        (cap("SYS_ADMIN"), false),
        (cap("SYS_PTRACE"), false),
        (cap("CAP_NET_ADMIN"), false),
        (cap("DAC_READ_SEARCH"), false),
    ] {
        let hermes = Hermes::new();
        std::fs::create_dir_all(hermes.path("home/sandboxes/shared")).expect("made");
        let more = more.replace("HOME", text(&hermes.path("home")));
        let hermes = hermes.configured(&docker::settings(engine, &format!("docker_network: false\n{more}")));
        let ran = exec(&hermes, "mkdir -p /tmp/x && rm -r /tmp/x && echo gone");
        let expected = if closed { (Some(0), "gone\n") } else { (Some(126), "") };
        assert_eq!((ran.code, ran.out.as_str()), expected, "{more}: {ran:?}");
        let (code, told) = check(&hermes, "rm -r /tmp/x");
        assert!(told["backend"]["why"].as_str().unwrap_or_default().starts_with("Predicted"), "{told}");
        assert_eq!(
            (code, &told["backend"]["boundary"]),
            (Some(if closed { 0 } else { 3 }), &closed.into()),
            "{more}: {told}"
        );
    }
}

fn the_working_directory_can_be_the_workspace(engine: &Engine) {
    let hermes = docker::hermes(engine, "docker_mount_cwd_to_workspace: true");
    assert_eq!(exec(&hermes, "pwd; echo here >file").out, "/workspace\n");
    assert_eq!(std::fs::read_to_string(hermes.path("work/file")).expect("it is here"), "here\n");
    assert!(!hermes.path("home/sandboxes/docker/exec/workspace").exists());
}

fn files_of_the_home_are_lent_and_cannot_be_written(engine: &Engine) {
    let files = "credential_files: [token.json, nested/deep.json, ../user/secret, none.json]";
    let hermes = docker::hermes(engine, files);
    std::fs::create_dir(hermes.path("home/nested")).expect("made");
    std::fs::write(hermes.path("home/token.json"), "token\n").expect("written");
    std::fs::write(hermes.path("home/nested/deep.json"), "deep\n").expect("written");
    std::fs::write(hermes.path("user/secret"), "secret\n").expect("written");
    let ran =
        exec(&hermes, "cd /root/.hermes; cat token.json nested/deep.json; find . -type f | sort; echo x >token.json");
    assert!(ran.out.starts_with("token\ndeep\n./nested/deep.json\n./token.json\n"), "{ran:?}");
    assert!(ran.out.contains("Read-only file system") && ran.code == Some(1), "{ran:?}");
    assert!(ran.err.contains("`../user/secret` is not a path below the home"), "{ran:?}");
    assert!(ran.err.contains("`none.json` is not there"), "{ran:?}");
    assert_eq!(std::fs::read_to_string(hermes.path("home/token.json")).expect("there"), "token\n");
    assert_eq!(exec(&hermes, "rm -rf /root/.hermes 2>/dev/null; echo").code, Some(0));
    assert_eq!(std::fs::read_to_string(hermes.path("home/token.json")).expect("still there"), "token\n");
}

on_each_engine! {
    a_closed_container_is_a_boundary_and_an_opened_one_is_not,
    the_working_directory_can_be_the_workspace,
    files_of_the_home_are_lent_and_cannot_be_written,
}
