//! Which environment variables a child process may see.
//!
//! One table, [`TABLE`], a row for each kind of child: [`of`] computes what a child gets from its row and from what
//! was captured at the start, and `docs/reference/environment.md` is printed from it. It starts no process and reads
//! no environment itself. Which names are secrets comes in as data: core knows no provider and no platform.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

use crate::config::Environment;
use crate::config::dotenv::is_name;
use crate::config::environment::Vars;

/// Parts of a name that make a variable a likely secret.
pub const MARKS: [&str; 7] = ["KEY", "TOKEN", "SECRET", "PASSWORD", "CREDENTIAL", "PASSWD", "AUTH"];

/// The password that `sudo` is fed.
pub(crate) const SUDO_PASSWORD: &str = "SUDO_PASSWORD";

/// Secrets and switches of core itself.
pub const OWN: [&str; 2] = [SUDO_PASSWORD, "HERMES_YOLO_MODE"];

/// Variables that make the loader or a shell run code that nobody asked for, besides those of the loader and functions.
pub const INJECTING: [&str; 11] = [
    "BASH_ENV",
    "BASHOPTS",
    "BASH_XTRACEFD",
    "ENV",
    "GCONV_PATH",
    "GLIBC_TUNABLES",
    "PROMPT_COMMAND",
    "PS4",
    "SHELLOPTS",
    "ZDOTDIR",
    "LOCPATH",
];

/// The loader's variables that only say where libraries are: conda, compilers and drivers need them.
pub const LOADER_PATHS: [&str; 2] = ["LD_LIBRARY_PATH", "LD_RUN_PATH"];

/// A kind of child process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Child {
    /// A command, on a backend whose manifest says `environment: process`.
    Here,
    /// A command, on any other backend: in a container or on another machine.
    Away,
    /// Code that a model wrote, outside a command.
    Code,
    /// A tool server that is started by its command line.
    Server,
    /// A program that a plugin starts for itself.
    Helper,
    /// The editor of the person at the terminal.
    Editor,
}

/// What a kind of child sees.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// The kind.
    pub child: Child,
    /// What it is, for a person.
    pub about: &'static str,
    /// What of the process's environment it begins with.
    pub from: Base,
    /// Which of that is taken away.
    pub removed: &'static [Removed],
    /// What is added from settings.
    pub added: &'static [Added],
}

/// What of the process's environment a child begins with.
#[derive(Clone, Copy, Debug)]
pub enum Base {
    /// All of it.
    Process,
    /// What is called so, as a whole, and what begins so and goes on.
    Listed {
        /// Whole names.
        names: &'static [&'static str],
        /// Beginnings of names.
        families: &'static [&'static str],
    },
}

/// What is taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    /// Secrets that plugins declare, and core's own.
    Secrets,
    /// What `.env` holds too and is called like a secret.
    MarkedInFile,
    /// What is called like a secret.
    Marked,
    /// What makes a loader or a shell run code.
    Injecting,
}

/// What is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Added {
    /// What is passed through.
    Passthrough,
    /// The variables of [`Asking::named`] that are set: a setting names them.
    Forwarded,
    /// The variables of [`Asking::named`] that are set, no secret and run no code: a manifest names them.
    Declared,
    /// The variables of [`Asking::own`], with their own values.
    Own,
}

/// The table.
pub const TABLE: [Row; 6] = [
    Row {
        child: Child::Here,
        about: "A command, on a backend that runs it in the environment of hermes",
        from: Base::Process,
        removed: &[Removed::Secrets, Removed::MarkedInFile, Removed::Injecting],
        added: &[Added::Passthrough],
    },
    Row {
        child: Child::Away,
        about: "A command, in a container or on another machine",
        from: Base::Listed { names: &[], families: &[] },
        removed: &[],
        added: &[Added::Forwarded, Added::Passthrough],
    },
    Row {
        child: Child::Code,
        about: "Code that a model wrote, run as code",
        from: Base::Listed {
            names: &[
                "PATH",
                "HOME",
                "USER",
                "LANG",
                "TERM",
                "TMPDIR",
                "TMP",
                "TEMP",
                "SHELL",
                "LOGNAME",
                "PYTHONPATH",
                "VIRTUAL_ENV",
            ],
            families: &["LC_", "XDG_", "CONDA_"],
        },
        removed: &[Removed::Marked, Removed::Secrets],
        added: &[Added::Passthrough],
    },
    Row {
        child: Child::Server,
        about: "A tool server that is started by its command line",
        from: Base::Listed {
            names: &["PATH", "HOME", "USER", "LANG", "LC_ALL", "TERM", "SHELL", "TMPDIR"],
            families: &["XDG_"],
        },
        removed: &[Removed::Secrets],
        added: &[Added::Own],
    },
    Row {
        child: Child::Helper,
        about: "A program that a plugin starts for itself",
        from: Base::Listed {
            names: &["PATH", "HOME", "USER", "LOGNAME", "LANG", "TERM", "SHELL", "TMPDIR"],
            families: &["LC_", "XDG_"],
        },
        removed: &[Removed::Secrets],
        added: &[Added::Declared],
    },
    Row {
        child: Child::Editor,
        about: "The editor of `hermes config edit`",
        from: Base::Process,
        removed: &[Removed::Secrets, Removed::MarkedInFile, Removed::Injecting],
        added: &[],
    },
];

