//! The program as it was installed for the tests, in a home and an environment of its own.
//!
//! Stories never run anything dangerous: what they delete lies in their own folder, and for what must never run
//! `PATH` holds stand-ins that only leave a mark.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// The program, and the folder of one story.
pub struct Hermes {
    folder: TempDir,
    prefix: PathBuf,
    variables: Vec<(String, String)>,
}

/// What one run printed, and its exit code.
#[derive(Clone, Debug)]
pub struct Ran {
    /// The exit code; `None` after a signal.
    pub code: Option<i32>,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Hermes {
    /// The program with an empty home.
    ///
    /// # Panics
    /// Outside `cargo xtask test`, which installs it first.
    #[must_use]
    pub fn new() -> Self {
        #[expect(clippy::disallowed_methods, reason = "xtask says here where it installed the program")]
        let prefix = std::env::var_os("HERMES_TEST_PREFIX").expect("run the tests with `cargo xtask test`");
        let folder = TempDir::new().expect("a folder");
        for name in ["home", "user", "work", "stand-ins"] {
            std::fs::create_dir(folder.path().join(name)).expect("made");
        }
        let hermes = Self { folder, prefix: prefix.into(), variables: Vec::new() };
        for name in ["rm", "mkfs.ext4", "dd", "shutdown", "reboot", "kill"] {
            hermes.stand_in(name);
        }
        hermes
    }

    /// Writes the configuration.
    #[must_use]
    pub fn configured(self, config: &str) -> Self {
        std::fs::write(self.path("home/config.yaml"), config).expect("written");
        self
    }

    /// Writes `.env`, private as it should be.
    ///
    /// # Panics
    /// When that fails.
    pub fn secret(&self, text: impl AsRef<[u8]>) {
        let path = self.path("home/.env");
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).expect("set");
    }

    /// Has the model say what stands in a script, and configures it.
    #[must_use]
    pub fn scripted(self, script: &str, config: &str) -> Self {
        std::fs::write(self.path("script.yaml"), script).expect("written");
        let path = self.path("script.yaml");
        self.configured(&format!("model:\n  provider: scripted\n  script: {}\n{config}", path.display()))
    }

    /// With a variable more, or another value, in its environment.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A path in the story's folder.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes a folder to lose in the working directory, and returns its path.
    #[must_use]
    pub fn victim(&self) -> PathBuf {
        let path = self.path("work/victim");
        std::fs::create_dir_all(&path).expect("made");
        path
    }

    /// The program with arguments, in the story's environment.
    #[must_use]
    pub fn command(&self, args: &[&str]) -> Command {
        #[expect(clippy::disallowed_methods, reason = "a story runs the program as a person would")]
        let mut command = Command::new(self.program());
        self.settle(&mut command);
        command.args(args);
        command
    }

    /// As [`Hermes::command`], with stand-ins for what is dangerous before everything else on `PATH`.
    #[must_use]
    pub fn harmless(&self, args: &[&str]) -> Command {
        let mut command = self.command(args);
        command.env("PATH", format!("{}:/usr/bin:/bin", self.path("stand-ins").display()));
        command
    }

    /// What stand-ins were run.
    #[must_use]
    pub fn marks(&self) -> String {
        std::fs::read_to_string(self.path("marks")).unwrap_or_default()
    }

    /// Puts a command into the story's folder and environment.
    pub(crate) fn settle(&self, command: &mut Command) {
        command.env_clear().current_dir(self.path("work"));
        command.env("PATH", "/usr/bin:/bin").env("TERM", "dumb").env("LANG", "C.UTF-8");
        command.env("HOME", self.path("user")).env("HERMES_HOME", self.path("home"));
        // Nothing is fetched from anywhere, unless a story says so.
        command.env("HERMES_SECURITY_TIRITH_ENABLED", "false");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
    }

    /// The program's file.
    #[must_use]
    pub fn program(&self) -> PathBuf {
        self.prefix.join("bin/hermes")
    }

    fn stand_in(&self, name: &str) {
        let path = self.path("stand-ins").join(name);
        let text = format!("#!/bin/sh\necho \"{name} $*\" >>'{}'\n", self.path("marks").display());
        std::fs::write(&path, text).expect("written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("set");
    }
}

impl Default for Hermes {
    fn default() -> Self {
        Self::new()
    }
}

/// Runs a command to its end, with this on its standard input.
///
/// # Panics
/// When it cannot be run.
#[must_use]
pub fn run_with(mut command: Command, input: impl AsRef<[u8]>) -> Ran {
    use std::io::Write as _;
    let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("started");
    let (mut stdin, input) = (child.stdin.take().expect("piped"), input.as_ref());
    // Beside reading: a filter that answers while it is fed waits for its reader.
    let output = std::thread::scope(|scope| {
        scope.spawn(move || stdin.write_all(input));
        child.wait_with_output()
    });
    told(output.expect("waited for"))
}

/// Runs a command to its end, without input.
///
/// # Panics
/// When it cannot be run.
#[must_use]
pub fn run(mut command: Command) -> Ran {
    told(command.stdin(Stdio::null()).output().expect("run"))
}

pub(crate) fn told(output: Output) -> Ran {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ran { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
}

/// A path as text.
///
/// # Panics
/// When it is not UTF-8.
#[must_use]
pub fn text(path: &Path) -> &str {
    path.to_str().expect("a path of the tests")
}
