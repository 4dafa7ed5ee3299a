//! Stories: the status line, and the words of plugins in a conversation.

use hermes_tests::hermes::Hermes;
use hermes_tests::owner::Owner;
use hermes_tests::plugins::Shipped;
use hermes_tests::terminal::{CTRL_C, Terminal};

const SIGN: &str = "❯ ";

fn last(terminal: &Terminal, end: &str) {
    terminal.sees(end, |screen| {
        screen.lines().last().is_some_and(|line| line.starts_with(['❯', '⚡']) && line.ends_with(end))
    });
}

#[test]
fn the_status_line_says_title_model_and_yolo_as_they_change() {
    let hermes = Hermes::new();
    let mut terminal = Terminal::able(&hermes, &[], (24, 100));
    terminal.until(SIGN);
    last(&terminal, " direct");
    terminal.keys("echo first\r");
    terminal.until("\nfirst\n");
    last(&terminal, "echo first · direct");
    terminal.keys("/title My work\r");
    last(&terminal, "My work · direct");
    terminal.keys("/yolo\r");
    terminal.sees("the mark", |screen| screen.lines().last().is_some_and(|line| line.starts_with("⚡ YOLO ❯")));
    terminal.keys("/new\r");
    last(&terminal, " direct");
    let narrow = Terminal::able(&hermes, &["-c", "My work"], (12, 40));
    last(&narrow, " direct");
}

#[test]
fn words_of_plugins_are_words_in_a_conversation() {
    let owner = Owner::default();
    let word = "commands: [{name: errand, about: Runs an errand, slash: true}]";
    let folder = Shipped::new("commands-errand", "errand").more(word).put(&owner.dir());
    owner.installs(&folder);
    let _ = owner.ok(&["plugins", "enable", "commands-errand", "--trust"]);
    let mut terminal = Terminal::able(owner.program(), &[], (24, 100));
    terminal.until(SIGN);
    terminal.keys("/erra\t code 3\r");
    terminal.until("[exit code 3]");
    terminal.keys("/errand random\r");
    terminal.until("true");
    terminal.keys("/errand fail\r");
    terminal.until("The errand failed");
    terminal.keys("/errand panic\r");
    terminal.until("Panicked: an errand");
    terminal.keys("/help\r");
    terminal.until("/errand                   Runs an errand");
    terminal.keys(CTRL_C);
    terminal.until("Press Ctrl-C again");
}

#[test]
fn words_that_a_plugin_keeps_from_conversations_are_none() {
    let owner = Owner::default();
    let word = "commands: [{name: errand, about: Runs an errand}]";
    owner.installs(&Shipped::new("commands-errand", "errand").more(word).put(&owner.dir()));
    let _ = owner.ok(&["plugins", "enable", "commands-errand", "--trust"]);
    let mut terminal = Terminal::able(owner.program(), &[], (24, 100));
    terminal.until(SIGN);
    terminal.keys("/errand random\r");
    terminal.until("Unknown word `/errand`");
}
