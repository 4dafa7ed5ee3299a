//! `hermes model` and `hermes setup`: from nothing to a model that answers, and what stands where afterwards.

use std::os::unix::fs::PermissionsExt as _;

use hermes_tests::hermes::{Hermes, run, run_with};
use hermes_tests::model_server::{Answer, ModelServer};
use hermes_tests::owner::Owner;
use hermes_tests::plugins::Shipped;
use hermes_tests::terminal::{ENTER, Terminal};
use serde_json::{Value, json};

use super::{conforms, found, says};

const KEY: &str = "sk-chosen-0123456789abcdef";

fn lists(names: &[&str]) -> Answer {
    let model = |name: &&str| json!({ "id": name, "object": "model", "created": 1, "owned_by": "x" });
    let list = json!({ "object": "list", "data": names.iter().map(model).collect::<Vec<_>>() });
    conforms("ListModelsResponse", &list);
    Answer::json(200, &list)
}

fn read(hermes: &Hermes, name: &str) -> String {
    std::fs::read_to_string(hermes.path(name)).unwrap_or_default()
}

#[test]
fn a_choice_is_tried_and_then_written() {
    let server = ModelServer::start(vec![says(&["ready"]), says(&["Hello"])]);
    let hermes = Hermes::new().configured("# mine\nterminal:\n  timeout: 60 # seconds\n");
    let url = format!("{}/v1", server.url());
    let set = ["model", "set", "openai", "gpt-4o", "--base-url", &url, "--key-stdin"];
    let ran = run_with(hermes.command(&set), format!("{KEY}\n"));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let config = read(&hermes, "home/config.yaml");
    assert!(config.starts_with("# mine\nterminal:\n  timeout: 60 # seconds\n"), "{config}");
    assert!(
        config.contains("provider: openai\n") && config.contains("name: gpt-4o\n") && config.contains(&url),
        "{config}"
    );
    assert_eq!(read(&hermes, "home/.env"), format!("OPENAI_API_KEY={KEY}\n"));
    let mode = std::fs::metadata(hermes.path("home/.env")).expect("there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(server.asked()[0].headers.contains(&format!("authorization: Bearer {KEY}\n")));
    assert!(server.asked()[0].body["max_completion_tokens"].as_u64().is_some_and(|tokens| tokens < 1000));

    let ran = run(hermes.command(&["-q", "hello"]));
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "Hello\n"), "{ran:?}");
    let ran = run(hermes.command(&["model", "show", "--json"]));
    let shown: Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(
        (&shown["model"], &shown["key"], &shown["info"]["context"]),
        (&json!("gpt-4o"), &json!("set"), &json!(128_000))
    );
    let elsewhere: Vec<String> =
        found(&hermes.path("home"), KEY).into_iter().filter(|path| !path.ends_with(".env")).collect();
    assert_eq!(elsewhere, Vec::<String>::new());
}

#[test]
fn what_does_not_answer_is_not_written() {
    let refused = json!({ "error": { "message": "Incorrect API key", "code": "invalid_api_key" } });
    let server = ModelServer::start(vec![Answer::json(401, &refused)]);
    let url = server.url();
    let hermes = Hermes::new();
    let set = |more: &[&str]| {
        let words = [&["model", "set", "openai", "gpt-4o", "--base-url", url.as_str()], more].concat();
        run_with(hermes.command(&words), format!("{KEY}\n"))
    };
    let ran = set(&["--key-stdin"]);
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(ran.err.contains("OpenAI answered 401: Incorrect API key") && !ran.err.contains(KEY), "{ran:?}");
    assert_eq!((read(&hermes, "home/config.yaml"), read(&hermes, "home/.env")), (String::new(), String::new()));
    let ran = set(&[]);
    assert!(ran.err.contains("`OPENAI_API_KEY` is not set") && ran.err.contains("--key-stdin"), "{ran:?}");
    let ran = set(&["--key-stdin", "--no-test"]);
    assert_eq!((ran.code, server.asked().len()), (Some(0), 1), "{ran:?}");

    for (words, said) in [
        (vec!["model", "set", "opnai", "x"], "did you mean `openai`?"),
        (vec!["model", "set", "openai-compatible", "x"], "add `--base-url URL`"),
        (vec!["model", "set", "ollama", "x", "--base-url", "file:///etc/passwd"], "is not the address of a server"),
        (vec!["model", "set", "ollama", "x", "--base-url", "http://me:secret@127.0.0.1/"], "cannot hold a password"),
        (vec!["model"], "hermes model set PROVIDER MODEL"),
        (vec!["setup"], "hermes setup --detect"),
    ] {
        let ran = run(hermes.command(&words));
        assert!(ran.code != Some(0) && ran.err.contains(said), "{words:?}: {ran:?}");
    }
}

