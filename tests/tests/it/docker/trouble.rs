//! What goes wrong with an engine is said, with the way out, and the next command goes on.

use hermes_tests::docker::{self, Engine, IMAGE, Session, exec};
use hermes_tests::hermes::Hermes;

#[test]
fn an_engine_that_does_not_answer_is_named() {
    let hermes = Hermes::new().configured("terminal:\n  backend: docker\n  docker_host: unix:///nowhere/docker.sock\n");
    let ran = exec(&hermes, "true");
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("No container engine answers at `unix:///nowhere/docker.sock`"), "{ran:?}");
    assert!(ran.err.contains("hint: start the engine"), "{ran:?}");
    let ran = exec(&hermes.configured("terminal:\n  backend: docker\n  docker_host: ftp://x\n"), "true");
    assert!(ran.err.contains("`ftp://x` is not the address of an engine"), "{ran:?}");
}

#[test]
fn an_image_without_the_shell_is_named() {
    let Some(engine) = Engine::get() else { return };
    let config = docker::settings(engine, "").replace(IMAGE, docker::BARE);
    let hermes = Hermes::new().configured(&config);
    let ran = exec(&hermes, "true");
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("There is no `bash` in the image"), "{ran:?}");
    assert_eq!(engine.containers(&hermes), Vec::<String>::new());
}

#[test]
fn a_container_that_is_killed_is_missed() {
    let Some(engine) = Engine::get() else { return };
    let hermes = docker::hermes(engine, "");
    let session = Session::begin(engine, &hermes, "sleep 60");
    let _ = engine.ask(&["kill", &session.container()]);
    let ran = session.wait();
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("The container ended while the command ran") && ran.err.contains("hint:"), "{ran:?}");
    assert_eq!(exec(&hermes, "echo again").out, "again\n");
}

#[test]
fn a_volume_that_is_none_is_named() {
    let Some(engine) = Engine::get() else { return };
    let hermes = docker::hermes(engine, "docker_volumes: ['./here:/there']");
    let ran = exec(&hermes, "true");
    assert!(ran.err.contains("`./here:/there` in `terminal.docker_volumes` is not a volume"), "{ran:?}");
}
