//! Every kind has a template, and nothing in it is left open.

use super::*;

fn text(files: &[(PathBuf, String)], name: &str) -> String {
    files.iter().find(|(path, _)| path.ends_with(name)).expect(name).1.clone()
}

#[test]
fn every_kind_has_one_with_nothing_left_open() {
    for kind in ["scanner", "backend", "platform", "mcp_server", "model", "gate", "commands"] {
        let files = render(kind, "my-plugin", Place::Alone { api: Path::new("/api") }).expect(kind);
        let manifest: serde_yaml::Value = serde_yaml::from_str(&text(&files, "plugin.yaml")).expect("YAML");
        assert_eq!(manifest["provides"][0]["kind"], kind);
        assert_eq!(manifest["provides"][0]["name"], "my-plugin");
        for (path, text) in &files {
            assert!(!text.contains("{{"), "{kind}: {}", path.display());
        }
    }
    assert_eq!(kinds().count(), 7);
    assert!(render("other", "x", Place::Member).is_none());
}

#[test]
fn the_kind_is_not_said_twice() {
    let files = render("scanner", "scanner-hello", Place::Member).expect("a template");
    assert!(text(&files, "plugin.yaml").contains("id: scanner-hello\n"));
    assert!(text(&files, "plugin.yaml").contains("name: hello,"));
    assert!(text(&files, "plugin.yaml").contains("library: libhermes_scanner_hello.so\n"));
    assert!(text(&files, "Cargo.toml").contains("name = \"hermes-scanner-hello\"\n"));
    assert!(text(&files, "Cargo.toml").contains("hermes-plugin-api.workspace = true\n"));
}

#[test]
fn an_odd_path_stays_one_string() {
    let files = render("scanner", "x", Place::Alone { api: Path::new("/a \"b\"\\c") }).expect("a template");
    assert!(files[0].1.contains(r#"path = "/a \"b\"\\c""#), "{}", files[0].1);
}

/// The examples are what a new plugin of their kind looks like, so that what the one teaches the other is.
#[test]
fn the_examples_are_made_from_the_templates() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    for (kind, id) in [("backend", "backend-echo"), ("platform", "platform-loopback")] {
        let files = render(kind, id, Place::Alone { api: Path::new("../../plugin-api") }).expect("a template");
        for (path, text) in files.iter().filter(|(path, _)| path.starts_with("src") || path.ends_with("plugin.yaml")) {
            let example = examples.join(id).join(path);
            let found = std::fs::read_to_string(&example).expect("it is there");
            assert_eq!(found, *text, "`{}` is not what its template makes", example.display());
        }
    }
}
