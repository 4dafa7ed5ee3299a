//! What children of the program really see of the environment, against what `docs/reference/environment.md` says.

use std::collections::BTreeSet;
use std::process::Command;

use hermes_tests::hermes::{Hermes, run};
use hermes_tests::lab::{Lab, PUBLIC, response};
use hermes_tests::plugins::Shipped;
use serde_json::json;

/// Variables as a person might have them: name, and whether a command on this machine, and a program that a plugin
/// starts for itself, gets to see it.
const PLANTED: [(&str, bool, bool); 29] = [
    ("ANTHROPIC_API_KEY", false, false),
    ("OPENAI_API_KEY", false, false),
    ("OPENROUTER_API_KEY", false, false),
    ("TELEGRAM_BOT_TOKEN", false, false),
    ("DISCORD_BOT_TOKEN", false, false),
    ("BRAVE_SEARCH_API_KEY", false, false),
    ("TAVILY_API_KEY", false, false),
    ("MODAL_TOKEN_SECRET", false, false),
    ("PLANTED_BY_A_PLUGIN", false, false),
    ("SUDO_PASSWORD", false, false),
    ("HERMES_YOLO_MODE", false, false),
    ("LD_AUDIT", false, false),
    ("LD_DEBUG_OUTPUT", false, false),
    ("GCONV_PATH", false, false),
    ("BASH_ENV", false, false),
    ("ENV", false, false),
    ("PROMPT_COMMAND", false, false),
    ("PS4", false, false),
    ("BASH_FUNC_ls%%", false, false),
    ("IN_THE_FILE_TOKEN", false, false),
    ("MY_OWN_TOKEN", true, false),
    ("HOMEBREW_PREFIX", true, false),
    ("PATHOLOGY", true, false),
    ("EDITOR", true, false),
    ("LD_LIBRARY_PATH", true, false),
    ("SSH_AUTH_SOCK", true, false),
    ("XDG_CONFIG_HOME", true, true),
    ("LC_TIME", true, true),
    ("LOGNAME", true, true),
];

/// The value of a planted variable: one that hurts nobody.
fn value(name: &str) -> String {
    match name {
        "HERMES_YOLO_MODE" => "0".into(),
        "BASH_FUNC_ls%%" => "() { echo planted; }".into(),
        name => format!("/planted/{}", name.to_lowercase()),
    }
}

fn planted(mut command: Command) -> Command {
    for (name, ..) in PLANTED {
        command.env(name, value(name));
    }
    command
}

/// A home with a plugin that declares a secret and is not even enabled, and with a secret in `.env`.
fn home(hermes: &Hermes) {
    hermes.secret("IN_THE_FILE_TOKEN=/planted/file\nFILE_ONLY=from-the-file\n");
    let plugins = hermes.path("home/plugins");
    std::fs::create_dir_all(&plugins).expect("made");
    let _ = Shipped::new("scanner-planted", "mischief").more("secrets: [PLANTED_BY_A_PLUGIN]").put(&plugins);
}

/// The names in what `env` printed, without what the shell and the program add to every command.
fn names(printed: &str) -> BTreeSet<&str> {
    let own = ["_", "PWD", "OLDPWD", "SHLVL", "PATH", "HOME", "TERM", "LANG"];
    let names = printed.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name);
    // The stories set some of `HERMES_*` themselves, none of them a secret.
    names.filter(|name| !own.contains(name) && (!name.starts_with("HERMES_") || is_planted(name))).collect()
}

fn is_planted(name: &str) -> bool {
    PLANTED.iter().any(|(planted, ..)| *planted == name)
}

