//! Simple commands: program, arguments, what they came through.

use std::borrow::Cow;

use super::glob;
use crate::command::{Command, How, Piece, Reach, Simple, Word};

/// Programs whose first words name a sub-command, so that `--help` after them asks for that one's help.
const WITH_SUBCOMMANDS: &[&str] = &[
    "git",
    "docker",
    "podman",
    "kubectl",
    "systemctl",
    "hermes",
    "terraform",
    "helm",
    "gcloud",
    "npm",
    "cargo",
    "apt",
    "redis-cli",
    "gh",
    "aws",
    "service",
    "loginctl",
    "vagrant",
    "pulumi",
    "tofu",
];

impl Command {
    /// Returns the simple commands that bash may run, in the order of the text.
    pub fn running(&self) -> impl Iterator<Item = &Simple> {
        self.simple.iter().filter(|simple| simple.reach == Reach::Runs)
    }

    /// Builds a command of one simple command from words that are all known: for tests and examples.
    ///
    /// ```
    /// use hermes_plugin_api::command::Command;
    /// assert!(Command::of(&["rm", "-rf", "x"]).simple[0].is(&["rm"]));
    /// ```
    pub fn of(words: &[&str]) -> Command {
        Command { text: words.join(" "), simple: vec![Simple::of(words)], ..Command::default() }
    }
}

impl Simple {
    /// Builds a simple command from words that are all known: for tests and examples.
    pub fn of(words: &[&str]) -> Simple {
        Simple { words: words.iter().map(|word| Word::from(*word)).collect(), ..Simple::default() }
    }

    /// Returns the program's name without directories, if it is known.
    ///
    /// ```
    /// use hermes_plugin_api::command::Simple;
    /// assert_eq!(Simple::of(&["/bin/rm", "x"]).program().as_deref(), Some("rm"));
    /// ```
    pub fn program(&self) -> Option<Cow<'_, str>> {
        let word = self.words.first()?;
        match word.known() {
            Some(Cow::Borrowed(name)) => Some(Cow::Borrowed(basename(name))),
            Some(Cow::Owned(name)) => Some(Cow::Owned(basename(&name).to_owned())),
            // `$dir/rm` and `/b?n/rm` are some `rm` or other.
            None => match word.pieces.last()? {
                Piece::Text(tail) if tail.contains('/') => Some(Cow::Borrowed(basename(tail))),
                _ => None,
            },
        }
    }

    /// Returns whether this runs one of the named programs, wherever it lies. A pattern (`/bin/r[m]`) runs
    /// each name that it may stand for.
    pub fn is(&self, names: &[&str]) -> bool {
        self.is_called(self.program().as_deref(), names)
    }

    /// [`is`](Self::is), for who knows the program already.
    pub(crate) fn is_called(&self, program: Option<&str>, names: &[&str]) -> bool {
        match program {
            Some(program) => names.contains(&program),
            None => self
                .pattern_of_program()
                .is_some_and(|pattern| names.iter().any(|name| glob::may_match(basename(&pattern), name))),
        }
    }

    /// Returns whether this runs one of the named programs, with or without a version after the name:
    /// `python`, `python3`, `python3.11`, `python3.exe`.
    pub fn is_version_of(&self, names: &[&str]) -> bool {
        self.is_called_version_of(self.program().as_deref(), names)
    }

    /// [`is_version_of`](Self::is_version_of), for who knows the program already.
    pub(crate) fn is_called_version_of(&self, program: Option<&str>, names: &[&str]) -> bool {
        let Some(program) = program else {
            return self.is_called(None, names);
        };
        let program = program.strip_suffix(".exe").unwrap_or(program);
        names.iter().any(|name| {
            program
                .strip_prefix(name)
                .is_some_and(|version| version.trim_start_matches('-').chars().all(|c| c.is_ascii_digit() || c == '.'))
        })
    }

    /// Like [`is`](Self::is), but not where the program is only asked for its help or version: `rm --help`,
    /// `systemctl stop --help`.
    ///
    /// ```
    /// use hermes_plugin_api::command::Simple;
    /// assert!(Simple::of(&["rm", "-r", "x"]).runs(&["rm"]));
    /// assert!(!Simple::of(&["rm", "--help"]).runs(&["rm"]));
    /// ```
    pub fn runs(&self, names: &[&str]) -> bool {
        self.is(names) && !self.only_asks_help()
    }

    /// Returns whether this only asks for a help or version text: `--help` stands first, or last after
    /// nothing but options and, for programs that have them, sub-commands.
    pub fn only_asks_help(&self) -> bool {
        let asks = |word: &Word| word.is_any(&["--help", "--version"]);
        match self.args() {
            [first, ..] if asks(first) => true,
            [before @ .., last] if asks(last) => {
                let subcommands = self.is(WITH_SUBCOMMANDS);
                before.iter().all(|word| {
                    word.known().is_some_and(|text| match text.as_bytes() {
                        [b'-', b'-'] => false,
                        [b'-', ..] => true,
                        _ => subcommands && text.bytes().all(|c| c.is_ascii_lowercase() || c == b'-'),
                    })
                })
            }
            _ => false,
        }
    }

    /// Returns the words after the program.
    pub fn args(&self) -> &[Word] {
        self.words.get(1..).unwrap_or_default()
    }

    /// Returns the `n`th argument that is not an option, counted from 0, if it is known. Only for programs
    /// whose options before it take no separate value; otherwise [`parse`](Self::parse) knows better.
    pub fn subcommand(&self, n: usize) -> Option<Cow<'_, str>> {
        self.args().iter().filter(|word| !word.leading().starts_with('-')).nth(n)?.known()
    }

    /// Returns whether it was reached through one of these launchers: `xargs`, `sudo`, a function's name.
    pub fn came_through(&self, launchers: &[&str]) -> bool {
        self.via.iter().any(|launcher| launchers.contains(&launcher.program.as_str()))
    }

    /// Returns whether a function or alias of the line that is being run calls itself here.
    pub fn recurses(&self) -> bool {
        self.program().is_some_and(|program| {
            self.via.iter().any(|launcher| launcher.how == How::Definition && launcher.program == *program)
        })
    }

    fn pattern_of_program(&self) -> Option<String> {
        let word = self.words.first()?;
        (!word.is_unknown()).then(|| word.fragments().collect())
    }
}

fn basename(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}
