//! The one line that a waiting shell is given: a command, as text of a POSIX shell.
//!
//! Everything in it that is not ours is quoted here, and here only.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::backend::ExecRequest;
use crate::error::{PluginError, Result};

/// The variable that marks all processes of one command.
pub(super) const MARK: &str = "HERMES_PROCESS";

/// Variables that a shell does not let be set. The rest of the command would not run.
const KEPT: [&str; 6] = ["BASHOPTS", "BASH_VERSINFO", "EUID", "PPID", "SHELLOPTS", "UID"];

/// A command that can be told to a shell over there.
#[derive(Clone, Debug)]
pub struct Order {
    argv: Vec<String>,
    cwd: Option<String>,
    env: BTreeMap<String, String>,
}

impl Order {
    /// Takes a request with the session's variables; the request's own win.
    ///
    /// # Errors
    /// `USER` for what no command line can carry: nothing to start, a NUL, a variable that has no name.
    pub fn new(request: ExecRequest, env: &BTreeMap<String, String>) -> Result<Self> {
        let ExecRequest { argv, cwd, env: own } = request;
        let mut env = env.clone();
        env.extend(own);
        env.retain(|name, _| !KEPT.contains(&name.as_str()));
        if argv.is_empty() {
            return Err(PluginError::user("`argv` is empty: there is no program to start"));
        }
        if let Some(name) = env.keys().find(|name| !is_name(name)) {
            return Err(PluginError::user(format!("`{}` cannot be the name of a variable", name.escape_debug())));
        }
        let mut all = argv.iter().chain(&cwd).chain(env.values());
        if all.any(|text| text.contains('\0')) {
            return Err(PluginError::user("A command cannot hold a NUL character"));
        }
        Ok(Self { argv, cwd, env })
    }

    /// The program.
    #[must_use]
    pub fn program(&self) -> &str {
        self.argv.first().map_or("", String::as_str)
    }

    /// Its directory, as far as one was asked for.
    #[must_use]
    pub fn directory(&self) -> &str {
        self.cwd.as_deref().unwrap_or_default()
    }

    /// The line. `mark` marks the processes, `end` what is told when they are done.
    pub(super) fn line(&self, mark: &str, end: &str) -> Vec<u8> {
        let mut line = format!(
            "__m={end}; __n=$(printf \"\\nx\"); __n=${{__n%x}}; trap : HUP INT TERM QUIT; \
             __t() {{ printf \"\\036%s %s\\n\" \"$__m\" \"$1\"; }}; set --"
        );
        for word in &self.argv {
            let _ = write!(line, " {}", quoted(word));
        }
        for (name, value) in self.env.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain([(MARK, mark)])
        {
            let _ = write!(line, "; command export {name}={}", quoted(value));
        }
        if let Some(cwd) = &self.cwd {
            let _ = write!(line, "; cd -- {} 2>/dev/null || {{ __t cwd; exit; }}", quoted(cwd));
        }
        // In a group of its own where that can be had: what a command signals must not reach the shell that
        // tells of its end.
        line.push_str(
            "; command -v \"$1\" >/dev/null 2>&1 || { __t program; exit; }; \
             if command -v setsid >/dev/null 2>&1; then (exec setsid \"$@\") 2>&1; else (exec \"$@\") 2>&1; fi; \
             __t \"$?\"\n",
        );
        line.into_bytes()
    }
}

/// A word that a POSIX shell reads as just this text, on one line; `$__n` is a line break.
#[must_use]
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''").replace('\n', "'\"$__n\"'"))
}

fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
