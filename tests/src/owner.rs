//! Whoever looks after a home and its plugins, from a command line without a terminal.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::hermes::{Hermes, Ran, run};

/// The program, and shorter ways to say what it should do and what it should answer.
#[derive(Default)]
pub struct Owner(Hermes);

impl Owner {
    /// A folder for plugins that are to be installed.
    #[must_use]
    pub fn dir(&self) -> PathBuf {
        self.0.path("work")
    }

    /// The home.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.0.path("home")
    }

    /// The program, for other ways to run it.
    #[must_use]
    pub fn program(&self) -> &Hermes {
        &self.0
    }

    /// The program, ready to be started.
    #[must_use]
    pub fn command(&self, args: &[&str]) -> Command {
        self.0.command(args)
    }

    /// Runs the program to its end.
    #[must_use]
    pub fn run(&self, args: &[&str]) -> Ran {
        run(self.command(args))
    }

    /// Runs it and expects success. Returns what it printed.
    ///
    /// # Panics
    /// When it fails.
    #[must_use]
    pub fn ok(&self, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.code, Some(0), "hermes {args:?}: {ran:?}");
        ran.out
    }

    /// Runs it and expects it to fail with an error. Returns what it said about that.
    ///
    /// # Panics
    /// When it does not.
    #[must_use]
    pub fn fails(&self, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.code, Some(1), "hermes {args:?}: {ran:?}");
        ran.err
    }

    /// Runs it and reads what it printed as JSON, whatever it exits with.
    ///
    /// # Panics
    /// When that is no JSON.
    #[must_use]
    pub fn json(&self, args: &[&str]) -> serde_json::Value {
        let ran = self.run(args);
        serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("hermes {args:?}: {error}: {ran:?}"))
    }

    /// Installs the plugin in a folder.
    ///
    /// # Panics
    /// When that fails.
    pub fn installs(&self, folder: &Path) -> String {
        self.ok(&["plugins", "install", folder.to_str().expect("text")])
    }

    /// Writes the configuration.
    ///
    /// # Panics
    /// When that fails.
    pub fn configure(&self, yaml: &str) {
        std::fs::write(self.home().join("config.yaml"), yaml).expect("written");
    }
}
