//! A plugin asks the person of its tool call, tells them something and has the model answer, within what it
//! declares and as long as the call runs.

use hermes_tests::hermes::{Ran, text};
use hermes_tests::owner::Owner;
use hermes_tests::plugins::Shipped;
use hermes_tests::terminal::{CTRL_C, CTRL_D, ENTER, Terminal};

const SIGN: &str = "❯ ";
const ALL: &str = "[ask, emit, model]";

/// A home with the asker in it, which declares these session services, and a model that says this.
fn with(session: &str, script: &str) -> Owner {
    let hermes = Owner::default();
    let path = hermes.dir().join("script.yaml");
    std::fs::write(&path, script).expect("written");
    hermes.configure(&format!("model:\n  provider: scripted\n  script: {}\n", text(&path)));
    let permissions = format!("permissions: {{session: {session}}}");
    let folder = Shipped::new("tools-asker", "asker").more(&permissions).put(&hermes.dir());
    let _ = hermes.installs(&folder);
    let _ = hermes.ok(&["plugins", "enable", "tools-asker", "--trust"]);
    hermes
}

/// The model calls the asker, and says what the result must contain.
fn calls(arguments: &str, result: &str) -> String {
    format!(
        "- tool_calls: [{{name: asker, arguments: {arguments}}}]\n- expect: {{last_contains: '{result}'}}\n  text: As expected.\n"
    )
}

/// A session in which something was just said to the model, and its home.
fn begun(hermes: Owner) -> (Terminal, Owner) {
    let mut terminal = Terminal::open(hermes.program(), &[]);
    terminal.until(SIGN);
    terminal.line("go");
    (terminal, hermes)
}

fn ends_as_expected(mut terminal: Terminal) {
    terminal.until("As expected.");
    terminal.until(SIGN);
    terminal.line("/quit");
    assert_eq!(terminal.end(), 0);
}

fn query(hermes: &Owner) -> Ran {
    let ran = hermes.run(&["-q", "go"]);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "As expected.\n"), "{ran:?}");
    ran
}

#[test]
fn a_question_says_who_asks_and_takes_a_choice() {
    let script = calls(
        r#"{what: ask, question: "Which colour?\n⚠️  DANGEROUS COMMAND: \e[2J", choices: [red, blue], free_text: false}"#,
        r#"{"index":1,"kind":"chosen","text":"blue"}"#,
    );
    let (mut terminal, _home) = begun(with(ALL, &script));
    let question = "    Answer [1-2; Enter for none]: ";
    let seen = terminal.until(question);
    let shown = format!(
        "❓ Plugin `tools-asker` asks:\n    │ Which colour?\n    │ ⚠️  DANGEROUS COMMAND: \u{fffd}[2J\n    │   1. red\n    │   2. blue\n{question}"
    );
    assert!(seen.ends_with(&shown), "{seen}");
    terminal.line("green");
    terminal.until("none of these");
    terminal.until(question);
    terminal.line("2");
    terminal.until("answered");
    ends_as_expected(terminal);
}

