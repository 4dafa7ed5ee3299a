use serde::Deserialize;

use crate::scan::scan;

#[derive(Deserialize)]
struct Case {
    content: String,
    expect: String,
    why: String,
}

fn cases() -> impl Iterator<Item = Case> {
    let corpus = include_str!("../../../tests/fixtures/context_files.jsonl").lines();
    let more = include_str!("../../../tests/fixtures/context_files-more.jsonl").lines();
    corpus.chain(more).map(|line| serde_json::from_str(line).expect("a case"))
}

#[test]
fn files_are_judged_as_labelled() {
    let wrong = cases().filter_map(|case| {
        let hits = scan(&case.content);
        let is_right = hits.is_empty() == (case.expect == "allow");
        (!is_right).then(|| format!("{} ({}): {hits:?}: {:?}", case.expect, case.why, case.content))
    });
    assert_eq!(wrong.collect::<Vec<_>>(), Vec::<String>::new());
}

#[test]
fn an_attack_is_found_wherever_it_stands_in_a_long_file() {
    let prose = "Use cargo test. Keep functions short, and write what holds.\n\n".repeat(100);
    for case in cases().filter(|case| case.expect == "block") {
        let text = format!("{prose}{}\n\n{prose}", case.content);
        assert!(!scan(&text).is_empty(), "{:?}", case.content);
    }
}

#[test]
fn places_are_parts_of_the_text() {
    for case in cases() {
        for hit in scan(&case.content) {
            assert!(case.content.get(hit.span.clone()).is_some_and(|part| !part.is_empty()), "{hit:?}");
        }
    }
}
