//! A plugin without a runtime does all of its work through the host's services, within what it declares.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use futures_util::{SinkExt as _, StreamExt as _};
use hermes_tests::hermes::{self, Ran};
use hermes_tests::owner::Owner;
use hermes_tests::plugins::Shipped;

/// A home with the errand plugin in it, which declares this.
fn declaring(more: &str) -> Owner {
    let hermes = Owner::default();
    let word = "commands: [{name: errand, about: Runs an errand}]";
    let folder = Shipped::new("commands-errand", "errand").more(word).more(more).put(&hermes.dir());
    let _ = hermes.ok(&["plugins", "install", folder.to_str().expect("text")]);
    let _ = hermes.ok(&["plugins", "enable", "commands-errand", "--trust"]);
    hermes
}

fn errand(hermes: &Owner, args: &[&str]) -> Ran {
    hermes.run(&[&["errand"], args].concat())
}

/// A server that answers one request in two chunks.
fn serve_http() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
    let url = format!("http://{}/path", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut request = Vec::new();
        while !request.ends_with(b"ping") {
            let mut buffer = [0; 1024];
            let n = stream.read(&mut buffer).expect("read");
            request.extend_from_slice(&buffer[..n]);
        }
        let head = "HTTP/1.1 201 Created\r\ntransfer-encoding: chunked\r\n\r\n2\r\npo\r\n";
        stream.write_all(head.as_bytes()).expect("written");
        stream.flush().expect("flushed");
        std::thread::sleep(std::time::Duration::from_millis(100));
        stream.write_all(b"2\r\nng\r\n0\r\n\r\n").expect("written");
    });
    url
}

#[test]
fn http_is_streamed_to_declared_hosts_alone() {
    let hermes = declaring("permissions: {network: [127.0.0.1]}");
    let ran = errand(&hermes, &["http", &serve_http()]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "201 pong in 2 chunks\n"), "{ran:?}");
    let ran = errand(&hermes, &["http", "http://192.0.2.1/"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.err.contains("error: `192.0.2.1` is neither in the plugin's manifest nor in its settings"), "{ran:?}");
    let ran = errand(&declaring(""), &["http", "http://127.0.0.1/"]);
    assert!(ran.err.contains("Plugin `commands-errand` does not declare `network` in its manifest"), "{ran:?}");
}

#[test]
fn a_configured_endpoint_is_the_one_of_the_settings() {
    let setting = "permissions: {network: [configured]}\nsettings: {errand.url: {type: string, default: ''}}";
    let hermes = declaring(setting);
    let url = serve_http();
    assert!(errand(&hermes, &["http", &url]).err.contains("neither in the plugin's manifest"));
    let _ = hermes.ok(&["config", "set", "errand.url", &url]);
    let ran = errand(&hermes, &["http", &url]);
    assert_eq!(ran.out, "201 pong in 2 chunks\n", "{ran:?}");
}

#[tokio::test]
async fn a_websocket_goes_both_ways() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("bound");
    let url = format!("ws://{}/", listener.local_addr().expect("an address"));
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a connection");
        let mut socket = tokio_tungstenite::accept_async(stream).await.expect("a websocket");
        let message = socket.next().await.expect("a message").expect("whole");
        socket.send(message).await.expect("sent");
    });
    let hermes = declaring("permissions: {network: [127.0.0.1]}");
    let ran = tokio::task::spawn_blocking(move || errand(&hermes, &["websocket", &url])).await.expect("ran");
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "ping\n"), "{ran:?}");
    server.await.expect("served");
}

#[test]
fn a_program_runs_with_pipes_if_it_is_declared() {
    let hermes = declaring("permissions: {exec: [cat]}");
    let ran = errand(&hermes, &["process", "cat"]);
    assert!(ran.out.starts_with("through a pipe, then {\"code\":0"), "{ran:?}");
    let ran = errand(&hermes, &["process", "ls"]);
    assert!(ran.err.contains("does not declare the program `ls`"), "{ran:?}");
}

