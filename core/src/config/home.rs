//! The home directory: where it is, what stands in it, how private it is.
//!
//! Knows paths and permissions only; the one content it reads is the name of the profile in use. It never makes an existing directory more open, and
//! creates nothing before somebody asks with [`Home::create`] or [`Home::create_dir`].

use std::ffi::OsStr;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Component, Path, PathBuf};

use super::environment::Environment;
use crate::host::file::write_whole;

/// A hermes home: `$HERMES_HOME`, else `~/.hermes`, or one profile within it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    root: PathBuf,
    profile: Option<Profile>,
}

/// The file of the main home that names the profile in use.
const ACTIVE: &str = "active_profile";
/// What the main home is called among the profiles.
pub const DEFAULT: &str = "default";

/// The name of a profile: letters, digits, `-` and `_`, beginning with a letter or digit, at most 64.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Profile(String);

/// Why a home directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HomeError {
    /// Neither `$HERMES_HOME` nor a user's home directory is known.
    #[error("No home directory is known for this user")]
    Unknown,
    /// The name of a profile has a form that is not allowed.
    #[error("Profile name `{0}` is not valid")]
    ProfileName(String),
    /// The profile was never made.
    #[error("Profile `{name}` does not exist in `{}`", home.display())]
    NoProfile {
        /// The profile asked for.
        name: String,
        /// The home it was looked for in.
        home: PathBuf,
    },
    /// Something that is not a directory stands in its place.
    #[error("The hermes home `{}` is not a directory", .0.display())]
    NotDirectory(PathBuf),
    /// It is there, but this user may not use it.
    #[error("The hermes home `{}` cannot be {verb}", path.display())]
    Access {
        /// The directory or file.
        path: PathBuf,
        /// `read`, `created` or `written`.
        verb: &'static str,
        /// The user the directory belongs to, where that is known and another one.
        owner: Option<u32>,
        /// Why.
        source: io::Error,
    },
}

impl Home {
    /// Returns the home that the environment names, without touching the disk.
    ///
    /// # Errors
    /// [`HomeError::Unknown`] where neither `$HERMES_HOME` nor the user's home directory is known.
    pub fn resolve(env: &Environment) -> Result<Self, HomeError> {
        let named = env.process("HERMES_HOME").filter(|value| !value.is_empty());
        let root = match named {
            Some(value) => absolute(env, value)?,
            None => env.user_home().ok_or(HomeError::Unknown)?.join(".hermes"),
        };
        Ok(Self { root, profile: None })
    }

