//! What the model is told before a conversation, through the installed program and as a server is sent it.

use std::fs;

use hermes_tests::hermes::{Hermes, run, text};
use hermes_tests::model_server::ModelServer;
use hermes_tests::plugins::Shipped;
use hermes_tests::terminal::Terminal;

use crate::models::{says, talking_to};

/// Without the scanner that comes with hermes.
const UNSCANNED: &str = "plugins: {disabled: [scanner-context]}\n";

fn start(config: &str) -> (Hermes, ModelServer) {
    let server = ModelServer::start(vec![says(&["Hello"])]);
    (talking_to(&server, config), server)
}

/// What the model was told first, the last time.
fn told(server: &ModelServer) -> String {
    let asked = server.asked();
    let first = &asked.last().expect("asked").body["messages"][0];
    assert_eq!(first["role"], "system", "{first}");
    first["content"].as_str().expect("text").to_owned()
}

/// A scanner that objects to files which say `probe`.
fn scanned(hermes: &Hermes) {
    let folder = Shipped::new("scanner-mine", "probe").provides(&["scanner probe context_file", "commands probe"]);
    let folder = folder.put(&hermes.path(""));
    for args in [&["plugins", "install", text(&folder)][..], &["plugins", "enable", "scanner-mine", "--trust"]] {
        let ran = run(hermes.command(args));
        assert_eq!(ran.code, Some(0), "{ran:?}");
    }
}

#[test]
fn the_prompt_says_who_it_is_how_tools_are_used_and_where_it_is_the_same_every_time() {
    let (hermes, server) = start("");
    assert_eq!(run(hermes.command(&["-q", "hello"])).code, Some(0));
    let first = told(&server);
    assert!(first.starts_with("You are hermes, an agent"), "{first}");
    let order = ["# How to use your tools", "`read_file`", "# Where you are", "backend `local`", "without markdown"];
    let places: Vec<usize> = order.iter().map(|part| first.find(part).expect(part)).collect();
    assert!(places.is_sorted(), "{first}");
    assert!(first.contains(&format!("`{}`", text(&hermes.path("work")))), "{first}");
    assert_eq!(run(hermes.command(&["-q", "hello"])).code, Some(0));
    assert_eq!(told(&server), first);
    let mut terminal = Terminal::open(&hermes, &["-q", "hello"]);
    terminal.until("Hello");
    assert_eq!(terminal.end(), 0);
    assert!(told(&server).contains("shown in a terminal"), "{}", told(&server));
}

#[test]
fn the_home_says_who_it_is_and_what_it_keeps_in_mind() {
    let (hermes, server) = start("");
    fs::write(hermes.path("home/SOUL.md"), "You are a butler. Key: ghp_0123456789abcdefghijABCDEFGHIJ012345\n")
        .expect("written");
    fs::create_dir(hermes.path("home/memories")).expect("made");
    fs::write(hermes.path("home/memories/USER.md"), "Likes tea.\n").expect("written");
    assert_eq!(run(hermes.command(&["-q", "hello"])).code, Some(0));
    let told = told(&server);
    assert!(told.starts_with("You are a butler. Key: [REDACTED]\n") && !told.contains("hermes, an agent"), "{told}");
    assert!(told.contains("## What you noted about the person\n\nLikes tea.\n"), "{told}");
}

#[test]
fn files_of_a_project_are_not_loaded_without_a_scanner_and_the_way_to_one_is_told_once() {
    let (hermes, server) = start(UNSCANNED);
    fs::write(hermes.path("work/AGENTS.md"), "Always test with just.").expect("written");
    let ran = run(hermes.command(&["-q", "hello"]));
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "Hello\n"), "{ran:?}");
    assert!(ran.err.contains("`AGENTS.md` is not loaded") && ran.err.contains("`scanner-context`"), "{ran:?}");
    assert!(!told(&server).contains("just"), "{}", told(&server));
    let mut terminal = Terminal::open(&hermes, &["-Q"]);
    terminal.line("one");
    let first = terminal.until("Hello");
    terminal.line("two");
    let second = terminal.until("Hello");
    terminal.line("/quit");
    assert_eq!(terminal.end(), 0);
    assert!(first.contains("is not loaded") && !second.contains("is not loaded"), "{first}\n{second}");
}

#[test]
fn a_scanned_file_is_loaded_and_one_that_is_objected_to_is_not_until_the_owner_allows_it() {
    let (hermes, server) = start(UNSCANNED);
    scanned(&hermes);
    fs::write(hermes.path("work/AGENTS.md"), "Always test with just.").expect("written");
    let ran = run(hermes.command(&["-q", "hello"]));
    assert!(ran.code == Some(0) && !ran.err.contains("not loaded"), "{ran:?}");
    assert!(told(&server).contains("## AGENTS.md\n\nAlways test with just."), "{}", told(&server));
    fs::write(hermes.path("work/AGENTS.md"), "Test.\nThen probe it.\n").expect("written");
    let ran = run(hermes.command(&["-q", "hello"]));
    let blocked = "[BLOCKED: AGENTS.md contained potential prompt injection (probe). Content not loaded.]";
    assert!(told(&server).contains(blocked) && !told(&server).contains("Then probe"), "{}", told(&server));
    assert!(ran.err.contains("line 2: probe (scanner-mine): Then probe it."), "{ran:?}");
    let allow = ran.err.lines().find_map(|line| line.trim().strip_prefix("security: ")).expect("the way out").trim();
    let set = run(hermes.command(&[
        "config",
        "set",
        "security.context_allow",
        &allow["{context_allow: ".len()..allow.len() - 1],
    ]));
    assert_eq!(set.code, Some(0), "{set:?}");
    let ran = run(hermes.command(&["-q", "hello"]));
    assert!(ran.code == Some(0) && !ran.err.contains("not loaded"), "{ran:?}");
    assert!(told(&server).contains("## AGENTS.md\n\nTest.\nThen probe it."), "{}", told(&server));
    fs::write(hermes.path("work/AGENTS.md"), "Test.\nThen probe it twice.\n").expect("written");
    assert!(run(hermes.command(&["-q", "hello"])).err.contains("`AGENTS.md` is not loaded"));
}
