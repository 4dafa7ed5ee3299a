//! Titles, and finding sessions and words by what people type.

use super::*;

#[test]
fn titles_are_made_from_the_first_message_and_unique() {
    let mut store = Folder::new().store();
    assert_eq!(say(&mut store, "a", &[user("Fix the build")]).as_deref(), Some("Fix the build"));
    assert_eq!(say(&mut store, "b", &[user("fix THE build")]).as_deref(), Some("fix THE build (2)"));
    for n in 0..20 {
        say(&mut store, &format!("c{n}"), &[user("Fix the build")]);
    }
    let titles = store.sessions(&Wanted::default()).expect("read").into_iter().filter_map(|one| one.title);
    assert_eq!(titles.collect::<std::collections::BTreeSet<_>>().len(), 22);
}

#[test]
fn a_title_of_ones_own_stays_and_is_nobody_elses() {
    let mut store = Folder::new().store();
    say(&mut store, "a", &[user("one")]);
    say(&mut store, "b", &[user("two")]);
    assert_eq!(store.rename("a", "  My  work ").expect("renamed"), "My work");
    say(&mut store, "a", &[user("three")]);
    assert_eq!(store.session("a").expect("read").expect("there").title.as_deref(), Some("My work"));
    assert!(matches!(store.rename("b", "my WORK"), Err(StoreError::TitleTaken { by, .. }) if by == "a"));
    assert_eq!(store.rename("a", "MY work").expect("it is its own"), "MY work");
    assert!(matches!(store.rename("b", "a\nb"), Err(StoreError::TitleForm)));
    assert!(matches!(store.rename("zzz", "x"), Err(StoreError::Unknown { .. })));
}

#[test]
fn sessions_are_found_by_what_people_type() {
    let mut store = Folder::new().store();
    say(&mut store, "abcd1111", &[user("Fix the build")]);
    say(&mut store, "abcd2222", &[user("Fix the roof")]);
    say(&mut store, "ffff3333", &[user("100% _done_")]);
    store.rename("ffff3333", "abcd1111-like").expect("renamed");
    let found = |name: &str| store.find(name).map(|session| session.id);
    for (name, id) in [
        ("abcd1111", "abcd1111"),
        ("ABCD2", "abcd2222"),
        ("fix the roof", "abcd2222"),
        ("Fix the b", "abcd1111"),
        (" ffff ", "ffff3333"),
    ] {
        assert_eq!(found(name).expect("found"), id, "{name}");
    }
    let ambiguous = found("fix").expect_err("there are two");
    assert!(ambiguous.to_string().starts_with("`fix` may be any of `Fix the "), "{ambiguous}");
    assert!(matches!(found("abcd"), Err(StoreError::Ambiguous { among, .. }) if among.len() == 2));
    let unknown = found("fix teh roof").expect_err("there is none");
    assert_eq!(unknown.hint().as_deref(), Some("did you mean `Fix the roof`, `Fix the build`?"));
    assert_eq!(found("fux").expect_err("too").hint().as_deref(), Some("did you mean `Fix the roof`, `Fix the build`?"));
    for name in ["", "%", "_", "xyzzy", "zz", "\\", "'", "\0", &"%".repeat(100_000)] {
        assert!(matches!(found(name), Err(StoreError::Unknown { .. })), "{name}");
    }
}

