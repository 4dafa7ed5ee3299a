use std::collections::BTreeMap;
use std::os::unix::fs::{PermissionsExt as _, symlink};

use hermes_plugin_api::harness::check_manifest;
use hermes_plugin_api::manifest::Kind;
use hermes_plugin_api::prelude::*;

use crate::config::Config;
use crate::said;
use crate::sockets::Sockets;
use crate::target::Target;

fn target(config: &Config) -> Result<Target> {
    Target::new(config, "/home/me/.hermes", BTreeMap::new())
}

fn config(host: &str, user: &str, key: &str) -> Config {
    Config { host: host.to_owned(), user: user.to_owned(), port: None, key: key.to_owned() }
}

#[test]
fn the_manifest_fits() {
    let manifest = check_manifest::<Config>(include_str!("../plugin.yaml")).expect("fits");
    assert!(manifest.declares(Kind::Backend, "ssh"));
}

#[test]
fn settings_cannot_become_options_or_more_than_one_word() {
    for wrong in [
        config("-oProxyCommand=x", "", ""),
        config("a b", "", ""),
        config("a\nb", "", ""),
        config("me@host", "", ""),
        config("$(x)", "", ""),
        config("host", "-l", ""),
        config("host", "a\nb", ""),
        config("host", "a;b", ""),
        config("host", "", "-F"),
        config("host", "", "/key\nx"),
        config("", "", ""),
    ] {
        let error = target(&wrong).expect_err("refused");
        assert!(error.code == ErrorCode::CONFIG && error.message.contains("terminal.ssh_"), "{wrong:?}: {error:?}");
        assert!(error.hint().is_some_and(|hint| hint.contains("hermes config set")), "{error:?}");
    }
}

#[test]
fn the_machine_stands_behind_all_options() {
    let port = Some(2222);
    let config = Config { port, ..config("fd00::1", "me", "keys/a%b") };
    let argv = target(&config).expect("fits").argv(&["-O", "check"], Some("true"));
    let text = argv.join(" ");
    assert!(
        text.starts_with("ssh -T -O check -l me -p 2222 -i /home/me/.hermes/keys/a%%b -o IdentitiesOnly=yes "),
        "{text}"
    );
    assert!(text.contains(" -o BatchMode=yes -o ConnectTimeout=10 ") && text.ends_with(" -- fd00::1 true"), "{text}");
}

#[test]
fn connections_with_other_keys_are_other_connections() {
    let names = ["", "/a", "/b"].map(|key| target(&config("host", "me", key)).expect("fits").fingerprint());
    assert!(names[0] != names[1] && names[1] != names[2] && names.iter().all(|name| name.len() == 16), "{names:?}");
}

#[test]
fn sockets_are_in_a_directory_that_is_the_users_alone() {
    let home = tempfile::tempdir().expect("a directory");
    let run = home.path().join("run");
    std::fs::create_dir(&run).expect("made");
    std::fs::set_permissions(&run, std::fs::Permissions::from_mode(0o777)).expect("set");
    let path = Sockets::new(home.path().to_str().expect("text"), None).expect("made").path("name");
    assert_eq!(path, run.join("name").to_str().expect("text"));
    assert_eq!(std::fs::metadata(&run).expect("there").permissions().mode() & 0o777, 0o700);
}

#[test]
fn where_the_home_is_too_long_or_odd_the_runtime_directory_serves() {
    let home = tempfile::tempdir().expect("a directory");
    let runtime = tempfile::tempdir().expect("a directory");
    let runtime = runtime.path().to_str().expect("text");
    for name in ["x".repeat(100), "a \"b".to_owned()] {
        let long = home.path().join(name);
        std::fs::create_dir(&long).expect("made");
        let path = Sockets::new(long.to_str().expect("text"), Some(runtime)).expect("made").path("name");
        assert_eq!(path, format!("{runtime}/hermes/name"));
    }
}

#[test]
fn a_directory_that_is_a_link_is_refused() {
    let home = tempfile::tempdir().expect("a directory");
    symlink("/tmp", home.path().join("run")).expect("linked");
    let error = Sockets::new(home.path().to_str().expect("text"), None).expect_err("refused");
    assert!(error.message.contains("somebody else's, or no directory"), "{error:?}");
}

#[test]
fn what_ssh_says_is_told_with_the_way_out() {
    let changed = "@@@\n@ WARNING: REMOTE HOST IDENTIFICATION HAS CHANGED! @\n  remove with:\n  ssh-keygen -f \"/k\" -R \"h\"\r\nHost key verification failed.";
    let error = said::unreachable("h", changed);
    assert_eq!(error.code, ErrorCode::CONFIG);
    assert!(error.hint().is_some_and(|hint| hint.ends_with(r#"ssh-keygen -f "/k" -R "h""#)), "{error:?}");
    let error = said::unreachable("h", "No key is known\nHost key verification failed.");
    assert!(error.message.contains("is not known"), "{error:?}");
    let error = said::unreachable("h", "me@h: Permission denied (publickey).\n");
    assert!(error.message.ends_with("Permission denied (publickey).") && error.hint().is_some(), "{error:?}");
    let error = said::unreachable("h", "x\n\u{1b}[31mConnection refused\r\n\n");
    assert_eq!(
        (error.code, error.message.as_str()),
        (ErrorCode::UNAVAILABLE, "`h` cannot be reached: [31mConnection refused")
    );
}
