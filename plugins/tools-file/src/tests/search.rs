//! Searches: what is shown of what was found.

use super::*;

fn project() -> Fixture {
    let t = Fixture::with("/w/a.rs", "fn one() {}\nlet two = 2;\nfn three() {}\n");
    t.harness.put_file("/w/sub/b.rs", "// nothing\nfn One() {}\n");
    t.harness.put_file("/w/c.bin", b"fn one\0".to_vec());
    t.harness.put_file("/w/d.txt", utf16("fn one\nx\n"));
    t
}

#[test]
fn lines_are_found_with_path_and_number() {
    let t = project();
    let found = t.done("search_files", json!({ "pattern": r"fn \w+", "path": "/w" }));
    assert_eq!(found, "a.rs:1:fn one() {}\na.rs:3:fn three() {}\nd.txt:1:fn one\nsub/b.rs:2:fn One() {}\n");
    let found =
        t.done("search_files", json!({ "pattern": "ONE()", "path": "/w", "literal": true, "ignore_case": true }));
    assert_eq!(found, "a.rs:1:fn one() {}\nsub/b.rs:2:fn One() {}\n");
    let none = t.done("search_files", json!({ "pattern": "^zzz$", "path": "/w" }));
    assert_eq!(none, "[nothing found in 4 files below /w]");
}

#[test]
fn lines_around_are_shown() {
    let t = project();
    let found = t.done("search_files", json!({ "pattern": "two", "path": "/w", "context": 1 }));
    assert_eq!(found, "a.rs-1-fn one() {}\na.rs:2:let two = 2;\na.rs-3-fn three() {}\n");
}

#[test]
fn names_are_listed_with_and_without_a_pattern() {
    let t = project();
    let names = t.done("search_files", json!({ "files_only": true, "path": "/w" }));
    assert_eq!(names, "a.rs\nc.bin\nd.txt\nsub/b.rs\n");
    let names = t.done("search_files", json!({ "files_only": true, "pattern": "one", "path": "/w" }));
    assert_eq!(names, "a.rs\nd.txt\n");
    assert!(t.refused("search_files", json!({ "path": "/w" })).contains("Give a `pattern`"));
}

#[test]
fn many_results_come_in_pages() {
    let t = Fixture::with("/w/a", (0..50).map(|n| format!("x{n}\n")).collect::<String>());
    let page = t.done("search_files", json!({ "pattern": "x", "path": "/w", "limit": 2, "offset": 3 }));
    assert_eq!(page, "a:4:x3\na:5:x4\n[there are more: continue with `offset` 5]");
    let last = t.done("search_files", json!({ "pattern": "x", "path": "/w", "limit": 2, "offset": 49 }));
    assert_eq!(last, "a:50:x49\n");
    let t = Fixture::with("/w/a", format!("x{}\n", "y".repeat(5_000)).repeat(1_000));
    let page = t.done("search_files", json!({ "pattern": "x", "path": "/w", "limit": 1_000 }));
    assert!(page.len() < 45_000 && page.contains("[line cut]") && page.contains("there are more"), "{}", page.len());
}

#[test]
fn a_wrong_pattern_is_told() {
    let t = project();
    for pattern in ["(", "a{9999999}", "x\ny"] {
        let why = t.refused("search_files", json!({ "pattern": pattern, "path": "/w" }));
        assert!(why.contains("is not a pattern") && why.contains("hint:"), "{why}");
    }
}