#[test]
fn own_words_reach_the_plugin_without_secrets() {
    let script = calls("{what: ask, question: Which?}", r#"{"kind":"typed","text":"mine is [REDACTED]"}"#);
    let (mut terminal, _home) = begun(with(ALL, &script));
    terminal.until("Answer (Enter for none): ");
    terminal.line("mine is ghp_0123456789abcdefghijABCDEFGHIJ012345");
    ends_as_expected(terminal);
}

#[test]
fn enter_end_of_input_and_interrupt_are_no_answer_and_the_turn_goes_on() {
    for keys in [ENTER, CTRL_D, CTRL_C] {
        let script = calls("{what: ask, question: Which?, choices: [a]}", r#"{"kind":"declined"}"#);
        let (mut terminal, _home) = begun(with(ALL, &script));
        terminal.until("Enter for none]: ");
        terminal.keys(keys);
        terminal.until("not answered");
        ends_as_expected(terminal);
    }
}

#[test]
fn time_runs_out_and_nobody_is_there_at_once() {
    let script = calls("{what: ask, question: Which?, timeout: 1}", r#"{"kind":"late"}"#);
    let (mut terminal, _home) = begun(with(ALL, &script));
    terminal.until("not answered: time is over");
    ends_as_expected(terminal);
    let script = calls("{what: ask, question: Which?}", r#"{"kind":"nobody"}"#);
    let ran = query(&with(ALL, &script));
    assert!(!ran.err.contains("asks:"), "{ran:?}");
}

#[test]
fn questions_wait_for_one_another() {
    let script = r#"
- tool_calls:
    - {name: asker, id: one, arguments: {what: ask, question: Once?}}
    - {name: asker, id: two, arguments: {what: ask, question: Twice?}}
- {expect: {last_contains: 'an answer'}, text: As expected.}
"#;
    let (mut terminal, _home) = begun(with(ALL, script));
    // Whichever comes first, the other one is shown when it has its answer.
    let first = terminal.until("Enter for none): ");
    assert_eq!(first.matches("│ ").count(), 1, "{first}");
    let once = first.contains("│ Once?");
    terminal.line("an answer");
    let second = terminal.until("Enter for none): ");
    assert!(second.contains("│ Twice?") == once && second.contains("│ Once?") != once, "{first}{second}");
    terminal.line("an answer");
    ends_as_expected(terminal);
}

#[test]
fn a_question_ends_with_its_call_and_a_token_too() {
    let script = r#"
- tool_calls: [{name: asker, arguments: {what: ask, question: Which?, leave: true}}]
- expect: {last_contains: gone}
  tool_calls: [{name: asker, arguments: {what: ask, question: Still there?, old: true}}]
- expect: {last_contains: 'code 4: No tool call with this token is running'}
  tool_calls: [{name: asker, arguments: {what: emit, text: hello, old: true}}]
- expect: {last_contains: 'code 4: No tool call with this token is running'}
  tool_calls: [{name: asker, arguments: {what: complete, text: hello, old: true}}]
- expect: {last_contains: 'code 4: No tool call with this token is running'}
  text: As expected.
"#;
    let (mut terminal, _home) = begun(with(ALL, script));
    terminal.until("Which?");
    terminal.until("As expected.");
    terminal.until("withdrawn");
    terminal.until(SIGN);
    // What is typed now is no answer to what was asked then.
    terminal.line("/help");
    terminal.until("/quit");
    terminal.until(SIGN);
    terminal.line("/quit");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn what_is_told_is_shown_with_its_teller() {
    let text = r#""the token ghp_0123456789abcdefghijABCDEFGHIJ012345\nDANGEROUS \e[2J""#;
    let script = calls(&format!("{{what: emit, text: {text}}}"), "told");
    let shown = "tools-asker │ the token [REDACTED]\ntools-asker │ DANGEROUS \u{fffd}[2J\n";
    let ran = query(&with(ALL, &script));
    let progress = "tools-asker: half of the token [REDACTED]\u{fffd}DANGEROUS \u{fffd}[2J\n";
    assert!(ran.err.contains(shown) && ran.err.contains(progress), "{ran:?}");
    let quiet = with(ALL, &script).run(&["-Q", "-q", "go"]);
    assert!(quiet.err.contains(shown) && !quiet.err.contains("half of"), "{quiet:?}");
}

#[test]
fn the_model_answers_beside_the_conversation_and_streams() {
    let script = r#"
- tool_calls: [{name: asker, arguments: {what: complete, text: 'say ghp_0123456789abcdefghijABCDEFGHIJ012345'}}]
- expect: {last_contains: 'say [REDACTED]'}
  thinking: Hm.
  text: one two
  tool_calls: [{name: terminal, arguments: {command: 'true'}}]
- expect: {last_contains: 'streamed "one two", whole "one two", calls 0'}
  text: As expected.
"#;
    let ran = query(&with(ALL, script));
    assert!(!ran.out.contains("one two"), "{ran:?}");
    let script = r#"
- tool_calls: [{name: asker, arguments: {what: complete, text: hello}}]
- {text: half of, error: {code: unavailable, message: Too many requests}}
- {expect: {last_contains: 'code 5: Too many requests'}, text: As expected.}
"#;
    query(&with(ALL, script));
}

#[test]
fn a_completion_that_hangs_is_interrupted() {
    let script = "- tool_calls: [{name: asker, arguments: {what: complete, text: hello}}]\n- {hang: true}\n";
    let (mut terminal, _home) = begun(with(ALL, script));
    terminal.until("asker");
    terminal.keys(CTRL_C);
    terminal.until("Interrupted");
    terminal.until(SIGN);
    terminal.line("/quit");
    assert_eq!(terminal.end(), 0);
}

#[test]
fn what_is_not_declared_is_denied_and_not_described() {
    for (what, word) in [("ask, question: Which?", "ask"), ("emit", "emit"), ("complete", "model")] {
        let result = format!("code 4: Plugin `tools-asker` does not declare the session service `{word}`");
        query(&with("[shell]", &calls(&format!("{{what: {what}}}"), &result)));
    }
    let methods = "kv.get kv.set kv.delete ask emit model.complete";
    query(&with(ALL, &calls("{what: describe}", methods)));
}

#[test]
fn the_clarify_tool_asks_the_person() {
    let script = "
- tool_calls: [{name: clarify, arguments: {question: Which branch?, choices: [main, next]}}]
- {expect: {last_contains: 'The person chose 1: main'}, text: As expected.}
";
    let (mut terminal, _home) = begun(with("[]", script));
    let seen = terminal.until("or in your own words; Enter for none]: ");
    assert!(seen.contains("❓ Plugin `tools-clarify` asks:\n    │ Which branch?\n    │   1. main\n"), "{seen}");
    terminal.line("Main");
    ends_as_expected(terminal);
    let script = "
- tool_calls: [{name: clarify, arguments: {question: Which branch?}}]
- {expect: {last_contains: 'Nobody is there to answer.'}, text: As expected.}
";
    query(&with("[]", script));
}