fn visible(seen: impl Fn(&(&'static str, bool, bool)) -> bool) -> BTreeSet<&'static str> {
    PLANTED.iter().filter(|one| seen(one)).map(|(name, ..)| *name).collect()
}

#[test]
fn a_command_on_this_machine_sees_all_but_secrets_and_what_runs_code() {
    let hermes = Hermes::new();
    home(&hermes);
    let ran = run(planted(hermes.command(&["exec", "--", "env"])));
    assert_eq!(names(&ran.out), visible(|(_, here, _)| *here), "{ran:?}");
    assert!(!ran.out.contains("planted/file"), "{ran:?}");
}

#[test]
fn so_does_one_that_a_model_runs_in_front_and_behind() {
    let hermes = Hermes::new().scripted(
        "
- tool_calls: [{name: terminal, arguments: {command: 'env >front; ls / >/dev/null'}}]
- tool_calls: [{name: terminal, arguments: {command: 'env >behind.part; mv behind.part behind', background: true}}]
- tool_calls: [{name: terminal, arguments: {command: 'while ! test -e behind; do sleep 0.05; done'}}]
- text: Done.
",
        "",
    );
    home(&hermes);
    let ran = run(planted(hermes.command(&["-q", "go"])));
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "Done.\n"), "{ran:?}");
    for file in ["work/front", "work/behind"] {
        let printed = std::fs::read_to_string(hermes.path(file)).expect("written");
        assert_eq!(names(&printed), visible(|(_, here, _)| *here), "{file}: {printed}");
    }
}

#[test]
fn what_the_owner_passes_through_is_seen_and_a_name_that_is_none_is_told() {
    let config = "terminal:\n  env_passthrough: [OPENAI_API_KEY, FILE_ONLY, NOT_SET, '1x', 'BASH_FUNC_ls%%', 'A B']\n";
    let hermes = Hermes::new().configured(config);
    home(&hermes);
    let ran = run(planted(hermes.command(&["exec", "--", "env"])));
    let mut wanted = visible(|(_, here, _)| *here);
    wanted.extend(["OPENAI_API_KEY", "FILE_ONLY"]);
    assert_eq!(names(&ran.out), wanted, "{ran:?}");
    for name in ["1x", "BASH_FUNC_ls%%", "A B"] {
        let told = format!("warning: `terminal.env_passthrough`: `{name}` is no name of a variable; left out");
        assert!(ran.err.contains(&told), "{ran:?}");
    }
}

#[test]
fn the_editor_sees_what_a_command_sees() {
    let hermes = Hermes::new();
    home(&hermes);
    let seen = hermes.path("seen");
    let mut command = planted(hermes.command(&["config", "edit"]));
    command.env("EDITOR", format!("env >'{}'; true", seen.display()));
    let ran = run(command);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "Nothing changed\n"), "{ran:?}");
    let printed = std::fs::read_to_string(seen).expect("written");
    assert_eq!(names(&printed), visible(|(_, here, _)| *here), "{printed}");
}

/// Here the program that reads PDF files, of which a plugin lets only `PATH` through.
#[test]
fn a_program_of_a_plugin_sees_what_the_plugin_lets_through() {
    let url = "http://a.example/paper";
    let script = json!([
        { "tool_calls": [{ "name": "web_extract", "arguments": { "url": url } }] },
        { "expect": { "last_contains": "the end of the environment" }, "text": "Read." },
    ]);
    let hermes = Hermes::new().scripted(&script.to_string(), "");
    home(&hermes);
    let tool = hermes.path("stand-ins/pdftotext");
    std::fs::write(&tool, "#!/bin/sh\ncat >/dev/null; env; echo the end of the environment\n").expect("written");
    std::fs::set_permissions(&tool, std::os::unix::fs::PermissionsExt::from_mode(0o755)).expect("set");
    let paper = response("200 OK", "content-type: application/pdf", "%PDF-1.7 and no more");
    let lab = Lab::new(&hermes, env!("CARGO_BIN_EXE_lab"), &format!("a.example {PUBLIC}\n"));
    let lab = lab.serves(PUBLIC, "paper", paper);
    let path = format!("{}:/usr/bin:/bin", hermes.path("stand-ins").display());
    let mut vars: Vec<(&str, String)> = PLANTED.iter().map(|(name, ..)| (*name, value(name))).collect();
    vars.push(("PATH", path));
    let vars: Vec<(&str, &str)> = vars.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let ran = lab.run(&["-q", "go"], &vars);
    assert_eq!((ran.code, ran.out.as_str()), (Some(0), "Read.\n"), "{ran:?}\n{}", lab.log());
    let exported = run(hermes.command(&["sessions", "export"]));
    let printed: Vec<&str> = exported.out.split("\\n").filter(|line| line.contains('=')).collect();
    assert!(printed.iter().any(|line| line.starts_with("PATH=")), "{exported:?}");
    assert_eq!(names(&printed.join("\n")), BTreeSet::new(), "{exported:?}");
}
