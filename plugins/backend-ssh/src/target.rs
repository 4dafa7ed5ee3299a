//! Which machine: the settings as arguments of `ssh`.
//!
//! Nothing that stands in a setting can become an option, and nothing secret is among the arguments.

use std::collections::BTreeMap;

use hermes_plugin_api::prelude::*;

use crate::config::Config;

/// A machine, and how it is reached.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    /// As the settings name it.
    pub(crate) host: String,
    options: Vec<String>,
    /// What `ssh` itself runs with.
    pub(crate) env: BTreeMap<String, String>,
    /// What tells it from other machines, and from the same one with other keys.
    identity: String,
}

/// What holds whatever the person's own configuration of `ssh` says: nobody is asked anything, nothing of this
/// machine is lent to the other one.
const FIXED: [&str; 11] = [
    "BatchMode=yes",
    "ConnectTimeout=10",
    "ServerAliveInterval=15",
    "ServerAliveCountMax=3",
    "ClearAllForwardings=yes",
    "ForwardAgent=no",
    "ForwardX11=no",
    "PermitLocalCommand=no",
    "RemoteCommand=none",
    "EscapeChar=none",
    "LogLevel=INFO",
];

impl Target {
    /// Takes the settings in. `home` is the home of hermes.
    ///
    /// # Errors
    /// `CONFIG` for a setting that cannot be what it should be.
    pub(crate) fn new(config: &Config, home: &str, env: BTreeMap<String, String>) -> Result<Self> {
        let Config { host, user, port, key } = config;
        if host.is_empty() {
            return Err(PluginError::config("`terminal.ssh_host` is not set")
                .with_hint("`hermes config set terminal.ssh_host HOST` names the machine"));
        }
        checked("terminal.ssh_host", host, |c| !c.is_whitespace() && !"@/'\"`\\$;&|<>(){}".contains(c))?;
        checked("terminal.ssh_user", user, |c| !c.is_whitespace() && !"@:'\"`\\$;&|<>(){}".contains(c))?;
        checked("terminal.ssh_key", key, |_| true)?;
        let mut options = Vec::new();
        if !user.is_empty() {
            options.extend(["-l".to_owned(), user.clone()]);
        }
        if let Some(port) = port {
            options.extend(["-p".to_owned(), port.to_string()]);
        }
        if !key.is_empty() {
            let path = if key.starts_with(['/', '~']) { key.clone() } else { format!("{home}/{key}") };
            options.extend([
                "-i".to_owned(),
                path.replace('%', "%%"),
                "-o".to_owned(),
                "IdentitiesOnly=yes".to_owned(),
            ]);
        }
        for option in FIXED {
            options.extend(["-o".to_owned(), option.to_owned()]);
        }
        let identity = format!("{home}\n{host}\n{user}\n{port:?}\n{key}");
        Ok(Self { host: host.clone(), options, env, identity })
    }

    /// `ssh` with these further arguments before the machine's name, and that command behind it.
    pub(crate) fn argv(&self, more: &[&str], command: Option<&str>) -> Vec<String> {
        let mut argv = vec!["ssh".to_owned(), "-T".to_owned()];
        argv.extend(more.iter().map(|&word| word.to_owned()));
        argv.extend(self.options.iter().cloned());
        argv.extend(["--".to_owned(), self.host.clone()]);
        argv.extend(command.map(str::to_owned));
        argv
    }

    /// A short name for it. It is no secret and keeps nobody out; the directory of the sockets does.
    pub(crate) fn fingerprint(&self) -> String {
        let fnv = |seed: u64| {
            self.identity.bytes().fold(seed, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
        };
        format!("{:016x}", fnv(0xcbf2_9ce4_8422_2325))
    }
}

fn checked(key: &str, value: &str, allowed: impl Fn(char) -> bool) -> Result<()> {
    let wrong = |why: &str| {
        Err(PluginError::config(format!("`{key}` {why}")).with_hint(format!("`hermes config set {key} …`")))
    };
    if value.starts_with('-') {
        return wrong("begins with `-`: `ssh` would take it for an option");
    }
    match value.chars().find(|c| c.is_control() || !allowed(*c)) {
        Some(c) => wrong(&format!("holds {:?}, which cannot be in it", c)),
        None => Ok(()),
    }
}
