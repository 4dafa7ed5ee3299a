//! Stories: the window changes its size, or goes.

use std::path::Path;
use std::time::Duration;

use hermes_tests::hermes::{Hermes, run, text};
use hermes_tests::terminal::{ENTER, Terminal};
use rustix::process::Signal;

const SIGN: &str = "❯ ";
const QUESTION: &str = "Choice [o/s/a/D]: ";
const WIDE: (u16, u16) = (24, 100);
const NARROW: (u16, u16) = (24, 40);

fn begun(hermes: &Hermes) -> Terminal {
    let mut terminal = Terminal::able(hermes, &[], WIDE);
    terminal.until(SIGN);
    terminal
}

fn ready(terminal: &Terminal) {
    terminal.sees("the sign", |screen| screen.lines().last().is_some_and(|line| line.starts_with('❯')));
}

#[test]
fn a_line_that_is_typed_survives_another_size() {
    let hermes = Hermes::new();
    let mut terminal = begun(&hermes);
    let words = "one two three four five six seven eight nine ten eleven twelve";
    terminal.keys(&format!("echo {words}"));
    terminal.sees("the line", |screen| screen.contains("twelve"));
    terminal.resize(NARROW);
    terminal.keys(" thirteen");
    terminal.sees("its end", |screen| screen.replace('\n', "").contains("thirteen"));
    terminal.resize(WIDE);
    terminal.keys(" fourteen\r");
    terminal.until(&format!("\n{words} thirteen fourteen\n"));
}

#[test]
fn a_question_survives_another_size() {
    let hermes = Hermes::new();
    let victim = hermes.victim();
    let mut terminal = begun(&hermes);
    terminal.keys(&format!("rm -r {}\r", text(&victim)));
    terminal.until(QUESTION);
    terminal.resize(NARROW);
    terminal.keys("o\r");
    terminal.until("allowed once");
    ready(&terminal);
    assert!(!victim.exists());
}

#[test]
fn an_answer_is_as_wide_as_the_window_is_then() {
    let script = "
- tool_calls: [{name: terminal, arguments: {command: 'touch begun; while [ ! -e go ]; do sleep 0.05; done'}}]
- text: One two three four five six seven eight nine ten eleven twelve thirteen.
";
    let hermes = Hermes::new().scripted(script, "");
    let mut terminal = begun(&hermes);
    terminal.keys("go\r");
    wait_for(&hermes.path("work/begun"));
    terminal.resize(NARROW);
    std::fs::write(hermes.path("work/go"), "").expect("written");
    terminal.sees("the answer", |screen| {
        screen.contains("One two three four five six seven eight\nnine ten eleven twelve thirteen.\n")
    });
    ready(&terminal);
}

#[test]
fn a_window_that_is_closed_ends_what_runs_and_keeps_the_session() {
    let hermes = Hermes::new();
    let mut terminal = begun(&hermes);
    terminal.keys("echo to be kept\r");
    terminal.until("\nto be kept\n");
    ready(&terminal);
    terminal.keys("echo $$ >pid; mv pid begun; sleep 600\r");
    wait_for(&hermes.path("work/begun"));
    let pid = std::fs::read_to_string(hermes.path("work/begun")).expect("a process");
    assert_eq!(terminal.close(), Some(130));
    assert!(!Path::new("/proc").join(pid.trim()).exists(), "the command goes on");
    let kept = run(hermes.command(&["sessions", "list"]));
    assert!(kept.out.contains("to be kept"), "{kept:?}");
    let mut again = Terminal::able(&hermes, &["-c"], WIDE);
    again.until("echo to be kept");
}

#[test]
fn a_window_that_is_closed_answers_nothing() {
    for keys in ["", "half a line", "/status\r"] {
        let hermes = Hermes::new();
        let mut terminal = begun(&hermes);
        terminal.keys(keys);
        // Whether the end of the keyboard or the signal is noticed first, nothing was to be done.
        let code = terminal.close();
        assert!(matches!(code, Some(0 | 130)), "{keys:?}: {code:?}");
    }
    let hermes = Hermes::new();
    let victim = hermes.victim();
    let mut terminal = begun(&hermes);
    terminal.keys(&format!("rm -r {}\r", text(&victim)));
    terminal.until(QUESTION);
    let code = terminal.close();
    assert!(matches!(code, Some(0 | 130)), "{code:?}");
    assert!(victim.exists());
}

#[test]
fn a_program_that_is_to_end_leaves_the_terminal_as_it_was() {
    let hermes = Hermes::new();
    let mut terminal = begun(&hermes);
    terminal.keys("half a line");
    terminal.sees("the line", |screen| screen.contains("half a line"));
    terminal.signal(Signal::TERM);
    terminal.sees("the end", |_| terminal.edits_lines());
    assert_eq!(terminal.end(), 130);
    let mut terminal = begun(&hermes);
    terminal.keys(&format!("touch begun; sleep 600{ENTER}"));
    wait_for(&hermes.path("work/begun"));
    terminal.signal(Signal::TERM);
    assert_eq!(terminal.end(), 130);
}

fn wait_for(path: &Path) {
    let begun = tokio::time::Instant::now();
    while !path.exists() {
        assert!(begun.elapsed() < Duration::from_secs(30), "`{}` never came", path.display());
        std::thread::sleep(Duration::from_millis(10));
    }
}
