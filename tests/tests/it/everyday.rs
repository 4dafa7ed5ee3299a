//! Stories: the commands that look after an installation: doctor, status, profile, tools, completion.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;

use hermes_tests::hermes::{Hermes, Ran, run};
use hermes_tests::terminal::{ENTER, Terminal};
use serde_json::Value;

/// The checks of the doctor by name and state, of those that are not as they should be.
fn ill(hermes: &Hermes) -> (Ran, Vec<String>) {
    let ran = run(hermes.command(&["doctor", "--json"]));
    let checks: Value = serde_json::from_str(&ran.out).expect("JSON");
    let checks = checks.as_array().expect("a list").iter();
    let ill = checks.filter(|check| check["state"] != "ok").map(|check| {
        assert!(check["fix"].as_str().is_some_and(|fix| !fix.is_empty()), "{check}");
        format!("{} {}", check["name"].as_str().expect("a name"), check["state"].as_str().expect("a state"))
    });
    (ran.clone(), ill.collect())
}

#[test]
fn the_doctor_finds_nothing_wrong_with_a_home_that_is_well() {
    let hermes = Hermes::new().scripted("- text: Hello.\n", "");
    fs::set_permissions(hermes.path("home"), Permissions::from_mode(0o700)).expect("set");
    assert_eq!(run(hermes.command(&["-q", "hi"])).code, Some(0));
    let (ran, ill) = ill(&hermes);
    assert_eq!((ran.code, ill), (Some(0), Vec::<String>::new()), "{ran:?}");
    let told = run(hermes.command(&["doctor"])).out;
    for text in
        ["ok       home", "ok       plugins", "ok       scanners  scanner-commands looks at", "1 are kept, with 2"]
    {
        assert!(told.contains(text), "{text}: {told}");
    }
}

#[test]
fn the_doctor_says_what_is_wrong_and_what_to_do() {
    let hermes = Hermes::new().configured("plugins: {disabled: [scanner-commands]}\nmodel: {provider: anthropic}\n");
    hermes.secret("A=1\n");
    fs::set_permissions(hermes.path("home/.env"), Permissions::from_mode(0o644)).expect("set");
    fs::set_permissions(hermes.path("home"), Permissions::from_mode(0o777)).expect("set");
    fs::write(hermes.path("home/state.db"), "garbage").expect("written");
    fs::create_dir(hermes.path("home/memories")).expect("made");
    fs::write(hermes.path("home/memories/USER.md"), "x".repeat(2_000)).expect("written");
    let (ran, ill) = ill(&hermes);
    assert_eq!(ran.code, Some(1));
    let expected =
        ["home failed", "secrets warning", "scanners failed", "model failed", "sessions failed", "notes warning"];
    assert_eq!(ill, expected, "{ran:?}");
    let told = run(hermes.command(&["doctor"])).out;
    for text in [
        "can be changed by others than you\n                   → `chmod 700",
        "→ `chmod 600",
        "no command runs without it\n                   → enable it with `hermes plugins enable scanner-commands`",
        "has no key\n                   → `hermes config set ANTHROPIC_API_KEY` asks for it",
        "is damaged",
    ] {
        assert!(told.contains(text), "{text}: {told}");
    }
}

#[test]
fn the_doctor_looks_at_a_configuration_that_is_broken() {
    let hermes = Hermes::new().configured("terminal:\n  timeot: 5\n");
    fs::set_permissions(hermes.path("home"), Permissions::from_mode(0o700)).expect("set");
    let (ran, ill) = ill(&hermes);
    assert_eq!((ran.code, ill), (Some(1), vec!["config failed".to_owned()]), "{ran:?}");
    assert!(ran.out.contains("timeot") && ran.out.contains("config.yaml`, line 2"), "{ran:?}");
}

#[test]
fn a_home_without_a_model_is_worth_a_word() {
    let hermes = Hermes::new();
    fs::set_permissions(hermes.path("home"), Permissions::from_mode(0o700)).expect("set");
    let (ran, ill) = ill(&hermes);
    assert_eq!((ran.code, ill), (Some(0), vec!["model warning".to_owned()]), "{ran:?}");
    assert!(ran.out.contains("`hermes setup`"), "{ran:?}");
}