#[test]
fn words_are_found_in_messages_and_calls() {
    let mut store = Folder::new().store();
    say(
        &mut store,
        "a",
        &[user("Where is the Schlüssel?"), calling("terminal", r#"{"command":"git\nstatus --short"}"#)],
    );
    say(&mut store, "b", &[user("日本語のテスト and the status of it"), result("100% done")]);
    let ids = |text: &str| {
        let hits = store.search(text, None, 9).expect("never an error");
        hits.into_iter().map(|hit| hit.session).collect::<Vec<_>>().join(" ")
    };
    for (text, expected) in [
        ("schlussel", "a"),
        ("SCHLÜSSEL where", "a"),
        ("status git", "a"),
        ("\"status of it\"", "b"),
        ("\"of status\"", ""),
        ("stat*", "b a"),
        ("テスト", "b"),
        ("100% done", "b"),
        ("nothing-like-it", ""),
    ] {
        let mut found: Vec<String> = ids(text).split(' ').map(str::to_owned).collect();
        found.sort();
        let mut expected: Vec<&str> = expected.split(' ').collect();
        expected.sort_unstable();
        assert_eq!(found, expected, "{text}");
    }
    let hit = &store.search("status", Some("terminal"), 1).expect("searched")[0];
    assert!(hit.piece.contains("\u{2}status\u{3}"), "{hit:?}");
    assert_eq!(store.search("status", Some("nowhere"), 9).expect("searched"), []);
}

#[test]
fn nothing_that_is_typed_is_an_error() {
    let mut store = Folder::new().store();
    say(&mut store, "a", &[user("some text")]);
    let pieces = [
        "\"",
        "(",
        ")",
        "*",
        "AND",
        "OR",
        "NOT",
        "NEAR(a b, 3)",
        "^",
        "-",
        "+",
        ":",
        "content:",
        "{a b}",
        "'",
        "\0",
        "%",
        "\\",
        "a",
        "日",
        ";",
        "--",
        "\u{301}",
    ];
    for one in pieces {
        for other in pieces {
            for text in [format!("{one}{other}"), format!("{one} {other}"), format!("{one}a{other}b{one}")] {
                store.search(&text, None, 9).unwrap_or_else(|error| panic!("{text:?}: {}", error.told()));
            }
        }
    }
    store.search(&"word ".repeat(100_000), None, 9).expect("searched");
    store.search(&"(".repeat(100_000), None, 9).expect("searched");
}

#[test]
fn a_title_that_is_suggested_yields_to_the_one_that_a_person_chose() {
    let folder = Folder::new();
    let mut store = folder.store();
    say(&mut store, "a", &[user("one")]);
    say(&mut store, "b", &[user("two")]);
    assert_eq!(store.suggest("a", "Fix the roof").expect("done"), Some("Fix the roof".into()));
    assert_eq!(store.suggest("a", "fix the ROOF").expect("done"), None, "it is called so already");
    assert_eq!(store.suggest("b", "Fix the roof").expect("done"), Some("Fix the roof (2)".into()));
    assert_eq!(store.suggest("b", "two\nlines").expect("done"), None);
    assert_eq!(store.suggest("c", "Not there").expect("done"), None);
    store.rename("b", "Mine").expect("renamed");
    assert_eq!(store.suggest("b", "Yours").expect("done"), None);
}

#[test]
fn what_was_summarised_becomes_a_session_of_its_own_and_nothing_is_lost() {
    let folder = Folder::new();
    let mut store = folder.store();
    let said = [user("Fix the roof"), calling("terminal", r#"{"command":"ladder"}"#), result("up"), assistant("Done")];
    say(&mut store, "a1", &said);
    let more = [user("And the door"), assistant("Too")];
    assert!(matches!(store.append(&about("a1"), 4, &more, &Spent::default()), Ok(Appended::Done(_))));
    let spent = Spent { answers: 1, input_tokens: 7, ..Spent::default() };
    let beginning = [user("In short"), assistant("Noted")];
    assert!(store.fold(&about("a1"), "e1", 2, &beginning, &spent).expect("folded"));

    assert_eq!(store.messages("e1").expect("read"), said);
    let now: Vec<Message> = beginning.iter().chain(&more).cloned().collect();
    assert_eq!(store.messages("a1").expect("read"), now);
    let (old, new) =
        (store.session("e1").expect("read").expect("there"), store.session("a1").expect("read").expect("there"));
    assert_eq!((old.messages, old.parent.as_deref(), old.title.as_deref()), (4, None, Some("Fix the roof (2)")));
    assert_eq!((new.messages, new.parent.as_deref(), new.title.as_deref()), (4, Some("e1"), Some("Fix the roof")));
    assert_eq!((new.spent, old.spent), (spent, Spent::default()));
    let hits = |words: &str| {
        store.search(words, None, 10).expect("found").into_iter().map(|hit| hit.session).collect::<Vec<_>>()
    };
    assert_eq!((hits("ladder"), hits("door")), (vec!["e1".to_owned()], vec!["a1".to_owned()]));
    for name in ["Fix the roof", "Fix", "a1"] {
        assert_eq!(store.find(name).expect(name).id, "a1", "{name}");
    }

    // It goes on, and is folded again.
    let next = [user("And the window"), assistant("As well")];
    assert!(matches!(store.append(&about("a1"), 4, &next, &Spent::default()), Ok(Appended::Done(_))));
    assert!(store.fold(&about("a1"), "e2", 2, &beginning, &spent).expect("folded"));
    assert_eq!(store.messages("e2").expect("read"), now);
    assert_eq!(store.session("e2").expect("read").expect("there").parent.as_deref(), Some("e1"));
    assert_eq!(store.session("a1").expect("read").expect("there").parent.as_deref(), Some("e2"));
    assert_eq!(store.find("Fix").expect("the last").id, "a1");
    assert_eq!(store.messages("a1").expect("read").len(), 4);
    assert!(!store.fold(&about("none"), "e3", 2, &beginning, &spent).expect("nothing to do"));
}
