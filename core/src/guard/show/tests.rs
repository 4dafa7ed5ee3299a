use super::*;

#[track_caller]
fn check(text: &str, marks: &[(usize, usize)], expected: &str) {
    let marks: Vec<Span> = marks.iter().map(|(start, end)| Span { start: *start, end: *end }).collect();
    assert_eq!(command(text, &marks, false).text, expected);
}

#[test]
fn what_triggered_is_marked_below() {
    check("rm -r x", &[], "    rm -r x");
    check("rm -r x", &[(0, 7)], "    rm -r x");
    check("a; rm -r x", &[(3, 10)], "    a; rm -r x\n       ^^^^^^^");
    // Wide characters take two columns, combining ones none.
    check("echo 漢字e\u{301}; rm x", &[(16, 20)], "    echo 漢字e\u{301}; rm x\n                ^^^^");
    check("a\tb; rm x", &[(5, 9)], "    a\\tb; rm x\n          ^^^^");
    // A place that is not in the text marks nothing.
    check("a; rm x", &[(3, 70)], "    a; rm x");
    check("é; rm x", &[(1, 2)], "    é; rm x");
}

#[test]
fn lines_are_kept_apart_and_cannot_be_mistaken_for_ours() {
    check("a\n    [o]nce\nrm x", &[(13, 17)], "    a\n  |     [o]nce\n  | rm x\n    ^^^^");
}

#[test]
fn wide_lines_are_marked_within() {
    let text = format!("{}; rm x; b", "a".repeat(80));
    let shown = command(&text, &[Span { start: 82, end: 86 }], false).text;
    assert!(shown.ends_with("a; »rm x«; b"), "{shown}");
}

#[test]
fn what_cannot_be_seen_is_spelled_out() {
    check(
        "a\u{1b}[2J\u{200b}\u{a0}\u{202e}\u{fe0f}\u{85}",
        &[],
        "    a\\x1b[2J\\u{200b}\\u{a0}\\u{202e}\\u{fe0f}\\u{85}",
    );
    check("grüße ™ … 👩", &[], "    grüße ™ … 👩");
}

#[test]
fn many_lines_are_shortened_and_ten_megabytes_take_no_time() {
    let text = "echo line of text\n".repeat(100);
    let shown = command(&text, &[], false);
    assert!(shown.shortened && shown.text.lines().count() < 50);
    assert!(!command(&text, &[], true).shortened);
    let shown = command(&"x".repeat(10 << 20), &[Span { start: 5 << 20, end: (5 << 20) + 4 }], false);
    assert!(shown.shortened && shown.text.len() < 3000 && shown.text.contains("»xxxx«"));
}
