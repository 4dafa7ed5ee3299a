//! What the store does with sessions, with other processes, and with files that it should not touch.

mod broken;
mod crash;
mod names;

use hermes_plugin_api::model::{CallRequest, Image, Message, Role};

use super::list::{Said, Wanted};
use super::*;
use crate::session::spent::Spent;

/// A store in a folder of its own.
struct Folder {
    folder: tempfile::TempDir,
}

impl Folder {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder") }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("state.db")
    }

    fn store(&self) -> Store {
        Store::open(&self.path()).expect("a store")
    }
}

fn about(id: &str) -> About {
    About { id: id.into(), parent: None, source: "terminal".into(), model: "m".into() }
}

fn user(text: &str) -> Message {
    Message { role: Role::User, content: text.into(), ..Message::default() }
}

fn assistant(text: &str) -> Message {
    Message { role: Role::Assistant, content: text.into(), ..Message::default() }
}

fn calling(name: &str, arguments: &str) -> Message {
    let call = CallRequest { id: "call_1".into(), name: name.into(), arguments: arguments.into() };
    Message { role: Role::Assistant, tool_calls: vec![call], ..Message::default() }
}

fn result(text: &str) -> Message {
    let tool_call_id = "call_1".into();
    Message { role: Role::Tool, content: text.into(), tool_call_id, is_error: true, ..Message::default() }
}

/// Stores messages as a session.
fn say(store: &mut Store, id: &str, messages: &[Message]) -> Option<String> {
    match store.append(&about(id), 0, messages, &Spent::default()).expect("stored") {
        Appended::Done(title) => title,
        Appended::Gone => panic!("it is new"),
    }
}

