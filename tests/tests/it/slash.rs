//! Stories: the words of a chat that are for the program, typed at a terminal.

use hermes_tests::hermes::{Hermes, run};
use hermes_tests::terminal::Terminal;

const SIGN: &str = "❯ ";

/// A chat, ready for the first line.
fn chat(hermes: &Hermes) -> Terminal {
    let mut terminal = Terminal::open(hermes, &[]);
    terminal.until(SIGN);
    terminal
}

#[test]
fn something_is_done_in_the_background_and_can_be_gone_on_with() {
    let hermes = Hermes::new().scripted(
        "
- tool_calls: [{name: terminal, arguments: {command: 'while [ ! -e go ]; do sleep 0.05; done; echo far-away'}}]
- expect: {last_contains: far-away}
  text: It is done.
",
        "",
    );
    let mut terminal = chat(&hermes);
    terminal.line("/background wait for it");
    terminal.until("In the background, as session `");
    terminal.until(SIGN);
    terminal.line("/background");
    terminal.until("wait for it\n");
    terminal.line("/status");
    terminal.until("beside    1");
    std::fs::write(hermes.path("work/go"), "").expect("written");
    let seen = terminal.until("It is done.\nGo on with it by `/resume ");
    assert!(seen.contains("Done in the background: wait for it") && !seen.contains("far-away"), "{seen}");
    terminal.line("/quit");
    assert_eq!(terminal.end(), 0);
    let list = run(hermes.command(&["sessions", "list", "--source", "background"])).out;
    assert!(list.contains("wait for it"), "{list}");
}

#[test]
fn a_dangerous_command_in_the_background_asks_and_a_word_answers() {
    let hermes = Hermes::new().scripted(
        "
- tool_calls: [{name: terminal, arguments: {command: rm -r victim}}]
- text: It stays.
- tool_calls: [{name: terminal, arguments: {command: rm -r victim}}]
- text: It is gone.
",
        "",
    );
    let victim = hermes.victim();
    let mut terminal = chat(&hermes);
    terminal.line("/background delete it");
    terminal.until("Choice [o/s/a/D]: ");
    terminal.line("/deny not that");
    terminal.until("Done in the background: delete it");
    assert!(victim.exists());
    terminal.until(SIGN);
    terminal.line("/background delete it");
    terminal.until("Choice [o/s/a/D]: ");
    terminal.line("!approve");
    terminal.until("Done in the background: delete it");
    assert!(!victim.exists());
    terminal.line("/quit");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn another_model_answers_in_this_chat_alone() {
    let hermes = Hermes::new().scripted("- text: By the script.\n", "");
    let mut terminal = chat(&hermes);
    terminal.line("/model");
    terminal.until("scripted answers. `/model [PROVIDER] NAME`");
    terminal.line("hello");
    terminal.until("By the script.");
    terminal.until(SIGN);
    terminal.line("/model direct");
    terminal.until("direct answers from now on, in this chat");
    terminal.line("echo by-$((40 + 2))");
    terminal.until("by-42\n");
    terminal.until(SIGN);
    terminal.line("/model nowhere big");
    terminal.until("No plugin that is on offers the provider `nowhere`");
    terminal.line("/quit");
    assert_eq!(terminal.end(), 0);
    assert!(run(hermes.command(&["status"])).out.contains("model     scripted\n"));
}

#[test]
fn what_is_around_is_told_and_what_is_meant_suggested() {
    let hermes = Hermes::new().scripted("- text: Hello.\n", "");
    let mut terminal = chat(&hermes);
    for (line, shown) in [
        ("/tools", "tools-file           read_file, write_file, patch, search_files"),
        ("/plugins", "scanner-commands "),
        ("/commands", "/queue [TEXT]"),
        ("!help", "/approve [session|always]"),
        ("/queue", "Nothing waits"),
        ("/approve", "Nothing waits for a yes or a no"),
        ("/backgroud", "did you mean `/background`?"),
    ] {
        terminal.line(line);
        terminal.until(shown);
        terminal.until(SIGN);
    }
    terminal.line("!important is no word");
    terminal.until("Hello.");
    terminal.line("/quit");
    assert_eq!(terminal.end(), 0);
}