    /// Returns a home at a known place.
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), profile: None }
    }

    /// Returns the home of a profile, which has everything of its own. `default` is the main home.
    #[must_use]
    pub fn profile(&self, profile: Profile) -> Self {
        let base = self.base();
        if profile.0 == DEFAULT {
            return Self { root: base, profile: None };
        }
        Self { root: base.join("profiles").join(&profile.0), profile: Some(profile) }
    }

    /// Checks that the home, where it exists, is a directory that this user can read.
    ///
    /// # Errors
    /// [`HomeError`]; a home that does not exist yet is fine, a profile that does not is not.
    pub fn check(&self) -> Result<(), HomeError> {
        match fs::metadata(&self.root) {
            Ok(meta) if !meta.is_dir() => Err(HomeError::NotDirectory(self.root.clone())),
            Ok(_) => fs::read_dir(&self.root).map(drop).map_err(|source| self.access("read", source)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => self.absent(),
            Err(source) => Err(self.access("read", source)),
        }
    }

    fn absent(&self) -> Result<(), HomeError> {
        match &self.profile {
            Some(profile) => Err(HomeError::NoProfile { name: profile.0.clone(), home: self.base() }),
            None => Ok(()),
        }
    }

    /// Creates the home if it is missing, 0700.
    ///
    /// # Errors
    /// [`HomeError`] where it cannot be made, read or written.
    pub fn create(&self) -> Result<(), HomeError> {
        make_private(&self.root).map_err(|source| self.access("created", source))?;
        fs::read_dir(&self.root).map_err(|source| self.access("read", source))?;
        let writable = rustix::fs::access(&self.root, rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK);
        writable.map_err(|errno| self.access("written", errno.into()))
    }

    /// Creates a directory under the home, with its parents, each 0700, and returns its path.
    ///
    /// # Errors
    /// [`HomeError::Access`] where it cannot be made, and for a path that leads out of the home.
    pub fn create_dir(&self, relative: &Path) -> Result<PathBuf, HomeError> {
        let inside = relative.components().all(|part| matches!(part, Component::Normal(_)));
        if !inside {
            let source = io::Error::new(io::ErrorKind::InvalidInput, "the path leads out of the home");
            return Err(HomeError::Access { path: relative.to_owned(), verb: "created", owner: None, source });
        }
        self.create()?;
        let path = self.root.join(relative);
        match make_private(&path) {
            Ok(()) => Ok(path),
            Err(source) => Err(HomeError::Access { path, verb: "created", owner: None, source }),
        }
    }

    /// Returns the directory itself.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the profile this home belongs to.
    pub fn profile_name(&self) -> Option<&str> {
        self.profile.as_ref().map(|profile| profile.0.as_str())
    }

    /// Returns the names of the profiles that exist, sorted.
    pub fn profile_names(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.base().join("profiles")) else {
            return Vec::new();
        };
        let names = entries.filter_map(Result::ok).filter(|entry| entry.path().is_dir());
        let names = names.filter_map(|entry| entry.file_name().into_string().ok());
        let is_name = |name: &String| name.parse::<Profile>().is_ok() && name != DEFAULT;
        let mut names: Vec<String> = names.filter(is_name).collect();
        names.sort();
        names
    }

    /// Returns the profile that is used where none is named; none for the main home.
    ///
    /// # Errors
    /// [`HomeError`] where that cannot be read, or makes no sense.
    pub fn active_profile(&self) -> Result<Option<Profile>, HomeError> {
        let path = self.base().join(ACTIVE);
        match fs::read_to_string(&path) {
            Ok(name) if name.trim().is_empty() || name.trim() == DEFAULT => Ok(None),
            Ok(name) => name.trim().parse().map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(HomeError::Access { path, verb: "read", owner: None, source }),
        }
    }

    /// Has this profile be used where none is named.
    ///
    /// # Errors
    /// [`HomeError`] where that cannot be written.
    pub fn make_active(&self) -> Result<(), HomeError> {
        let base = Self { root: self.base(), profile: None };
        base.create()?;
        let path = base.root.join(ACTIVE);
        let name = self.profile_name().unwrap_or(DEFAULT);
        write_whole(&path, format!("{name}\n").as_bytes(), 0o600).map_err(|source| HomeError::Access {
            path,
            verb: "written",
            owner: None,
            source,
        })
    }

    fn base(&self) -> PathBuf {
        match &self.profile {
            Some(_) => self.root.ancestors().nth(2).unwrap_or(&self.root).to_owned(),
            None => self.root.clone(),
        }
    }

    fn access(&self, verb: &'static str, source: io::Error) -> HomeError {
        HomeError::Access { path: self.root.clone(), verb, owner: other_owner(&self.root), source }
    }
}

/// What stands in a home.
impl Home {
    /// `config.yaml`: the settings.
    pub fn config_file(&self) -> PathBuf {
        self.root.join("config.yaml")
    }

    /// `.env`: secrets and overrides.
    pub fn env_file(&self) -> PathBuf {
        self.root.join(".env")
    }

    /// `SOUL.md`: who the agent is.
    pub fn soul_file(&self) -> PathBuf {
        self.root.join("SOUL.md")
    }

    /// `history`: what was typed at the terminal.
    pub fn history_file(&self) -> PathBuf {
        self.root.join("history")
    }

    /// `state.db`: sessions and everything that must survive a restart.
    pub fn state_file(&self) -> PathBuf {
        self.root.join("state.db")
    }