#[test]
fn a_secret_reaches_the_plugin_that_declares_it() {
    let hermes = declaring("secrets: [ERRAND_TOKEN]");
    assert_eq!(errand(&hermes, &["secret", "ERRAND_TOKEN"]).out, "not set\n");
    let mut command = hermes.command(&["errand", "secret", "ERRAND_TOKEN"]);
    let ran = {
        command.env("ERRAND_TOKEN", "hunter2");
        hermes::run(command)
    };
    assert_eq!(ran.out, "7 letters, shown as ****\n", "{ran:?}");
    let ran = errand(&hermes, &["secret", "HOME"]);
    assert!(ran.err.contains("does not declare the secret `HOME`"), "{ran:?}");
}

#[test]
fn time_chance_and_a_store_of_its_own_need_no_declaration() {
    let hermes = declaring("");
    assert_eq!(errand(&hermes, &["sleep"]).out, "true\n");
    assert_eq!(errand(&hermes, &["random"]).out, "true\n");
    assert_eq!(errand(&hermes, &["kv"]).out, "run 1\n");
    assert_eq!(errand(&hermes, &["kv"]).out, "run 2\n");
    assert_eq!(errand(&hermes, &["methods"]).out, "settings kv.get kv.set kv.delete\n");
    let ran = errand(&hermes, &["no.such.method"]);
    assert!(ran.err.contains("`no.such.method` is not supported"), "{ran:?}");
}

#[test]
fn what_a_plugin_logs_stands_in_the_log() {
    let hermes = declaring("");
    assert_eq!(errand(&hermes, &["log"]).out, "logged\n");
    let _ = errand(&hermes, &["panic"]);
    let log = std::fs::read_to_string(hermes.home().join("logs/hermes.log")).expect("there is a log");
    let line = log.lines().find(|line| line.contains("An errand was logged.")).unwrap_or_default();
    assert!(line.contains("WARN") && line.contains("plugin=\"commands-errand\"") && line.contains("42"), "{log}");
    assert!(log.contains("ERROR") && log.contains("Plugin panicked"), "{log}");
}

#[test]
fn a_word_streams_fails_and_ends_like_a_built_in_one() {
    let hermes = declaring("");
    let lines: String = (1..=1000).map(|line| format!("{line}\n")).collect();
    assert_eq!(errand(&hermes, &["stream"]).out, lines + "end\n");
    assert_eq!(errand(&hermes, &["code", "42"]).code, Some(42));
    let ran = errand(&hermes, &["fail"]);
    assert_eq!((ran.code, ran.err.as_str()), (Some(1), "error: The errand failed\nhint: try another\n"));
    let ran = errand(&hermes, &["panic"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("Plugin `commands-errand`: Panicked: an errand"), "{ran:?}");
    let help = hermes.ok(&["--help"]);
    assert!(help.contains("errand") && help.contains("Runs an errand"), "{help}");
    let _ = hermes.ok(&["plugins", "disable", "commands-errand"]);
    assert!(!hermes.ok(&["--help"]).contains("Runs an errand"));
    let ran = errand(&hermes, &["kv"]);
    assert!(ran.err.contains("hint: enable it with `hermes plugins enable commands-errand`"), "{ran:?}");
    let ran = hermes.run(&["erand"]);
    assert_eq!(
        (ran.code, ran.err.as_str()),
        (Some(2), "error: Unknown command `erand`\nhint: did you mean `errand`?\n")
    );
}

#[test]
fn a_plugin_that_needs_a_runtime_brings_its_own() {
    let hermes = Owner::default();
    let word = "commands: [{name: worker, about: Sleeps}]";
    let folder = Shipped::new("commands-worker", "worker").more(word).put(&hermes.dir());
    let _ = hermes.ok(&["plugins", "install", folder.to_str().expect("text")]);
    let _ = hermes.ok(&["plugins", "enable", "commands-worker", "--trust"]);
    assert_eq!(hermes.ok(&["worker"]), "slept on `worker`\n");
    let ran = hermes.run(&["worker", "panic"]);
    assert!(ran.code == Some(1) && ran.err.contains("Panicked on its own runtime"), "{ran:?}");
}
