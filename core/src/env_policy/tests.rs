//! What each kind of child sees.

use std::collections::{BTreeMap, BTreeSet};

use super::{Asking, Child, Passthrough, Refusal, TABLE, of};
use crate::config::Environment;
use crate::config::dotenv::Dotenv;
use crate::config::environment::Vars;

fn env() -> Environment {
    let vars = [
        ("PATH", "/bin"),
        ("HOME", "/h"),
        ("HOMEBREW_PREFIX", "/b"),
        ("PATHOLOGY", "x"),
        ("LANG", "C"),
        ("LC_ALL", "C"),
        ("LC_", "x"),
        ("LCX", "x"),
        ("XDG_RUNTIME_DIR", "/r"),
        ("CONDA_PREFIX", "/c"),
        ("CONDA_TOKEN", "s3cret"),
        ("EDITOR", "vi"),
        ("ACME_API_KEY", "s3cret"),
        ("MY_TOKEN", "mine"),
        ("SUDO_PASSWORD", "s3cret"),
        ("HERMES_YOLO_MODE", "1"),
        ("FILE_KEY", "s3cret"),
        ("LD_PRELOAD", "/evil.so"),
        ("LD_AUDIT", "/evil.so"),
        ("LD_LIBRARY_PATH", "/opt/lib"),
        ("BASH_ENV", "/evil"),
        ("ENV", "/evil"),
        ("PROMPT_COMMAND", "evil"),
        ("BASH_FUNC_ls%%", "() { evil; }"),
    ];
    let file = Dotenv::parse("FILE_KEY=s3cret\nFILE_ONLY=f\nEDITOR=vi\n").expect("valid");
    Environment::of(vars).with_file(&file)
}

fn secrets() -> BTreeSet<String> {
    BTreeSet::from(["ACME_API_KEY".to_owned()])
}

fn names(vars: &Vars) -> Vec<&str> {
    vars.keys().map(String::as_str).collect()
}

fn texts(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn seen(child: Child, passthrough: &Passthrough) -> Vars {
    of(child, Asking { passthrough, ..Asking::new(&env(), &secrets()) })
}

#[test]
fn a_local_command_sees_all_but_secrets_and_injections() {
    let vars = seen(Child::Here, &Passthrough::default());
    assert_eq!(
        names(&vars),
        [
            "CONDA_PREFIX",
            "CONDA_TOKEN",
            "EDITOR",
            "HOME",
            "HOMEBREW_PREFIX",
            "LANG",
            "LCX",
            "LC_",
            "LC_ALL",
            "LD_LIBRARY_PATH",
            "MY_TOKEN",
            "PATH",
            "PATHOLOGY",
            "XDG_RUNTIME_DIR"
        ]
    );
}

#[test]
fn generated_code_sees_whole_names_only() {
    let vars = seen(Child::Code, &Passthrough::default());
    assert_eq!(names(&vars), ["CONDA_PREFIX", "HOME", "LANG", "LC_ALL", "PATH", "XDG_RUNTIME_DIR"]);
}

#[test]
fn a_container_sees_only_what_is_forwarded() {
    assert!(seen(Child::Away, &Passthrough::default()).is_empty());
    let passthrough = Passthrough::default().configured(&texts(&["FILE_ONLY", "NOT_SET"]));
    let vars = of(
        Child::Away,
        Asking {
            passthrough: &passthrough,
            named: &texts(&["MY_TOKEN", "bad name"]),
            ..Asking::new(&env(), &secrets())
        },
    );
    assert_eq!(names(&vars), ["FILE_ONLY", "MY_TOKEN"]);
}

#[test]
fn a_tool_server_sees_its_own_settings() {
    let own = BTreeMap::from([("MY_TOKEN".to_owned(), "own".to_owned()), ("PATH".to_owned(), "/own".to_owned())]);
    let vars = of(Child::Server, Asking { own: &own, ..Asking::new(&env(), &secrets()) });
    assert_eq!(names(&vars), ["HOME", "LANG", "LC_ALL", "MY_TOKEN", "PATH", "XDG_RUNTIME_DIR"]);
    assert_eq!(vars["PATH"], "/own");
}

#[test]
fn the_operator_passes_what_he_likes_and_a_skill_no_secret() {
    let configured = Passthrough::default().configured(&texts(&["ACME_API_KEY", "1x", "BASH_FUNC_ls%%"]));
    assert_eq!(configured.refused, [("1x".to_owned(), Refusal::Form), ("BASH_FUNC_ls%%".to_owned(), Refusal::Form)]);
    assert!(seen(Child::Here, &configured).contains_key("ACME_API_KEY"));
    let wanted = texts(&["ACME_API_KEY", "SUDO_PASSWORD", "LD_PRELOAD", "MY_TOKEN", "NOT_SET"]);
    let skill = Passthrough::default().skill(&wanted, &secrets());
    let refused: Vec<Refusal> = skill.refused.iter().map(|(_, refusal)| *refusal).collect();
    assert_eq!(refused, [Refusal::Secret, Refusal::Secret, Refusal::Injecting]);
    let vars = seen(Child::Code, &skill);
    assert!(vars.contains_key("MY_TOKEN") && !vars.contains_key("ACME_API_KEY") && !vars.contains_key("NOT_SET"));
}

#[test]
fn a_helper_sees_what_its_plugin_names_and_no_secret() {
    let named = texts(&["EDITOR", "ACME_API_KEY", "LD_PRELOAD", "SUDO_PASSWORD", "1x", "NOT_SET"]);
    let vars = of(Child::Helper, Asking { named: &named, ..Asking::new(&env(), &secrets()) });
    assert_eq!(names(&vars), ["EDITOR", "HOME", "LANG", "LC_ALL", "PATH", "XDG_RUNTIME_DIR"]);
}

#[test]
fn the_editor_sees_what_a_local_command_sees_and_nothing_passed_through() {
    let passthrough = Passthrough::default().configured(&texts(&["ACME_API_KEY"]));
    assert_eq!(seen(Child::Editor, &passthrough), seen(Child::Here, &Passthrough::default()));
}

#[test]
fn every_kind_has_one_row() {
    for row in TABLE {
        assert_eq!(TABLE.iter().filter(|other| other.child == row.child).count(), 1, "{}", row.about);
    }
}
