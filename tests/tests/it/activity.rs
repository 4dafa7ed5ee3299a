//! Stories: what a person sees of the tools that the model calls, while they run and afterwards.

use hermes_tests::hermes::{Hermes, run};
use hermes_tests::terminal::Terminal;

const SIGN: &str = "❯ ";
const SCRIPT: &str = r"
- tool_calls: [{name: terminal, arguments: {command: 'sleep 1.5; true'}}]
- tool_calls: [{name: terminal, arguments: {command: 'echo out; exit 3'}}]
- tool_calls: [{name: write_file, arguments: {path: a.txt, content: 'new'}}]
- tool_calls: [{name: patch, arguments: {path: a.txt, old_string: new, new_string: newer}}]
- text: All done.
";

#[test]
fn calls_move_while_they_run_and_end_in_one_line() {
    let hermes = Hermes::new().scripted(SCRIPT, "");
    let mut terminal = Terminal::able(&hermes, &[], (30, 80));
    terminal.until(SIGN);
    terminal.keys("go\r");
    terminal.until("terminal  sleep 1.5; true  1s");
    let shown = terminal.sees("the end", |screen| {
        screen.contains("All done.") && screen.lines().last().is_some_and(|line| line.starts_with('❯'))
    });
    for line in [
        "✓ terminal  sleep 1.5; true  1.",
        "\n  terminal  echo out; exit 3\nout\n✗ terminal  echo out; exit 3  exit 3  0.",
        "\n+new\n",
        "\n-new\n",
        "\n+newer\n",
        "✓ patch  a.txt  0.",
    ] {
        assert!(shown.contains(line), "{line:?}:\n{shown}");
    }
    assert!(!shown.chars().any(|c| ('\u{2801}'..='\u{28ff}').contains(&c)), "what moved is gone:\n{shown}");
}

#[test]
fn changes_are_coloured_unless_that_is_unwanted() {
    let hermes = Hermes::new().scripted(SCRIPT, "");
    let mut terminal = Terminal::able(&hermes, &[], (30, 80));
    terminal.until(SIGN);
    terminal.keys("go\r");
    terminal.until("\x1b[32m✓\x1b[0m");
    terminal.until("\x1b[31m-new\x1b[0m");
    terminal.until("\x1b[32m+newer\x1b[0m");
}

#[test]
fn a_pipe_gets_lines() {
    let hermes = Hermes::new().scripted(SCRIPT, "");
    let ran = run(hermes.command(&["-q", "go"]));
    assert_eq!(ran.out, "All done.\n");
    for line in ["terminal sleep 1.5; true\nterminal done in 1.", "\npatch a.txt\npatch done in 0."] {
        assert!(ran.err.contains(line), "{line:?}: {ran:?}");
    }
    assert!(!ran.err.contains(['\x1b', '✓']), "{ran:?}");
}
