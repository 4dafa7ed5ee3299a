//! Places that matter to rules, file tools and settings alike: start-up files, credentials, disks.

use super::path::{PathShape, Root};

/// Start-up files of shells, in a home directory.
const SHELL_FILES: &[&str] = &[
    "~/.bashrc",
    "~/.bash_profile",
    "~/.bash_login",
    "~/.bash_logout",
    "~/.bash_aliases",
    "~/.profile",
    "~/.zshrc",
    "~/.zshenv",
    "~/.zprofile",
    "~/.zlogin",
    "~/.zlogout",
    "~/.kshrc",
    "~/.mkshrc",
    "~/.cshrc",
    "~/.tcshrc",
    "~/.login",
    "~/.xprofile",
    "~/.xsessionrc",
    "~/.config/fish/config.fish",
    "~/.config/fish/conf.d",
];

/// Files that hold credentials, in a home directory.
const CREDENTIAL_FILES: &[&str] = &[
    "~/.netrc",
    "~/.npmrc",
    "~/.pypirc",
    "~/.pgpass",
    "~/.my.cnf",
    "~/.mylogin.cnf",
    "~/.git-credentials",
    "~/.aws/credentials",
    "~/.aws/config",
    "~/.docker/config.json",
    "~/.kube/config",
    "~/.gnupg",
    "~/.config/gcloud",
    "~/.config/gh/hosts.yml",
    "~/.azure",
    "~/.cargo/credentials",
    "~/.cargo/credentials.toml",
    "~/.gem/credentials",
    "~/.vault-token",
    "~/.terraform.d/credentials.tfrc.json",
    "~/.s3cfg",
    "~/.boto",
    "~/.config/rclone/rclone.conf",
    "~/.password-store",
    "~/.config/git/credentials",
];

/// Files of the system that hold credentials.
const SYSTEM_CREDENTIALS: &[&str] = &[
    "/etc/shadow",
    "/etc/gshadow",
    "/etc/shadow-",
    "/etc/gshadow-",
    "/etc/sudoers",
    "/etc/sudoers.d",
    "/etc/master.passwd",
    "/etc/krb5.keytab",
    "/etc/ssl/private",
    "/etc/letsencrypt",
    "/etc/kubernetes/admin.conf",
];

const SYSTEM: &[&str] = &["/etc", "/usr", "/bin", "/sbin", "/boot", "/lib", "/lib64", "/var", "/root", "/opt"];

impl PathShape {
    /// Returns whether the path is or lies in a directory of the system.
    pub fn is_system(&self) -> bool {
        (self.root == Root::Absolute && self.parts.is_empty()) || SYSTEM.iter().any(|place| self.is_within(place))
    }

    /// Returns whether the path is a start-up file of a shell.
    pub fn is_shell_startup(&self) -> bool {
        SHELL_FILES.iter().any(|file| self.is_within(file))
    }

    /// Returns whether the path is a file of some program that holds its credentials.
    pub fn is_credential(&self) -> bool {
        CREDENTIAL_FILES.iter().any(|file| self.is_within(file))
    }

    /// Returns whether the path is the agent's own `config.yaml` or `.env`, of any profile.
    pub fn is_own_setting(&self) -> bool {
        self.below("~/.hermes")
            .and_then(|below| below.last())
            .is_some_and(|part| part.may_be(".env") || part.may_be("config.yaml"))
    }

    /// Returns whether the path says who may log in, or holds the keys to log in elsewhere.
    pub fn is_login(&self) -> bool {
        self.has_part(".ssh")
    }

    /// Returns whether writing the path changes who may log in, what a shell does at its start, a credential, or
    /// what the agent may do.
    pub fn is_sensitive(&self) -> bool {
        self.is_login() || self.is_own_setting() || self.is_shell_startup() || self.is_credential()
    }

    /// Returns whether reading the path gives a secret away.
    pub fn is_secret(&self) -> bool {
        let name = self.name().unwrap_or_default();
        is_private_key(self, name)
            || is_env_file(name)
            || (self.is_within("/proc") && name == "environ")
            || (name.starts_with("ssh_host_") && name.ends_with("_key"))
            || SYSTEM_CREDENTIALS.iter().any(|file| self.is_within(file))
            || self.is_credential()
    }

    /// Returns whether the path is a block device: a whole disk, a partition, a mapped or network one.
    pub fn is_block_device(&self) -> bool {
        let Some([device, rest @ ..]) = self.below("/dev") else {
            return false;
        };
        let name = device.text();
        let numbered = |prefix: &str| {
            name.strip_prefix(prefix)
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit() || "*?[".contains(c)))
        };
        let lettered = |prefix: &str| {
            name.strip_prefix(prefix).is_some_and(|rest| {
                rest.starts_with(|c: char| c.is_ascii_lowercase() || "*?[".contains(c))
                    && rest.bytes().all(|c| !c.is_ascii_alphabetic() || c.is_ascii_lowercase())
                    && !rest.contains('-')
            })
        };
        match rest {
            [] => {
                ["sd", "hd", "vd", "xvd"].iter().any(|kind| lettered(kind))
                    || [
                        "nvme", "mmcblk", "disk", "rdisk", "md", "dm-", "loop", "nbd", "zd", "ram", "bcache", "sr",
                        "drbd",
                    ]
                    .iter()
                    .any(|kind| numbered(kind))
                    || name == "root"
            }
            _ => ["mapper", "disk", "block", "md", "zvol"].contains(&name),
        }
    }
}

fn is_private_key(path: &PathShape, name: &str) -> bool {
    let public =
        name.ends_with(".pub") || ["known_hosts", "known_hosts.old", "config", "authorized_keys"].contains(&name);
    (path.has_part(".ssh") && !public) || (name.starts_with("id_") && is_key_name(name))
}

fn is_key_name(name: &str) -> bool {
    ["id_rsa", "id_ed25519", "id_ecdsa", "id_dsa", "id_ecdsa_sk", "id_ed25519_sk"].contains(&name)
}

fn is_env_file(name: &str) -> bool {
    match name.strip_prefix(".env") {
        Some("" | "rc") => true,
        Some(rest) => {
            rest.starts_with('.')
                && ![".example", ".sample", ".template", ".dist", ".defaults", ".schema"]
                    .iter()
                    .any(|harmless| rest.ends_with(harmless))
        }
        None => false,
    }
}
