//! An engine that stops, dies, comes back or runs out of room: what is not known is said, nothing is repeated, and the
//! next command goes on.

use std::time::Duration;

use hermes_tests::docker::{self, Engine, IMAGE, Session, exec};
use hermes_tests::dockerd::Dockerd;
use hermes_tests::hermes::{Hermes, Ran, run};
use hermes_tests::registry::Registry;
use hermes_tests::terminal::Terminal;
use tokio::time::Instant;

const SIGN: &str = "❯ ";

/// A chat whose lines are commands, each run by one turn of the default model.
fn shell(dockerd: &Dockerd) -> (Hermes, Terminal) {
    let hermes = docker::hermes(dockerd.engine(), "");
    let mut terminal = Terminal::open(&hermes, &[]);
    terminal.until(SIGN);
    (hermes, terminal)
}

/// Waits until a file of the workspace is there.
fn appears(hermes: &Hermes, name: &str) {
    let folder = hermes.path("home/sandboxes/docker");
    let begun = Instant::now();
    let there = || {
        std::fs::read_dir(&folder)
            .into_iter()
            .flatten()
            .flatten()
            .any(|task| task.path().join("workspace").join(name).exists())
    };
    while !there() {
        assert!(begun.elapsed() < Duration::from_secs(20), "`{name}` did not appear");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The name of every process in the container of a home.
fn processes(engine: &Engine, hermes: &Hermes) -> String {
    engine.containers(hermes).iter().map(|id| run(engine.docker(&["top", id])).out).collect()
}

#[test]
fn an_engine_that_stops_is_missed_and_found_again() {
    let Some(dockerd) = Dockerd::start() else { return };
    let (hermes, mut terminal) = shell(&dockerd);
    terminal.line("export COLOUR=blue; echo kept >kept; echo first");
    terminal.until("first\n");
    terminal.until(SIGN);

    // Between commands.
    dockerd.stop();
    terminal.line("echo second");
    terminal.until("does not answer");
    terminal.until("start the engine");
    terminal.until(SIGN);
    dockerd.resume();
    terminal.line("cat kept; echo $COLOUR");
    terminal.until("kept\nblue\n");
    terminal.until(SIGN);

    // While one runs.
    terminal.line("echo x >>begun; sleep 600; echo x >>ended");
    appears(&hermes, "begun");
    dockerd.stop();
    terminal.until("is not known");
    terminal.until(SIGN);
    dockerd.resume();
    terminal.line("wc -l <begun; ls ended; echo $COLOUR");
    let seen = terminal.until("blue\n");
    assert!(seen.contains("1\n") && seen.contains("No such file"), "it was not repeated: {seen}");
    assert!(!processes(dockerd.engine(), &hermes).contains("sleep 600"));
    terminal.until(SIGN);
    terminal.line("/quit");
    assert_eq!(terminal.end(), 0);
    assert_eq!(dockerd.engine().containers(&hermes), Vec::<String>::new());
}

#[test]
fn an_engine_that_dies_is_said_to_have_gone() {
    let Some(dockerd) = Dockerd::start() else { return };
    let hermes = docker::hermes(dockerd.engine(), "");
    let session = Session::begin(dockerd.engine(), &hermes, "echo kept >kept; sleep 60");
    dockerd.kill();
    let ran: Ran = session.wait();
    assert_eq!(ran.code, Some(1), "{ran:?}");
    for said in ["went away while the command ran", "is not known", "hint: start the engine"] {
        assert!(ran.err.contains(said), "{said}: {ran:?}");
    }
    let ran = exec(&hermes, "true");
    assert!(ran.code == Some(1) && ran.err.contains("No container engine answers at"), "{ran:?}");
    dockerd.resume();
    let ran = exec(&hermes, "cat kept");
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "kept\n"), "{ran:?}");
    assert_eq!(dockerd.engine().containers(&hermes), Vec::<String>::new());
}

/// Containers may go on without their engine: what nobody looks after any more is ended before the next command.
#[test]
fn what_went_on_without_the_engine_is_ended() {
    let Some(dockerd) = Dockerd::with(&["--live-restore"], None) else { return };
    let (hermes, mut terminal) = shell(&dockerd);
    terminal.line("echo x >begun; sh -c 'sleep 601 & wait' & sleep 600");
    appears(&hermes, "begun");
    let container = dockerd.engine().containers(&hermes);
    dockerd.stop();
    let seen = terminal.until("is not known");
    assert!(seen.contains("went away while the command ran"), "{seen}");
    terminal.until(SIGN);
    dockerd.resume();
    assert!(processes(dockerd.engine(), &hermes).contains("sleep 600"), "it goes on");
    terminal.line("echo ne''xt");
    terminal.until("next\n");
    let left = processes(dockerd.engine(), &hermes);
    assert!(!left.contains("sleep 60"), "{left}");
    assert_eq!(dockerd.engine().containers(&hermes), container, "it is the same one");
    terminal.until(SIGN);
    terminal.line("/quit");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn an_engine_without_room_says_so_and_goes_on_when_there_is_some() {
    let Some(dockerd) = Dockerd::with(&[], Some(48)) else { return };
    let (Some(shared), Some(mut registry)) = (Engine::get(), Registry::start()) else { return };
    let full = |hermes: &Hermes| {
        let ran = exec(hermes, "true");
        assert_eq!(ran.code, Some(1), "{ran:?}");
        assert!(ran.err.contains("no space left on device"), "{ran:?}");
        assert!(ran.err.contains("hint: make room on the disk of the engine"), "{ran:?}");
    };
    // An image that is too large.
    let _digest = registry.put(shared, "large", 60_000_000);
    registry.move_to(&dockerd);
    let config = docker::settings(dockerd.engine(), "").replace(IMAGE, &registry.name("large"));
    full(&Hermes::new().configured(&config));
    // No room for a container.
    let hermes = docker::hermes(dockerd.engine(), "");
    let filler = dockerd.data().join("filler");
    let mut file = std::fs::File::create(&filler).expect("made");
    let _full = std::io::copy(&mut std::io::repeat(0), &mut file);
    drop(file);
    full(&hermes);
    std::fs::remove_file(&filler).expect("removed");
    let ran = exec(&hermes, "echo room");
    assert_eq!(ran.out, "room\n", "{ran:?}");
    assert_eq!(dockerd.engine().containers(&hermes), Vec::<String>::new());
    // A command that fills it.
    let script = "
- tool_calls: [{name: terminal, arguments: {command: 'cat /dev/zero >/big; echo \"code $?\"'}}]
- expect: {last_contains: 'No space left'}
  tool_calls: [{name: terminal, arguments: {command: 'echo x >/more; ls -l /big | wc -l'}}]
- tool_calls: [{name: terminal, arguments: {command: 'rm -f /big && echo x >/more && echo fits'}}]
- expect: {last_contains: fits}
  text: Done.
";
    let hermes = Hermes::new().scripted(script, &docker::settings(dockerd.engine(), ""));
    let ran = run(hermes.command(&["chat", "-q", "go"]));
    assert!(ran.code == Some(0) && ran.out.contains("Done."), "{ran:?}");
}
