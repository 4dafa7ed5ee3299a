//! Images that the engine does not have are fetched from a real registry: told, pinned, given up, refused.

use std::time::Duration;

use hermes_tests::docker::{self, Engine, IMAGE, exec};
use hermes_tests::hermes::{Hermes, run};
use hermes_tests::registry::Registry;
use hermes_tests::terminal::{CTRL_C, Terminal};
use tokio::time::Instant;

const MEGABYTE: usize = 1_000_000;

/// The program with this image.
fn with(engine: &Engine, image: &str) -> Hermes {
    Hermes::new().configured(&docker::settings(engine, "").replace(IMAGE, image))
}

fn has(engine: &Engine, image: &str) -> bool {
    run(engine.docker(&["image", "inspect", image])).code == Some(0)
}

#[test]
fn an_image_is_fetched_and_one_line_says_so() {
    let (Some(engine), Some(registry)) = (Engine::get(), Registry::start()) else { return };
    let digest = registry.put(engine, "told", MEGABYTE);
    let (name, pinned) = (registry.name("told"), registry.name(&format!("told@{digest}")));
    let hermes = with(engine, &name);
    let ran = exec(&hermes, "echo done; head -c 4 /noise | wc -c");
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "done\n4\n"), "{ran:?}");
    let told: Vec<&str> = ran.err.lines().filter(|line| line.contains("Fetching")).collect();
    assert_eq!(told.len(), 1, "{ran:?}");
    assert!(told[0].ends_with(&format!("Fetching the image `{name}`")), "{ran:?}");
    assert!(!exec(&hermes, "true").err.contains("Fetching"), "it is there now");
    let _ = engine.ask(&["rmi", &name]);

    let hermes = with(engine, &pinned);
    let ran = exec(&hermes, "echo pinned");
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "pinned\n"), "{ran:?}");
    assert!(ran.err.contains("Fetching"), "{ran:?}");
    // The tag goes elsewhere: what is pinned does not.
    let other = registry.put(engine, "told", MEGABYTE);
    assert_ne!(other, digest);
    let ran = exec(&hermes, "echo pinned");
    assert!(ran.out == "pinned\n" && !ran.err.contains("Fetching"), "{ran:?}");
    let tagged = registry.name(&format!("told:latest@{digest}"));
    assert_eq!(exec(&with(engine, &tagged), "echo both").out, "both\n");
    let _ = engine.ask(&["rmi", "-f", &pinned]);
}

#[test]
fn a_person_sees_how_far_it_is() {
    let (Some(engine), Some(registry)) = (Engine::get(), Registry::start()) else { return };
    let _digest = registry.put(engine, "slow", 4 * MEGABYTE);
    let name = registry.slowly(2_000_000).name("slow");
    let hermes = with(engine, &name);
    let mut terminal = Terminal::open(&hermes, &["exec", "--", "echo done"]);
    terminal.until("Fetching the image");
    terminal.until(" MB of ");
    terminal.until(" MB of ");
    terminal.until("is there");
    terminal.until("done\n");
    assert_eq!(terminal.end(), 0);
    let _ = engine.ask(&["rmi", &name]);

    // In a chat it is the first command that waits.
    let script = "
- tool_calls: [{name: terminal, arguments: {command: echo there}}]
- expect: {last_contains: there}
  text: Ready.
";
    let settings = docker::settings(engine, "").replace(IMAGE, &name);
    let hermes = Hermes::new().scripted(script, &settings);
    let mut terminal = Terminal::able(&hermes, &[], (24, 100));
    terminal.sees("the prompt", |shown| shown.contains('❯'));
    terminal.line("go");
    terminal.sees("progress", |shown| shown.contains(" MB of "));
    terminal.sees("the answer", |shown| shown.contains("Ready."));
    terminal.line("/quit");
    assert_eq!(terminal.end(), 0);
    let _ = engine.ask(&["rmi", &name]);
}

