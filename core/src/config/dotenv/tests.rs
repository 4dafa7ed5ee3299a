//! What a `.env` file says, and how its faults are told.

use super::{Dotenv, is_name};
use proptest::prelude::*;

fn check(text: &str, name: &str, value: &str) {
    assert_eq!(Dotenv::parse(text).expect(text).value(name), Some(value), "{text:?}");
}

#[test]
fn lines_mean_what_people_write() {
    check("A=1", "A", "1");
    check("export A=1\n", "A", "1");
    check("  export\tA = 1  # why\r\n", "A", "1");
    check("A=a#b", "A", "a#b");
    check("A=#b", "A", "");
    check("A=", "A", "");
    check("A=\nB=2", "A", "");
    check("A=one two\n", "A", "one two");
    check("A=$HOME/`id`", "A", "$HOME/`id`");
    check("A='x # y'  # z", "A", "x # y");
    check(r"A='it\'s \n'", "A", r"it's \n");
    check(r#"A="a\nb\t\"\\\$\x""#, "A", "a\nb\t\"\\$\\x");
    check("A=\"one\ntwo\"\nB=3", "A", "one\ntwo");
    check("A=\"one\ntwo\"\nB=3", "B", "3");
    check("\u{feff}# head\n\nA=1", "A", "1");
    check("A=1\nA=2", "A", "2");
    check("export=1", "export", "1");
    check("A=it's", "A", "it's");
}

#[test]
fn a_fault_names_its_line_and_no_value() {
    for (text, line) in [
        ("A=1\nhunter2\n", 2),
        ("1A=hunter2", 1),
        ("A-B=hunter2", 1),
        ("export A", 1),
        ("\n\nA='hunter2", 3),
        ("A=\"x\ny\" hunter2\n", 1),
        ("=hunter2", 1),
        ("A=hunter2\0", 1),
    ] {
        let error = Dotenv::parse(text).expect_err(text);
        assert_eq!(error.line, line, "{text:?}");
        assert!(!error.message.contains("hunter2"), "{error}");
    }
}

#[test]
fn a_repeated_name_is_told() {
    let file = Dotenv::parse("A=1\nB=1\nA=2\n").expect("valid");
    assert_eq!(file.repeated(), [("A".to_owned(), 3)]);
    assert_eq!(format!("{file:?}"), r#"{"A", "B"}"#);
}

#[test]
fn names_are_shell_names() {
    assert!(["A", "_x", "a1_B"].into_iter().all(is_name));
    assert!(!["", "1a", "a-b", "ä", "a b", "BASH_FUNC_x%%"].into_iter().any(is_name));
}

#[test]
fn a_variable_is_set_where_it_stands() {
    let check = |text: &str, value: &str, new: &str| {
        assert_eq!(Dotenv::set(text, "A", value).expect(text).as_deref(), Some(new), "{text:?}");
    };
    check("", "1", "A=1\n");
    check("B=2", "1", "B=2\nA=1\n");
    check("# h\r\nexport A = 'x'  # c\r\nB=2\r\n", "y z", "# h\r\nexport A=\"y z\"  # c\r\nB=2\r\n");
    check("A=x # c\n", "$h'\"\\\n", "A=\"\\$h'\\\"\\\\\\n\" # c\n");
    check("A=1\nA=2\n", "3", "A=1\nA=3\n");
    check("A=#c\n", "3", "A=3 #c\n");
    assert_eq!(Dotenv::set("A=1", "A", "1"), Ok(None));
    assert!(Dotenv::set("", "not a name", "1").is_err());
    assert!(Dotenv::set("", "A", "\0").is_err());
}

proptest! {
    #[test]
    fn a_set_value_comes_back(before in "([AB]=[a-z'\"# ]{0,5}|# c|\n|export ){0,4}", value in "[^\0]*") {
        if let Ok(Some(new)) = Dotenv::set(&before, "A", &value) {
            let (old, new) = (Dotenv::parse(&before).expect("valid"), Dotenv::parse(&new).expect("valid"));
            prop_assert_eq!(new.value("A"), Some(value.as_str()));
            prop_assert_eq!(new.value("B"), old.value("B"));
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC*|[A-C='\"\\\\#\r\n \t$]*") {
        let _ = Dotenv::parse(&text);
    }

    #[test]
    fn a_double_quoted_value_comes_back(value in "[^\0]*") {
        let mut quoted = String::new();
        for c in value.chars() {
            if matches!(c, '"' | '\\') { quoted.push('\\'); }
            quoted.push(c);
        }
        let file = Dotenv::parse(&format!("X=0\nA=\"{quoted}\" # c\nB=1")).expect("valid");
        prop_assert_eq!(file.value("A"), Some(value.as_str()));
        prop_assert_eq!(file.value("B"), Some("1"));
    }
}
