//! Files that are no store of ours, or not any more: each is one clear error, and stays as it was.

use super::*;

/// Opens what a file holds, and checks that nothing of it changed.
fn refused(bytes: &[u8]) -> StoreError {
    let folder = Folder::new();
    std::fs::write(folder.path(), bytes).expect("written");
    let error = Store::open(&folder.path()).expect_err("refused");
    assert_eq!(std::fs::read(folder.path()).expect("read"), bytes, "{error}");
    let files = std::fs::read_dir(folder.folder.path()).expect("listed").count();
    assert_eq!(files, 1, "something was put beside it: {error}");
    assert!(error.hint().is_some(), "{error}");
    error
}

fn bytes(change: impl FnOnce(&Connection)) -> Vec<u8> {
    let folder = Folder::new();
    let mut store = folder.store();
    say(&mut store, "a", &[user("hi")]);
    change(&store.connection);
    store.connection.execute_batch("PRAGMA journal_mode = DELETE").expect("no second file");
    drop(store);
    std::fs::read(folder.path()).expect("read")
}

#[test]
fn a_store_of_a_newer_program_is_not_touched() {
    let newer = bytes(|connection| connection.pragma_update(None, "user_version", 999).expect("set"));
    let error = refused(&newer);
    assert!(matches!(error, StoreError::Newer { found: 999, .. }), "{error}");
    assert!(error.hint().expect("a way out").contains("update hermes"));
}

#[test]
fn a_newer_version_that_stands_only_in_the_log_is_seen_too() {
    let folder = Folder::new();
    let store = folder.store();
    let before = std::fs::read(folder.path()).expect("read");
    store.connection.pragma_update(None, "user_version", 999).expect("set");
    // As after a crash: the change stands in the second file alone.
    let copy = Folder::new();
    for suffix in ["", "-wal"] {
        let name = format!("state.db{suffix}");
        std::fs::copy(folder.folder.path().join(&name), copy.folder.path().join(&name)).expect("copied");
    }
    let copied = std::fs::read(copy.path()).expect("read");
    assert_eq!(copied, before);
    assert!(matches!(Store::open(&copy.path()), Err(StoreError::Newer { found: 999, .. })));
    assert_eq!(std::fs::read(copy.path()).expect("read"), before, "it is as it was");
    drop(store);
}

#[test]
fn a_database_of_something_else_is_not_touched() {
    let folder = Folder::new();
    #[expect(clippy::disallowed_methods, reason = "it makes what the store must not take for its own")]
    let other = Connection::open(folder.path()).expect("a database");
    other.execute_batch("CREATE TABLE schema_version (version INTEGER)").expect("made");
    drop(other);
    let error = refused(&std::fs::read(folder.path()).expect("read"));
    assert!(matches!(error, StoreError::Foreign { .. }), "{error}");
}

#[test]
fn what_is_no_database_is_not_touched() {
    for bytes in [&b"hello"[..], &[0; 4096], b"SQLite format 3"] {
        let error = refused(bytes);
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
        assert!(error.hint().expect("a way out").contains(".recover"));
    }
}

#[test]
fn a_store_that_was_cut_off_or_overwritten_is_said_to_be_damaged() {
    let whole = bytes(|connection| {
        let text = "x".repeat(400_000);
        connection.execute("UPDATE messages SET content = ?1", [text]).expect("grown");
    });
    for broken in [&whole[..5000], &[&whole[..4096], &vec![7; whole.len() - 4096][..]].concat()] {
        let folder = Folder::new();
        std::fs::write(folder.path(), broken).expect("written");
        let read = Store::open(&folder.path()).and_then(|store| {
            store.messages("a")?;
            store.search("hi", None, 9)?;
            store.stats(None)
        });
        assert!(matches!(read, Err(StoreError::Damaged { .. })), "{read:?}");
    }
}

#[test]
fn a_store_that_may_not_be_read_is_said_to_be() {
    let folder = Folder::new();
    std::fs::create_dir(folder.path()).expect("made");
    assert!(matches!(Store::open(&folder.path()), Err(StoreError::Io { .. })));
    assert!(matches!(Store::open(&folder.path().join("x/y")), Err(StoreError::Io { .. })));
}

#[test]
fn a_row_that_makes_no_sense_is_damage_and_not_a_panic() {
    let folder = Folder::new();
    let mut store = folder.store();
    say(&mut store, "a", &[user("hi"), calling("terminal", "{}")]);
    for change in
        ["calls = '{'", "calls = '[1]'", "calls = NULL, rest = '[]'", "role = 'x', rest = '{\"is_error\": 7}'"]
    {
        store.connection.execute_batch(&format!("UPDATE messages SET {change}")).expect("changed");
        match store.messages("a") {
            Ok(messages) => assert!(change.contains("'[]'") && messages.len() == 2, "{change}"),
            Err(error) => assert!(matches!(error, StoreError::Damaged { .. }), "{change}: {error}"),
        }
    }
}
