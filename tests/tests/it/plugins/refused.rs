//! Bad plugins that are refused, each in one sentence with the way out, while the others go on.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use hermes_tests::owner::Owner;
use hermes_tests::plugins::{Shipped, library};
use hermes_tests::skip::skip;

/// Installs plugins and trusts them, then damages what was installed, then verifies all.
fn verified(hermes: &Owner, shipped: &[Shipped], damage: impl FnOnce(&Path)) -> serde_json::Value {
    let good = Shipped::new("scanner-good", "probe").provides(&["scanner probe", "commands probe"]);
    for one in shipped.iter().chain([&good]) {
        let folder = one.put(&hermes.dir());
        let _ = hermes.ok(&["plugins", "install", folder.to_str().expect("text")]);
        let list = |key: &str| {
            let edit = hermes_core::config::edit::Edit::ListAdd(
                hermes_core::config::keys::KeyPath::of(["plugins", key]),
                one.id.as_str().into(),
            );
            let home = hermes_core::config::Home::at(hermes.home());
            hermes_core::config::edit::file::edit_config(&home, &edit).expect("edited")
        };
        assert!(list("trusted"));
        // Those that offer the same are not enabled together.
        assert!(one.id != "scanner-good" || list("enabled"));
    }
    damage(&hermes.home().join("plugins"));
    hermes.json(&["plugins", "verify", "--json"])
}

/// Checks what is said of one plugin, and that the good one is well.
fn check(reports: &serde_json::Value, id: &str, said: &str, way_out: &str) {
    let of = |id: &str| reports.as_array().expect("a list").iter().find(|report| report["id"] == id).cloned();
    let report = of(id).unwrap_or_else(|| panic!("`{id}` is missing in {reports}"));
    assert_eq!(report["ok"], false, "{report}");
    assert!(report["said"].as_str().is_some_and(|text| text.contains(said)), "wanted `{said}`: {report}");
    assert!(report["said"].as_str().is_some_and(|text| text.lines().count() == 1), "one sentence: {report}");
    assert!(report["way_out"].as_str().is_some_and(|text| text.contains(way_out)), "wanted `{way_out}`: {report}");
    assert_eq!(of("scanner-good").map(|report| report["ok"].clone()), Some(true.into()), "{reports}");
}

#[test]
fn what_the_library_says_decides() {
    let mischief = |id: &str| Shipped::new(id, "mischief");
    let reports = verified(
        &Owner::default(),
        &[
            mischief("scanner-panics-in-init"),
            mischief("scanner-fails-in-init"),
            mischief("scanner-undeclared").provides(&["scanner other"]),
            mischief("scanner-wrong-kind").provides(&["backend mischief"]),
            mischief("scanner-missing").provides(&["scanner mischief", "scanner more"]),
            Shipped::new("scanner-aborts", "aborts"),
            Shipped::new("scanner-epoch", "raw-other-epoch"),
            Shipped::new("scanner-major", "probe-other-major"),
        ],
        |_| {},
    );
    check(&reports, "scanner-panics-in-init", "it failed to start: Panicked: in init", "log");
    check(&reports, "scanner-fails-in-init", "it failed to start: It wants `mischief.key`", "set `mischief.key`");
    check(&reports, "scanner-undeclared", "it registers scanner `mischief`, which its manifest does not", "agree");
    check(&reports, "scanner-wrong-kind", "it registers scanner `mischief`, which its manifest does not", "agree");
    check(&reports, "scanner-missing", "its manifest declares scanner `more`, which it does not register", "agree");
    check(&reports, "scanner-aborts", "it was built with `panic = \"abort\"`", "unwind");
    check(&reports, "scanner-epoch", "it was built for API epoch 99 but this host speaks epoch 1", "ABI 1.");
    check(&reports, "scanner-major", "it was built for ABI 2.0.0 but this host speaks ABI 1.", "ABI 1.");
}

#[test]
fn a_start_that_hangs_is_left_behind() {
    let reports = verified(&Owner::default(), &[Shipped::new("scanner-hangs-in-init", "mischief")], |_| {});
    check(&reports, "scanner-hangs-in-init", "it did not start within 10 seconds", "disable it");
}

