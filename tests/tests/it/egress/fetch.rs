//! What is fetched, from which address, and what stops it: in a network namespace where public addresses are on the
//! loopback interface, and names are answered by a server that lies.

use hermes_tests::hermes::text;
use hermes_tests::lab::{Lab, OTHER, PUBLIC, redirect, response};
use hermes_tests::owner::Owner;
use hermes_tests::plugins::Shipped;
use serde_json::{Value, json};

/// A home with a plugin that fetches what the model says, and what it says: this, and then that it was as expected.
fn fetching(calls: &[(Value, &str)]) -> Owner {
    fetching_with(calls, "{network: [chosen]}")
}

fn fetching_with(calls: &[(Value, &str)], permissions: &str) -> Owner {
    let mut steps = Vec::new();
    let mut expect = Value::Null;
    for (arguments, result) in calls {
        let mut arguments = arguments.clone();
        arguments["what"] = "fetch".into();
        steps.push(json!({ "expect": expect, "tool_calls": [{ "name": "asker", "arguments": arguments }] }));
        expect = json!({ "last_contains": result });
    }
    steps.push(json!({ "expect": expect, "text": "As expected." }));
    for step in &mut steps {
        if step["expect"].is_null() {
            let _ = step.as_object_mut().and_then(|step| step.remove("expect"));
        }
    }
    let owner = Owner::default();
    let path = owner.dir().join("script.yaml");
    std::fs::write(&path, json!(steps).to_string()).expect("written");
    owner.configure(&format!("model:\n  provider: scripted\n  script: {}\n", text(&path)));
    let folder = Shipped::new("tools-asker", "asker").more(&format!("permissions: {permissions}")).put(&owner.dir());
    let _ = owner.installs(&folder);
    let _ = owner.ok(&["plugins", "enable", "tools-asker", "--trust"]);
    owner
}

fn lab<'a>(owner: &'a Owner, names: &str) -> Lab<'a> {
    Lab::new(owner.program(), env!("CARGO_BIN_EXE_lab"), names)
}

fn goes(lab: &Lab<'_>) {
    goes_with(lab, &[]);
}

fn goes_with(lab: &Lab<'_>, variables: &[(&str, &str)]) {
    let ran = lab.run(&["-q", "go"], variables);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "As expected.\n"), "{ran:?}\n{}", lab.log());
}

fn asked<'a>(log: &'a str, what: &str) -> Vec<&'a str> {
    log.lines().filter(|line| line.starts_with(what)).collect()
}

#[test]
fn the_address_that_was_checked_is_the_one_that_is_dialled() {
    let owner = fetching(&[
        (json!({ "url": "http://rebind.example/x" }), "200 http://rebind.example/x 6 public"),
        (json!({ "url": "http://rebind.example/x" }), "`rebind.example` is 127.0.0.1, a loopback address"),
    ]);
    let lab = lab(&owner, &format!("rebind.example {PUBLIC} 127.0.0.1\n"))
        .serves(PUBLIC, "x", response("200 OK", "", "public"))
        .serves("127.0.0.1", "x", response("200 OK", "", "secret"));
    goes(&lab);
    let log = lab.log();
    assert_eq!(asked(&log, "dns").len(), 2, "each was asked once: {log}");
    assert_eq!(asked(&log, &format!("http {PUBLIC} GET /x")).len(), 1, "{log}");
    assert!(asked(&log, "http 127.0.0.1").is_empty(), "{log}");
}

#[test]
fn every_redirect_is_judged_and_nothing_private_is_dialled() {
    let refused = "is not fetched: ";
    let owner = fetching(&[
        (json!({ "url": "http://a.example/ok" }), "200 http://b.example/end 3 end"),
        (
            json!({ "url": "http://a.example/address" }),
            "`http://127.0.0.1/secret` is not fetched: 127.0.0.1 is a loopback",
        ),
        (json!({ "url": "http://a.example/name" }), "`inside.example` is 127.0.0.1, a loopback address"),
        (json!({ "url": "http://a.example/scheme" }), "`file` is not http or https"),
        (json!({ "url": "http://a.example/metadata" }), refused),
        (json!({ "url": "http://a.example/circle" }), "redirects more than 10 times"),
        (json!({ "url": "http://2130706433/secret" }), "127.0.0.1 is a loopback address"),
        (json!({ "url": "http://half.example/secret" }), "`half.example` is 127.0.0.1"),
        (json!({ "url": "http://none.example/" }), "`none.example` cannot be resolved"),
    ]);
    let names =
        format!("a.example {PUBLIC}\nb.example {OTHER}\ninside.example 127.0.0.1\nhalf.example {PUBLIC},127.0.0.1\n");
    let lab = lab(&owner, &names)
        .serves(PUBLIC, "ok", redirect("/next"))
        .serves(PUBLIC, "next", redirect("//b.example/end"))
        .serves(OTHER, "end", response("200 OK", "", "end"))
        .serves(PUBLIC, "address", redirect("http://127.1/secret"))
        .serves(PUBLIC, "name", redirect("http://inside.example/secret"))
        .serves(PUBLIC, "scheme", redirect("file:///etc/passwd"))
        .serves(PUBLIC, "metadata", redirect("http://[::ffff:169.254.169.254]/latest"))
        .serves(PUBLIC, "circle", redirect("/circle"))
        .serves("127.0.0.1", "secret", response("200 OK", "", "secret"));
    goes(&lab);
    let log = lab.log();
    assert!(asked(&log, "http 127.0.0.1").is_empty(), "{log}");
    assert_eq!(asked(&log, &format!("http {PUBLIC} GET /circle")).len(), 11, "{log}");
}