/// What is known where a child is about to start.
#[derive(Clone, Copy)]
pub struct Asking<'a> {
    /// What was captured at the start, and `.env`.
    pub env: &'a Environment,
    /// Names of variables that hold secrets.
    pub secrets: &'a BTreeSet<String>,
    /// What is passed through, where the row says so.
    pub passthrough: &'a Passthrough,
    /// Names of variables that its settings or its manifest ask for, where the row says so.
    pub named: &'a [String],
    /// Variables of its own settings, where the row says so.
    pub own: &'a BTreeMap<String, String>,
}

/// Variables that reach children although the rules would keep them back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passthrough {
    names: BTreeSet<String>,
    /// Names that were refused, each with the reason, for a warning.
    pub refused: Vec<(String, Refusal)>,
}

/// Why a name is not passed through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is not `[A-Za-z_][A-Za-z0-9_]*`.
    Form,
    /// A skill asks for a secret of hermes itself, of a provider or of a platform.
    Secret,
    /// A skill asks for a variable that runs code.
    Injecting,
}

impl Passthrough {
    /// Takes the names the operator configured.
    #[must_use]
    pub fn configured(mut self, names: &[String]) -> Self {
        for name in names {
            match is_name(name) {
                true => drop(self.names.insert(name.clone())),
                false => self.refused.push((name.clone(), Refusal::Form)),
            }
        }
        self
    }

    /// Takes the names a skill declares. A skill gets no secret that somebody else owns: it would hand the agent's
    /// own credentials to generated code.
    #[must_use]
    pub fn skill(mut self, names: &[String], secrets: &BTreeSet<String>) -> Self {
        for name in names {
            let refusal = match name {
                name if !is_name(name) => Some(Refusal::Form),
                name if secrets.contains(name) || OWN.contains(&name.as_str()) => Some(Refusal::Secret),
                name if injects(name) => Some(Refusal::Injecting),
                _ => None,
            };
            match refusal {
                Some(refusal) => self.refused.push((name.clone(), refusal)),
                None => drop(self.names.insert(name.clone())),
            }
        }
        self
    }

    /// Adds those that are set, in the process or in `.env`.
    fn add(&self, env: &Environment, mut vars: Vars) -> Vars {
        for name in &self.names {
            if let Some(value) = env.var(name) {
                vars.insert(name.clone(), value.to_owned());
            }
        }
        vars
    }
}

impl<'a> Asking<'a> {
    /// Nothing is passed through and nothing asked for.
    #[must_use]
    pub fn new(env: &'a Environment, secrets: &'a BTreeSet<String>) -> Self {
        static NOTHING: (Passthrough, BTreeMap<String, String>) =
            (Passthrough { names: BTreeSet::new(), refused: Vec::new() }, BTreeMap::new());
        Self { env, secrets, passthrough: &NOTHING.0, named: &[], own: &NOTHING.1 }
    }
}

/// Returns what a child sees.
#[must_use]
pub fn of(child: Child, asking: Asking<'_>) -> Vars {
    let Some(row) = TABLE.iter().find(|row| row.child == child) else { return Vars::new() };
    let Asking { env, secrets, passthrough, named, own } = asking;
    let goes = |name: &str, removed: &Removed| match removed {
        Removed::Secrets => secrets.contains(name) || OWN.contains(&name),
        Removed::MarkedInFile => env.file_vars().contains_key(name) && is_marked(name),
        Removed::Marked => is_marked(name),
        Removed::Injecting => injects(name),
    };
    let kept = |name: &str| row.from.has(name) && !row.removed.iter().any(|removed| goes(name, removed));
    let vars = env.process_vars().iter().filter(|(name, _)| kept(name));
    let mut vars: Vars = vars.map(|(name, value)| (name.clone(), value.clone())).collect();
    for added in row.added {
        match added {
            Added::Passthrough => vars = passthrough.add(env, vars),
            Added::Forwarded => vars = Passthrough::default().configured(named).add(env, vars),
            Added::Declared => vars = Passthrough::default().skill(named, secrets).add(env, vars),
            Added::Own => {
                let own = own.iter().filter(|(name, _)| is_name(name));
                vars.extend(own.map(|(name, value)| (name.clone(), OsString::from(value))));
            }
        }
    }
    vars
}

/// Returns variables as text. One that is not UTF-8 cannot be handed on, and is left out.
#[must_use]
pub fn texts(vars: Vars) -> BTreeMap<String, String> {
    vars.into_iter().filter_map(|(name, value)| Some((name, value.into_string().ok()?))).collect()
}

impl Base {
    fn has(self, name: &str) -> bool {
        match self {
            Self::Process => true,
            Self::Listed { names, families } => {
                let within = |family: &&str| name.len() > family.len() && name.starts_with(family);
                is_name(name) && (names.contains(&name) || families.iter().any(within))
            }
        }
    }
}

/// Returns whether the name looks like that of a secret.
pub fn is_marked(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    MARKS.iter().any(|mark| name.contains(mark))
}

/// Whether a variable makes the loader or a shell run code that nobody asked for.
pub(crate) fn injects(name: &str) -> bool {
    let loader = (name.starts_with("LD_") || name.starts_with("DYLD_")) && !LOADER_PATHS.contains(&name);
    loader || INJECTING.contains(&name) || name.starts_with("BASH_FUNC_")
}

#[cfg(test)]
mod tests;
