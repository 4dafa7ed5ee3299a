mod patch;
mod search;

use hermes_plugin_api::harness::{Collected, Harness, block_on, check_manifest};
use hermes_plugin_api::manifest::Kind;
use hermes_plugin_api::prelude::*;
use hermes_plugin_api::tools::{CallContext, CallResult, Progress, ToolCall};
use serde_json::{Value, json};

use crate::Files;
use crate::config::Config;
use crate::seen::Seen;

struct Fixture {
    harness: Harness,
    files: Files,
    progress: Collected,
}

impl Fixture {
    fn new() -> Self {
        let harness = Harness::default();
        let host = harness.context("tools-file").host;
        Self { harness, files: Files { host, seen: Seen::default() }, progress: Collected::default() }
    }

    fn with(path: &str, content: impl Into<Vec<u8>>) -> Self {
        let fixture = Self::new();
        fixture.harness.put_file(path, content);
        fixture
    }

    fn call(&self, name: &str, arguments: Value) -> CallResult {
        let context = CallContext { token: "t".to_owned(), session: "s".to_owned() };
        let call = ToolCall { name: name.to_owned(), arguments, context };
        block_on(self.files.call(call, self.progress.sink(), Cancel::never())).expect("a result")
    }

    fn done(&self, name: &str, arguments: Value) -> String {
        let result = self.call(name, arguments);
        assert!(!result.is_error, "{}", result.joined());
        result.joined()
    }

    fn refused(&self, name: &str, arguments: Value) -> String {
        let result = self.call(name, arguments);
        assert!(result.is_error, "{}", result.joined());
        result.joined()
    }

    fn text(&self, path: &str) -> String {
        String::from_utf8(self.harness.file(path).expect("there")).expect("text")
    }
}