#[test]
fn what_the_files_are_decides_before_anything_is_opened() {
    let ids = ["truncated", "flipped", "replaced", "mode", "folder-mode", "symlink", "fifo", "manifest", "gone"];
    let shipped: Vec<_> = ids.iter().map(|id| Shipped::new(&format!("scanner-{id}"), "mischief")).collect();
    let hermes = Owner::default();
    let reports = verified(&hermes, &shipped, |plugins| {
        let lib = |id: &str| plugins.join(format!("scanner-{id}/lib.so"));
        let bytes = fs::read(lib("truncated")).expect("read");
        fs::write(lib("truncated"), &bytes[..bytes.len() / 2]).expect("written");
        let mut flipped = bytes.clone();
        let middle = bytes.len() / 2;
        flipped[middle..middle + 8].iter_mut().for_each(|byte| *byte ^= 0xff);
        fs::write(lib("flipped"), flipped).expect("written");
        fs::copy(library("probe"), lib("replaced")).expect("copied");
        fs::set_permissions(lib("mode"), fs::Permissions::from_mode(0o622)).expect("set");
        fs::set_permissions(plugins.join("scanner-folder-mode"), fs::Permissions::from_mode(0o770)).expect("set");
        fs::rename(lib("symlink"), plugins.join("scanner-symlink/real.so")).expect("moved");
        std::os::unix::fs::symlink("real.so", lib("symlink")).expect("linked");
        fs::remove_file(lib("fifo")).expect("removed");
        #[expect(clippy::disallowed_methods, reason = "a test makes what no program of ours makes")]
        let made = std::process::Command::new("mkfifo").arg(lib("fifo")).status().expect("mkfifo starts");
        assert!(made.success());
        let manifest = plugins.join("scanner-manifest/plugin.yaml");
        let text = fs::read_to_string(&manifest).expect("read");
        fs::write(manifest, text + "secrets: [SOMEBODYS_TOKEN]\n").expect("written");
        fs::remove_file(lib("gone")).expect("removed");
    });
    check(&reports, "scanner-truncated", "is not the file that was installed (size differs)", "install it again");
    check(&reports, "scanner-flipped", "is not the file that was installed (SHA-256 differs)", "install it again");
    check(&reports, "scanner-replaced", "is not the file that was installed", "install it again");
    check(&reports, "scanner-mode", "can be written by others (mode 622)", "chmod go-w");
    check(&reports, "scanner-folder-mode", "can be written by others (mode 770)", "chmod go-w");
    check(&reports, "scanner-symlink", "cannot be opened", "install it again");
    check(&reports, "scanner-fifo", "it is not a regular file", "install it again");
    check(&reports, "scanner-manifest", "plugin.yaml` is not the file that was installed", "install it again");
    check(&reports, "scanner-gone", "cannot be opened", "install it again");
}

#[test]
fn what_belongs_to_another_user_is_not_opened() {
    let hermes = Owner::default();
    let mut given = false;
    let shipped = Shipped::new("scanner-given", "mischief");
    let reports = verified(&hermes, &[shipped], |plugins| {
        given = std::os::unix::fs::chown(plugins.join("scanner-given/lib.so"), Some(65534), None).is_ok();
    });
    match given {
        true => check(&reports, "scanner-given", "belongs to user 65534, not to you or root", "chown"),
        false => {
            skip("a plugin that belongs to somebody else", "only root can give a file away: run the tests as root")
        }
    }
}

#[test]
fn what_is_no_plugin_cannot_be_installed() {
    let hermes = Owner::default();
    let refused = |id: &str, bytes: &[u8]| {
        let folder = Shipped::new(id, "mischief").put(&hermes.dir());
        fs::write(folder.join("lib.so"), bytes).expect("written");
        hermes.fails(&["plugins", "install", folder.to_str().expect("text")])
    };
    let whole = fs::read(library("mischief")).expect("read");
    assert!(refused("scanner-text", b"#!/bin/sh\necho no\n").contains("it is not a shared object"));
    assert!(refused("scanner-empty", b"").contains("it is not a shared object"));
    assert!(refused("scanner-cut", &whole[..whole.len() - 1]).contains("it is cut off"));
    let mut other = whole;
    other[18] ^= 0x40;
    assert!(refused("scanner-other", &other).contains("it was built for another kind of machine"));
    assert_eq!(fs::read_dir(hermes.home().join("plugins")).map_or(0, Iterator::count), 0);
}

#[test]
fn a_library_that_is_no_plugin_is_refused_when_it_is_loaded() {
    let hermes = Owner::default();
    let folder = Shipped::new("scanner-foreign", "mischief").put(&hermes.dir());
    let foreign = hermes.dir().join("foreign.c");
    fs::write(&foreign, "int nothing(void) { return 0; }\n").expect("written");
    #[expect(clippy::disallowed_methods, reason = "a test builds what no program of ours builds")]
    let mut cc = std::process::Command::new("cc");
    let built = cc.args(["-shared", "-fPIC", "-o"]).arg(folder.join("lib.so")).arg(&foreign).status();
    assert!(built.expect("the linker's driver starts").success());
    let _ = hermes.ok(&["plugins", "install", folder.to_str().expect("text")]);
    hermes.configure("plugins: {trusted: [scanner-foreign]}\n");
    let reports = hermes.json(&["plugins", "verify", "scanner-foreign", "--json"]);
    let said = reports[0]["said"].as_str().expect("text");
    assert!(said.contains("its library is not a hermes plugin (no root module)"), "{said}");
}

