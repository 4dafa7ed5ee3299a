//! Whose a key is, and which is meant.

use serde_json::{Value, json};

use super::{Claim, KeyPath, KeySpace, Owner};

pub(in crate::config) fn claim(plugin: &str, installed: bool, path: &str, schema: Value) -> Claim {
    let path = path.parse().expect("a path");
    Claim {
        plugin: plugin.to_owned(),
        installed,
        available: true,
        path,
        schema,
        default: None,
        secret: false,
        env: None,
    }
}

fn path(text: &str) -> KeyPath {
    text.parse().expect("a path")
}

#[test]
fn core_owns_its_keys_down_to_names_the_user_chooses() {
    let space = KeySpace::new(&[]).expect("no conflict");
    for known in ["approvals.timeout", "security.scanners.any.timeout", "approvals.rules.x", "plugins.choose.y"] {
        assert!(space.key(&path(known)).is_some(), "{known}");
    }
    for unknown in ["approvals", "approvals.timeot", "security.scanners.any.x", "terminal.docker_image"] {
        assert!(space.key(&path(unknown)).is_none(), "{unknown}");
    }
    let backend = space.key(&path("terminal.backend")).expect("known");
    assert_eq!(backend.env, ["HERMES_TERMINAL_BACKEND", "TERMINAL_ENV"]);
}

#[test]
fn a_claim_adds_keys_to_a_section_of_core() {
    let schema = json!({"properties": {"a_image": {"type": "string"}, "a_key": {"type": "string", "secret": true}}});
    let space = KeySpace::new(&[claim("backend-a", true, "terminal", schema)]).expect("no conflict");
    let image = space.key(&path("terminal.a_image")).expect("known");
    assert_eq!(image.owner, Owner::Plugin { id: "backend-a".to_owned(), installed: true, available: true });
    assert!(!image.secret);
    assert!(space.key(&path("terminal.a_key")).expect("known").secret);
}

#[test]
fn nobody_claims_what_is_anothers() {
    let text = json!({"type": "string"});
    let core = KeySpace::new(&[claim("bad", true, "approvals.mode", text.clone())]).expect_err("core's");
    assert_eq!(core.to_string(), "Plugin `bad` claims the key `approvals.mode` of hermes itself");
    for inside in ["security.scanners.mine.timeout", "approvals", "approvals.rules.x"] {
        assert!(KeySpace::new(&[claim("bad", true, inside, text.clone())]).is_err(), "{inside}");
    }
    let both = [claim("one", true, "x.y", text.clone()), claim("two", true, "x.y", text.clone())];
    let other = KeySpace::new(&both).expect_err("the other's");
    assert_eq!(other.to_string(), "Plugin `two` claims the key `x.y` of plugin `one`");
    let same = [claim("one", false, "x.y", json!({})), claim("one", true, "x.y", text)];
    let space = KeySpace::new(&same).expect("its own");
    assert_eq!(space.key(&path("x.y")).expect("known").schema, json!({"type": "string"}));
}

#[test]
fn nobody_reads_a_variable_of_anothers() {
    let reads = |plugin: &str, name: &str| claim(plugin, true, &format!("{plugin}.key"), json!({"env": [name]}));
    let check = |claims: &[Claim], conflict: &str| {
        assert_eq!(KeySpace::new(claims).expect_err(conflict).to_string(), conflict);
    };
    let both = [reads("one", "ONE_KEY"), reads("two", "ONE_KEY")];
    check(&both, "Plugin `two` claims the variable `ONE_KEY` of plugin `one`");
    check(&[reads("one", "TERMINAL_CWD")], "Plugin `one` claims the variable `TERMINAL_CWD` of hermes itself");
    check(&[reads("one", "HERMES_YOLO_MODE")], "Plugin `one` claims the variable `HERMES_YOLO_MODE` of hermes itself");
    let (space, conflicts) = KeySpace::without_conflicts(&both);
    assert_eq!(conflicts.len(), 1);
    assert!(space.key(&path("one.key")).is_some() && space.key(&path("two.key")).is_none());
}

#[test]
fn the_nearest_key_is_one_of_the_same_section_first() {
    let space = KeySpace::new(&[]).expect("no conflict");
    let nearest = |text: &str| space.nearest(&path(text)).map(|path| path.to_string());
    assert_eq!(nearest("approvals.timeot").as_deref(), Some("approvals.timeout"));
    assert_eq!(nearest("aprovals").as_deref(), Some("approvals"));
    assert_eq!(nearest("aproval.mode").as_deref(), Some("approvals.mode"));
    assert_eq!(nearest("zzzzzzzz"), None);
}

#[test]
fn paths_are_put_and_looked_up() {
    let mut tree = json!({"a": 1});
    path("a.b.c").put(&mut tree, json!(2));
    path("d").put(&mut tree, json!(3));
    assert_eq!(tree, json!({"a": {"b": {"c": 2}}, "d": 3}));
    assert_eq!(path("a.b.c").lookup(&tree), Some(&json!(2)));
    assert!(path("a.*").covers(&path("a.b.c")) && !path("a.b.c").covers(&path("a.b")));
    assert!(["", ".", "a..b", "a b", "a.\n"].iter().all(|text| text.parse::<KeyPath>().is_err()));
}