#[test]
fn what_is_meant_for_one_server_is_not_told_to_another_and_the_environment_names_no_proxy() {
    let headers = json!([["authorization", "Bearer abc"], ["x-key", "def"], ["accept", "text/plain"]]);
    let owner = fetching(&[
        (json!({ "url": "http://ada:pw@a.example/same", "headers": headers }), "200 http://b.example/end 3 end"),
        (
            json!({ "url": "http://a.example/", "headers": [["host", "inside.example"]] }),
            "`host` is no header that may",
        ),
    ]);
    let lab = lab(&owner, &format!("a.example {PUBLIC}\nb.example {OTHER}\n"))
        .serves(PUBLIC, "same", redirect("/other"))
        .serves(PUBLIC, "other", redirect("http://b.example/end"))
        .serves(OTHER, "end", response("200 OK", "", "end"))
        .serves("127.0.0.1", "same", response("200 OK", "", "a proxy"));
    let proxies = ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"].map(|name| (name, "http://127.0.0.1:80"));
    goes_with(&lab, &proxies);
    let log = lab.log();
    let second = asked(&log, &format!("http {PUBLIC} GET /other"));
    assert!(second[0].contains("authorization: bearer abc") && second[0].contains("x-key: def"), "{log}");
    let last = asked(&log, &format!("http {OTHER}"));
    assert!(!last[0].contains("authorization") && !last[0].contains("x-key"), "{log}");
    assert!(last[0].contains("accept: text/plain"), "{log}");
    assert!(asked(&log, "http 127.0.0.1").is_empty(), "{log}");
}

#[test]
fn bodies_without_end_bombs_and_servers_that_dawdle_are_cut() {
    let url = |path: &str| format!("http://a.example/{path}");
    let owner = fetching(&[
        (json!({ "url": url("flood"), "limit": 1_000_000 }), "200 http://a.example/flood 1000000 cut"),
        (json!({ "url": url("bomb"), "limit": 1_000_000 }), "200 http://a.example/bomb 1000000 cut"),
        (json!({ "url": url("exact"), "limit": 5 }), "200 http://a.example/exact 5 12345"),
        (json!({ "url": url("slow"), "timeout_ms": 2500 }), "The server stopped before the end of its response"),
        (json!({ "url": url("head"), "timeout_ms": 2500 }), "It took longer than it may"),
        (json!({ "url": url("garbage") }), "code 5"),
    ]);
    let bomb = {
        let head = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nconnection: close\r\n\r\n".as_bytes().to_vec();
        [head, zeros_as_gzip(owner.program())].concat()
    };
    let head = "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n";
    let lab = lab(&owner, &format!("a.example {PUBLIC}\n"))
        .serves(PUBLIC, "flood.flood", head)
        .serves(PUBLIC, "bomb", bomb)
        .serves(PUBLIC, "exact", response("200 OK", "", "12345"))
        .serves(PUBLIC, "slow.slow", head)
        .serves(PUBLIC, "head.slow", "HTTP/1.1 200 OK\r\nx: ")
        .serves(PUBLIC, "garbage", "not http at all\r\n\r\n");
    let started = tokio::time::Instant::now();
    goes(&lab);
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
}

/// 200 MB of nothing, which pack well.
fn zeros_as_gzip(hermes: &hermes_tests::hermes::Hermes) -> Vec<u8> {
    let path = hermes.path("bomb.gz");
    #[expect(clippy::disallowed_methods, reason = "the system's own packer makes the bomb")]
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "head -c 200000000 /dev/zero | gzip -1 >\"$1\"", "sh", text(&path)]);
    assert!(command.status().expect("run").success());
    std::fs::read(path).expect("read")
}

#[test]
fn a_plugin_fetches_only_what_it_declares_and_each_decision_is_written_down() {
    let owner =
        fetching_with(&[(json!({ "url": "http://a.example/" }), "does not declare the network `chosen`")], "{}");
    goes(&lab(&owner, ""));
    let owner = fetching(&[
        (json!({ "url": "http://u:p@a.example/x", "old": true }), "No tool call with this token is running"),
        (json!({ "url": "http://u:p@a.example/x" }), "200"),
        (json!({ "url": "http://127.0.0.1/" }), "not fetched"),
    ]);
    let lab = lab(&owner, &format!("a.example {PUBLIC}\n")).serves(PUBLIC, "x", response("200 OK", "", "x"));
    goes(&lab);
    let audit = std::fs::read_to_string(owner.home().join("logs/audit.jsonl")).expect("read");
    let lines: Vec<Value> = audit.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let told: Vec<_> = lines.iter().map(|line| (line["command"].as_str(), line["verdict"].as_str())).collect();
    assert_eq!(
        told,
        [(Some("fetch http://a.example/x"), Some("allow")), (Some("fetch http://127.0.0.1/"), Some("deny"))],
        "{audit}"
    );
    assert_eq!(lines[1]["findings"], json!(["url-address"]));
    let _ = owner.ok(&["audit", "verify"]);
}