#[test]
fn a_manifest_that_cannot_be_used_breaks_that_plugin_alone() {
    let hermes = Owner::default();
    let plugins = hermes.home().join("plugins");
    let put = |folder: &str, manifest: &str| {
        fs::create_dir_all(plugins.join(folder)).expect("made");
        fs::write(plugins.join(folder).join("plugin.yaml"), manifest).expect("written");
    };
    let good = Shipped::new("scanner-x", "mischief").manifest();
    put("scanner-other-name", &good);
    put("scanner-malformed", "id: [");
    put("scanner-long", &format!("# {}\n", "x".repeat(2 << 20)));
    put("scanner-newer", &good.replace("min: '1.0'", "min: '1.9', shiny: 1"));
    put("scanner-epoch", &good.replace("epoch: 1", "epoch: 7"));
    put("scanner-key", &(good.clone() + "colour: red\n"));
    put("scanner-path", &good.replace("lib.so", "../lib.so"));
    put("scanner-bytes", "id: \u{0}");
    let list = hermes.json(&["plugins", "list", "--json"]);
    let check = |id: &str, said: &str| {
        let entry = list.as_array().expect("a list").iter().find(|entry| entry["id"] == id);
        let entry = entry.unwrap_or_else(|| panic!("`{id}` is missing in {list}"));
        assert_eq!(entry["state"], "broken", "{entry}");
        assert!(entry["why"].as_str().is_some_and(|why| why.contains(said)), "wanted `{said}`: {entry}");
        assert!(entry["way_out"].as_str().is_some_and(|way_out| !way_out.is_empty()), "{entry}");
    };
    check("scanner-other-name", "the manifest's id is `scanner-x`, but its folder is called `scanner-other-name`");
    check("scanner-malformed", "plugin.yaml`: ");
    check("scanner-long", "too long for a manifest");
    check("scanner-newer", "it needs ABI 1.9 but this host speaks 1.1");
    check("scanner-epoch", "it was built for API epoch 7 but this host speaks epoch 1");
    check("scanner-key", "colour");
    check("scanner-path", "`library` is `../lib.so`");
    check("scanner-bytes", "plugin.yaml`: ");
    let bundled = list.as_array().expect("a list").iter().filter(|entry| entry["source"] == "bundled");
    assert!(bundled.into_iter().all(|entry| entry["state"] != "broken"), "{list}");
}

#[test]
fn an_untrusted_plugin_is_never_opened() {
    let hermes = Owner::default();
    let folder = Shipped::new("scanner-mine", "mischief").put(&hermes.dir());
    let _ = hermes.ok(&["plugins", "install", folder.to_str().expect("text")]);
    let said = hermes.ok(&["plugins", "verify", "scanner-mine"]);
    assert!(said.contains("not loaded, because it is not trusted"), "{said}");
    hermes.configure("plugins: {enabled: [scanner-mine]}\n");
    let ran = hermes.run(&["plugins", "verify", "scanner-mine"]);
    assert_eq!(ran.code, Some(1));
    assert!(ran.out.contains("it is not trusted to run in this process"), "{ran:?}");
    // Trusted, but its lock is gone.
    hermes.configure("plugins: {enabled: [scanner-mine], trusted: [scanner-mine]}\n");
    fs::remove_file(hermes.home().join("plugins.lock")).expect("removed");
    let ran = hermes.run(&["plugins", "verify", "scanner-mine"]);
    assert!(ran.code == Some(1) && ran.out.contains("it is not in the lock file"), "{ran:?}");
}

#[test]
fn a_lock_that_others_can_write_or_nobody_can_read_stops_everything() {
    let hermes = Owner::default();
    let folder = Shipped::new("scanner-mine", "mischief").put(&hermes.dir());
    let _ = hermes.ok(&["plugins", "install", folder.to_str().expect("text")]);
    let lock = hermes.home().join("plugins.lock");
    fs::set_permissions(&lock, fs::Permissions::from_mode(0o666)).expect("set");
    let said = hermes.fails(&["plugins", "list"]);
    assert!(said.contains("can be written by others"), "{said}");
    fs::set_permissions(&lock, fs::Permissions::from_mode(0o600)).expect("set");
    for text in [
        "plugins: [",
        "version: 9\n",
        "version: 1\nplugins: {a: {version: 1.0.0, source: path, files: {}, trusted: true}}\n",
    ] {
        fs::write(&lock, text).expect("written");
        let said = hermes.fails(&["plugins", "list"]);
        assert!(said.contains("is not a lock file"), "{said}");
    }
}
