//! What can be wrong with a configuration, and how it is said.
//!
//! A [`Problem`] is one finding about one place; a [`ConfigError`] is why something could not be done. Neither
//! may carry a secret's value: messages name keys, lines and types only.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use super::home::HomeError;

/// One thing that is wrong, or worth knowing, about the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Whether it stops the start.
    pub severity: Severity,
    /// The file it stands in; none for an environment variable or a flag.
    pub file: Option<PathBuf>,
    /// The line in that file, counted from 1.
    pub line: Option<usize>,
    /// The dotted key it is about, where there is one.
    pub key: Option<String>,
    /// What is wrong, in one sentence without a full stop.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// Whether a [`Problem`] stops the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// Nothing starts until it is mended.
    Error,
    /// The start goes on.
    Warning,
}

impl Problem {
    /// Returns an error without a place.
    pub fn error(message: impl Into<String>) -> Self {
        Self { severity: Severity::Error, file: None, line: None, key: None, message: message.into(), hint: None }
    }

    /// Returns a warning without a place.
    pub fn warning(message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(message) }
    }

    /// Adds the place.
    #[must_use]
    pub fn at(mut self, file: &Path, line: usize) -> Self {
        self.file = Some(file.to_owned());
        self.line = Some(line);
        self
    }

    /// Adds the key.
    #[must_use]
    pub fn about(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    /// Adds what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match (&self.file, self.line) {
            (Some(file), Some(line)) => write!(f, " (`{}`, line {line})", file.display()),
            (Some(file), None) => write!(f, " (`{}`)", file.display()),
            _ => Ok(()),
        }
    }
}

/// Why the configuration could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The home directory is not usable.
    #[error(transparent)]
    Home(#[from] HomeError),
    /// A file could not be read.
    #[error("Failed to read `{}`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The configuration has errors; there is at least one.
    #[error("{}", Summary(problems))]
    Invalid {
        /// Errors and warnings, in file order.
        problems: Vec<Problem>,
    },
}

impl ConfigError {
    /// Returns what the user can do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Home(error) => error.hint(),
            Self::Read { path, source } => read_hint(path, source),
            Self::Invalid { problems } => {
                let errors: Vec<&Problem> = errors(problems).collect();
                let own = errors.first().and_then(|p| p.hint.clone());
                match (own, errors.len()) {
                    (own, 0 | 1) => own,
                    (None, _) => Some("`hermes config check` lists every problem".to_owned()),
                    (Some(own), _) => Some(format!("{own}; `hermes config check` lists every problem")),
                }
            }
        }
    }
}

fn read_hint(path: &Path, source: &io::Error) -> Option<String> {
    match source.kind() {
        io::ErrorKind::PermissionDenied => {
            Some(format!("make `{}` readable for the user hermes runs as", path.display()))
        }
        _ => None,
    }
}

struct Summary<'a>(&'a [Problem]);

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut errors = errors(self.0);
        match errors.next() {
            Some(first) => write!(f, "{first}")?,
            None => f.write_str("The configuration is not valid")?,
        }
        match errors.count() {
            0 => Ok(()),
            1 => f.write_str(", and one more problem"),
            n => write!(f, ", and {n} more problems"),
        }
    }
}

fn errors(problems: &[Problem]) -> impl Iterator<Item = &Problem> {
    problems.iter().filter(|p| p.severity == Severity::Error)
}
