//! What is drawn of which text, and that pieces, hostile or not, change nothing about it.

use proptest::prelude::*;

use super::*;
use crate::clean::clean;

const COLUMNS: usize = 40;

/// All of a text, in pieces that end at these places.
fn drawn(coloured: bool, columns: usize, pieces: &[&str]) -> String {
    let mut markdown = Markdown::new(coloured);
    let mut drawn: String = pieces.iter().map(|piece| markdown.next(piece, columns)).collect();
    drawn.push_str(&markdown.rest(columns));
    drawn
}

/// Without our own colours.
fn plain(drawn: &str) -> String {
    let mut plain = String::new();
    let mut rest = drawn;
    while let Some((before, after)) = rest.split_once("\x1b[") {
        plain.push_str(before);
        let end = after.find(|c: char| !c.is_ascii_digit() && c != ';').expect("an end");
        assert_eq!(&after[end..=end], "m", "only colours: {drawn:?}");
        rest = &after[end + 1..];
    }
    plain + rest
}

fn read(text: &str) -> String {
    plain(&drawn(true, COLUMNS, &[text]))
}

#[test]
fn what_is_marked_is_drawn_so() {
    let spans = drawn(true, 80, &["a **b** *c* ~~d~~ `e` ***f*** _g_"]);
    let expected =
        "a \x1b[1mb\x1b[0m \x1b[3mc\x1b[0m \x1b[9md\x1b[0m \x1b[36me\x1b[0m \x1b[1;3mf\x1b[0m \x1b[3mg\x1b[0m\n";
    assert_eq!(spans, expected);
    assert_eq!(
        read("# Head\n\n- one\n  1. two\n> said\n\n---\n"),
        format!("Head\n\n• one\n  1. two\n│ said\n\n{}\n", "─".repeat(40))
    );
    assert_eq!(read("[here](http://x.y) [a](a) ![pic](p.png)"), "here (http://x.y) a pic (p.png)\n");
    assert_eq!(read("**a *b* `c`**"), "a b c\n");
}

#[test]
fn what_only_looks_marked_stays() {
    for text in [
        "2*3*4 and a*b",
        "snake_case_name __init__x",
        "a * b * c",
        "**open",
        "`open",
        "[x] done",
        "5 < 6 ~ 7",
        "C:\\dir",
    ] {
        assert_eq!(read(text), format!("{text}\n"));
    }
    assert_eq!(read("\\*kept\\*"), "*kept*\n");
    assert_eq!(read("#tag and 1.5 and -x"), "#tag and 1.5 and -x\n");
}

#[test]
fn words_stay_whole_and_lists_hang() {
    let text = "- one two three four five six seven eight nine ten";
    assert_eq!(read(text), "• one two three four five six seven\n  eight nine ten\n");
    assert_eq!(read(&format!("a {} b", "x".repeat(60))), format!("a\n{} b\n", "x".repeat(60)));
    let wide = plain(&drawn(true, 10, &["漢字漢字漢字。漢"]));
    assert_eq!(wide, "漢字漢字漢\n字。漢\n");
    let combined = plain(&drawn(true, 5, &["e\u{301}e\u{301}e\u{301} e\u{301}e\u{301}"]));
    assert_eq!(combined, "e\u{301}e\u{301}e\u{301}\ne\u{301}e\u{301}\n");
    assert_eq!(plain(&drawn(true, 3, &["- a b c"])), "• a\nb c\n");
}

#[test]
fn text_that_is_no_markdown_keeps_its_words() {
    assert_eq!(wrapped("  **one** two  three", 12), "  **one**\ntwo  three");
    assert_eq!(wrapped("", 10), "");
}

#[test]
fn code_is_left_as_it_is() {
    let code = "```rust\nfn main() {\n\n    let x = *y * 2; // **no**\n}\n```\nafter";
    assert_eq!(read(code), "  ── rust\n  fn main() {\n\n      let x = *y * 2; // **no**\n  }\nafter\n");
    assert_eq!(read("```\n| a |\n- b\n"), "  | a |\n  - b\n");
    assert_eq!(read("- x\n  ```\n  y\n  ```\n"), "• x\n    y\n");
    assert!(drawn(true, 80, &["```rust\nfn f() {}\n```\n"]).contains("\x1b[36mfn\x1b[0m"));
}

#[test]
fn tables_are_drawn_whole_or_as_written() {
    let table = "| a | **b** |\n|---|--:|\n| one | 2 |\n";
    let expected = "\
┌─────┬───┐
│ a   ┆ b │
╞═════╪═══╡
│ one ┆ 2 │
└─────┴───┘
";
    assert_eq!(read(table), expected);
    assert_eq!(read(&format!("{table}after")), format!("{expected}after\n"));
    assert_eq!(read("| no table |\nafter"), "| no table |\nafter\n");
    assert_eq!(plain(&drawn(true, 8, &[table])), "| a | b\n|\n|---|--:|\n| one |\n2 |\n");
}

