//! What an owner does about plugins: install, enable, disable, remove, look.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use hermes_tests::owner::Owner;
use hermes_tests::plugins::Shipped;
use hermes_tests::terminal::Terminal;

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path).expect("it is there").permissions().mode() & 0o777
}

fn install(hermes: &Owner, shipped: &Shipped) -> String {
    let folder = shipped.put(&hermes.dir());
    hermes.ok(&["plugins", "install", folder.to_str().expect("text")])
}

fn entry(hermes: &Owner, id: &str) -> serde_json::Value {
    let list = hermes.json(&["plugins", "list", "--json"]);
    let found = list.as_array().expect("a list").iter().find(|one| one["id"] == id);
    found.cloned().unwrap_or_default()
}

#[test]
fn a_plugin_comes_is_trusted_works_and_goes() {
    let hermes = Owner::default();
    hermes.configure("# mine\nplugins:\n  enabled: [] # none yet\n");
    let errand = Shipped::new("commands-errand", "errand")
        .more("commands: [{name: errand, about: Runs an errand}]")
        .more("permissions: {network: [api.example.com], exec: [git]}\nsecrets: [ERRAND_TOKEN]");
    let said = install(&hermes, &errand);
    for line in ["network: api.example.com", "programs: git", "secrets: ERRAND_TOKEN"] {
        assert!(said.contains(line), "{said}");
    }
    let folder = hermes.home().join("plugins/commands-errand");
    assert_eq!((mode(&folder), mode(&folder.join("lib.so"))), (0o700, 0o600));
    assert_eq!(mode(&hermes.home().join("plugins.lock")), 0o600);
    assert_eq!(entry(&hermes, "commands-errand")["state"], "disabled");

    let said = hermes.fails(&["plugins", "enable", "commands-errand"]);
    assert!(said.contains("Nobody is here to trust plugin `commands-errand`"), "{said}");
    assert_eq!(entry(&hermes, "commands-errand")["state"], "disabled");
    let ran = hermes.run(&["plugins", "enable", "commands-errand", "--trust"]);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(
        ran.err.contains("secrets: ERRAND_TOKEN") && ran.err.contains("nothing keeps it from doing more"),
        "{ran:?}"
    );
    let config = fs::read_to_string(hermes.home().join("config.yaml")).expect("read");
    assert!(config.contains("# mine") && config.contains("# none yet"), "{config}");
    assert_eq!(hermes.run(&["errand", "code", "3"]).code, Some(3));

    let info = hermes.ok(&["plugins", "info", "commands-errand"]);
    assert!(info.contains("in process") && info.contains("as installed"), "{info}");
    let said = hermes.ok(&["plugins", "remove", "commands-errand"]);
    assert_eq!(said, "Removed commands-errand\n");
    assert!(!folder.exists());
    let config = fs::read_to_string(hermes.home().join("config.yaml")).expect("read");
    assert!(!config.contains("commands-errand"), "{config}");
    assert!(!fs::read_to_string(hermes.home().join("plugins.lock")).expect("read").contains("commands-errand"));
    let left: Vec<_> = fs::read_dir(hermes.home().join("plugins")).expect("listed").flatten().collect();
    assert!(left.iter().all(|entry| !entry.file_name().to_string_lossy().contains("errand.")), "{left:?}");
    let said = hermes.fails(&["plugins", "remove", "commands-errand"]);
    assert!(said.contains("is not installed"), "{said}");
}

#[test]
fn trust_is_given_at_the_terminal_by_a_plain_yes() {
    for (answer, state) in [("", "disabled"), ("no", "disabled"), ("maybe", "disabled"), ("y", "enabled")] {
        let owner = Owner::default();
        let _ = install(&owner, &Shipped::new("scanner-mine", "mischief"));
        let mut terminal = Terminal::open(owner.program(), &["plugins", "enable", "scanner-mine"]);
        terminal.until("Trust it? [y/N] ");
        terminal.line(answer);
        assert_eq!(terminal.end(), i32::from(state == "disabled"), "{answer:?}");
        assert_eq!(entry(&owner, "scanner-mine")["state"], state, "{answer:?}");
    }
}

