//! `hermes check url`: one URL, many, and the labelled ones.

use hermes_tests::hermes::{Hermes, Ran, run, run_with};
use serde_json::{Value, json};

/// What the labelled URLs say, and what may come of them.
const CORPUS: &str = include_str!("../../../fixtures/ssrf.jsonl");

fn check(args: &[&str]) -> Ran {
    run(Hermes::new().command(&[&["check", "url"], args].concat()))
}

/// Answers to lines, one a line.
fn answers(lines: &str) -> Vec<Value> {
    let ran = run_with(Hermes::new().command(&["check", "url", "--jsonl"]), lines);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    ran.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

#[test]
fn the_labelled_urls_are_judged_as_labelled() {
    let labelled: Vec<Value> = CORPUS.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let asked = labelled.iter().enumerate().map(|(id, case)| {
        let mut line = json!({ "id": id, "url": case["url"] });
        if let Some(resolve) = case.get("resolve") {
            line["resolve"] = resolve.clone();
        }
        format!("{line}\n")
    });
    // From the first line on names are answered here and nowhere else.
    let first = json!({ "url": "http://nothing.example/", "resolve": {} });
    let answers = answers(&format!("{first}\n{}", asked.collect::<String>()));
    assert_eq!(answers.len(), labelled.len() + 1);
    let wrong: Vec<String> = std::iter::zip(&labelled, &answers[1..])
        .filter(|(case, answer)| answer["verdict"] != if case["expect"] == "block" { "deny" } else { "allow" })
        .map(|(case, answer)| format!("{case}: {answer}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_exit_code_tells_the_verdict() {
    let public = check(&["https://good.example/x", "--resolve", "good.example=93.184.216.34,2606:4700:4700::1111"]);
    assert_eq!((public.code, public.out.as_str()), (Some(0), "allow: nothing speaks against it\n"), "{public:?}");
    let private = check(&["https://good.example/x", "--resolve", "good.example=93.184.216.34,10.1.2.3"]);
    assert_eq!(private.code, Some(4), "{private:?}");
    assert!(private.out.starts_with("deny: `good.example` is 10.1.2.3, a private address\n"), "{private:?}");
    let json = check(&["http://0x7f.1/", "--json"]);
    let told: Value = serde_json::from_str(&json.out).expect("JSON");
    assert_eq!(
        (json.code, &told["verdict"], &told["findings"][0]["rule"]),
        (Some(4), &json!("deny"), &json!("url-address"))
    );
    let usage = check(&["https://good.example/", "--resolve", "good.example=x"]);
    assert_eq!(usage.code, Some(2), "{usage:?}");
    assert!(usage.err.contains("`x` is no address") && usage.err.contains("hint: "), "{usage:?}");
}

#[test]
fn a_redirect_is_judged_like_the_first_url_and_a_bad_line_does_not_end_the_run() {
    let lines = [
        json!({ "id": "a", "url": "http://93.184.216.34/", "redirects": ["/next", "https://1.1.1.1/"] }).to_string(),
        json!({ "id": "b", "url": "http://93.184.216.34/", "redirects": ["//169.254.169.254/latest"] }).to_string(),
        "{".to_owned(),
        json!({ "id": "c", "url": 5 }).to_string(),
        json!({ "id": "d", "url": "http://x.example/", "resolve": { "x.example": ["y"] } }).to_string(),
        json!({ "id": "e", "url": "http://93.184.216.34/", "redirects": vec!["/loop"; 50] }).to_string(),
        json!({ "id": "f", "url": format!("http://93.184.216.34/{}", "x".repeat(1 << 20)) }).to_string(),
    ];
    let answers = answers(&lines.join("\n"));
    let verdict = |at: usize| (answers[at]["id"].as_str(), answers[at]["verdict"].as_str());
    assert_eq!(verdict(0), (Some("a"), Some("allow")), "{answers:?}");
    assert_eq!(verdict(1), (Some("b"), Some("deny")), "{answers:?}");
    assert!(answers[2]["error"].is_string() && answers[3]["error"].is_string(), "{answers:?}");
    assert_eq!(answers[4]["error"], "`resolve.x.example`: `y` is no address");
    assert_eq!(answers[5]["findings"][0]["rule"], "url-redirects");
    assert_eq!(answers[6]["findings"][0]["rule"], "url-malformed");
}
