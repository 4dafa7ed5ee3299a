//! A crash at any write: whatever part of what was written reached the disk, the store opens, holds what was said up
//! to some moment and nothing else, and goes on.
//!
//! SQLite writes at two places: behind the end of the log, and, when a checkpoint comes, pages of the log into the
//! database. Both are cut here at every page, and within one.

use std::fs;

use super::*;

/// Bytes of a page, and of the heads of the log and of a page in it.
const PAGE: usize = 4096;
const LOG_HEAD: usize = 32;
const PAGE_HEAD: usize = 24;

/// Messages that are said one after another, each in a write of its own.
fn said() -> Vec<Message> {
    let both =
        |n: usize| [user(&format!("question {n} {}", "long ".repeat(n * 40))), assistant(&format!("answer {n}"))];
    (0..5).flat_map(both).collect()
}

/// The database and its log, as they lie on the disk while somebody talks.
fn bytes(path: &Path) -> (Vec<u8>, Vec<u8>) {
    let log = format!("{}-wal", path.display());
    (fs::read(path).expect("read"), fs::read(log).expect("read"))
}

/// What a store holds that a crash left so. It must be able to go on.
fn left(database: &[u8], log: &[u8]) -> Vec<String> {
    let folder = Folder::new();
    fs::write(folder.path(), database).expect("written");
    fs::write(format!("{}-wal", folder.path().display()), log).expect("written");
    let mut store = folder.store();
    let messages = store.messages("a").expect("read");
    let found = store.search("question", None, 100).expect("searched").len();
    assert_eq!(found, messages.iter().filter(|message| message.role == Role::User).count(), "the index fits");
    if let Some(summary) = store.session("a").expect("read") {
        assert_eq!(summary.messages, messages.len() as u64, "the count fits");
    }
    let before = messages.len();
    store.append(&about("a"), before, &[user("after the crash")], &Spent::default()).expect("it goes on");
    assert_eq!(store.messages("a").expect("read").len(), before + 1);
    messages.into_iter().map(|message| message.content).collect()
}

#[test]
fn a_crash_within_any_write_of_the_log_leaves_what_was_said_before() {
    let folder = Folder::new();
    let mut store = folder.store();
    let said = said();
    for (kept, message) in said.iter().enumerate() {
        store.append(&about("a"), kept, std::slice::from_ref(message), &Spent::default()).expect("stored");
    }
    let (database, log) = bytes(&folder.path());
    let said: Vec<String> = said.into_iter().map(|message| message.content).collect();
    let pages = (log.len() - LOG_HEAD) / (PAGE + PAGE_HEAD);
    assert!(pages > 20, "the log has {pages} pages");
    let mut lengths = Vec::new();
    for page in 0..=pages {
        let end = LOG_HEAD + page * (PAGE + PAGE_HEAD);
        for cut in [end.saturating_sub(1), end, end + PAGE_HEAD, end + PAGE / 2].map(|cut| cut.min(log.len())) {
            let left = left(&database, &log[..cut]);
            assert_eq!(left, said[..left.len()], "cut at {cut}");
            lengths.push(left.len());
        }
    }
    assert!(lengths.is_sorted(), "more of the log is never less of what was said: {lengths:?}");
    assert_eq!((lengths.first(), lengths.last()), (Some(&0), Some(&said.len())));
    lengths.dedup();
    assert_eq!(lengths.len(), said.len() + 1, "every moment was met: {lengths:?}");
}

#[test]
fn a_crash_within_a_checkpoint_leaves_everything() {
    let folder = Folder::new();
    let mut store = folder.store();
    let said = said();
    say(&mut store, "a", &said);
    let (before, log) = bytes(&folder.path());
    store.connection.query_row("PRAGMA wal_checkpoint(FULL)", [], |_| Ok(())).expect("a checkpoint");
    let after = fs::read(folder.path()).expect("read");
    assert!(after.len() > before.len());
    for cut in (0..=after.len()).step_by(PAGE / 2) {
        // Up to here the pages are new, from here on they are still the old ones.
        let mut torn = after[..cut].to_vec();
        torn.extend(before.get(cut..).unwrap_or_default());
        torn.truncate(torn.len() / PAGE * PAGE);
        let left = left(&torn, &log);
        assert_eq!(left.len(), said.len(), "cut at {cut}");
    }
}

#[test]
fn garbage_behind_the_log_is_not_taken_for_something_that_was_said() {
    let folder = Folder::new();
    let mut store = folder.store();
    say(&mut store, "a", &[user("question"), assistant("answer")]);
    let (database, log) = bytes(&folder.path());
    for garbage in [vec![0; PAGE + PAGE_HEAD], vec![0xff; PAGE], log[LOG_HEAD..LOG_HEAD + PAGE].to_vec()] {
        let left = left(&database, &[log.clone(), garbage].concat());
        assert_eq!(left, ["question", "answer"]);
    }
}