#[test]
fn a_new_version_that_asks_for_more_loses_its_trust() {
    let hermes = Owner::default();
    let errand = Shipped::new("commands-errand", "errand").more("commands: [{name: errand, about: x}]");
    let _ = install(&hermes, &errand);
    let _ = hermes.ok(&["plugins", "enable", "commands-errand", "--trust"]);
    let said = install(&hermes, &errand);
    assert!(!said.contains("not used yet"), "{said}");
    assert_eq!(hermes.run(&["errand", "code", "3"]).code, Some(3));
    let _ = install(&hermes, &errand.clone().more("secrets: [ERRAND_TOKEN]"));
    let ran = hermes.run(&["errand", "code", "3"]);
    assert!(ran.code == Some(1) && ran.err.contains("it is not trusted to run in this process"), "{ran:?}");
}

#[test]
fn a_plugin_under_development_is_used_where_it_lies() {
    let hermes = Owner::default();
    let shipped = Shipped::new("scanner-mine", "mischief").provides(&["scanner mischief"]);
    let folder = shipped.put(&hermes.dir());
    // A crate: what cargo built lies below `target`.
    fs::create_dir_all(folder.join("target/debug")).expect("made");
    let said = {
        fs::remove_file(folder.join("lib.so")).expect("removed");
        hermes.fails(&["plugins", "install", "--dev", folder.to_str().expect("text")])
    };
    assert!(said.contains("Plugin `scanner-mine` is not built") && said.contains("`cargo build`"), "{said}");
    fs::copy(hermes_tests::plugins::library("mischief"), folder.join("target/debug/lib.so")).expect("copied");
    let _ = hermes.ok(&["plugins", "install", "--dev", folder.to_str().expect("text")]);
    assert_eq!(entry(&hermes, "scanner-mine")["source"], "development");
    assert!(!hermes.home().join("plugins/scanner-mine").exists());
    let _ = hermes.ok(&["plugins", "enable", "scanner-mine", "--trust"]);
    let verified = hermes.ok(&["plugins", "verify", "scanner-mine"]);
    assert!(verified.contains("ok      scanner-mine"), "{verified}");
    let _ = hermes.ok(&["plugins", "remove", "scanner-mine"]);
    assert!(folder.join("target/debug/lib.so").exists());
}

#[test]
fn a_new_crate_of_each_kind_does_what_its_kind_must() {
    let hermes = Owner::default();
    for kind in ["backend", "platform", "mcp_server", "model", "gate", "commands"] {
        let id = format!("{}-mine", kind.replace('_', "-"));
        let _ = hermes.ok(&["plugins", "new", kind, &id]);
        let folder = hermes.dir().join(&id);
        hermes_tests::plugins::build_crate(&folder);
        let tested = hermes.ok(&["plugins", "test", folder.to_str().expect("text")]);
        assert!(tested.ends_with(" 0 failed\n") && !tested.contains("skip  "), "{kind}: {tested}");
    }
}

#[test]
fn a_new_crate_builds_passes_and_is_used() {
    let hermes = Owner::default();
    let said = hermes.ok(&["plugins", "new", "scanner", "scanner-mine"]);
    assert!(said.starts_with("Made ./scanner-mine"), "{said}");
    let folder = hermes.dir().join("scanner-mine");
    hermes_tests::plugins::build_crate(&folder);
    let path = folder.to_str().expect("text");
    let tested = hermes.ok(&["plugins", "test", path]);
    assert!(tested.contains("pass  it loads and offers what its manifest declares"), "{tested}");
    assert!(tested.ends_with(" 0 failed\n"), "{tested}");
    let _ = hermes.ok(&["plugins", "install", path]);
    let _ = hermes.ok(&["plugins", "enable", "scanner-mine", "--trust"]);
    assert!(hermes.ok(&["plugins", "verify", "scanner-mine"]).contains("it loads"));
    let said = hermes.fails(&["plugins", "new", "scanner", "scanner-mine"]);
    assert!(said.contains("exists already"), "{said}");
    let said = hermes.fails(&["plugins", "new", "skaner", "scanner-other"]);
    assert!(said.contains("`skaner` is not a kind of plugin") && said.contains("scanner, backend"), "{said}");
    let said = hermes.fails(&["plugins", "new", "scanner", "../evil"]);
    assert!(said.contains("`../evil` cannot be the id of a plugin"), "{said}");
}

