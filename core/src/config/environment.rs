//! The environment as it was when the program began.
//!
//! Captured once; nothing else in core asks the operating system for variables. A variable whose name is not
//! UTF-8 cannot be configured, passed through or named in a message, and is left out.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::PathBuf;

use super::dotenv::Dotenv;

/// Variables by name.
pub type Vars = BTreeMap<String, OsString>;

/// The process environment, and under it the variables of `.env`.
#[derive(Clone, Default)]
pub struct Environment {
    process: Vars,
    file: Vars,
    user_home: Option<PathBuf>,
}

impl Environment {
    /// Captures the environment of this process.
    #[expect(clippy::disallowed_methods, reason = "this file is the door")]
    pub fn capture() -> Self {
        let process = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        Self { process: process.collect(), file: Vars::new(), user_home: std::env::home_dir() }
    }

    /// Returns an environment made of the given variables; `HOME` among them is the user's home.
    pub fn of<N: Into<String>, V: Into<OsString>>(vars: impl IntoIterator<Item = (N, V)>) -> Self {
        let process: Vars = vars.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
        let user_home = process.get("HOME").map(PathBuf::from);
        Self { process, file: Vars::new(), user_home }
    }

    /// Puts the variables of `.env` under those of the process.
    #[must_use]
    pub fn with_file(mut self, file: &Dotenv) -> Self {
        self.file = file.vars();
        self
    }

    /// Puts a variable over those of the process, as if it had been set.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.process.insert(name.to_owned(), value.into());
        self
    }

    /// Returns a variable of the process, else of `.env`.
    pub fn var(&self, name: &str) -> Option<&OsStr> {
        self.process(name).or_else(|| self.file.get(name).map(OsString::as_os_str))
    }

    /// Returns a variable as text; none where it is not UTF-8.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.var(name).and_then(OsStr::to_str)
    }

    /// Returns whether a switch is on: `1`, `true`, `yes` or `on` in any case.
    pub fn switch(&self, name: &str) -> bool {
        let on = |text: &str| matches!(text.trim().to_ascii_lowercase().as_str(), "1" | "true" | "yes" | "on");
        self.text(name).is_some_and(on)
    }

    /// Returns a variable of the process alone.
    pub fn process(&self, name: &str) -> Option<&OsStr> {
        self.process.get(name).map(OsString::as_os_str)
    }

    /// Returns every variable of the process.
    pub fn process_vars(&self) -> &Vars {
        &self.process
    }

    /// Returns every variable of `.env`.
    pub fn file_vars(&self) -> &Vars {
        &self.file
    }

    /// Returns the user's home directory, from `$HOME` or the user database.
    pub fn user_home(&self) -> Option<PathBuf> {
        self.user_home.clone().filter(|home| home.is_absolute())
    }
}

/// Shows names only: any value may be a secret.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |vars: &Vars| vars.keys().cloned().collect::<Vec<_>>();
        f.debug_struct("Environment")
            .field("process", &names(&self.process))
            .field("file", &names(&self.file))
            .finish_non_exhaustive()
    }
}

/// Returns the folder that the program was installed into: `P` for `P/bin/hermes`.
#[must_use]
pub fn prefix() -> Option<PathBuf> {
    let program = std::env::current_exe().ok()?.canonicalize().ok()?;
    let folder = program.parent()?;
    if folder.file_name()? != "bin" {
        return None;
    }
    folder.parent().map(PathBuf::from)
}
