//! The scripts, run by a real shell in a folder of odd things.

use std::process::{Command, Stdio};

use super::Script;

#[expect(clippy::disallowed_methods, reason = "a test runs the script as a backend would")]
fn told(script: Script, args: &[&str]) -> String {
    let mut bash = Command::new("bash");
    bash.args(["--noprofile", "--norc", "-c", script.text(), "bash"]).args(args).stdin(Stdio::null());
    String::from_utf8(bash.output().expect("bash runs").stdout).expect("text")
}

#[test]
fn stat_resolves_links_and_tells_what_is_missing() {
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().canonicalize().expect("there");
    std::fs::write(root.join("odd \n name\n"), "abc").expect("written");
    std::os::unix::fs::symlink(root.join("odd \n name\n"), root.join("link")).expect("linked");
    let said = told(Script::Stat, &[root.join("link").to_str().expect("text")]);
    assert!(said.starts_with(&format!("there\0{}/odd \n name\n\0", root.display())), "{said:?}");
    assert!(said.contains("81a4 3 ") || said.contains("8180 3 "), "{said:?}");
    let none = told(Script::Stat, &[&format!("{}/none", root.display())]);
    assert_eq!(none, format!("absent\0{}/none\0", root.display()));
    assert_eq!(told(Script::Stat, &["/no/such/folder/x"]), "missing\0");
    assert_eq!(told(Script::Stat, &["$(touch x)/`id`"]), "missing\0");
}

#[test]
fn list_leaves_out_what_is_hidden_and_follows_no_links() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir_all(at("src")).expect("made");
    std::fs::create_dir_all(at(".git")).expect("made");
    for name in ["src/a", ".git/x", ".hidden", ".gitignore"] {
        std::fs::write(at(name), "x").expect("written");
    }
    std::os::unix::fs::symlink("/etc", at("etc")).expect("linked");
    let root = folder.path().to_str().expect("text");
    let listed = |args: &[&str]| {
        let said = told(Script::List, args);
        let mut names: Vec<String> = said.split_terminator('\0').map(str::to_owned).collect();
        names.sort();
        names
    };
    assert_eq!(listed(&[root]), ["./.gitignore", "./src/a"]);
    assert_eq!(listed(&[root, "all"]), ["./.gitignore", "./.hidden", "./src/a"]);
}
