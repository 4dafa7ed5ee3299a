//! What runs beside a conversation, or beside another process, in containers: looked after, ended, and said to be lost.

use hermes_tests::docker::{self, Engine, IMAGE, Session};
use hermes_tests::dockerd::Dockerd;
use hermes_tests::hermes::{Hermes, run};
use hermes_tests::terminal::{CTRL_C, Terminal};
use rustix::process::{Pid, Signal, kill_process};

const SIGN: &str = "❯ ";

#[test]
fn a_process_in_the_background_is_looked_after_and_killed() {
    let Some(engine) = Engine::get() else { return };
    let script = "
- tool_calls: [{name: terminal, arguments: {command: 'echo one; sleep 0.3; echo two; exit 4', background: true}}]
- expect: {last_contains: proc-1}
  tool_calls: [{name: process, arguments: {action: wait, process_id: proc-1, timeout: 20}}]
- expect: {last_contains: 'exited, exit code 4'}
  tool_calls: [{name: process, arguments: {action: log, process_id: proc-1}}]
- expect: {last_contains: two}
  tool_calls: [{name: terminal, arguments: {command: 'echo up; sh -c \"sleep 611 & wait\"', background: true}}]
- tool_calls: [{name: process, arguments: {action: poll, process_id: proc-2}}]
- expect: {last_contains: running}
  tool_calls: [{name: process, arguments: {action: kill, process_id: proc-2}}]
- expect: {last_contains: exited}
  tool_calls: [{name: terminal, arguments: {command: 'ps | grep -c \"[s]leep 611\"'}}]
- expect: {last_contains: \"0\"}
  tool_calls: [{name: terminal, arguments: {command: 'sleep 612', background: true}}]
- text: Done.
";
    let hermes = Hermes::new().scripted(script, &docker::settings(engine, ""));
    let ran = run(hermes.command(&["chat", "-q", "go"]));
    assert!(ran.code == Some(0) && ran.out.ends_with("Done.\n"), "{ran:?}");
    assert_eq!(engine.containers(&hermes), Vec::<String>::new(), "what ran on went with the container");
}

#[test]
fn what_ran_in_a_container_that_is_killed_is_lost() {
    let Some(engine) = Engine::get() else { return };
    let script = "
- tool_calls: [{name: terminal, arguments: {command: 'echo up; sleep 60', background: true}}]
- tool_calls: [{name: process, arguments: {action: wait, process_id: proc-1, timeout: 30}}]
- expect: {last_contains: 'The container ended while the command ran'}
  tool_calls: [{name: terminal, arguments: {command: 'echo again'}}]
- expect: {last_contains: again}
  tool_calls: [{name: process, arguments: {action: list}}]
- expect: {last_contains: exited}
  text: Done.
";
    for end in [&["kill"][..], &["rm", "-f"], &["stop", "-t", "1"]] {
        let hermes = Hermes::new().scripted(script, &docker::settings(engine, ""));
        let session = Session::run(engine, &hermes, hermes.command(&["chat", "-q", "go"]));
        let container = session.container();
        let _ = engine.ask(&[end, &[&container]].concat());
        let ran = session.wait();
        assert!(ran.code == Some(0) && ran.out.ends_with("Done.\n"), "{end:?}: {ran:?}");
        assert_eq!(engine.containers(&hermes), Vec::<String>::new());
    }
}

#[test]
fn a_turn_in_the_background_has_a_container_of_its_own() {
    let Some(engine) = Engine::get() else { return };
    let script = "
- tool_calls: [{name: terminal, arguments: {command: 'echo mine >mine; while [ ! -e go ]; do sleep 0.1; done; echo far-away'}}]
- expect: {last_contains: far-away}
  text: It is done.
";
    let hermes = Hermes::new().scripted(script, &docker::settings(engine, ""));
    let mut terminal = Terminal::open(&hermes, &[]);
    terminal.until(SIGN);
    terminal.line("/background wait for it");
    terminal.until("In the background, as session `");
    terminal.until(SIGN);
    let folder = hermes.path("home/sandboxes/docker");
    let workspace = (0..300).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(100));
        let tasks = std::fs::read_dir(&folder).into_iter().flatten().flatten();
        tasks.map(|task| task.path().join("workspace")).find(|task| task.join("mine").exists())
    });
    assert_eq!(engine.containers(&hermes).len(), 1, "it has its own, and the conversation has none yet");
    std::fs::write(workspace.expect("it began").join("go"), "").expect("written");
    terminal.until("It is done.\nGo on with it by `/resume ");
    terminal.line("/quit");
    assert_eq!(terminal.end(), 0);
    assert_eq!(engine.containers(&hermes), Vec::<String>::new());
}

