//! The owner's list of websites: which URLs it keeps the agent from, before anything is resolved or dialled.

use hermes_tests::hermes::{Hermes, Ran, run, text};
use serde_json::{Value, json};

/// Settings, shared files and URLs, and what becomes of them.
const CORPUS: &str = include_str!("../../../fixtures/website_policy.jsonl");

fn check(hermes: &Hermes, url: &str) -> Ran {
    // Every name exists, so that the list alone decides.
    let host = url.rsplit("//").next().unwrap_or_default().rsplit('@').next().unwrap_or_default();
    let host = host.split(['/', ':']).next().unwrap_or_default();
    run(hermes.command(&["check", "url", "--json", "--resolve", &format!("{host}=93.184.216.34"), "--", url]))
}

/// What the list said: `allow`, `block` or `error`.
fn said(ran: &Ran) -> &'static str {
    let Ok(told) = serde_json::from_str::<Value>(&ran.out) else {
        assert!(ran.code == Some(1) && ran.err.contains("security.website_blocklist"), "{ran:?}");
        return "error";
    };
    let findings = told["findings"].as_array().expect("findings");
    match findings.iter().find(|finding| finding["source"] == "scanner-website") {
        None => "allow",
        Some(finding) => {
            assert_eq!((ran.code, &told["verdict"]), (Some(4), &json!("deny")), "{ran:?}");
            if finding["rule"] == "website-policy" { "error" } else { "block" }
        }
    }
}

#[test]
fn the_labelled_policies_are_enforced_as_labelled() {
    let mut wrong = Vec::new();
    for line in CORPUS.lines() {
        let case: Value = serde_json::from_str(line).expect("JSON");
        let hermes =
            Hermes::new().configured(&json!({ "security": { "website_blocklist": case["config"] } }).to_string());
        for (name, content) in case["shared"].as_object().expect("files") {
            std::fs::write(hermes.path("home").join(name), content.as_str().expect("text")).expect("written");
        }
        let ran = check(&hermes, case["url"].as_str().expect("text"));
        if said(&ran) != case["expect"] {
            wrong.push(format!("{line}: {ran:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_list_that_is_broken_or_has_nobody_to_enforce_it_blocks_everything() {
    let hermes = Hermes::new();
    let list = hermes.path("list.txt");
    let config = format!("security:\n  website_blocklist:\n    enabled: yes\n    shared_files: [{}]\n", text(&list));
    let hermes = hermes.configured(&config);
    std::fs::write(&list, "bad.example\n10.0.0.1 hosts.example\n").expect("written");
    let broken = check(&hermes, "https://good.example/");
    assert_eq!(said(&broken), "error");
    assert!(broken.out.contains("list.txt`, line 2: `10.0.0.1 hosts.example` is no rule"), "{broken:?}");
    std::fs::write(&list, "bad.example\n").expect("written");
    assert_eq!(said(&check(&hermes, "https://good.example/")), "allow");
    assert_eq!(said(&check(&hermes, "https://a.bad.example/")), "block");
    let hermes = hermes.configured(&format!("{config}plugins: {{disabled: [scanner-website]}}\n"));
    let missing = check(&hermes, "https://good.example/");
    assert_eq!(missing.code, Some(4), "{missing:?}");
    assert!(
        missing.out.contains("url-scanner-missing") && missing.out.contains("hermes plugins enable scanner-website"),
        "{missing:?}"
    );
}
