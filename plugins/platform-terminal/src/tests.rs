//! What stands on the screen, and which line answers what.

use std::io::Write;
use std::os::fd::AsFd as _;

use hermes_plugin_api::harness::check_manifest;
use hermes_plugin_api::platform::{Body, Call, Ended, Prompt, Status};

use std::sync::Mutex;

use super::*;
use crate::clean::{Cleaner, clean};

#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<u8>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("no panic").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Paper {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no panic").clone()).expect("text")
    }
}

const WATCHED: Wiring = Wiring { typed: true, out: true, err: true };
const PIPED: Wiring = Wiring { typed: false, out: false, err: false };

/// What stands on standard output and standard error; on a terminal both are one.
fn shown(wiring: Wiring, style: Style, bodies: &[Body]) -> (String, String) {
    let out = Paper::default();
    let err = if wiring.out && wiring.err { out.clone() } else { Paper::default() };
    let mut screen = Screen::new(Box::new(out.clone()), Box::new(err.clone()), wiring, style);
    for body in bodies {
        screen.show(body).expect("paper takes all");
    }
    (out.text(), err.text())
}

fn on_terminal(bodies: &[Body]) -> String {
    shown(WATCHED, Style::plain(), bodies).0
}

fn delta(text: &str) -> Body {
    Body::Delta { text: text.into() }
}

fn end(text: &str) -> Body {
    Body::MessageEnd { text: text.into() }
}

fn activity(text: &str) -> Body {
    Body::activity(text)
}

fn output(text: &str) -> Body {
    Body::tool_output(text)
}

fn prompt() -> Prompt {
    let text = "⚠️  DANGEROUS COMMAND: recursive delete\n    rm -r x".into();
    Prompt { id: "p1".into(), text, choices: Vec::new(), question: "    Choice [o/s/a/D]: ".into(), hidden: false }
}

#[test]
fn the_manifest_fits() {
    check_manifest::<config::Config>(include_str!("../plugin.yaml")).expect("fits");
}

#[test]
fn what_was_streamed_is_not_written_twice() {
    assert_eq!(on_terminal(&[delta("Hel"), delta("lo"), end("Hello")]), "Hello\n");
    assert_eq!(on_terminal(&[delta("Hello\n"), end("Hello\n")]), "Hello\n");
    assert_eq!(on_terminal(&[end("Hello")]), "Hello\n");
    assert_eq!(on_terminal(&[delta("Hello "), end("Hello you")]), "Hello you\n");
    assert_eq!(on_terminal(&[delta("Half "), end("Half\n\n[Interrupted]")]), "Half \n\n[Interrupted]\n");
}

#[test]
fn an_answer_that_is_begun_again_is_written_whole() {
    let again = [delta("Hel"), activity("Busy; trying again"), delta("Hello"), end("Hello")];
    assert_eq!(on_terminal(&again), "Hel\nBusy; trying again\nHello\n");
}

#[test]
fn output_that_was_watched_is_not_repeated_by_the_answer() {
    let run = |answer: &str| [activity("terminal ls"), output("a\nb\n"), activity("terminal done"), end(answer)];
    assert_eq!(on_terminal(&run("a\nb")), "terminal ls\na\nb\nterminal done\n");
    assert_eq!(on_terminal(&run("a\nb\n[exit code 1]")), "terminal ls\na\nb\nterminal done\n[exit code 1]\n");
    assert_eq!(on_terminal(&run("a\nbc")), "terminal ls\na\nb\nterminal done\na\nbc\n");
}

fn call(ended: Option<Ended>) -> Body {
    let call = Call { id: "1".into(), name: "terminal".into(), about: "ls".into(), ended };
    Body::Activity { text: "as a line".into(), call: Some(call) }
}

fn ended(exit_code: i64) -> Option<Ended> {
    Some(Ended { elapsed_ms: 1_200, exit_code: Some(exit_code), ..Ended::default() })
}

/// What stands on a terminal that can do more than text, without colours.
fn on_able(edited: bool, bodies: &[Body]) -> String {
    let out = Paper::default();
    let able = Style::able();
    let mut screen = Screen::new(Box::new(out.clone()), Box::new(out.clone()), WATCHED, able);
    screen.edited(edited);
    bodies.iter().for_each(|body| screen.show(body).expect("paper takes all"));
    out.text()
}

#[test]
fn calls_begin_and_end_in_a_line_each() {
    let run = [call(None), output("a\n"), call(ended(1))];
    assert_eq!(on_able(false, &run), "  terminal  ls\na\n✗ terminal  ls  exit 1  1.2s\n");
    assert_eq!(on_terminal(&run), "as a line\na\nas a line\n", "where that cannot be drawn");
    assert_eq!(shown(PIPED, Style::plain(), &run).1, "as a line\nas a line\n");
}

#[test]
fn the_line_of_what_runs_is_gone_before_anything_else() {
    let spun = "\r⠙ terminal  ls  0s\x1b[K\r\x1b[K";
    assert_eq!(on_able(true, &[call(None), call(ended(0))]), format!("{spun}✓ terminal  ls  1.2s\n"));
    let run = [call(None), output("a\n"), call(ended(0))];
    assert_eq!(on_able(true, &run), format!("{spun}  terminal  ls\na\n✓ terminal  ls  1.2s\n"));
    let asked = on_able(true, &[call(None), Body::Prompt(prompt())]);
    assert!(asked.starts_with(&format!("{spun}  terminal  ls\n⚠️  DANGEROUS")), "{asked:?}");
    assert_eq!(on_able(true, &[call(None), Body::TurnEnd]), spun);
}

