//! Stories: a person writes at a terminal that can do what terminals can.

use std::os::unix::fs::PermissionsExt as _;

use hermes_tests::hermes::{Hermes, text};
use hermes_tests::terminal::{CTRL_C, CTRL_D, ENTER, Terminal};

const SIGN: &str = "❯ ";
const SIZE: (u16, u16) = (24, 80);
const QUESTION: &str = "Choice [o/s/a/D]: ";

fn begun(hermes: &Hermes) -> Terminal {
    let mut terminal = Terminal::able(hermes, &[], SIZE);
    terminal.until(SIGN);
    terminal
}

fn leave(mut terminal: Terminal) {
    terminal.until(SIGN);
    terminal.line("/quit");
    assert_eq!(terminal.end(), 0);
}

fn history(hermes: &Hermes) -> String {
    std::fs::read_to_string(hermes.path("home/history")).expect("a history")
}

#[test]
fn a_line_is_edited_remembered_and_searched() {
    let hermes = Hermes::new();
    let mut terminal = begun(&hermes);
    terminal.keys("ecx\x7fho ab\x1b[Dx\r");
    terminal.until("\naxb\n");
    leave(terminal);
    let mode = std::fs::metadata(hermes.path("home/history")).expect("a history").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let mut terminal = begun(&hermes);
    terminal.keys("\x12axb");
    terminal.sees("what was found", |screen| screen.contains("(search: axb) echo axb"));
    terminal.keys(ENTER);
    terminal.sees("the line that was found", |screen| {
        screen.lines().last().is_some_and(|line| line.contains("❯ echo axb"))
    });
    terminal.keys(ENTER);
    terminal.until("\naxb\n");
    leave(terminal);
    assert_eq!(history(&hermes), "echo axb\n/quit\necho axb\n/quit\n");
}

#[test]
fn a_message_of_many_lines_is_one() {
    let hermes = Hermes::new();
    let mut terminal = begun(&hermes);
    terminal.keys("echo one\x1b\recho two\r");
    terminal.until("\none\n");
    terminal.until("two\n");
    terminal.until(SIGN);
    terminal.keys("echo thr\\\ree\r");
    terminal.until("\nthree\n");
    terminal.until(SIGN);
    terminal.keys("\x1b[200~echo four\recho five\x1b[201~");
    terminal.sees("the paste", |screen| screen.ends_with("· echo five"));
    terminal.keys(ENTER);
    terminal.until("\nfour\n");
    terminal.until("five\n");
    leave(terminal);
}

#[test]
fn a_long_paste_arrives_whole() {
    let hermes = Hermes::new();
    let mut terminal = begun(&hermes);
    let long = "x".repeat(9_000);
    terminal.keys(&format!("\x1b[200~printf %s {long} | wc -c\x1b[201~\r"));
    terminal.until("\n9000\n");
    leave(terminal);
}

#[test]
fn tab_completes_words_and_paths() {
    let hermes = Hermes::new();
    std::fs::write(hermes.path("work/unmistakable.txt"), "inside\n").expect("written");
    let mut terminal = begun(&hermes);
    terminal.keys("/stat\t\r");
    terminal.until("model     direct");
    terminal.until(SIGN);
    terminal.keys("cat unmi\t\r");
    terminal.until("\ninside\n");
    leave(terminal);
}

#[test]
fn what_stands_at_the_right_is_who_answers() {
    let hermes = Hermes::new();
    let terminal = begun(&hermes);
    terminal.sees("the model", |screen| screen.lines().last().is_some_and(|line| line.ends_with(" direct")));
    let narrow = Terminal::able(&hermes, &[], (12, 40));
    narrow.sees("the sign", |screen| screen.contains('❯'));
}

#[test]
fn ctrl_c_empties_the_line_then_warns_then_leaves() {
    let hermes = Hermes::new();
    let mut terminal = begun(&hermes);
    terminal.keys("rm everything");
    terminal.sees("the line", |screen| screen.contains("rm everything"));
    terminal.keys(CTRL_C);
    terminal.sees("an empty line", |screen| screen.lines().last().is_some_and(|line| line.starts_with("❯  ")));
    terminal.keys(CTRL_C);
    terminal.until("Press Ctrl-C again");
    terminal.until(SIGN);
    terminal.keys(CTRL_C);
    assert_eq!(terminal.end(), 130);
}

#[test]
fn end_of_input_leaves_and_the_terminal_is_as_it_was() {
    let hermes = Hermes::new();
    let mut terminal = begun(&hermes);
    assert!(!terminal.edits_lines());
    terminal.keys(CTRL_D);
    terminal.until("\x1b[?2004l");
    terminal.sees("the end", |_| terminal.edits_lines());
    assert_eq!(terminal.end(), 0);
}

#[test]
fn what_is_typed_while_something_runs_waits_and_is_shown() {
    let hermes = Hermes::new();
    let mut terminal = begun(&hermes);
    terminal.line("echo begun; sleep 1");
    terminal.until("\nbegun\n");
    terminal.line("echo queued-$((40 + 2))");
    terminal.until("❯ echo queued-$((40 + 2))  (queued)");
    terminal.keys("echo half");
    terminal.until("\nqueued-42\n");
    terminal.until(SIGN);
    terminal.sees("the half line", |screen| screen.lines().last().is_some_and(|line| line.contains("❯ echo half")));
    terminal.keys("-whole\r");
    terminal.until("\nhalf-whole\n");
    terminal.until(SIGN);
    terminal.line("echo again; sleep 600");
    terminal.until("\nagain\n");
    terminal.keys(CTRL_C);
    terminal.until("Interrupted");
    leave(terminal);
}

#[test]
fn a_prompt_is_answered_as_ever_and_no_answer_is_remembered() {
    for (keys, outcome) in [
        (ENTER, "denied"),
        (CTRL_D, "denied"),
        (CTRL_C, "denied"),
        ("\x1b[A\r", "denied"),
        ("hunter2\r", "denied"),
        ("o\r", "allowed once"),
    ] {
        let hermes = Hermes::new();
        let victim = hermes.victim();
        let mut terminal = begun(&hermes);
        terminal.line(&format!("rm -r {}", text(&victim)));
        terminal.until(QUESTION);
        terminal.keys(keys);
        terminal.until(outcome);
        leave(terminal);
        assert_eq!(victim.exists(), outcome == "denied", "{keys:?}");
        let expected = format!("rm -r {}\n/quit\n", text(&victim));
        assert_eq!(history(&hermes), expected, "{keys:?}");
    }
}

#[test]
fn what_was_typed_before_the_prompt_is_not_its_answer() {
    let hermes = Hermes::new();
    let victim = hermes.victim();
    let mut terminal = begun(&hermes);
    terminal.keys(&format!("sleep 0.5; rm -r {}\ro", text(&victim)));
    terminal.until(QUESTION);
    terminal.keys(ENTER);
    terminal.until("denied");
    leave(terminal);
    assert!(victim.exists());
}

#[test]
fn time_runs_out_and_half_an_answer_goes_nowhere() {
    let hermes = Hermes::new().configured("approvals: {timeout: 1}\n");
    let victim = hermes.victim();
    let mut terminal = begun(&hermes);
    terminal.line(&format!("rm -r {}", text(&victim)));
    terminal.until(QUESTION);
    terminal.keys("echo half");
    terminal.until("denied: time is over");
    terminal.until(SIGN);
    terminal.line("echo whole");
    assert!(!terminal.until("\nwhole\n").contains("half"), "{}", terminal.shown());
    leave(terminal);
    assert!(victim.exists());
}