#[test]
fn without_colours_text_stays_as_it_was_written() {
    let text = "# Head\n**b** `c`\n```rust\nfn f() {}\n```\n- x\n";
    assert_eq!(drawn(false, 80, &[text]), text);
    assert!(drawn(false, 80, &["| a |\n|---|\n| **b** |\n"]).contains("│ **b** │"));
}

#[test]
fn it_is_drawn_as_soon_as_it_is_clear() {
    let mut markdown = Markdown::new(true);
    let mut next = |piece: &str| plain(&markdown.next(piece, COLUMNS));
    assert_eq!(next("Hello wor"), "Hello");
    assert_eq!(next("ld, **str"), " world,");
    assert_eq!(next("ong** and"), " strong");
    assert_eq!(next("\n``"), " and\n");
    assert_eq!(next("`sh\nls"), "  ── sh\n");
    assert_eq!(next(" -l\n"), "  ls -l\n");
}

#[test]
fn time_is_linear_in_the_text() {
    let unit = [
        "*a ", "**a ", "`a", "[a", "](", "_a ", "|", "`````", "~~a ", "> ", "# ", "  ", "x", "漢", "\\", "![", "1",
        "- ", "*", "[a](", "|-",
    ];
    for unit in unit {
        let text = unit.repeat(100_000 / unit.len());
        let begun = crate::clock::now();
        let all = drawn(true, COLUMNS, &[&text]);
        let pieces: Vec<&str> =
            text.as_bytes().chunks(6).map(|piece| std::str::from_utf8(piece).unwrap_or("é")).collect();
        let in_pieces = drawn(true, COLUMNS, &pieces);
        assert!(all.len() < 80 * text.len() && in_pieces.len() < 80 * text.len());
        assert!(begun.elapsed().as_secs() < 20, "{unit:?} took {:?}", begun.elapsed());
    }
}

/// Texts of what means something to Markdown, to terminals, and to neither.
fn text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        4 => "[a-z]{1,12} ",
        4 => "[*_`~]{1,4}",
        2 => "\n",
        1 => "\r\n|\r",
        2 => "(\n)?(#{1,7} |[-*+] |[0-9]{1,3}[.)] |> |    |\t)",
        1 => "\n(```|~~~)[a-z]{0,4}\n",
        1 => "(\\|[ a-z]{0,5}){1,4}\\|?\n",
        1 => "\\|(:?-{1,3}:?\\|){1,3}\n",
        1 => "\\[[a-z]{0,4}\\]\\([a-z]{0,4}\\)",
        1 => "[\\[\\]()!\\\\|]",
        1 => "\u{1b}\\[[0-9;]{0,4}[mHJK]|\u{1b}\\][0-9];x\u{7}|[\u{0}-\u{1f}\u{7f}-\u{9f}\u{202e}\u{2066}]",
        1 => "[漢字。é\u{301}\u{200d}👩💻🏽\u{fe0f}سلام\u{3000}]{1,4}",
        1 => "[a-z]{30,60}",
        1 => any::<char>().prop_map(String::from),
    ];
    proptest::collection::vec(part, 0..40).prop_map(|parts| clean(&parts.concat()))
}

fn letters(text: &str) -> Vec<char> {
    let mut letters: Vec<char> = text.chars().filter(|c| c.is_alphanumeric()).collect();
    letters.sort_unstable();
    letters
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn how_a_text_is_cut_makes_no_difference(text in text(), cuts in proptest::collection::vec(0..400usize, 0..20), coloured: bool, columns in 1..120usize) {
        // Not the colours: code that takes long has none, and what takes long is no fact of the text.
        let drawn = |pieces: &[&str]| plain(&drawn(coloured, columns, pieces));
        let whole = drawn(&[&text]);
        let mut cuts: Vec<usize> = cuts.into_iter().filter(|cut| text.is_char_boundary(*cut)).collect();
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&str> = cuts.windows(2).map(|cut| &text[cut[0]..cut[1]]).collect();
        prop_assert_eq!(&drawn(&pieces), &whole);
        let chars: Vec<String> = text.chars().map(String::from).collect();
        let chars: Vec<&str> = chars.iter().map(String::as_str).collect();
        prop_assert_eq!(drawn(&chars), whole);
    }

    #[test]
    fn nothing_is_lost_and_only_our_colours_get_out(text in text(), coloured: bool, columns in 1..120usize) {
        let plain = plain(&drawn(coloured, columns, &[&text]));
        prop_assert!(!plain.chars().any(|c| c.is_control() && c != '\n' && c != '\t'), "{:?}", plain);
        // The address of a link that is its own text is not repeated.
        let (mut drawn, mut written) = (letters(&plain), letters(&text));
        if text.contains("](") {
            drawn.dedup();
            written.dedup();
        }
        prop_assert_eq!(drawn, written);
    }
}