    /// `plugins/`: one folder per installed plugin.
    pub fn plugins_dir(&self) -> PathBuf {
        self.root.join("plugins")
    }

    /// `plugins/.stores`: one file per plugin that keeps something.
    pub fn stores_dir(&self) -> PathBuf {
        self.plugins_dir().join(".stores")
    }

    /// `plugins.lock`: what was installed, byte for byte.
    pub fn plugins_lock(&self) -> PathBuf {
        self.root.join("plugins.lock")
    }

    /// `pairing/`: who may talk.
    pub fn pairing_dir(&self) -> PathBuf {
        self.root.join("pairing")
    }

    /// `platforms/<name>/`: the state of one platform.
    pub fn platform_dir(&self, name: &str) -> PathBuf {
        self.root.join("platforms").join(name)
    }

    /// `sandboxes/`: workspaces of containers.
    pub fn sandboxes_dir(&self) -> PathBuf {
        self.root.join("sandboxes")
    }

    /// `skills/`.
    pub fn skills_dir(&self) -> PathBuf {
        self.root.join("skills")
    }

    /// `memories/`.
    pub fn memories_dir(&self) -> PathBuf {
        self.root.join("memories")
    }

    /// `cron/`.
    pub fn cron_dir(&self) -> PathBuf {
        self.root.join("cron")
    }

    /// `logs/`: logs and the audit trail.
    pub fn logs_dir(&self) -> PathBuf {
        self.root.join("logs")
    }

    /// `bin/`: helper programs fetched for plugins.
    pub fn bin_dir(&self) -> PathBuf {
        self.root.join("bin")
    }

    /// `cache/`: whatever can be made again.
    pub fn cache_dir(&self) -> PathBuf {
        self.root.join("cache")
    }

    /// `profiles/`.
    pub fn profiles_dir(&self) -> PathBuf {
        self.root.join("profiles")
    }
}

impl std::str::FromStr for Profile {
    type Err = HomeError;

    fn from_str(name: &str) -> Result<Self, HomeError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let first = name.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
        match first && name.len() <= 64 && name.chars().all(plain) {
            true => Ok(Self(name.to_owned())),
            false => Err(HomeError::ProfileName(name.to_owned())),
        }
    }
}

impl Profile {
    /// The main home.
    #[must_use]
    pub fn main() -> Self {
        Self(DEFAULT.to_owned())
    }

    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl HomeError {
    /// Returns what the user can do about it.
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Unknown => "set `HERMES_HOME` to a directory of your own".to_owned(),
            Self::ProfileName(_) => "use letters, digits, `-` and `_`, at most 64 of them".to_owned(),
            Self::NoProfile { name, .. } => {
                format!("create it with `hermes profile create {name}`, or `hermes -p default profile use default`")
            }
            Self::NotDirectory(path) => {
                format!("move `{}` away, or set `HERMES_HOME` to a directory", path.display())
            }
            Self::Access { path, owner: Some(owner), .. } => format!(
                "`{}` belongs to user {owner}: run hermes as that user, or set `HERMES_HOME` to a directory of your own",
                path.display()
            ),
            Self::Access { path, .. } => {
                format!("give yourself access to `{}`, or set `HERMES_HOME` to a directory of your own", path.display())
            }
        };
        Some(text)
    }
}

fn absolute(env: &Environment, value: &OsStr) -> Result<PathBuf, HomeError> {
    let path = Path::new(value);
    match path.strip_prefix("~") {
        Ok(rest) => Ok(env.user_home().ok_or(HomeError::Unknown)?.join(rest)),
        Err(_) => std::path::absolute(path).map_err(|_| HomeError::Unknown),
    }
}

fn make_private(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn other_owner(path: &Path) -> Option<u32> {
    let owner = path.ancestors().find_map(|dir| fs::metadata(dir).ok())?.uid();
    (owner != rustix::process::geteuid().as_raw()).then_some(owner)
}

/// Returns whether group or others may read the file.
pub fn is_exposed(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o044 != 0)
}

#[cfg(test)]
mod tests;
