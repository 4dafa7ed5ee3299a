//! Stories: a person at a real terminal is asked about a command, and every answer does what it says.

use std::path::Path;

use hermes_tests::hermes::{Hermes, text};
use hermes_tests::terminal::{CTRL_C, CTRL_D, ENTER, Terminal};

const SIGN: &str = "❯ ";
const QUESTION: &str = "Choice [o/s/a/D]: ";

/// A session that has just asked about deleting the victim.
fn asked(hermes: &Hermes) -> (Terminal, String) {
    let mut terminal = Terminal::open(hermes, &[]);
    terminal.until(SIGN);
    let seen = ask_again(&mut terminal, &hermes.victim());
    (terminal, seen)
}

fn ask_again(terminal: &mut Terminal, victim: &Path) -> String {
    terminal.line(&format!("rm -r {}", text(victim)));
    terminal.until(QUESTION)
}

fn leave(mut terminal: Terminal) {
    terminal.line("/quit");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn the_prompt_names_the_danger_and_the_command() {
    let hermes = Hermes::new();
    let (terminal, seen) = asked(&hermes);
    let victim = hermes.victim();
    let prompt = format!(
        "⚠️  DANGEROUS COMMAND: recursive delete\n    rm -r {}\n    [o]nce | [s]ession | [a]lways | [d]eny\n    {QUESTION}",
        text(&victim)
    );
    assert!(seen.ends_with(&prompt), "{seen}");
    drop(terminal);
    assert!(victim.exists());
}

#[test]
fn enter_end_of_input_interrupt_and_nonsense_deny() {
    for keys in [ENTER, CTRL_D, CTRL_C, "x\r", "\x1b[A\r", "yes please\r", "d\r", "D\r"] {
        let hermes = Hermes::new();
        let (mut terminal, _) = asked(&hermes);
        terminal.keys(keys);
        terminal.until("denied");
        terminal.until("BLOCKED");
        terminal.until(SIGN);
        terminal.line("echo still $((40 + 2))");
        terminal.until("still 42");
        terminal.until(SIGN);
        leave(terminal);
        assert!(hermes.victim().exists(), "{keys:?}");
    }
}

#[test]
fn time_runs_out_and_half_an_answer_goes_nowhere() {
    let hermes = Hermes::new().configured("approvals: {timeout: 1}\n");
    let (mut terminal, _) = asked(&hermes);
    terminal.keys("echo half");
    terminal.until("denied: time is over");
    terminal.until("nobody answered within 1 s: a timeout, not a no");
    terminal.until(SIGN);
    terminal.line("echo whole");
    assert!(!terminal.until("\nwhole\n").contains("half"));
    terminal.until(SIGN);
    leave(terminal);
    assert!(hermes.victim().exists());
}

#[test]
fn what_was_typed_before_the_prompt_is_not_its_answer() {
    let hermes = Hermes::new().configured("approvals: {timeout: 1}\n");
    let mut terminal = Terminal::open(&hermes, &[]);
    terminal.until(SIGN);
    let victim = hermes.victim();
    // The `o` waits in the terminal, without a line's end, while the prompt comes.
    terminal.keys(&format!("sleep 0.5; rm -r {}\ro", text(&victim)));
    terminal.until(QUESTION);
    terminal.keys(ENTER);
    terminal.until("denied");
    terminal.until(SIGN);
    leave(terminal);
    assert!(victim.exists());
}

#[test]
fn once_is_once() {
    let hermes = Hermes::new();
    let (mut terminal, _) = asked(&hermes);
    terminal.line("o");
    terminal.until("allowed once");
    terminal.until(SIGN);
    assert!(!hermes.path("work/victim").exists());
    ask_again(&mut terminal, &hermes.victim());
    terminal.line("");
    terminal.until(SIGN);
    leave(terminal);
}

#[test]
fn session_is_for_this_session() {
    let hermes = Hermes::new();
    let (mut terminal, _) = asked(&hermes);
    terminal.line("s");
    terminal.until("allowed for this session");
    terminal.until(SIGN);
    terminal.line(&format!("mkdir victim && rm -r {}", text(&hermes.path("work/victim"))));
    assert!(!terminal.until(SIGN).contains("DANGEROUS"));
    terminal.line("/new");
    terminal.until("A new session begins");
    terminal.until(SIGN);
    ask_again(&mut terminal, &hermes.victim());
    terminal.line("");
    terminal.until(SIGN);
    leave(terminal);
    assert!(!hermes.path("home/config.yaml").exists(), "nothing is written");
}

#[test]
fn always_is_written_and_holds_in_the_next_process() {
    let hermes = Hermes::new().configured("# mine\napprovals: {timeout: 30} # short\n");
    let (mut terminal, _) = asked(&hermes);
    terminal.line("a");
    terminal.until("always allowed");
    terminal.until(SIGN);
    leave(terminal);
    assert!(!hermes.path("work/victim").exists());
    let config = std::fs::read_to_string(hermes.path("home/config.yaml")).expect("read");
    assert!(config.starts_with("# mine\napprovals: {timeout: 30} # short\ncommand_allowlist:\n"), "{config}");

    let victim = hermes.victim();
    let mut terminal = Terminal::open(&hermes, &[]);
    terminal.until(SIGN);
    terminal.line(&format!("rm -r {}", text(&victim)));
    assert!(!terminal.until(SIGN).contains("DANGEROUS"));
    leave(terminal);
    assert!(!victim.exists());
}

#[test]
fn an_interrupted_command_ends_and_the_session_goes_on() {
    let hermes = Hermes::new();
    let mut terminal = Terminal::open(&hermes, &[]);
    terminal.until(SIGN);
    terminal.line("echo begun; sleep 600");
    terminal.until("\nbegun\n");
    terminal.keys(CTRL_C);
    terminal.until("Interrupted");
    terminal.until(SIGN);
    terminal.keys(CTRL_C);
    terminal.until("Press Ctrl-C again");
    terminal.until(SIGN);
    terminal.keys(CTRL_C);
    assert_eq!(terminal.end(), 130);
}

#[test]
fn yolo_is_said_and_does_not_lift_the_floor() {
    let hermes = Hermes::new();
    let victim = hermes.victim();
    let mut terminal = Terminal::open(&hermes, &[]);
    terminal.until(SIGN);
    terminal.line("/yolo");
    terminal.until("⚡ YOLO mode ON — all commands auto-approved. Use with caution.\n");
    terminal.until("⚡ YOLO ❯ ");
    terminal.line(&format!("rm -r {}", text(&victim)));
    assert!(!terminal.until(SIGN).contains("DANGEROUS"));
    assert!(!victim.exists());
    terminal.line("/yolo");
    terminal.until("⚠ YOLO mode OFF — dangerous commands will require approval.\n");
    terminal.until(SIGN);
    ask_again(&mut terminal, &hermes.victim());
    terminal.line("");
    terminal.until(SIGN);
    leave(terminal);
}

#[test]
fn end_of_input_leaves() {
    let hermes = Hermes::new();
    let mut terminal = Terminal::open(&hermes, &[]);
    terminal.until(SIGN);
    terminal.keys(CTRL_D);
    assert_eq!(terminal.end(), 0);
}
