use std::collections::BTreeMap;
use std::path::Path;

use super::*;

fn request(script: &str) -> SpawnRequest {
    SpawnRequest {
        argv: ["bash", "--noprofile", "--norc", "-c", script].map(str::to_owned).to_vec(),
        env: BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]),
        merge_stderr: true,
        ..SpawnRequest::default()
    }
}

async fn finish(process: &mut Process) -> (String, String, Exit) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    loop {
        match process.next().await.expect("an exit comes last") {
            Event::Stdout(data) => out.extend(data),
            Event::Stderr(data) => err.extend(data),
            Event::Exit(exit) => return (text(out), text(err), exit),
        }
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("text")
}

async fn run(request: SpawnRequest) -> (String, String, Exit) {
    finish(&mut spawn(request).expect("starts")).await
}

async fn line(process: &mut Process) -> String {
    let mut line = String::new();
    while !line.ends_with('\n') {
        match process.next().await {
            Some(Event::Stdout(data)) => line.push_str(&text(data)),
            other => panic!("expected output, got {other:?}"),
        }
    }
    line.trim_end().to_owned()
}

fn alive(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.trim_start().starts_with(['Z', 'X']))
}

const CODE: fn(i32) -> Exit = |code| Exit { code: Some(code), signal: None };

#[tokio::test]
async fn exit_codes_and_signals_are_told() {
    for code in [0, 1, 3, 126, 255] {
        assert_eq!(run(request(&format!("exit {code}"))).await.2, CODE(code));
    }
    assert_eq!(run(request("kill -9 $$")).await.2, Exit { code: None, signal: Some(9) });
}

#[tokio::test]
async fn merged_output_keeps_its_order_and_separate_output_its_place() {
    let script = "for i in 1 2 3; do echo o$i; echo e$i >&2; done";
    assert_eq!(run(request(script)).await.0, "o1\ne1\no2\ne2\no3\ne3\n");
    let apart = run(SpawnRequest { merge_stderr: false, ..request(script) }).await;
    assert_eq!((apart.0.as_str(), apart.1.as_str()), ("o1\no2\no3\n", "e1\ne2\ne3\n"));
}

#[tokio::test]
async fn the_environment_is_the_requests_and_the_mark() {
    let mut request = request("");
    request.argv = vec!["env".to_owned()];
    request.env.insert("A".to_owned(), "b c".to_owned());
    let (out, ..) = run(request).await;
    let mut names: Vec<_> = out.lines().filter_map(|line| line.split('=').next()).collect();
    names.sort_unstable();
    assert_eq!(names, ["A", MARK, "PATH"]);
}

#[tokio::test]
async fn input_reaches_the_child_and_ends_when_dropped() {
    let mut process = spawn(SpawnRequest { stdin: true, ..request("cat; echo end") }).expect("starts");
    let input = process.take_input().expect("it has an input");
    input.send(b"one\n".to_vec()).await.expect("taken");
    assert_eq!(line(&mut process).await, "one");
    drop(input);
    assert_eq!(finish(&mut process).await.0, "end\n");
}

#[tokio::test]
async fn without_input_the_child_reads_end_of_file() {
    assert_eq!(run(request("cat; echo end")).await.0, "end\n");
}

#[tokio::test]
async fn the_child_has_no_terminal_and_leads_its_session() {
    let script = "read -r _ _ _ _ pgrp session _ < /proc/$$/stat; echo $(( pgrp == $$ && session == $$ )); \
                  : < /dev/tty && echo terminal";
    let (out, ..) = run(request(script)).await;
    assert!(out.starts_with("1\n") && !out.contains("\nterminal"), "{out}");
}

#[tokio::test]
async fn what_cannot_start_is_named() {
    let missing = SpawnRequest { argv: vec!["no-such-program".to_owned()], ..request("") };
    assert!(spawn(missing).expect_err("fails").message.contains("`no-such-program`"));
    let nowhere = SpawnRequest { cwd: Some("/no/such/place".to_owned()), ..request("") };
    assert!(spawn(nowhere).expect_err("fails").message.contains("`/no/such/place` is not a directory"));
    assert!(spawn(SpawnRequest::default()).expect_err("fails").message.contains("argv"));
}

#[tokio::test]
async fn a_background_process_that_holds_the_output_holds_nobody_up() {
    let mut process = spawn(request("sleep 1000 & echo $!")).expect("starts");
    let (out, _, exit) = tokio::time::timeout(Duration::from_secs(5), finish(&mut process)).await.expect("returns");
    assert_eq!(exit, CODE(0));
    assert!(alive(out.trim()), "what was put into the background goes on");
    let pid = out.trim().parse().ok().and_then(rustix::process::Pid::from_raw).expect("a pid");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("it is ours");
}