#[test]
fn an_interrupted_command_leaves_nothing_in_a_container_that_stays() {
    let Some(engine) = Engine::get() else { return };
    let hermes = docker::hermes(engine, "");
    // Another process keeps the container.
    let keeper = Session::begin(engine, &hermes, "sleep 60");
    let command = "echo begun; sh -c 'sleep 621 & sleep 622' & (setsid sleep 623 &) ; sleep 624";
    let mut terminal = Terminal::open(&hermes, &["exec", "--backend", "docker", "--", command]);
    terminal.until("begun\n");
    let processes = || engine.ask(&["top", &keeper.container()]);
    let all = |seen: &str| ["621", "622", "623", "624"].iter().all(|at| seen.contains(&format!("sleep {at}")));
    assert!((0..50).any(|_| all(&processes())), "{}", processes());
    terminal.keys(CTRL_C);
    assert_eq!(terminal.end(), 130);
    let left = processes();
    assert!(!left.contains("sleep 62") && left.contains("sleep 60"), "{left}");
    keeper.end();
    // The same by a signal, as a system that goes down sends it.
    let session = Session::begin(engine, &hermes, "sleep 60");
    kill_process(Pid::from_raw(session.pid()).expect("a process"), Signal::TERM).expect("sent");
    assert_eq!(session.wait().code, Some(130));
    assert_eq!(engine.containers(&hermes), Vec::<String>::new());
}

#[test]
fn what_is_taken_away_between_commands_is_made_again() {
    let Some(engine) = Engine::get() else { return };
    let image = format!("127.0.0.1:1/gone:{}", std::process::id());
    let _ = engine.ask(&["tag", IMAGE, &image]);
    let hermes = Hermes::new().configured(&docker::settings(engine, "").replace(IMAGE, &image));
    let mut terminal = Terminal::open(&hermes, &[]);
    terminal.until(SIGN);
    terminal.line("export COLOUR=blue; echo kept >kept; echo left >/tmp/left; echo fi''rst");
    terminal.until("first\n");
    terminal.until(SIGN);
    let remove = || {
        let containers = engine.containers(&hermes);
        let _ = engine.ask(&["rm", "-f", &containers[0]]);
    };
    remove();
    terminal.line("cat kept; echo $COLOUR; ls /tmp; echo sec''ond");
    let seen = terminal.until("second\n");
    assert!(seen.contains("kept\nblue\n") && !seen.contains("left\n"), "{seen}");
    terminal.until(SIGN);
    // The image too: it is nowhere to be had, until it is.
    remove();
    let _ = engine.ask(&["rmi", &image]);
    terminal.line("echo th''ird");
    terminal.until("cannot be had");
    terminal.until(SIGN);
    let _ = engine.ask(&["tag", IMAGE, &image]);
    terminal.line(
        "echo fou''rth; (sh -c 'sleep 0.1 &'); sleep 0.5; grep -c '^State:.Z' /proc/[0-9]*/status | grep -c ':1'",
    );
    let seen = terminal.until("fourth\n0\n");
    assert!(!seen.contains("cannot be had"), "{seen}");
    terminal.until(SIGN);
    terminal.line("/quit");
    assert_eq!(terminal.end(), 0);
    assert_eq!(engine.containers(&hermes), Vec::<String>::new());
    let _ = engine.ask(&["rmi", &image]);
}

#[test]
fn what_an_engine_does_not_hold_is_told_once() {
    // On such a disk no storage driver can limit a container.
    let Some(dockerd) = Dockerd::with(&[], Some(64)) else { return };
    let hermes = docker::hermes(dockerd.engine(), "");
    let told = || docker::exec(&hermes, "true").err.matches("cannot limit the disk").count();
    assert_eq!((told(), told()), (1, 0));
}
