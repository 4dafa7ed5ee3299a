//! Doors: unsafe code and exceptions to the doors of `clippy.toml` stand where they are expected and nowhere else.

use super::{Tidy, is_test, words};

/// Where unsafe code may stand.
const UNSAFE: &[&str] = &["plugin-api/abi/", "core/src/plugin/load.rs"];

/// The doors themselves.
const DOORS: &[&str] = &[
    "core/src/host/http.rs",
    "core/src/host/process.rs",
    "core/src/host/clock.rs",
    "core/src/config.rs",
    "core/src/config/",
    "core/src/session/store.rs",
    "xtask/src/main.rs",
];

pub(super) fn check(tidy: &mut Tidy<'_>) {
    let tool = |path: &str| ["tests/", "core/examples/"].iter().any(|dir| path.starts_with(dir));
    let rust = |path: &str| path.ends_with(".rs") && !tool(path);
    tidy.each_line(rust, |path, line| {
        let code = line.split("//").next().unwrap_or_default();
        // The attribute that exports a plugin's root module is not a block of unsafe code.
        let exported = path == "plugin-api/src/export.rs" && code.contains("#[unsafe(export_name");
        let allowed = exported || path.starts_with("xtask/") || UNSAFE.iter().any(|place| path.starts_with(place));
        let found = !allowed && words(code).any(|word| word == "unsafe");
        found.then(|| format!("unsafe code stands only in {}", UNSAFE.join(" and ")))
    });

    let architecture = tidy.text("ARCHITECTURE.md").unwrap_or_default().to_owned();
    tidy.each_line(rust, |path, line| {
        let exception = line.contains("clippy::disallowed_methods") && !line.trim_start().starts_with("//");
        let known = is_test(path)
            || path.starts_with("xtask/src/tidy/")
            || DOORS.iter().any(|door| path.starts_with(door))
            || architecture.contains(path);
        (exception && !known).then(|| format!("goes around a door: list `{path}` with its reason in ARCHITECTURE.md"))
    });

    tidy.each_line(
        |path| path.starts_with("plugin-api/src/") && !is_test(path),
        |_, line| {
            let code = line.split("//").next().unwrap_or_default();
            let io = ["std::fs", "std::net", "std::process", "std::env"].into_iter().find(|io| code.contains(io))?;
            Some(format!("plugin-api does no I/O: no `{io}`"))
        },
    );
}
