//! Which engine is taken, and which is not new enough.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;

use hermes_tests::docker::{Engine, IMAGE, exec};
use hermes_tests::hermes::{Hermes, run, text};
use hermes_tests::podman;
use hermes_tests::skip::skip;

/// What the audit log says that the last command ran in.
fn engine_of(hermes: &Hermes) -> String {
    let ran = exec(hermes, "mkdir x; rm -rf x");
    assert_eq!(ran.code, Some(0), "{ran:?}");
    run(hermes.command(&["audit", "list", "--json"])).out
}

#[test]
fn the_first_engine_that_lets_us_in_is_taken() {
    let (Some(dockerd), Some(podman)) = (Engine::get(), podman::rootful()) else { return };
    if ["/var/run/docker.sock", "/run/podman/podman.sock"].iter().any(|socket| Path::new(socket).exists()) {
        return skip("the choice of an engine", "a machine without engines of its own");
    }
    let config = format!("terminal:\n  backend: docker\n  docker_image: {IMAGE}\n  docker_network: false\n");
    let hermes = Hermes::new().configured(&config);
    let runtime = hermes.path("runtime");
    let hermes = hermes.variable("XDG_RUNTIME_DIR", text(&runtime));
    let ran = exec(&hermes, "true");
    assert!(ran.code == Some(1) && ran.err.contains("no socket was found"), "{ran:?}");

    std::fs::create_dir_all(runtime.join("podman")).expect("made");
    symlink(podman::socket(podman), runtime.join("podman/podman.sock")).expect("made");
    let of_podman = format!("of Podman {}", podman::version());
    let log = engine_of(&hermes);
    assert!(log.contains(&of_podman), "{log}");

    // A socket that nobody listens at any more.
    drop(UnixListener::bind(runtime.join("docker.sock")).expect("made"));
    assert_eq!(engine_of(&hermes).matches(&of_podman).count(), 2);

    std::fs::remove_file(runtime.join("docker.sock")).expect("removed");
    symlink(podman::socket(dockerd), runtime.join("docker.sock")).expect("made");
    let log = engine_of(&hermes);
    assert!(log.contains("of Docker ") && log.matches(&of_podman).count() == 2, "{log}");
}

/// Answers every request with this.
fn fake(body: &'static str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
    let address = listener.local_addr().expect("bound");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request);
            let length = body.len();
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n"
            );
            let _ = stream.write_all((head + body).as_bytes());
        }
    });
    format!("tcp://{address}")
}

#[test]
fn an_engine_that_is_too_old_is_named() {
    for (body, said, way_out) in [
        (
            r#"{"Version":"17.05.0-ce","ApiVersion":"1.29","MinAPIVersion":"1.12"}"#,
            "is too old: Docker 17.05.0-ce speaks version 1.29 of the API, and 1.35 is needed",
            "hint: upgrade it",
        ),
        (
            r#"{"Version":"0.9","ApiVersion":"0.99","Components":[{"Name":"Podman Engine","Version":"0.9"}]}"#,
            "is too old: Podman 0.9 speaks version 0.99",
            "hint: upgrade it",
        ),
        (r#"{"Version":"1"}"#, "does not say which version of the API it speaks", "hint: is it Docker, or Podman?"),
        (r#"{"ApiVersion":"new"}"#, "does not say which version of the API it speaks", "hint: "),
        ("<html>hello", "No container engine answers at `tcp://127.0.0.1:", "hint: "),
    ] {
        let config = format!("terminal:\n  backend: docker\n  docker_host: {}\n", fake(body));
        let ran = exec(&Hermes::new().configured(&config), "true");
        assert_eq!(ran.code, Some(1), "{body}: {ran:?}");
        assert!(ran.err.contains(said) && ran.err.contains(way_out), "{body}: {ran:?}");
    }
}