#[test]
fn a_newcomer_with_a_server_of_their_own_edits_no_file() {
    let server = ModelServer::start(vec![lists(&["small:7b"]), says(&["ready"]), says(&["Hello"])]);
    let hermes = Hermes::new();
    let setup = ["setup", "--provider", "openai-compatible", "--base-url", &server.url()];
    let ran = run(hermes.command(&setup));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let ran = run(hermes.command(&["chat", "-q", "hello"]));
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "Hello\n"), "{ran:?}");
    assert_eq!(server.asked()[2].body["model"], "small:7b");
    assert!(!server.asked()[2].headers.contains("authorization"), "no key was given");
}

#[test]
fn a_server_on_this_machine_is_found_when_asked_for() {
    let server = ModelServer::start(vec![lists(&["one", "two"]), lists(&["one", "two"]), says(&["ready"])]);
    // Nobody listens where the others would be.
    let nowhere = "http://127.0.0.1:1/v1";
    let hermes = Hermes::new().configured(&format!(
        "openai:\n  endpoints: {{ollama: '{}/v1', vllm: '{nowhere}', llama-cpp: '{nowhere}'}}\n",
        server.url()
    ));
    let ran = run(hermes.command(&["setup", "--detect"]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.err.contains("Found Ollama with 2 models") && ran.out.contains("The model is one of ollama"),
        "{ran:?}"
    );
    let none = Hermes::new().configured(&format!(
        "openai:\n  endpoints: {{ollama: '{nowhere}', vllm: '{nowhere}', llama-cpp: '{nowhere}'}}\n"
    ));
    let ran = run(none.command(&["setup", "--detect"]));
    assert!(ran.code == Some(1) && ran.err.contains("No server with a model answers on this machine"), "{ran:?}");
}

#[test]
fn questions_lead_there_too() {
    let server = ModelServer::start(vec![lists(&["big", "small"]), says(&["ready"]), says(&["Hello"])]);
    let hermes = Hermes::new();
    let mut terminal = Terminal::open(&hermes, &["setup"]);
    terminal.until("Look for a model server on this machine");
    terminal.line("n");
    terminal.until("Provider (a number or a name): ");
    terminal.line("compatible");
    terminal.until("Address of the server");
    terminal.line(&format!("{}/v1", server.url()));
    terminal.until("not shown; Enter for none): ");
    terminal.keys(&format!("{KEY}{ENTER}"));
    let seen = terminal.until("a part of one): ");
    assert!(!seen.contains(KEY), "{seen}");
    terminal.line("2");
    terminal.until("All set");
    assert_eq!(terminal.end(), 0);
    assert!(read(&hermes, "home/config.yaml").contains("name: small"));
    assert_eq!(read(&hermes, "home/.env"), format!("OPENAI_COMPATIBLE_API_KEY={KEY}\n"));
    let ran = run(hermes.command(&["-q", "hello"]));
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "Hello\n"), "{ran:?}");
}

#[test]
fn a_server_that_is_found_needs_two_answers() {
    let lists = || lists(&["big", "small"]);
    let server = ModelServer::start(vec![lists(), lists(), says(&["ready"])]);
    let hermes = Hermes::new().configured(&format!(
        "openai:\n  endpoints: {{ollama: '{}/v1', vllm: 'http://127.0.0.1:1', llama-cpp: 'http://127.0.0.1:1'}}\n",
        server.url()
    ));
    let mut terminal = Terminal::open(&hermes, &["setup"]);
    terminal.until("Look for a model server on this machine");
    terminal.line("");
    terminal.until("Found Ollama with 2 models. Use it? [Y/n]");
    terminal.line("");
    terminal.until("a part of one): ");
    terminal.line("sma");
    terminal.until("All set");
    assert_eq!(terminal.end(), 0);
    assert!(read(&hermes, "home/config.yaml").contains("name: small") && !hermes.path("home/.env").exists());
}

#[test]
fn an_end_of_input_changes_nothing() {
    let hermes = Hermes::new();
    let mut terminal = Terminal::open(&hermes, &["model"]);
    terminal.until("Provider (a number or a name): ");
    terminal.keys(hermes_tests::terminal::CTRL_D);
    assert_eq!(terminal.end(), 1);
    assert!(!hermes.path("home/config.yaml").exists());
}

#[test]
fn providers_of_others_stand_among_ours() {
    let owner = Owner::default();
    let shipped = Shipped::new("model-acme", "mischief").provides(&["model acme"]);
    let _ = owner.installs(&shipped.put(&owner.dir()));
    let list = owner.json(&["model", "list", "--json"]);
    let named =
        |name: &str| list.as_array().expect("a list").iter().find(|one| one["name"] == name).expect("listed").clone();
    assert_eq!((&named("acme")["plugin"], &named("acme")["enabled"]), (&json!("model-acme"), &json!(false)));
    assert_eq!((&named("anthropic")["key"], &named("ollama")["key"]), (&json!("missing"), &json!("optional")));
    assert!(owner.fails(&["model", "set", "acme"]).contains("hermes plugins enable model-acme"));
    owner.configure("plugins: {enabled: [model-acme], trusted: [model-acme]}\n");
    assert!(owner.ok(&["model", "list"]).contains("acme"));
}
