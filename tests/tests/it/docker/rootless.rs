//! An engine of an ordinary person: its containers' root is that person, and limits may be dropped without a word.

use std::os::unix::fs::MetadataExt as _;

use hermes_tests::docker;
use hermes_tests::hermes::{Hermes, Ran, run, text};
use hermes_tests::podman::{self, OWNER};

/// What a person runs who has an engine of their own.
fn exec(hermes: &Hermes, command: &str) -> Ran {
    run(OWNER.runs(hermes, &["exec", "--", command], &hermes.command(&[])))
}

#[test]
fn files_are_those_of_the_person_and_nothing_is_gained() {
    let Some(engine) = podman::rootless() else { return };
    let hermes = docker::hermes(engine, "docker_network: false\ncredential_files: [token.json]");
    std::fs::write(hermes.path("home/token.json"), "token").expect("written");
    let look = "id -u; echo mine >file; echo mine >\"$HOME/file\"; cat \"$HOME/.hermes/token.json\"; echo; \
                echo x 2>/dev/null >\"$HOME/.hermes/token.json\" || echo kept; grep -E '^(CapBnd|NoNewPrivs)' /proc/self/status";
    let ran = exec(&hermes, look);
    let none = "0".repeat(16);
    assert_eq!(ran.out, format!("0\ntoken\nkept\nCapBnd:\t{none}\nNoNewPrivs:\t1\n"), "{ran:?}");
    for name in ["workspace/file", "home/file"] {
        let file = hermes.path("home/sandboxes/docker/exec").join(name);
        assert_eq!(std::fs::metadata(file).expect("it is here").uid(), OWNER.uid);
    }
    assert_eq!(exec(&hermes, "cat file").out, "mine\n");
    assert_eq!(engine.containers(&hermes), Vec::<String>::new());
    let hermes = docker::hermes(engine, "docker_network: false\ncontainer_persistent: false");
    let ran = exec(&hermes, "echo mine >file; echo mine >\"$HOME/file\"; cat file");
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "mine\n"), "{ran:?}");
}

#[test]
fn limits_that_were_dropped_are_told_and_no_boundary_is_claimed_without_the_one_of_processes() {
    let Some(engine) = podman::rootless() else { return };
    let hermes = docker::hermes(engine, "docker_network: false");
    let ran = exec(&hermes, "cat /sys/fs/cgroup/pids/pids.max /sys/fs/cgroup/pids.max 2>/dev/null; true");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let holds = ran.out.lines().any(|line| line == "256");
    let said: String = ran.err.split_whitespace().filter(|word| !word.contains("docker") && *word != "│").collect();
    let told = format!("butrootlessPodman{}doesnotholdthecontainertothem:", podman::version());
    assert_eq!(said.contains(&told) && said.contains("processes(256)"), !holds, "{ran:?}");
    assert_eq!(said.contains("socommandsarecheckedlikethosehere"), !holds, "{ran:?}");
    // Deleting is nothing that such a container lets out, but a fork bomb is.
    let ran = exec(&hermes, "mkdir -p x && rm -r x && echo gone");
    assert_eq!(ran.code, Some(if holds { 0 } else { 126 }), "{ran:?}");
    let ran = exec(&hermes, ":(){ :|:& };:");
    assert!(holds || (ran.code == Some(126) && ran.err.contains("BLOCKED (hardline)")), "{ran:?}");
}

#[test]
fn it_holds_what_every_backend_must_hold() {
    let Some(engine) = podman::rootless() else { return };
    let hermes = Hermes::new();
    let folder = hermes.program().with_file_name("../lib/hermes/plugins/backend-docker");
    let mut plain = hermes.command(&[]);
    plain.env("DOCKER_HOST", engine.host()).env("TERMINAL_DOCKER_IMAGE", docker::IMAGE);
    plain.env("HERMES_TERMINAL_DOCKER_NETWORK", "false");
    let ran = run(OWNER.runs(&hermes, &["plugins", "test", text(&folder)], &plain));
    assert!(ran.out.ends_with(" passed, 0 failed\n"), "{ran:?}");
}
