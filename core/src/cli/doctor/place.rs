//! Where the program runs: its home, and the terminal.

use std::io::IsTerminal as _;
use std::os::unix::fs::MetadataExt as _;

use super::Check;
use crate::config::environment::Environment;
use crate::config::home::Home;

/// The home: ours, and nobody else's.
pub(super) fn home(home: &Home) -> Check {
    const NAME: &str = "home";
    let path = home.root();
    let shown = path.display();
    let Ok(meta) = std::fs::metadata(path) else {
        return Check::ok(NAME, format!("`{shown}` is not there yet: it is made when it is needed"));
    };
    if rustix::fs::access(path, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK).is_err() {
        let fix = "make it writable for you, or set `HERMES_HOME` to a directory of your own";
        return Check::failed(NAME, format!("`{shown}` cannot be written"), fix);
    }
    match meta.mode() & 0o077 {
        0 => Check::ok(NAME, format!("`{shown}` is yours alone")),
        bits if bits & 0o022 != 0 => {
            Check::failed(NAME, format!("`{shown}` can be changed by others than you"), format!("`chmod 700 {shown}`"))
        }
        _ => Check::warning(NAME, format!("`{shown}` can be read by others than you"), format!("`chmod 700 {shown}`")),
    }
}

/// The terminal: whether it is one, and what it can show.
pub(super) fn terminal(env: &Environment) -> Check {
    const NAME: &str = "terminal";
    let term = env.text("TERM").unwrap_or_default();
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Check::ok(NAME, "this is a pipe or a file: nobody is asked anything");
    }
    let locale =
        ["LC_ALL", "LC_CTYPE", "LANG"].iter().filter_map(|name| env.text(name)).find(|value| !value.is_empty());
    let is_utf8 = |locale: &str| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    };
    if matches!(term, "" | "dumb") {
        return Check::warning(
            NAME,
            "it is a plain one: lines cannot be edited",
            "set `TERM`, for example to `xterm-256color`",
        );
    }
    if !locale.is_some_and(is_utf8) {
        let fix = "set `LANG` to a UTF-8 locale, for example `C.UTF-8`";
        return Check::warning(NAME, "its locale is not UTF-8: some characters may look odd", fix);
    }
    let size = rustix::termios::tcgetwinsize(std::io::stdout()).ok();
    let size = size.map(|size| format!(", {} by {}", size.ws_col, size.ws_row)).unwrap_or_default();
    Check::ok(NAME, format!("`{term}`{size}"))
}