#[test]
fn who_does_not_want_to_wait_stops_it() {
    let (Some(engine), Some(registry)) = (Engine::get(), Registry::start()) else { return };
    let _digest = registry.put(engine, "long", 4 * MEGABYTE);
    let slow = registry.slowly(200_000);
    let name = slow.name("long");
    let hermes = with(engine, &name);
    let mut terminal = Terminal::open(&hermes, &["exec", "--", "echo done"]);
    terminal.until(" MB of ");
    terminal.keys(CTRL_C);
    let asked = Instant::now();
    assert_eq!(terminal.end(), 130);
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    while slow.connections() > 0 {
        assert!(asked.elapsed() < Duration::from_secs(10), "the engine goes on fetching");
        std::thread::sleep(Duration::from_millis(50));
    }
    assert!(slow.passed() < 4 * MEGABYTE as u64, "{}", slow.passed());
    assert!(!has(engine, &name));
    // And in a chat, which goes on.
    let mut terminal = Terminal::open(&hermes, &[]);
    terminal.until("❯ ");
    terminal.line("echo done");
    terminal.until(" MB of ");
    terminal.keys(CTRL_C);
    terminal.until("Interrupted");
    terminal.until("❯ ");
    terminal.line("/quit");
    assert_eq!(terminal.end(), 0);
    assert!(!has(engine, &name));
    assert_eq!(engine.containers(&hermes), Vec::<String>::new());
}

#[test]
fn what_cannot_be_had_is_said_with_the_way_out() {
    let (Some(engine), Some(mut registry)) = (Engine::get(), Registry::start()) else { return };
    let digest = registry.put(engine, "there", 1000);
    let refused = |image: &str, why: &[&str]| {
        let ran = exec(&with(engine, image), "true");
        assert_eq!(ran.code, Some(1), "{ran:?}");
        for why in why.iter().chain(&["cannot be had", "hint: "]) {
            assert!(ran.err.contains(why), "{why}: {ran:?}");
        }
    };
    refused(&registry.name("there:other"), &["manifest unknown", "check name and tag in `terminal.docker_image`"]);
    refused(&registry.name("nowhere"), &["check name and tag"]);
    let wrong = format!("there@sha256:{}", "0".repeat(64));
    refused(&registry.name(&wrong), &["check name and digest"]);
    let ran = exec(&with(engine, "not/A/name:1"), "true");
    assert!(ran.err.contains("`not/A/name:1` is not the name of an image"), "{ran:?}");
    registry.spoil(&digest);
    refused(&registry.name(&format!("there@{digest}")), &["verification failed", "do not use it"]);
    registry.close_up();
    refused(&registry.name("there"), &["`docker login`"]);
    registry.stop();
    refused(&registry.name("there"), &["connection refused", "is it up"]);
}

#[test]
fn a_volume_of_the_image_goes_with_the_container() {
    let Some(engine) = Engine::get() else { return };
    let image = "hermes-test/volume:1";
    let archive = engine.archive();
    let tar = archive.to_str().expect("text");
    let _ = engine.ask(&["import", "--change", "ENV PATH=/bin", "--change", "VOLUME /kept", tar, image]);
    let volumes = || engine.ask(&["volume", "ls", "-q"]);
    let hermes = with(engine, image);
    let session = docker::Session::begin(engine, &hermes, "mkdir /kept/x && rm -rf /kept/x && sleep 60");
    let mounts = engine.ask(&["inspect", "--format", "{{range .Mounts}}{{.Name}} {{end}}", &session.container()]);
    let volume = mounts.trim();
    assert!(volume.len() == 64 && volumes().contains(volume), "{mounts}");
    session.end();
    assert!(!volumes().contains(volume), "it is gone with the container");
    // One that somebody asked for is nobody's own, whatever its name.
    let name = "0123456789abcdef".repeat(4);
    let _ = engine.ask(&["volume", "create", &name]);
    let hermes = docker::hermes(engine, &format!("docker_volumes: ['{name}:/kept']"));
    let ran = exec(&hermes, "mkdir /kept/x && rm -rf /kept/x");
    assert_eq!(ran.code, Some(126), "{ran:?}");
    assert!(volumes().contains(&name), "it stays");
    let _ = engine.ask(&["volume", "rm", &name]);
}
