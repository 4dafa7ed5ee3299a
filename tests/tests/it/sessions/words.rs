//! What people type about sessions: at the command line and in a chat.

use std::os::unix::fs::MetadataExt as _;

use hermes_tests::hermes::{Hermes, run, run_with, text};
use hermes_tests::terminal::{CTRL_D, Terminal};

/// A home with sessions in which these commands were run.
fn talked(commands: &[&str]) -> Hermes {
    let hermes = Hermes::new();
    for command in commands {
        assert_eq!(run(hermes.command(&["-q", command])).code, Some(0), "{command}");
    }
    hermes
}

fn said(hermes: &Hermes, args: &[&str]) -> String {
    let ran = run(hermes.command(&[&["sessions"], args].concat()));
    assert_eq!(ran.code, Some(0), "{args:?}: {ran:?}");
    ran.out
}

#[test]
fn sessions_are_listed_searched_shown_renamed_and_exported() {
    let hermes = talked(&["echo apples", "echo pears"]);
    let list = said(&hermes, &["list"]);
    assert!(list.starts_with("ID") && list.contains("echo apples") && list.contains("just now"), "{list}");
    assert!(!list.contains('\u{1b}'), "a pipe is plain: {list}");
    assert!(said(&hermes, &["search", "appl*"]).contains("echo apples"));
    assert!(said(&hermes, &["search", "\"(", "NOT"]).contains("Nothing like it was said"));
    assert!(said(&hermes, &["show", "echo pears"]).contains("[exit code 0]"));
    assert!(said(&hermes, &["rename", "echo pears", "My", "fruit"]).contains("`My fruit`"));
    let ran = run(hermes.command(&["sessions", "rename", "echo apples", "my FRUIT"]));
    assert!(ran.code == Some(1) && ran.err.contains("is called `my FRUIT` already"), "{ran:?}");
    let stats = said(&hermes, &["stats"]);
    assert!(stats.contains("sessions  2\nfrom      terminal 2\nmessages  8"), "{stats}");
    let file = hermes.path("work/fruit.md");
    said(&hermes, &["export", "my fruit", "-f", "markdown", "-o", text(&file)]);
    let markdown = std::fs::read_to_string(&file).expect("read");
    assert!(markdown.starts_with("# My fruit\n") && markdown.contains("```json\n{\"command\":\"echo pears\"}\n```"));
    assert_eq!(std::fs::metadata(&file).expect("there").mode() & 0o777, 0o600);
    let again = run(hermes.command(&["sessions", "export", "-o", text(&file)]));
    assert!(again.code == Some(1) && again.err.contains("name a file that is not there yet"), "{again:?}");
    assert_eq!(std::fs::read_to_string(&file).expect("read"), markdown);
}

#[test]
fn nothing_is_deleted_without_a_yes() {
    let hermes = talked(&["echo apples", "echo pears"]);
    let ran = run(hermes.command(&["sessions", "delete", "echo apples"]));
    assert!(ran.code == Some(1) && ran.err.contains("--yes"), "{ran:?}");
    let mut person = Terminal::open(&hermes, &["sessions", "delete", "echo apples"]);
    person.until("Delete 1 session for good? [y/N] ");
    person.line("");
    person.until("Nothing was deleted.");
    assert_eq!(person.end(), 1);
    assert_eq!(said(&hermes, &["prune", "--older-than", "1d"]), "There are no such sessions.\n");
    let mut person = Terminal::open(&hermes, &["sessions", "prune", "--older-than", "0m"]);
    person.until("Delete 2 sessions for good? [y/N] ");
    person.line("yes");
    person.until("Deleted 2 sessions.");
    assert_eq!(person.end(), 0);
    assert_eq!(said(&hermes, &["list"]), "There are no such sessions.\n");
    let ran = run(hermes.command(&["sessions", "prune", "--older-than", "soon"]));
    assert!(ran.code == Some(2) && ran.err.contains("such as 30d"), "{ran:?}");
}

