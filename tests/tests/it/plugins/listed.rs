//! What only lists opens no library.

use hermes_tests::owner::Owner;
use hermes_tests::plugins::Shipped;

/// The shared objects of plugins that a run opened, by what the loader says.
fn opened(hermes: &Owner, args: &[&str]) -> Vec<String> {
    let output = hermes.command(args).env("LD_DEBUG", "files").output().expect("the program starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.contains("libc.so"), "LD_DEBUG said nothing: {said}");
    let foreign = |line: &&str| line.contains("/proc/self/fd") || line.contains("plugins/");
    said.lines().filter(|line| line.contains("file=")).filter(foreign).map(str::to_owned).collect()
}

#[test]
fn listing_help_and_configuration_open_no_plugin() {
    let hermes = Owner::default();
    let word = "commands: [{name: errand, about: Runs an errand}]";
    let folder = Shipped::new("commands-errand", "errand").more(word).put(&hermes.dir());
    let folder = folder.to_str().expect("text");
    for args in [&["plugins", "install", folder][..], &["plugins", "enable", "commands-errand", "--trust"]] {
        assert_eq!(opened(&hermes, args), Vec::<String>::new(), "{args:?}");
    }
    for args in [
        &["plugins", "list"][..],
        &["plugins", "list", "--json"],
        &["plugins", "info", "commands-errand"],
        &["--help"],
        &[],
        &["config", "show"],
        &["config", "check"],
        &["version"],
        &["doctor"],
        &["status"],
        &["tools"],
        &["profile", "show"],
        &["completion", "bash"],
        &["no-such-word"],
    ] {
        assert_eq!(opened(&hermes, args), Vec::<String>::new(), "{args:?}");
    }
    let one = opened(&hermes, &["errand", "code", "0"]);
    assert!(!one.is_empty() && one.iter().all(|line| line.contains("/proc/self/fd/")), "{one:?}");
}
