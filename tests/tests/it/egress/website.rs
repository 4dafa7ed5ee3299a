//! The owner's list of websites: which URLs it keeps the agent from, before anything is resolved or dialled.

use hermes_tests::hermes::{Hermes, Ran, run, text};
use hermes_tests::lab::{Lab, PUBLIC, response};
use hermes_tests::terminal::Terminal;
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

#[test]
fn a_policy_that_changes_while_a_session_runs_holds_from_then_on() {
    let list = "security:\n  website_blocklist:\n    ";
    let stages = [
        (String::new(), "welcome"),
        (format!("{list}{{enabled: true, domains: [a.example]}}\n"), r#""rule":"a.example","source":"config""#),
        (format!("{list}{{enabled: true, domains: [b.example]}}\n"), "welcome"),
        (format!("{list}enabled: perhaps\n"), "`security.website_blocklist.enabled`"),
        (format!("{list}enabled: [\n"), "the configuration is malformed, and every website is blocked"),
        (format!("{list}{{enabled: true, domains: [a..example]}}\n"), "`security.website_blocklist.domains[0]`"),
        (format!("{list}{{enabled: true, shared_files: [bad]}}\n"), r#""rule":"*.example","source":"bad""#),
        (format!("{list}{{enabled: false, shared_files: [bad]}}\n"), "welcome"),
    ];
    let steps = stages.iter().enumerate().flat_map(|(at, (_, expect))| {
        let call = json!({ "name": "web_extract", "arguments": { "url": "http://a.example/page" } });
        [
            json!({ "tool_calls": [call] }),
            json!({ "expect": { "last_contains": expect }, "text": format!("Stage {at} it is.") }),
        ]
    });
    let hermes = Hermes::new().scripted(&json!(steps.collect::<Vec<_>>()).to_string(), "");
    let config = hermes.path("home/config.yaml");
    let base = std::fs::read_to_string(&config).expect("read");
    std::fs::write(hermes.path("home/bad"), "*.example\n").expect("written");
    let lab = Lab::new(&hermes, env!("CARGO_BIN_EXE_lab"), &format!("a.example {PUBLIC}\n"));
    let lab = lab.serves(PUBLIC, "page", response("200 OK", "content-type: text/plain", "welcome"));
    let mut terminal = Terminal::running(&lab.command(&[]));
    for (at, (policy, _)) in stages.iter().enumerate() {
        let _ = terminal.until("❯ ");
        std::fs::write(&config, format!("{base}{policy}")).expect("written");
        terminal.line("go");
        let _ = terminal.until(&format!("Stage {at} it is."));
    }
    let _ = terminal.until("❯ ");
    terminal.line("/quit");
    assert_eq!(terminal.end(), 0);
    assert_eq!(lab.log().matches("GET /page").count(), 3, "what is blocked is not dialled: {}", lab.log());
}
