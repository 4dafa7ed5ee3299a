//! Properties that hold for any text.

use crate::command::{normalise, read};
use hermes_plugin_api::command::ProblemKind;
use proptest::prelude::*;

/// Text that is dense in what means something to a shell.
fn shellish() -> impl Strategy<Value = String> {
    let token = prop::sample::select(vec![
        "a", "rm", "sh -c ", "eval ", "'", "\"", "$", "${", "}", "$(", ")", "`", "((", "))", "[[", "]]", "{", "(", ";",
        ";;", "&", "&&", "|", "||", "<", "<<", "<<<", ">", ">>", "<(", "\n", " ", " ", "\\", "#", "*", "?", "[", "]",
        "~", "!", "=", "a=", "$a", "$@", ":-", "%", "/", ",", "..", "if ", "then ", "fi", "for ", "in ", "do ", "done",
        "case ", "esac", "while ", "f() ", "xargs ", "sudo ", "é", "\u{200b}", "\u{1b}[", "\r", "0", "E\n",
    ]);
    prop::collection::vec(token, 0..60).prop_map(|tokens| tokens.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_text_panics(text in shellish()) {
        let command = read(&text);
        let size = command.simple.len();
        prop_assert!(command.simple.iter().all(|simple| simple.feeds.iter().all(|index| *index < size)));
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn cleaning_twice_is_cleaning_once(text in "\\PC{0,40}|[\\x00-\\x9f\u{200b}-\u{200f}]{0,20}") {
        if let Some(cleaned) = normalise::clean(&text) {
            prop_assert!(normalise::clean(&cleaned.text).is_none(), "{:?}", cleaned.text);
        }
    }

    #[test]
    fn quoted_words_come_back(words in prop::collection::vec("[ -~\\n\\té]{0,12}", 1..6)) {
        let line: Vec<String> = words.iter().map(|word| crate::command::dispatch::quoted(word)).collect();
        let command = read(&format!("cat {}", line.join(" ")));
        let simple = &command.simple[0];
        let read: Vec<String> = simple.words[1..].iter().map(|word| crate::command::text::known(&word.pieces).unwrap_or_default().into_owned()).collect();
        prop_assert_eq!(read, words);
    }

    #[test]
    fn escaped_words_come_back(words in prop::collection::vec("[!-~]{1,12}", 1..6)) {
        let escape = |word: &String| word.chars().flat_map(|c| ['\\', c]).collect::<String>();
        let line: Vec<String> = words.iter().map(escape).collect();
        let command = read(&format!("cat {}", line.join(" ")));
        let read: Vec<String> = command.simple[0].words[1..].iter().map(|word| crate::command::text::known(&word.pieces).unwrap_or_default().into_owned()).collect();
        prop_assert_eq!(read, words);
    }
}

#[test]
fn what_is_too_long_is_not_read() {
    let command = read(&"a ".repeat(70_000));
    assert!(command.simple.is_empty());
    assert_eq!(command.problems[0].kind, ProblemKind::Unparsable);
}

#[test]
fn too_many_commands_are_a_problem() {
    let command = read(&"a;".repeat(5_000));
    assert!(command.simple.len() >= 4_000);
    assert_eq!(command.problems[0].kind, ProblemKind::Unparsable);
    assert_eq!(read(&";".repeat(100_000)).problems[0].kind, ProblemKind::Unparsable);
}