#[tokio::test]
async fn output_that_was_not_read_yet_survives_the_exit() {
    let mut process = spawn(request("head -c 60000 /dev/zero | tr '\\0' x; sleep 1000 &")).expect("starts");
    while Path::new(&format!("/proc/{}", process.pid())).exists() {
        tokio::task::yield_now().await;
    }
    assert_eq!(finish(&mut process).await.0.len(), 60_000);
}

/// A child, a grandchild in the group, one in a session of its own, and one that was also orphaned.
const FAMILY: &str = "trap '' TERM; sleep 1000 & a=$!; setsid sleep 1000 & b=$!; \
                      c=$(setsid sleep 1000 >/dev/null 2>&1 & echo $!); echo $$ $a $b $c; wait; wait";

#[tokio::test]
async fn ending_the_tree_ends_those_that_left_it_too() {
    let mut process = spawn(request(FAMILY)).expect("starts");
    let family = line(&mut process).await;
    assert_eq!(family.split(' ').filter(|pid| alive(pid)).count(), 4, "{family}");
    process.kill_tree().await;
    assert_eq!(family.split(' ').filter(|pid| alive(pid)).count(), 0, "{family}");
}

#[tokio::test]
async fn dropping_the_holder_ends_the_tree() {
    let mut process = spawn(request(FAMILY)).expect("starts");
    let family = line(&mut process).await;
    drop(process);
    ended(&family).await;
}

/// Waits until none of these processes lives.
async fn ended(family: &str) {
    let gone = async {
        while family.split(' ').any(alive) {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(10), gone).await.expect("the tree ends");
}

#[test]
fn a_runtime_that_goes_takes_the_tree_along() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let (family, process) = runtime.block_on(async {
        let mut process = spawn(request(FAMILY)).expect("starts");
        (line(&mut process).await, process)
    });
    drop(runtime);
    drop(process);
    let start = clock::instant();
    while family.split(' ').any(alive) {
        assert!(start.elapsed() < Duration::from_secs(5), "still alive: {family}");
        std::thread::yield_now();
    }
}

mod channel {
    use hermes_plugin_abi::{Channel_TO, TD_Opaque};
    use hermes_plugin_api::flow::Channel;
    use hermes_plugin_api::host::{EXIT, STDERR, STDIN, STDOUT};
    use serde_json::json;

    use super::*;

    fn open(request: SpawnRequest) -> Channel {
        let (head, channel) = open_for_plugin(request).expect("opens");
        assert!(head["pid"].as_u64().is_some_and(|pid| pid > 1));
        Channel::from_wire(Channel_TO::from_value(channel, TD_Opaque))
    }

    async fn frames(channel: &Channel) -> Vec<(u32, String)> {
        let mut frames: Vec<(u32, String)> = Vec::new();
        while let Some(piece) = channel.recv().await.expect("no fault") {
            match frames.last_mut().filter(|(tag, _)| *tag == piece.tag) {
                Some((_, data)) => data.push_str(&text(piece.data)),
                None => frames.push((piece.tag, text(piece.data))),
            }
        }
        frames
    }

    #[tokio::test]
    async fn frames_carry_input_output_and_the_exit() {
        let request = SpawnRequest { stdin: true, merge_stderr: false, ..request("cat; echo no >&2; exit 4") };
        let channel = open(request);
        channel.send(STDIN, "in").await.expect("taken");
        channel.control(&json!({ "op": "close_stdin" })).await.expect("closed");
        channel.send(STDIN, "more").await.expect_err("closed");
        let mut frames = frames(&channel).await;
        assert_eq!(frames.pop(), Some((EXIT, json!({ "code": 4, "signal": null }).to_string())));
        frames.sort_unstable();
        assert_eq!(frames, [(STDOUT, "in".to_owned()), (STDERR, "no\n".to_owned())]);
    }

    #[tokio::test]
    async fn orders_signal_and_kill() {
        let channel = open(request("trap 'echo usr1' USR1; echo up; while :; do :; done"));
        assert_eq!(channel.recv().await.expect("no fault").expect("a frame").data, b"up\n");
        channel.control(&json!({ "op": "signal", "signal": 10 })).await.expect("sent");
        assert_eq!(channel.recv().await.expect("no fault").expect("a frame").data, b"usr1\n");
        channel.control(&json!({ "op": "dance" })).await.expect_err("unknown");
        channel.control(&json!({ "op": "kill" })).await.expect("sent");
        assert_eq!(frames(&channel).await.pop(), Some((EXIT, json!({ "code": null, "signal": 15 }).to_string())));
        channel.control(&json!({ "op": "kill" })).await.expect("nothing left to do");
    }

    #[tokio::test]
    async fn dropping_the_channel_ends_the_tree() {
        let channel = open(request(FAMILY));
        let family = text(channel.recv().await.expect("no fault").expect("a frame").data);
        drop(channel);
        ended(family.trim()).await;
    }
}