#[test]
fn what_belongs_to_others_cannot_be_installed() {
    let hermes = Owner::default();
    let refused = |shipped: &Shipped| {
        let folder = shipped.put(&hermes.dir());
        hermes.fails(&["plugins", "install", folder.to_str().expect("text")])
    };
    let own = Shipped::new("scanner-mine", "mischief");
    let said = refused(&Shipped { id: "scanner-commands".into(), ..own.clone() });
    assert!(said.contains("the id `scanner-commands` belongs to a first-party plugin"), "{said}");
    let said = refused(&own.clone().more("settings: {approvals.mode: {type: string}}"));
    assert!(said.contains("the setting `approvals.mode` belongs to `hermes`"), "{said}");
    let said = refused(&own.clone().more("commands: [{name: config, about: x}]"));
    assert!(said.contains("the command `config` belongs to `hermes`"), "{said}");
    let said = refused(&own.clone().more("secrets: [SUDO_PASSWORD]"));
    assert!(said.contains("the secret `SUDO_PASSWORD` belongs to `hermes`"), "{said}");
    let said = hermes.fails(&["plugins", "remove", "scanner-commands"]);
    assert!(said.contains("hint: disable it with `hermes plugins disable scanner-commands`"), "{said}");
    let said = hermes.fails(&["plugins", "install", "backend-modal"]);
    assert!(said.contains("Plugin `backend-modal` is planned and not part of this release"), "{said}");
    let said = hermes.fails(&["plugins", "install", "no-such-folder"]);
    assert!(said.contains("There is no folder `no-such-folder`"), "{said}");
    assert_eq!(entry(&hermes, "scanner-mine"), serde_json::Value::Null);
}

#[test]
fn two_that_offer_the_same_wait_for_a_choice() {
    let hermes = Owner::default();
    for id in ["scanner-one", "scanner-two"] {
        let _ = install(&hermes, &Shipped::new(id, "mischief"));
    }
    let _ = hermes.ok(&["plugins", "enable", "scanner-one", "--trust"]);
    let said = hermes.fails(&["plugins", "enable", "scanner-two", "--trust"]);
    assert!(said.contains("scanner `mischief` is also offered by `scanner-one`"), "{said}");
    hermes.configure("plugins: {enabled: [scanner-one, scanner-two], trusted: [scanner-one, scanner-two]}\n");
    for id in ["scanner-one", "scanner-two"] {
        assert_eq!(entry(&hermes, id)["state"], "broken");
        let info = hermes.ok(&["plugins", "info", id]);
        assert!(info.contains("plugins.choose: {scanner/mischief: ID}"), "{info}");
    }
    let choose =
        "{enabled: [scanner-one, scanner-two], trusted: [scanner-two], choose: {scanner/mischief: scanner-two}}";
    hermes.configure(&format!("plugins: {choose}\n"));
    assert_eq!(entry(&hermes, "scanner-one")["state"], "broken");
    assert_eq!(entry(&hermes, "scanner-two")["state"], "enabled");
    assert!(hermes.ok(&["plugins", "verify", "scanner-two"]).contains("it loads"));
}

#[test]
fn many_install_at_once_and_nothing_is_lost() {
    let hermes = Owner::default();
    let folders: Vec<_> =
        (0..8).map(|n| Shipped::new(&format!("scanner-n{n}"), "mischief").put(&hermes.dir())).collect();
    let start = |folder: &std::path::PathBuf| {
        let mut command = hermes.command(&["plugins", "install", folder.to_str().expect("text")]);
        command.stdout(std::process::Stdio::null()).spawn().expect("started")
    };
    let children: Vec<_> = folders.iter().chain(&folders).map(start).collect();
    for mut child in children {
        assert!(child.wait().expect("ended").success());
    }
    let lock = fs::read_to_string(hermes.home().join("plugins.lock")).expect("read");
    for n in 0..8 {
        assert!(lock.contains(&format!("scanner-n{n}:")), "{lock}");
        assert!(hermes.ok(&["plugins", "verify", &format!("scanner-n{n}")]).contains("as installed"));
    }
    let names = fs::read_dir(hermes.home().join("plugins")).expect("listed").flatten().map(|entry| entry.file_name());
    assert!(names.into_iter().all(|name| !name.to_string_lossy().starts_with(".scanner")));
}