#[test]
fn what_was_said_comes_back_as_it_was() {
    let folder = Folder::new();
    let thoughts = serde_json::json!([{ "type": "thinking", "signature": "Ab/+==" }]);
    let image = Image { media_type: "image/png".into(), data: "AAAA".into() };
    let messages = [
        Message { images: vec![image], ..user("hi\u{1f600}") },
        Message { keep: thoughts, ..calling("terminal", r#"{"command":"ls"}"#) },
        result("files"),
        assistant("Here you are."),
    ];
    let spent = Spent { answers: 2, input_tokens: 10, output_tokens: 3, ..Spent::default() };
    let mut store = folder.store();
    store.append(&about("a"), 0, &messages[..1], &Spent::default()).expect("stored");
    store.append(&about("a"), 1, &messages[1..], &spent).expect("stored");
    drop(store);
    let store = folder.store();
    assert_eq!(store.messages("a").expect("read"), messages);
    let session = store.session("a").expect("read").expect("there");
    assert_eq!((session.messages, session.title.as_deref(), session.spent), (4, Some("hi\u{1f600}"), spent));
    let mut places = Vec::new();
    let note = |said: Said| {
        places.push(said.place);
        Ok(())
    };
    store.each("a", note).expect("read");
    assert_eq!(places, [1, 2, 3, 4]);
}

#[test]
fn the_files_are_private() {
    let folder = Folder::new();
    std::fs::write(folder.path(), "").expect("written");
    std::fs::set_permissions(folder.path(), Permissions::from_mode(0o644)).expect("set");
    let mut store = folder.store();
    say(&mut store, "a", &[user("hi")]);
    for entry in std::fs::read_dir(folder.folder.path()).expect("listed") {
        let entry = entry.expect("an entry");
        assert_eq!(entry.metadata().expect("there").mode() & 0o777, 0o600, "{entry:?}");
    }
}

#[test]
fn no_secret_is_stored_wherever_it_stood() {
    let token = "ghp_0123456789abcdefghijABCDEFGHIJ012345";
    let folder = Folder::new();
    let mut store = folder.store();
    let arguments = serde_json::json!({ "command": format!("export TOKEN=\"{token}\""), "api_key": "hunter2hunter" });
    let messages = [
        user(&format!("use {token}")),
        Message { keep: serde_json::json!({ "thinking": token }), ..calling("terminal", &arguments.to_string()) },
        result(&format!("it says {token}")),
        assistant(&format!("{token} it is")),
    ];
    say(&mut store, "a", &messages);
    let kept = store.messages("a").expect("read");
    let arguments: serde_json::Value = serde_json::from_str(&kept[1].tool_calls[0].arguments).expect("still JSON");
    assert_eq!(arguments["api_key"], "[REDACTED]");
    assert!(kept[1].keep.is_null(), "changed it would be of no use");
    drop(store);
    let bytes = std::fs::read(folder.path()).expect("read");
    for secret in [&b"ghp_0123"[..], b"hunter2hunter"] {
        assert!(!bytes.windows(secret.len()).any(|piece| piece == secret), "a secret is on the disk");
    }
}

#[test]
fn what_is_taken_back_is_gone_and_the_cost_stays() {
    let mut store = Folder::new().store();
    let spent = Spent { answers: 1, ..Spent::default() };
    store.append(&about("a"), 0, &[user("one"), assistant("two"), user("three")], &spent).expect("stored");
    store.take_back("a", 1).expect("taken back");
    assert_eq!(store.messages("a").expect("read"), [user("one"), assistant("two")]);
    let session = store.session("a").expect("read").expect("there");
    assert_eq!((session.messages, session.spent.answers), (2, 1));
    assert_eq!(store.search("three", None, 9).expect("searched"), []);
    store.take_back("a", 100).expect("taken back");
    assert_eq!(store.messages("a").expect("read"), []);
    store.take_back("unknown", 1).expect("nothing to do");
}

#[test]
fn a_deleted_session_is_gone_from_list_search_and_disk() {
    let folder = Folder::new();
    let mut store = folder.store();
    let text = "unmistakable ".repeat(5000);
    say(&mut store, "a", &[user(&text)]);
    say(&mut store, "b", &[user("other")]);
    assert!(store.delete("a").expect("deleted"));
    assert!(!store.delete("a").expect("nothing to do"));
    store.shrink().expect("shrunk");
    let ids: Vec<String> = store.sessions(&Wanted::default()).expect("read").into_iter().map(|one| one.id).collect();
    assert_eq!(ids, ["b"]);
    assert_eq!(store.search("unmistakable", None, 9).expect("searched"), []);
    assert_eq!(store.search("other", None, 9).expect("searched").len(), 1);
    let bytes = std::fs::read(folder.path()).expect("read");
    assert!(!bytes.windows(12).any(|piece| piece == b"unmistakable"), "it is still on the disk");
    let wal = folder.path().with_extension("db-wal");
    assert!(std::fs::metadata(wal).map_or(0, |meta| meta.len()) == 0);
}

#[test]
fn sessions_are_listed_by_source_age_and_page() {
    let mut store = Folder::new().store();
    for n in 0..5 {
        say(&mut store, &format!("s{n}"), &[user("hi")]);
    }
    let cron = About { source: "cron".into(), parent: Some("s1".into()), ..about("c") };
    store.append(&cron, 0, &[user("hi")], &Spent::default()).expect("stored");
    let ids = |wanted: Wanted| {
        let found = store.sessions(&wanted).expect("read");
        found.iter().map(|session| session.id.as_str()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(ids(Wanted { source: Some("cron".into()), ..Wanted::default() }), "c");
    assert_eq!(ids(Wanted { limit: Some(2), skip: 1, ..Wanted::default() }), "s4 s3");
    assert_eq!(ids(Wanted { before_ms: Some(1), ..Wanted::default() }), "");
    assert_eq!(ids(Wanted { before_ms: Some(u64::MAX), ..Wanted::default() }), "c s4 s3 s2 s1 s0");
    let stats = store.stats(None).expect("counted");
    assert_eq!((stats.sessions, stats.messages, stats.sources["terminal"]), (6, 6, 5));
    assert_eq!(store.stats(Some("nowhere")).expect("counted"), list::Stats::default());
    assert_eq!(store.latest("cron").expect("found").parent.as_deref(), Some("s1"));
    assert!(matches!(store.latest("mail"), Err(StoreError::None { .. })));
}

#[test]
fn a_store_that_was_moved_away_is_begun_again_with_all_that_was_said() {
    let folder = Folder::new();
    let mut store = folder.store();
    say(&mut store, "a", &[user("one")]);
    std::fs::rename(folder.path(), folder.folder.path().join("aside.db")).expect("moved");
    store.follow().expect("opened again");
    let again = store.append(&about("a"), 1, &[assistant("two")], &Spent::default()).expect("tried");
    assert_eq!(again, Appended::Gone);
    assert!(folder.path().exists());
}

#[test]
fn two_writers_lose_nothing() {
    let folder = Folder::new();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let path = folder.path();
            scope.spawn(move || {
                // Each opens it anew: making it is part of the race.
                let mut store = Store::open(&path).expect("a store");
                for n in 0..50 {
                    let id = format!("w{writer}");
                    store.append(&about(&id), n, &[user(&format!("message {n}"))], &Spent::default()).expect("stored");
                }
            });
        }
    });
    let store = folder.store();
    assert_eq!(store.stats(None).expect("counted").messages, 200);
    for writer in 0..4 {
        assert_eq!(store.messages(&format!("w{writer}")).expect("read").len(), 50);
    }
}

#[test]
fn a_piece_of_a_session_and_the_results_of_one_tool_are_found() {
    let folder = Folder::new();
    let mut store = folder.store();
    let said = [user("1"), calling("todo", "{}"), result("3"), calling("terminal", "{}"), result("5"), assistant("6")];
    say(&mut store, "a", &said);
    let places = |said: Vec<Said>| said.iter().map(|said| said.place).collect::<Vec<_>>();
    assert_eq!(places(store.excerpt("a", None, 2).expect("read")), [5, 6]);
    assert_eq!(places(store.excerpt("a", Some(2), 3).expect("read")), [2, 3, 4]);
    assert_eq!(places(store.excerpt("a", Some(9), 3).expect("read")), [0_u64; 0]);
    assert_eq!(places(store.excerpt("b", None, 3).expect("read")), [0_u64; 0]);
    let results = store.results_of("a", "todo", 5).expect("read");
    assert_eq!(results.iter().map(|said| said.message.content.as_str()).collect::<Vec<_>>(), ["3"]);
    assert_eq!(places(store.results_of("a", "other", 5).expect("read")), [0_u64; 0]);
    say(&mut store, "long", &[user(&"x".repeat(300 << 10)), assistant(&"y".repeat(300 << 10))]);
    assert_eq!(places(store.excerpt("long", Some(1), 9).expect("read")), [1], "the first comes however long it is");
}

#[test]
fn a_search_looks_into_one_session_or_into_all_but_one() {
    use super::search::Where;
    let folder = Folder::new();
    let mut store = folder.store();
    for id in ["a", "b"] {
        say(&mut store, id, &[user("apples and 日本語")]);
    }
    let found = |place: &Where, text: &str| {
        let hits = store.search_where(text, place, 9).expect("read");
        let mut ids: Vec<String> = hits.into_iter().map(|hit| hit.session).collect();
        ids.sort();
        ids.join(" ")
    };
    for text in ["apples", "日本"] {
        assert_eq!(found(&Where::Anywhere, text), "a b");
        assert_eq!(found(&Where::In("a".into()), text), "a");
        assert_eq!(found(&Where::NotIn("a".into()), text), "b");
        assert_eq!(found(&Where::From("terminal".into()), text), "a b");
        assert_eq!(found(&Where::From("elsewhere".into()), text), "");
    }
}
