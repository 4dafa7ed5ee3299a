//! Plugins built against another version of the ABI.

use hermes_tests::owner::Owner;
use hermes_tests::plugins::Shipped;

fn with(library: &str) -> Owner {
    let hermes = Owner::default();
    let word = "commands: [{name: probe, about: Says what it is given}]";
    let folder = Shipped::new("scanner-probe", library).more(word).put(&hermes.dir());
    let _ = hermes.ok(&["plugins", "install", folder.to_str().expect("text")]);
    let _ = hermes.ok(&["plugins", "enable", "scanner-probe", "--trust"]);
    hermes
}

#[test]
fn an_older_and_a_newer_plugin_work_with_default_bodies() {
    for (library, said) in [
        ("probe", "one two at true\n"),
        // It has no `stop`: the host's call gets the body that came with the method.
        ("probe-older", "one two at true\n"),
        // This host has no `later`: the plugin's call gets the body that came with the method.
        ("probe-newer", "one two at true\nthe host says nothing, it is older\n"),
    ] {
        let hermes = with(library);
        let ran = hermes.run(&["probe", "one", "two"]);
        assert_eq!((ran.code, ran.out.as_str()), (Some(7), said), "{library}: {ran:?}");
        let verified = hermes.json(&["plugins", "verify", "scanner-probe", "--json"]);
        assert_eq!(verified[0]["ok"], true, "{library}: {verified}");
    }
}

#[test]
fn a_plugin_of_another_major_is_refused_with_both_versions() {
    let hermes = with("probe-other-major");
    let said = hermes.fails(&["probe"]);
    let host = hermes_plugin_api::manifest::version("1.1.0").expect("a version");
    assert_eq!(host[0], 1);
    assert!(said.contains("Plugin `scanner-probe` cannot be used: it was built for ABI 2.0.0 but"), "{said}");
    assert!(said.contains("hint: build it against hermes-plugin-api of ABI 1."), "{said}");
}
