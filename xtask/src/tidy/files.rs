//! Files: every one says what it is for, is part of a crate, and is short; notes and links lead somewhere.

use std::path::Path;

use super::{Tidy, is_test, words};

/// How long a file of code may be. Three hundred lines are the aim.
const LONGEST: usize = 600;

pub(super) fn check(tidy: &mut Tidy<'_>) {
    let mut faults = Vec::new();
    for file in tidy.files.iter().filter(|file| is_rust(&file.path)) {
        let header = file.text.lines().find(|line| !line.starts_with("#!"));
        // A `tests.rs` is about the file beside it, and says so by its name.
        let named = file.path.ends_with("/tests.rs");
        if !named && !header.is_some_and(|line| line.starts_with("//!")) {
            faults.push(format!("{}:1: begins with `//!`: what it is for, what it must not do", file.path));
        }
        let lines = file.text.lines().count();
        if lines > LONGEST && !is_test(&file.path) {
            faults.push(format!("{}:{lines}: has more than {LONGEST} lines: cut it by topic", file.path));
        }
        if is_orphan(tidy, &file.path) {
            faults.push(format!("{}:1: belongs to no crate: no `mod` names it", file.path));
        }
    }
    for file in tidy.files.iter().filter(|file| file.path.ends_with(".md")) {
        for (index, target) in links(&file.text) {
            let dir = tidy.workspace.root.join(&file.path);
            if !dir.parent().is_some_and(|dir| dir.join(target).exists()) {
                faults.push(format!("{}:{index}: links to `{target}`, which does not exist", file.path));
            }
        }
    }
    for file in tidy.files.iter().filter(|file| file.path.starts_with("tests/fixtures/")) {
        if !has_source_note(tidy, &file.path) {
            faults.push(format!("{}:1: a README.md in `tests/fixtures` says where it comes from", file.path));
        }
    }
    for path in ["LICENSE-MIT", "LICENSE-APACHE", "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"] {
        if tidy.text(path).is_none() {
            faults.push(format!("{path}:1: is missing"));
        }
    }
    if !tidy.text("CHANGELOG.md").is_some_and(|text| text.contains("\n## Unreleased\n")) {
        faults.push("CHANGELOG.md:1: has no section `## Unreleased`".to_owned());
    }
    tidy.faults.append(&mut faults);
    check_lines(tidy);
}

/// Returns the longest file of code, for the closing line.
pub(super) fn longest(tidy: &Tidy<'_>) -> String {
    let code = tidy.files.iter().filter(|file| is_rust(&file.path) && !is_test(&file.path));
    let longest = code.map(|file| (file.text.lines().count(), file.path.as_str())).max();
    longest.map_or_else(String::new, |(lines, path)| format!("the longest {path} with {lines} lines"))
}

fn check_lines(tidy: &mut Tidy<'_>) {
    let mine = |path: &str| path.starts_with("xtask/src/tidy");
    tidy.each_line(
        |path| is_rust(path) && !mine(path),
        |_, line| {
            let unfinished = words(line).any(|word| matches!(word, "TODO" | "FIXME" | "XXX"));
            (unfinished && !line.contains('#')).then(|| "a TODO names the issue that it waits for".to_owned())
        },
    );
    let mut faults = Vec::new();
    for file in tidy.files.iter().filter(|file| is_rust(&file.path) && !mine(&file.path)) {
        let lines: Vec<&str> = file.text.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            let line = line.trim_start();
            let silences = ["#[allow(", "#![allow(", "#[expect(", "#![expect("].iter().any(|a| line.starts_with(a));
            let end = lines.len().min(index + 6);
            if silences && !lines[index..end].iter().any(|line| line.contains("reason = ")) {
                faults.push(format!("{}:{}: a lint is silenced with a `reason`", file.path, index + 1));
            }
        }
    }
    tidy.faults.append(&mut faults);
}

fn is_rust(path: &str) -> bool {
    path.ends_with(".rs") && !path.starts_with("core/templates/") && !path.starts_with("tests/compile-fail/")
}

/// Returns whether no file declares the module that this file would be.
fn is_orphan(tidy: &Tidy<'_>, path: &str) -> bool {
    let path = Path::new(path);
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let Some(dir) = path.parent() else { return false };
    let in_bin = dir.ends_with("bin") || dir.ends_with("benches") || dir.ends_with("examples");
    if in_bin || matches!(&*stem, "lib" | "main" | "mod" | "build") || !has_root(tidy, dir) {
        return false;
    }
    let file_of_dir = dir.with_extension("rs");
    let beside = ["lib.rs", "main.rs", "mod.rs"].map(|name| dir.join(name));
    let declares = |text: &str| {
        let named = text.contains(&format!("mod {stem};"));
        named || text.contains(&format!("{}/{stem}.rs\"]", dir.file_name().unwrap_or_default().to_string_lossy()))
    };
    let mut parents = beside.iter().chain([&file_of_dir]).filter_map(|parent| tidy.text(parent.to_str()?));
    !parents.any(declares)
}

/// Returns whether a directory is below the root of a crate's sources.
fn has_root(tidy: &Tidy<'_>, dir: &Path) -> bool {
    let roots = ["lib.rs", "main.rs"];
    dir.ancestors().any(|dir| roots.iter().any(|root| dir.join(root).to_str().is_some_and(|p| tidy.text(p).is_some())))
}

/// Returns the relative links of a Markdown text, with their lines.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    let mut in_code = false;
    for (index, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        for rest in line.split("](").skip(1) {
            let target = rest.split([')', '#', ' ']).next().unwrap_or_default();
            if !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:") {
                found.push((index + 1, target));
            }
        }
    }
    found
}

/// Returns whether a README in the file's directory, or above up to the fixtures, is there or is the file.
fn has_source_note(tidy: &Tidy<'_>, path: &str) -> bool {
    let name = Path::new(path).file_name().unwrap_or_default().to_string_lossy().into_owned();
    Path::new(path).ancestors().skip(1).take_while(|dir| dir.starts_with("tests/fixtures")).any(|dir| {
        let note = dir.join("README.md");
        let Some(text) = note.to_str().and_then(|note| tidy.text(note)) else { return false };
        // The topmost note speaks of single files; one inside a topic speaks of all of it.
        name == "README.md" || dir != Path::new("tests/fixtures") || text.contains(&name)
    })
}