fn utf16(text: &str) -> Vec<u8> {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

#[test]
fn the_manifest_fits() {
    let manifest = check_manifest::<Config>(include_str!("../plugin.yaml")).expect("fits");
    assert!(manifest.declares(Kind::McpServer, "file"));
}

#[test]
fn the_tools_say_what_they_do() {
    let tools = block_on(Fixture::new().files.tools()).expect("tools");
    let told: Vec<_> = tools
        .iter()
        .map(|tool| (tool.name.as_str(), tool.read_only, tool.parallel, tool.destructive, tool.idempotent))
        .collect();
    assert_eq!(
        told,
        [
            ("read_file", true, true, false, true),
            ("write_file", false, false, true, true),
            ("patch", false, false, true, false),
            ("search_files", true, true, false, true),
        ]
    );
    assert!(tools.iter().all(|tool| tool.input_schema["additionalProperties"] == false));
}

#[test]
fn a_file_is_read_in_pages_with_numbers() {
    let lines: String = (1..=1200).map(|n| format!("line {n}\n")).collect();
    let t = Fixture::with("/w/a", lines);
    let page = t.done("read_file", json!({ "path": "/w/a" }));
    assert!(page.starts_with("     1|line 1\n     2|line 2\n"), "{page}");
    assert!(page.ends_with("   500|line 500\n[lines 1 to 500 of 1200]"), "{}", &page[page.len() - 80..]);
    let page = t.done("read_file", json!({ "path": "/w/a", "offset": 1199, "limit": 50 }));
    assert_eq!(page, "  1199|line 1199\n  1200|line 1200\n[lines 1199 to 1200 of 1200]");
    let beyond = t.done("read_file", json!({ "path": "/w/a", "offset": 9999 }));
    assert_eq!(beyond, "[the file has 1200 lines, and line 9999 is asked for]");
    assert_eq!(Fixture::with("/e", "").done("read_file", json!({ "path": "/e" })), "[the file is empty]");
    assert_eq!(Fixture::with("/e", "x").done("read_file", json!({ "path": "/e" })), "     1|x\n");
}

#[test]
fn what_is_no_text_is_named() {
    let t = Fixture::with("/w/a", b"\x7fELF\0\0".to_vec());
    assert_eq!(t.done("read_file", json!({ "path": "/w/a" })), "`/w/a` is a binary file of 6 bytes; it is not shown");
    assert!(t.refused("read_file", json!({ "path": "/w" })).contains("is a folder"));
    assert!(t.refused("read_file", json!({ "path": "/none" })).contains("There is no file `/none`"));
    assert!(t.refused("patch", json!({ "path": "/w/a", "old_string": "E", "new_string": "F" })).contains("binary"));
}

#[test]
fn a_page_is_bounded() {
    let t = Fixture::with("/w/a", format!("{}\n", "\u{e9}".repeat(5_000)).repeat(60));
    let page = t.done("read_file", json!({ "path": "/w/a" }));
    assert!(page.contains("[line cut]\n") && page.chars().count() < 65_000, "{}", page.chars().count());
    assert!(page.ends_with("of 60]"), "{}", &page[page.len() - 40..]);
}

#[test]
fn encodings_are_read_and_kept() {
    let text = "caf\u{e9} \u{20ac}\r\nzwei\r\n";
    let latin = b"caf\xe9\nzwei\n".to_vec();
    let marked = [b"\xef\xbb\xbf".as_slice(), text.as_bytes()].concat();
    let big: Vec<u8> = utf16(text).chunks(2).flat_map(|unit| [unit[1], unit[0]]).collect();
    for (content, name, expected) in [
        (utf16(text), "UTF-16LE", utf16("caf\u{e9} \u{20ac}\r\ndrei\r\nvier\r\n")),
        (marked, "UTF-8 with a byte order mark", "\u{feff}caf\u{e9} \u{20ac}\r\ndrei\r\nvier\r\n".into()),
        (latin, "windows-1252", b"caf\xe9\ndrei\nvier\n".to_vec()),
        (
            big,
            "UTF-16BE",
            utf16("caf\u{e9} \u{20ac}\r\ndrei\r\nvier\r\n").chunks(2).flat_map(|u| [u[1], u[0]]).collect(),
        ),
    ] {
        let t = Fixture::with("/w/a", content);
        let page = t.done("read_file", json!({ "path": "/w/a" }));
        assert!(page.contains("1|caf\u{e9}") && page.ends_with(&format!("     2|zwei\n[{name}]")), "{page:?}");
        t.done("patch", json!({ "path": "/w/a", "old_string": "zwei\n", "new_string": "drei\nvier\n" }));
        assert_eq!(t.harness.file("/w/a"), Some(expected), "{name}");
    }
    let t = Fixture::with("/w/a", b"caf\xe9\n".to_vec());
    let why = t.refused("write_file", json!({ "path": "/w/a", "content": "\u{4e2d}" }));
    assert!(why.contains("windows-1252, which lacks a character"), "{why}");
    let t = Fixture::with("/w/a", b"\xff\xfea\0b".to_vec());
    assert!(t.refused("write_file", json!({ "path": "/w/a", "content": "x" })).contains("would damage it"));
}

#[test]
fn writing_shows_what_was_done_to_model_and_person() {
    let t = Fixture::with("/w/a", "one\r\ntwo\r\n");
    let done = t.done("write_file", json!({ "path": "/w/a", "content": "one\nthree\n" }));
    assert_eq!(done, "Changed `/w/a`:\n--- /w/a\n+++ /w/a\n@@ -1,2 +1,2 @@\n one\n-two\n+three\n");
    assert_eq!(t.text("/w/a"), "one\r\nthree\r\n");
    let shown: Vec<Progress> = t.progress.messages().expect("messages");
    assert!(done.ends_with(&shown[0].message) && shown.len() == 1);
    let new = t.done("write_file", json!({ "path": "/w/new", "content": "x\n" }));
    assert_eq!(new, "Created `/w/new`:\n--- /dev/null\n+++ /w/new\n@@ -0,0 +1 @@\n+x\n");
    let same = t.done("write_file", json!({ "path": "/w/new", "content": "x\n" }));
    assert_eq!(same, "`/w/new` is this already; nothing was written.");
}

#[test]
fn what_changed_since_it_was_read_is_not_written() {
    let t = Fixture::with("/w/a", "one\n");
    t.done("read_file", json!({ "path": "/w/a" }));
    t.harness.put_file("/w/a", "theirs\n");
    let why = t.refused("write_file", json!({ "path": "/w/a", "content": "mine\n" }));
    assert!(why.contains("`/w/a` has changed since you read it") && why.contains("hint: read it again"), "{why}");
    t.refused("patch", json!({ "path": "/w/a", "old_string": "theirs", "new_string": "mine" }));
    t.done("read_file", json!({ "path": "/w/a" }));
    t.done("write_file", json!({ "path": "/w/a", "content": "mine\n" }));
    t.done("write_file", json!({ "path": "/w/a", "content": "mine too\n" }));
    assert_eq!(t.text("/w/a"), "mine too\n");
}

#[test]
fn a_hidden_secret_is_not_overwritten_with_its_mark() {
    let t = Fixture::with("/w/a", "key=sk-x\nport=1\n");
    let why = t.refused("write_file", json!({ "path": "/w/a", "content": "key=[REDACTED]\nport=2\n" }));
    assert!(why.contains("in the place of a secret"), "{why}");
    t.done("patch", json!({ "path": "/w/a", "old_string": "port=1", "new_string": "port=2" }));
    assert_eq!(t.text("/w/a"), "key=sk-x\nport=2\n");
}

#[test]
fn what_may_not_be_read_is_written_without_a_look() {
    let t = Fixture::with("/w/.env", "KEY=x\n");
    t.harness.answer("file.read", Err(PluginError::new(ErrorCode::DENIED, "BLOCKED: secrets")));
    let done = t.done("write_file", json!({ "path": "/w/.env", "content": "KEY=y\n" }));
    assert!(done.starts_with("Wrote `/w/.env`") && !done.contains("KEY"), "{done}");
    t.harness.answer("file.read", Err(PluginError::new(ErrorCode::DENIED, "BLOCKED: secrets")));
    assert_eq!(t.refused("read_file", json!({ "path": "/w/.env" })), "BLOCKED: secrets");
}