#[test]
fn changes_have_the_colours_of_changes() {
    let diff = Body::ToolOutput { text: "--- a\n+++ a\n@@ -1 +1 @@\n-x\n+\x1b[2J\n same\n".into(), diff: true };
    let (text, _) = shown(WATCHED, Style::coloured(), &[diff]);
    assert!(text.ends_with("\x1b[31m-x\x1b[0m\n\x1b[32m+\\x1b[2J\x1b[0m\n same\n"), "{text:?}");
}

#[test]
fn a_piped_answer_is_the_answer_alone() {
    let all = [activity("terminal ls"), output("a\n"), activity("done"), end("a"), Body::TurnEnd];
    assert_eq!(shown(PIPED, Style::plain(), &all), ("a\n".into(), "terminal ls\ndone\n".into()));
}

#[test]
fn a_prompt_stands_as_given_and_waits_behind_its_question() {
    let ask = [delta("I will"), Body::Prompt(prompt())];
    let text = "I will\n⚠️  DANGEROUS COMMAND: recursive delete\n    rm -r x\n    Choice [o/s/a/D]: ";
    assert_eq!(on_terminal(&ask), text);
    let settled = Body::PromptEnd { prompt: "p1".into(), outcome: "denied: no answer".into() };
    assert_eq!(on_terminal(&[Body::Prompt(prompt()), settled]).lines().last(), Some("denied: no answer"));
}

#[test]
fn the_sign_to_write_carries_the_status() {
    let status = Body::Status(Status { text: "YOLO".into(), ..Status::default() });
    assert_eq!(on_terminal(&[status, end("Hi"), Body::TurnEnd]), "Hi\nYOLO ❯ ");
}

#[test]
fn only_our_own_colours_reach_the_terminal() {
    let evil = "\x1b[2J\x1b]0;title\x07\u{9b}31m\u{202e}x\x08y";
    let (text, _) = shown(WATCHED, Style::coloured(), &[delta(evil), end(evil), activity(evil), output(evil)]);
    assert_eq!(text.matches('\x1b').count(), 2, "{text:?}");
    assert!(text.contains("\\x1b[2J\\x1b]0;title\\x07\\x9b31m\\u{202e}x\\x08y"), "{text:?}");
    let (text, _) = shown(WATCHED, Style::coloured(), &[Body::Notice { text: "one\ntwo".into() }]);
    assert_eq!(text, "\x1b[33mone\x1b[0m\n\x1b[33mtwo\x1b[0m\n");
}

#[test]
fn line_breaks_stay_line_breaks_wherever_they_are_cut() {
    let mut cleaner = Cleaner::default();
    assert_eq!(["a\r", "\nb\r", "c"].map(|piece| cleaner.next(piece)).concat(), "a\nb\nc");
    assert_eq!(clean("\ttab, سلام‌دنیا, 👩‍💻"), "\ttab, سلام‌دنیا, 👩‍💻");
}

/// A console without a keyboard.
fn console() -> (Console, std::fs::File) {
    let screen = Screen::new(Box::new(Paper::default()), Box::new(Paper::default()), WATCHED, Style::plain());
    (Console::new(screen, Setup::default()), std::fs::File::open("/dev/null").expect("there"))
}

fn message(text: &str) -> Event {
    Event::Message { text: text.into(), media: Vec::new() }
}

fn answer(text: &str) -> Event {
    Event::Answer { prompt: "p1".into(), text: text.into() }
}

#[test]
fn the_line_after_a_prompt_is_its_answer_and_only_that() {
    let (mut console, null) = console();
    assert_eq!(console.take(b"hello\nha"), [message("hello")]);
    console.show(&Body::Prompt(prompt()), null.as_fd()).expect("shown");
    assert_eq!(console.take(b"o\nmore\r\n"), [answer("o"), message("more")], "half a line from before is gone");
}

#[test]
fn half_a_line_is_gone_when_the_prompt_is_settled() {
    let (mut console, null) = console();
    console.show(&Body::Prompt(prompt()), null.as_fd()).expect("shown");
    assert_eq!(console.take(b"rm -rf"), []);
    let settled = Body::PromptEnd { prompt: "p1".into(), outcome: "no answer".into() };
    console.show(&settled, null.as_fd()).expect("shown");
    assert_eq!(console.take(b" /\n"), [message(" /")]);
}

#[test]
fn end_of_input_declines_first_and_leaves_then() {
    let (mut console, null) = console();
    console.show(&Body::Prompt(prompt()), null.as_fd()).expect("shown");
    assert_eq!(console.ended(), [answer("")]);
    assert_eq!(console.take(b"last words"), []);
    assert_eq!(console.ended(), [message("last words")]);
    assert_eq!(console.ended(), [Event::Closed]);
}

#[test]
fn bytes_that_are_no_text_and_lines_without_end_are_taken() {
    let (mut console, _null) = console();
    assert_eq!(console.take(b"\xff\xfe\n"), [message("\u{fffd}\u{fffd}")]);
    assert_eq!(console.take(&vec![b'x'; 3 << 20]).len(), 1);
}