#[test]
fn what_is_open_elsewhere_is_neither_deleted_nor_gone_on_with() {
    let hermes = talked(&["echo apples"]);
    let mut person = Terminal::open(&hermes, &["-c"]);
    person.until("Going on with `echo apples`");
    let delete = run(hermes.command(&["sessions", "delete", "-y", "echo apples"]));
    assert!(delete.code == Some(1) && delete.err.contains("is open in another process ("), "{delete:?}");
    let prune = run(hermes.command(&["sessions", "prune", "--older-than", "0m", "-y"]));
    assert!(prune.out.contains("Deleted 0 sessions.") && prune.err.contains("it stays"), "{prune:?}");
    let chat = run(hermes.command(&["-c", "-q", "echo no"]));
    assert!(chat.code == Some(1) && chat.err.contains("end it there first"), "{chat:?}");
    assert!(said(&hermes, &["list"]).contains("(open)"));
    person.keys(CTRL_D);
    person.until("Go on with this session by `hermes -r ");
    assert_eq!(person.end(), 0);
    assert_eq!(said(&hermes, &["delete", "-y", "echo apples"]), "Deleted 1 session.\n");
}

#[test]
fn words_in_a_chat_work_on_its_session() {
    let hermes = talked(&["echo apples"]);
    let mut person = Terminal::open(&hermes, &[]);
    for (line, seen) in [
        ("echo pears", "pears"),
        ("/title Fruit", "This session is called `Fruit` from now on"),
        ("/history", "› echo pears"),
        ("/undo", "Taken back: echo pears"),
        ("/history", "Nothing was said yet"),
        ("/resume", "echo apples"),
        ("/resume apples", "did you mean `echo apples`?"),
        ("/resume echo apples", "Going on with `echo apples`"),
        ("/usage", "2 answers"),
        ("/retry", "Again: echo apples"),
    ] {
        person.until("❯");
        person.line(line);
        person.until(seen);
    }
    person.keys(CTRL_D);
    assert_eq!(person.end(), 0);
    let list = said(&hermes, &["list"]);
    assert!(list.contains("Fruit") && list.contains("echo apples"), "{list}");
    assert_eq!(super::exported(&hermes).iter().map(Vec::len).collect::<Vec<_>>(), [4, 0]);
}

#[test]
fn a_session_is_chosen_from_pages() {
    let commands: Vec<String> = (1..=12).map(|n| format!("echo number {n:02}")).collect();
    let hermes = talked(&commands.iter().map(String::as_str).collect::<Vec<_>>());
    let ran = run_with(hermes.command(&["sessions", "browse"]), "1\n");
    assert!(ran.code == Some(1) && ran.err.contains("`hermes sessions list`"), "{ran:?}");
    let mut person = Terminal::open(&hermes, &["sessions", "browse"]);
    person.until(" 10  echo number 03");
    person.until("n next");
    person.line("n");
    person.until("  2  echo number 01");
    person.line("99");
    person.until("Type one of the numbers");
    person.line("/number 07");
    person.until("  1  echo number 07");
    person.line("1");
    person.until("Going on with `echo number 07`");
    person.keys(CTRL_D);
    assert_eq!(person.end(), 0);
}

#[test]
fn arrows_choose_a_session_on_a_terminal_that_can() {
    let hermes = talked(&["echo apples", "echo pears", "echo plums"]);
    let mut person = Terminal::able(&hermes, &["sessions", "browse"], (12, 80));
    let seen = person.sees("the list", |seen| seen.contains("❯ echo plums") && seen.contains("  echo apples"));
    assert!(seen.contains("↑↓ choose · Enter go on · / words · q leave"), "{seen}");
    person.keys("\x1b[B");
    person.sees("the second", |seen| seen.contains("❯ echo pears"));
    person.keys("/nothing\r");
    person.sees("nothing", |seen| seen.contains("There are no such sessions"));
    person.keys("/\x7f\x7f\x7f\x7f\x7f\x7f\x7fapples\r");
    person.sees("what was found", |seen| seen.contains("❯ echo apples") && !seen.contains("pears"));
    person.keys("\r");
    person.sees("the session", |seen| seen.contains("Going on with `echo apples`"));
    person.line("/quit");
    assert_eq!(person.end(), 0);
    let mut person = Terminal::able(&hermes, &["sessions", "browse"], (5, 60));
    person.sees("two of them", |seen| seen.contains("❯ echo plums") && seen.contains("n next"));
    person.keys("n");
    person.sees("the third", |seen| seen.contains("❯ echo apples") && seen.contains("p previous"));
    person.keys("q");
    assert_eq!(person.end(), 0);
}
