//! Which environment variables a child process may see.
//!
//! Pure functions over what was captured at the start, one for each kind of child; they start no process and read
//! no environment themselves. Which names are secrets comes in as data: core knows no provider and no platform.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;

use crate::config::Environment;
use crate::config::dotenv::is_name;
use crate::config::environment::Vars;

/// Parts of a name that make a variable a likely secret.
const MARKS: [&str; 7] = ["KEY", "TOKEN", "SECRET", "PASSWORD", "CREDENTIAL", "PASSWD", "AUTH"];

/// The password that `sudo` is fed.
pub(crate) const SUDO_PASSWORD: &str = "SUDO_PASSWORD";

/// Secrets and switches of core itself.
pub(crate) const OWN: [&str; 2] = [SUDO_PASSWORD, "HERMES_YOLO_MODE"];

/// Variables that make the loader or a shell run code that nobody asked for.
const INJECTING: [&str; 11] = [
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
const LOADER_PATHS: [&str; 2] = ["LD_LIBRARY_PATH", "LD_RUN_PATH"];

/// What generated code sees, by whole name.
const CODE: [&str; 12] =
    ["PATH", "HOME", "USER", "LANG", "TERM", "TMPDIR", "TMP", "TEMP", "SHELL", "LOGNAME", "PYTHONPATH", "VIRTUAL_ENV"];
const CODE_FAMILIES: [&str; 3] = ["LC_", "XDG_", "CONDA_"];

/// What a tool server started by us sees, by whole name.
const SERVER: [&str; 8] = ["PATH", "HOME", "USER", "LANG", "LC_ALL", "TERM", "SHELL", "TMPDIR"];
const SERVER_FAMILIES: [&str; 1] = ["XDG_"];

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

/// Returns what a command in the local terminal sees: the environment of the process without secrets and without
/// what injects code.
pub fn terminal_local(env: &Environment, secrets: &BTreeSet<String>, passthrough: &Passthrough) -> Vars {
    let from_file = |name: &String| env.file_vars().contains_key(name) && is_marked(name);
    let goes =
        |name: &String| secrets.contains(name) || OWN.contains(&name.as_str()) || injects(name) || from_file(name);
    let kept = env.process_vars().iter().filter(|(name, _)| !goes(name));
    passthrough.add(env, kept.map(|(name, value)| (name.clone(), value.clone())).collect())
}

/// Returns what generated code sees: a few harmless variables.
pub fn execute_code(env: &Environment, secrets: &BTreeSet<String>, passthrough: &Passthrough) -> Vars {
    let mut vars = listed(env, &CODE, &CODE_FAMILIES);
    vars.retain(|name, _| !is_marked(name) && !secrets.contains(name));
    passthrough.add(env, vars)
}

/// Returns what a container or a remote machine sees: nothing but what is passed through, and what its own
/// settings forward.
pub fn container(env: &Environment, forward: &[String], passthrough: &Passthrough) -> Vars {
    let forwarded = Passthrough::default().configured(forward).add(env, Vars::new());
    passthrough.add(env, forwarded)
}

/// Returns what a tool server sees: a few harmless variables and those of its own settings. Nothing is passed
/// through.
pub fn mcp_stdio(env: &Environment, secrets: &BTreeSet<String>, own: &BTreeMap<String, String>) -> Vars {
    let mut vars = listed(env, &SERVER, &SERVER_FAMILIES);
    vars.retain(|name, _| !secrets.contains(name));
    let own = own.iter().filter(|(name, _)| is_name(name));
    vars.extend(own.map(|(name, value)| (name.clone(), OsString::from(value))));
    vars
}

/// Returns whether the name looks like that of a secret.
pub fn is_marked(name: &str) -> bool {
    let name = name.to_ascii_uppercase();
    MARKS.iter().any(|mark| name.contains(mark))
}

fn listed(env: &Environment, names: &[&str], families: &[&str]) -> Vars {
    let within = |name: &str| families.iter().any(|family| name.len() > family.len() && name.starts_with(family));
    let vars = env.process_vars().iter();
    let vars = vars.filter(|(name, _)| is_name(name) && (names.contains(&name.as_str()) || within(name)));
    vars.map(|(name, value)| (name.clone(), value.clone())).collect()
}

/// Whether a variable makes the loader or a shell run code that nobody asked for.
pub(crate) fn injects(name: &str) -> bool {
    let loader = (name.starts_with("LD_") || name.starts_with("DYLD_")) && !LOADER_PATHS.contains(&name);
    loader || INJECTING.contains(&name) || name.starts_with("BASH_FUNC_")
}

#[cfg(test)]
mod tests;
