//! Stories: commands run in a container of a real engine, as closed as the security page wants it.

/// Makes tests of stories: with Docker, and with Podman.
macro_rules! on_each_engine {
    ($($story:ident,)*) => {
        mod on_docker {
            $(
                #[test]
                fn $story() {
                    if let Some(engine) = hermes_tests::docker::Engine::get() {
                        super::$story(engine);
                    }
                }
            )*
        }
        mod on_podman {
            $(
                #[test]
                fn $story() {
                    if let Some(engine) = hermes_tests::podman::rootful() {
                        super::$story(engine);
                    }
                }
            )*
        }
    };
}

mod away;
mod beside;
mod choice;
mod closed;
mod images;
mod kept;
mod person;
mod rootless;
mod tasks;
mod trouble;
mod verdict;

use hermes_tests::docker::{self, Engine, exec};
use hermes_tests::hermes::{Hermes, run, run_with, text};

fn a_command_runs_in_a_container_and_its_files_stay(engine: &Engine) {
    let hermes = docker::hermes(engine, "");
    let ran = exec(&hermes, "echo out; echo err >&2; echo $HOME $PWD; hostname >&2; echo kept >file; exit 7");
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!((ran.code, &lines[..3]), (Some(7), &["out", "err", "/root /workspace"][..]), "{ran:?}");
    assert_ne!(lines[3], std::fs::read_to_string("/etc/hostname").unwrap_or_default().trim());
    assert_eq!(engine.containers(&hermes), Vec::<String>::new(), "the container is gone with the session");
    assert_eq!(exec(&hermes, "cat file").out, "kept\n");
    let file = hermes.path("home/sandboxes/docker/exec/workspace/file");
    assert_eq!(std::fs::read_to_string(file).expect("it is here"), "kept\n");
}

fn what_would_be_asked_about_here_just_runs_there(engine: &Engine) {
    let hermes = docker::hermes(engine, "");
    let ran = exec(&hermes, "mkdir x && rm -rf /workspace/x && echo gone");
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "gone\n"), "{ran:?}");
    let denied = docker::settings(engine, "") + "approvals:\n  deny: ['rm *']\n";
    let ran = exec(&hermes.configured(&denied), "rm -rf /workspace/x");
    assert_eq!(ran.code, Some(126), "deny rules hold everywhere: {ran:?}");
}

fn input_is_read_and_interruption_ends_the_tree(engine: &Engine) {
    let hermes = docker::hermes(engine, "timeout: 1");
    let ran = run_with(hermes.command(&["exec", "--", "cat; echo end"]), "");
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "end\n"), "{ran:?}");
    let ran = exec(&hermes, "echo begun; sh -c 'sleep 1000 & wait' & sleep 1000");
    assert_eq!((ran.code, ran.out.as_str()), (Some(124), "begun\n"), "{ran:?}");
}

/// The conformance suite that plugin authors have.
fn it_holds_what_every_backend_must_hold(engine: &Engine) {
    let hermes = Hermes::new();
    let folder = hermes.program().with_file_name("../lib/hermes/plugins/backend-docker");
    let mut command = hermes.command(&["plugins", "test", text(&folder)]);
    let ran = run({
        command.env("DOCKER_HOST", engine.host()).env("TERMINAL_DOCKER_IMAGE", docker::IMAGE);
        command
    });
    assert!(ran.out.ends_with(" passed, 0 failed\n"), "{ran:?}");
}

on_each_engine! {
    a_command_runs_in_a_container_and_its_files_stay,
    what_would_be_asked_about_here_just_runs_there,
    input_is_read_and_interruption_ends_the_tree,
    it_holds_what_every_backend_must_hold,
}
