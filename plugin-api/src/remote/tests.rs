use std::collections::BTreeMap;

use super::marks::Marks;
use super::order::{Order, quoted};
use crate::backend::ExecRequest;
use crate::error::ErrorCode;

fn order(argv: &[&str], env: &[(&str, &str)]) -> crate::error::Result<Order> {
    let argv = argv.iter().map(|word| (*word).to_owned()).collect();
    let env = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Order::new(ExecRequest { argv, env, ..ExecRequest::default() }, &BTreeMap::new())
}

#[test]
fn an_order_is_one_line_whatever_is_in_it() {
    let order = order(&["printf", "%s", "a\nb 'c' \"$d\" `e` \\ \u{1}"], &[("A", "x\ny'z")]).expect("fits");
    let line = String::from_utf8(order.line("mark", "end")).expect("text");
    assert_eq!(line.matches('\n').count(), 1, "{line:?}");
    assert!(line.contains(r#"command export A='x'"$__n"'y'\''z'"#), "{line}");
}

#[test]
fn quoting_leaves_nothing_to_a_shell() {
    assert_eq!(quoted(""), "''");
    assert_eq!(quoted("a'b\n$c"), r#"'a'\''b'"$__n"'$c'"#);
}

#[test]
fn what_no_command_line_can_carry_is_refused() {
    for refused in
        [order(&[], &[]), order(&["a\0b"], &[]), order(&["a"], &[("A;x", "1")]), order(&["a"], &[("A", "\0")])]
    {
        assert_eq!(refused.expect_err("refused").code, ErrorCode::USER);
    }
}

#[test]
fn variables_that_a_shell_keeps_for_itself_are_left_out() {
    let order = order(&["a"], &[("UID", "0"), ("MINE", "1")]).expect("fits");
    let line = String::from_utf8(order.line("mark", "end")).expect("text");
    assert!(line.contains("export MINE='1'") && !line.contains("export UID="), "{line}");
}

/// Every way of cutting what comes gives the same.
#[test]
fn the_mark_is_found_wherever_pieces_are_cut() {
    let all = b"out\x1eput \x1eab\x1eabc \x1eabcd 3\nlater".to_vec();
    for cut in 0..all.len() {
        for second in cut..all.len() {
            let mut marks = Marks::new("abcd");
            let (mut output, mut word) = (Vec::new(), None);
            for piece in [&all[..cut], &all[cut..second], &all[second..]] {
                if word.is_none() {
                    let (fresh, found) = marks.push(piece.to_vec());
                    output.extend(fresh);
                    word = found;
                }
            }
            assert_eq!((output.as_slice(), word.as_deref()), (&b"out\x1eput \x1eab\x1eabc "[..], Some("3")));
        }
    }
}

#[test]
fn what_only_looks_like_a_mark_is_output() {
    let mut marks = Marks::new("abcd");
    let text = b"\x1eabcd this is much too long for a word".to_vec();
    assert_eq!(marks.push(text.clone()), (text, None));
    assert_eq!(marks.push(b"x\x1eab".to_vec()), (b"x".to_vec(), None));
    assert_eq!(marks.finish(), b"\x1eab");
}