#[test]
fn the_status_tells_what_is_in_force() {
    let hermes = Hermes::new().scripted("- text: Hello.\n", "approvals: {mode: smart}\n");
    assert_eq!(run(hermes.command(&["-q", "hi there"])).code, Some(0));
    let told = run(hermes.command(&["status"]));
    for text in ["profile   default\n", "model     scripted\n", "commands  on local\n", "a model is asked first"] {
        assert!(told.out.contains(text), "{text}: {told:?}");
    }
    assert!(told.out.contains("sessions  1, the latest `hi there`"), "{told:?}");
    let told = run(hermes.command(&["status", "--json"]));
    let told: Value = serde_json::from_str(&told.out).expect("JSON");
    assert_eq!((&told["provider"], &told["sessions"]), (&"scripted".into(), &1.into()), "{told}");
}

#[test]
fn profiles_are_made_used_and_deleted() {
    let hermes = Hermes::new().configured("terminal: {timeout: 77}\n");
    hermes.secret("ACME_API_KEY=abcdefghijkl\n");
    let ran = run(hermes.command(&["profile", "create", "work", "--clone"]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let mode = |name: &str| fs::metadata(hermes.path(name)).expect("there").permissions().mode() & 0o777;
    assert_eq!((mode("home/profiles/work"), mode("home/profiles/work/.env")), (0o700, 0o600));
    let shown =
        |args: &[&str]| run(hermes.command(&[args, &["config", "show", "terminal.timeout", "--json"]].concat())).out;
    let ran = run(hermes.command(&["profile", "create", "play"]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(shown(&["-p", "work"]).contains("77") && !shown(&["-p", "play"]).contains("77"));
    // One that is used from now on.
    assert_eq!(run(hermes.command(&["profile", "use", "play"])).code, Some(0));
    assert!(!shown(&[]).contains("77") && shown(&["-p", "default"]).contains("77"));
    let list = run(hermes.command(&["profile", "list"]));
    assert!(list.out.contains("play *") && list.out.contains("work  ") && list.out.contains("default  "), "{list:?}");
    let show = run(hermes.command(&["profile", "show", "--json"]));
    assert!(show.out.contains("\"name\": \"play\"") && show.out.contains("profiles/play"), "{show:?}");
    // Deleting asks.
    let ran = run(hermes.command(&["profile", "delete", "work"]));
    assert!(ran.code == Some(1) && ran.err.contains("Nobody is there to confirm it"), "{ran:?}");
    let mut terminal = Terminal::open(&hermes, &["profile", "delete", "work"]);
    terminal.until("for good? [y/N] ");
    terminal.keys(&format!("no{ENTER}"));
    assert_eq!(terminal.end(), 1);
    assert!(hermes.path("home/profiles/work").exists());
    let ran = run(hermes.command(&["profile", "delete", "play", "--yes"]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(!hermes.path("home/profiles/play").exists() && shown(&[]).contains("77"));
    for (args, why) in [
        (&["profile", "create", "default"][..], "`default` is there already"),
        (&["profile", "create", "work"], "`work` is there already"),
        (&["profile", "use", "nope"], "`nope` does not exist"),
        (&["profile", "delete", "default", "--yes"], "main home is no profile"),
        (&["profile", "delete", "nope", "--yes"], "`nope` does not exist"),
        (&["profile", "create", "../up"], "`../up` is not valid"),
    ] {
        let ran = run(hermes.command(args));
        assert!(ran.code != Some(0) && ran.err.contains(why), "{args:?}: {ran:?}");
    }
}

#[test]
fn a_profile_whose_session_is_open_is_not_deleted() {
    let hermes = Hermes::new();
    assert_eq!(run(hermes.command(&["profile", "create", "work"])).code, Some(0));
    let mut terminal = Terminal::open(&hermes, &["-p", "work"]);
    terminal.until("/help");
    terminal.keys(&format!("echo it-is-open{ENTER}"));
    terminal.until("it-is-open\n");
    terminal.until("❯ ");
    let ran = run(hermes.command(&["profile", "delete", "work", "--yes"]));
    assert!(ran.code == Some(1) && ran.err.contains("`work` is in use by process"), "{ran:?}");
    terminal.keys(&format!("/quit{ENTER}"));
    assert_eq!(terminal.end(), 0);
    let ran = run(hermes.command(&["profile", "delete", "work", "--yes"]));
    assert_eq!(ran.code, Some(0), "{ran:?}");
}

#[test]
fn toolsets_are_listed_and_switched() {
    let hermes = Hermes::new().scripted("- tool_calls: [{name: todo}]\n- text: Hello.\n", "");
    let list = run(hermes.command(&["tools"]));
    assert!(list.out.contains("todo") && list.out.contains("tools-todo"), "{list:?}");
    assert_eq!(run(hermes.command(&["tools", "disable", "todo"])).code, Some(0));
    let list = run(hermes.command(&["tools", "list", "--json"]));
    let list: Value = serde_json::from_str(&list.out).expect("JSON");
    let todo = list.as_array().expect("a list").iter().find(|row| row["name"] == "todo").expect("listed");
    assert_eq!(todo["state"], "off");
    let hermes = hermes.scripted(
        "
- tool_calls: [{name: todo, arguments: {}}]
- {expect: {last_contains: There is no tool `todo`}, text: So be it.}
",
        "plugins: {disabled: [tools-todo]}\n",
    );
    assert_eq!(run(hermes.command(&["-q", "x"])).out, "So be it.\n");
    assert_eq!(run(hermes.command(&["tools", "enable", "tools-todo"])).code, Some(0));
    let ran = run(hermes.command(&["tools", "enable", "todos"]));
    assert!(ran.code == Some(2) && ran.err.contains("did you mean `todo`?"), "{ran:?}");
}

#[test]
fn shells_and_man_get_what_they_look_for() {
    let hermes = Hermes::new();
    for (shell, text) in [("bash", "complete -F"), ("zsh", "#compdef hermes"), ("fish", "complete -c hermes")] {
        let ran = run(hermes.command(&["completion", shell]));
        assert!(ran.code == Some(0) && ran.out.contains(text) && ran.out.contains("sessions"), "{shell}");
    }
    assert_eq!(run(hermes.command(&["completion", "tcsh"])).code, Some(2));
    let prefix = hermes.program().parent().and_then(|bin| bin.parent()).expect("a prefix").join("share");
    for file in [
        "man/man1/hermes.1",
        "man/man1/hermes-sessions.1",
        "bash-completion/completions/hermes",
        "zsh/site-functions/_hermes",
        "fish/vendor_completions.d/hermes.fish",
    ] {
        assert!(fs::read_to_string(prefix.join(file)).is_ok_and(|text| text.contains("hermes")), "{file}");
    }
    #[expect(clippy::disallowed_methods, reason = "bash reads what it was given")]
    let mut bash = std::process::Command::new("bash");
    let script =
        r#"source "$1"; COMP_WORDS=(hermes sess); COMP_CWORD=1; _hermes hermes sess hermes; echo "${COMPREPLY[@]}""#;
    let ran = run({
        bash.args(["-c", script, "-"]).arg(prefix.join("bash-completion/completions/hermes"));
        bash
    });
    assert_eq!(ran.out, "sessions\n", "{ran:?}");
}

#[test]
fn a_word_that_is_none_suggests_the_nearest() {
    let hermes = Hermes::new();
    for (args, near) in [
        (&["doctr"][..], "did you mean `doctor`?"),
        (&["profle", "list"], "did you mean `profile`?"),
        (&["sessions", "lst"], "'list'"),
        (&["profile", "ls"], "Usage:"),
    ] {
        let ran = run(hermes.command(args));
        assert!(ran.code == Some(2) && ran.err.contains(near), "{args:?}: {ran:?}");
    }
}
