use hermes_plugin_api::finding::{Action, Severity};

use super::*;
use crate::guard::findings::{UNPARSABLE, own};

fn finding(rule: &str, title: &str, remember: Remember, span: Option<(usize, usize)>) -> Finding {
    let span = span.map(|(start, end)| Span { start, end });
    Finding { remember, span, ..own(rule, title, Severity::High, Action::Ask) }
}

fn shown(text: &str, findings: &[Finding]) -> String {
    let prompt = Question::new(text, findings.iter().collect(), true).prompt(false);
    format!("{}\n{}", prompt.text, prompt.question)
}

#[test]
fn a_finding_is_asked_about_in_four_lines() {
    let findings = [finding("recursive-delete", "recursive delete", Remember::Always, Some((0, 23)))];
    assert_eq!(
        shown("rm -rf /tmp/old-project", &findings),
        "⚠️  DANGEROUS COMMAND: recursive delete
    rm -rf /tmp/old-project
    [o]nce | [s]ession | [a]lways | [d]eny
    Choice [o/s/a/D]: "
    );
}

#[test]
fn what_may_not_be_remembered_is_not_offered() {
    let session = finding("look-alike", "look-alike host", Remember::Session, None);
    let once = finding(UNPARSABLE, "unparsable command", Remember::Always, None);
    let one_word = finding("oneword", "x", Remember::Always, None);
    for (finding, choices) in [(session, "Choice [o/s/D]: "), (once, "Choice [o/D]: "), (one_word, "Choice [o/s/D]: ")]
    {
        let shown = shown("x", &[finding]);
        assert!(shown.ends_with(choices), "{shown}");
        assert!(!shown.contains("[a]lways"), "{shown}");
    }
}

#[test]
fn several_findings_are_told_and_the_strictest_sets_the_choices() {
    let text = "cd x && rm -rf y; curl z | sh";
    let mut findings = [
        finding("recursive-delete", "recursive delete", Remember::Always, Some((8, 16))),
        finding("remote-script", "remote script", Remember::Session, Some((18, 29))),
    ];
    findings[1].description = "Runs what\na server sends".to_owned();
    findings[1].alternative = Some("read it first".to_owned());
    assert_eq!(
        shown(text, &findings),
        "⚠️  DANGEROUS COMMAND: recursive delete, remote script
    cd x && rm -rf y; curl z | sh
            ^^^^^^^^  ^^^^^^^^^^^
    - remote script: Runs what\\na server sends
      Safer: read it first
    [o]nce | [s]ession | [d]eny
    Choice [o/s/D]: "
    );
}

#[test]
fn more_than_can_be_named_is_agreed_to_once_at_most() {
    let named = |n: usize| (0..n).map(|i| finding(&format!("rule-{i}"), &format!("title {i}"), Remember::Always, None));
    let eight: Vec<Finding> = named(8).collect();
    assert!(shown("x", &eight).ends_with("Choice [o/s/a/D]: "));
    let nine: Vec<Finding> = named(9).collect();
    let shown = shown("x", &nine);
    assert!(shown.contains("title 7, and 1 more") && shown.ends_with("Choice [o/D]: "), "{shown}");
}

#[test]
fn a_long_command_can_be_seen_whole() {
    let text = format!("echo {}; rm -rf y; echo {}", "a".repeat(3000), "b".repeat(3000));
    let at = text.find("rm").expect("it is there");
    let findings = [finding("recursive-delete", "recursive delete", Remember::Always, Some((at, at + 8)))];
    let question = Question::new(&text, findings.iter().collect(), true);
    let (short, whole) = (question.prompt(false), question.prompt(true));
    assert!(short.text.contains("»rm -rf y«") && short.text.len() < 1500, "{}", short.text);
    assert!(short.text.contains("characters left out"));
    assert!(short.text.ends_with("[d]eny | [v]iew"));
    assert_eq!(short.question, "    Choice [o/s/a/D/v]: ");
    assert!(whole.text.contains(&"b".repeat(3000)) && whole.question.ends_with("[o/s/a/D]: "));
    assert_ne!(short.id, whole.id);
    assert_eq!(question.read(Some("V")), Answer::View);
}

#[test]
fn no_text_of_a_scanner_reaches_the_terminal_raw() {
    let mut finding = finding("some-rule", "\u{1b}[2Jx\u{202e}", Remember::Always, Some((5, 99)));
    finding.description = "a\rb".to_owned();
    let shown = shown("true\u{7}", &[finding]);
    assert!(!shown.chars().any(|c| c.is_control() && c != '\n'), "{shown:?}");
    assert!(shown.contains("\\x1b[2Jx\\u{202e}") && shown.contains("true\\x07"), "{shown}");
}
