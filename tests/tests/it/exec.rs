//! Stories: `hermes exec` passes a command through the guard, and its output and exit code back.

use hermes_tests::hermes::{Hermes, run, text};
use hermes_tests::terminal::{CTRL_C, Terminal};

#[test]
fn output_and_exit_code_are_passed_on() {
    let hermes = Hermes::new();
    let ran = run(hermes.command(&["exec", "--", "echo out; echo err >&2; exit 7"]));
    assert_eq!((ran.code, ran.out.as_str()), (Some(7), "out\nerr\n"), "{ran:?}");
    let ran = run(hermes.command(&["exec", "--", "printf", "%s|", "a b", "$HOME", "it's"]));
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "a b|$HOME|it's|"), "{ran:?}");
}

#[test]
fn without_a_terminal_nobody_can_be_asked() {
    let hermes = Hermes::new();
    let victim = hermes.victim();
    let ran = run(hermes.command(&["exec", "--", "rm", "-r", text(&victim)]));
    assert_eq!(ran.code, Some(126));
    assert!(ran.err.starts_with("hermes: denied:") && ran.out.is_empty(), "{ran:?}");
    assert!(victim.exists());
}

#[test]
fn at_a_terminal_the_person_is_asked() {
    for (keys, code) in [("o\r", 0), ("\r", 126), ("\x04", 126), (CTRL_C, 126)] {
        let hermes = Hermes::new();
        let victim = hermes.victim();
        let mut terminal = Terminal::open(&hermes, &["exec", "--", "rm", "-r", text(&victim)]);
        terminal.until("Choice [o/s/a/D]: ");
        terminal.keys(keys);
        if code == 126 {
            terminal.until("\nhermes: denied:");
        }
        assert_eq!(terminal.end(), code, "{keys:?}");
        assert_eq!(victim.exists(), code != 0);
    }
}

#[test]
fn an_interrupted_command_is_130() {
    let hermes = Hermes::new();
    let mut terminal = Terminal::open(&hermes, &["exec", "--", "echo begun; sleep 600"]);
    terminal.until("begun\n");
    terminal.keys(CTRL_C);
    assert_eq!(terminal.end(), 130);
}
