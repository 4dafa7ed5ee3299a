//! Titles that a model makes after the first exchange.

use std::time::Duration;

use hermes_tests::hermes::{Hermes, run};
use hermes_tests::model_server::{Answer, ModelServer};
use hermes_tests::terminal::Terminal;
use serde_json::Value;

use super::{says, talking_to};

const SIGN: &str = "❯ ";

/// What the sessions of a home are called.
fn titles(hermes: &Hermes) -> String {
    run(hermes.command(&["sessions", "list"])).out
}

#[test]
fn the_first_exchange_is_named_by_the_model_once() {
    let server = ModelServer::start(vec![says(&["Use slate."]), says(&["\"Tiles for the roof.\""]), says(&["Blue."])]);
    let hermes = talking_to(&server, "");
    let mut terminal = Terminal::able(&hermes, &[], (30, 110));
    terminal.sees("the sign", |seen| seen.contains(SIGN.trim_end()));
    terminal.keys("Which tiles? My key is ghp_0123456789abcdefghijABCDEFGHIJ012345\r");
    terminal.sees("the title", |seen| seen.contains("Use slate.") && seen.contains("Tiles for the roof · "));
    terminal.keys("And which colour?\r");
    terminal.sees("the answer", |seen| seen.contains("Blue."));
    terminal.keys("/quit\r");
    assert_eq!(terminal.end(), 0);
    assert!(titles(&hermes).contains("Tiles for the roof  "), "{}", titles(&hermes));
    let asked = server.asked();
    assert_eq!(asked.len(), 3);
    let told = asked[1].body.to_string();
    assert!(told.contains("Use slate.") && told.contains("[REDACTED]") && !told.contains("ghp_0123"), "{told}");
    assert_eq!(asked[1].body.get("tools"), None);
}

#[test]
fn what_the_model_says_instead_and_what_a_person_chose_changes_no_title() {
    let refused = || Answer::new(400, "application/json", "{\"error\": {\"message\": \"no\"}}");
    for answer in [says(&["Sure!\nHere is a title:\nTiles"]), refused(), Answer::nothing()] {
        let server = ModelServer::start(vec![says(&["Use slate."]), answer]);
        let hermes = talking_to(&server, "");
        let mut terminal = Terminal::open(&hermes, &[]);
        terminal.until(SIGN);
        terminal.line("Which tiles?");
        terminal.until("Use slate.");
        terminal.until(SIGN);
        server.until_asked_often(2);
        terminal.line("/title");
        terminal.until("This session is called `Which tiles?`");
        terminal.line("/quit");
        assert_eq!(terminal.end(), 0, "a title holds nothing up and fails nothing");
    }
}

#[test]
fn a_terminal_that_answers_late_keeps_its_editor_and_shows_the_title() {
    let server = ModelServer::start(vec![says(&["Use slate."]), says(&["Tiles for the roof"])]);
    let hermes = talking_to(&server, "auxiliary: {title: {name: small}}\n");
    let mut terminal = Terminal::able(&hermes, &[], (30, 110));
    terminal.sees("the sign", |seen| seen.contains(SIGN.trim_end()));
    // Longer than the editor waits to be told where its cursor is, and others once waited for the editor.
    terminal.answers_late(Duration::from_millis(2_600));
    terminal.keys("Which tiles?\r");
    // Where it stands is another matter: the late answer was true of a line that is no more.
    terminal.sees("the title", |seen| seen.contains("Tiles for the roof · "));
    let _ = terminal.close();
    let models: Vec<Value> = server.asked().iter().map(|asked| asked.body["model"].clone()).collect();
    assert_eq!(models, ["fast", "small"], "a title has a model of its own");
}

#[test]
fn a_single_query_pays_for_no_title() {
    let server = ModelServer::start(vec![says(&["Use slate."])]);
    let hermes = talking_to(&server, "");
    assert_eq!(run(hermes.command(&["-q", "Which tiles?"])).out, "Use slate.\n");
    assert_eq!(server.asked().len(), 1);
    assert!(titles(&hermes).contains("Which tiles?"));
}
