//! A day's work: a small project is mended over a mock of a model provider, interrupted, and finished later.

use std::fs;

use hermes_tests::hermes::Hermes;
use hermes_tests::terminal::Terminal;

use super::mock::Mock;

/// Each result is answered by the next step; what the person says first and after the interruption begins one.
const FIXTURES: &str = r#"{"fixtures": [
  {"match": {"toolCallId": "call_read"}, "response": {"toolCalls": [{"id": "call_mend", "name": "patch", "arguments": "{\"path\": \"sum.sh\", \"old_string\": \"$1 - $2\", \"new_string\": \"$1 + $2\"}"}]}},
  {"match": {"toolCallId": "call_mend"}, "response": {"toolCalls": [{"id": "call_test", "name": "terminal", "arguments": "{\"command\": \"sh test.sh && sleep 60\"}"}]}},
  {"match": {"toolCallId": "call_again"}, "response": {"content": "The sum is right: the test passes."}},
  {"match": {"userMessage": "go on"}, "response": {"toolCalls": [{"id": "call_again", "name": "terminal", "arguments": "{\"command\": \"sh test.sh\"}"}]}},
  {"match": {"userMessage": "mend the sum"}, "response": {"toolCalls": [{"id": "call_read", "name": "read_file", "arguments": "{\"path\": \"sum.sh\"}"}]}}
]}"#;

#[test]
fn a_project_is_mended_tested_interrupted_and_finished_by_another_process() {
    let Some(mock) = Mock::start(FIXTURES, &[]) else { return };
    let url = &mock.url;
    let hermes = Hermes::new().configured(&format!(
        "model: {{provider: ollama, name: small}}\nopenai: {{endpoints: {{ollama: '{url}/v1'}}}}\n"
    ));
    fs::write(hermes.path("work/sum.sh"), "echo $(($1 - $2))\n").expect("written");
    fs::write(hermes.path("work/test.sh"), "[ \"$(sh sum.sh 2 3)\" = 5 ] && echo PASSED || echo FAILED\n")
        .expect("written");

    let mut terminal = Terminal::open(&hermes, &[]);
    terminal.line("/title The wrong sum");
    terminal.until("The wrong sum");
    terminal.line("please mend the sum");
    terminal.until("PASSED");
    terminal.keys("\x03");
    terminal.until("Interrupted");
    terminal.line("/quit");
    assert_eq!(terminal.end(), 0);
    assert_eq!(fs::read_to_string(hermes.path("work/sum.sh")).expect("there"), "echo $(($1 + $2))\n");

    let mut terminal = Terminal::open(&hermes, &["-r", "the wrong sum"]);
    terminal.line("go on");
    terminal.until("PASSED");
    terminal.until("The sum is right: the test passes.");
    terminal.line("/quit");
    assert_eq!(terminal.end(), 0);
}
