//! Where the sockets of connections are: in a directory that is the user's alone, by short names.
//!
//! Whoever can reach such a socket can run commands on the other machine.

use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use hermes_plugin_api::prelude::*;

/// How long the directory's path may be: the kernel takes 107 bytes, and `ssh` puts 17 behind our 20.
const LONGEST: usize = 70;

/// The directory.
#[derive(Clone, Debug)]
pub(crate) struct Sockets(PathBuf);

impl Sockets {
    /// Finds, or makes, the directory: in the home of hermes, or where that is too long for a socket, in the
    /// user's runtime directory or the temporary one.
    ///
    /// # Errors
    /// `CONFIG` when there is no place that is the user's alone.
    pub(crate) fn new(home: &str, runtime: Option<&str>) -> Result<Self> {
        let owner = fs::metadata(home).map_or(0, |home| home.uid());
        let runtime = runtime.map(|runtime| Path::new(runtime).join("hermes"));
        let places = [Path::new(home).join("run")].into_iter().chain(runtime);
        let fits = |place: &PathBuf| place.to_str().is_some_and(is_plain);
        let place = places.into_iter().find(fits).unwrap_or_else(|| PathBuf::from(format!("/tmp/hermes-{owner}")));
        private(&place, owner).map_err(|why| {
            PluginError::config(format!("The connections' sockets cannot be in `{}`: {why}", place.display()))
                .with_hint("it must be a directory that is yours alone; XDG_RUNTIME_DIR can name another")
        })?;
        Ok(Self(place))
    }

    /// The socket of a connection.
    pub(crate) fn path(&self, name: &str) -> String {
        self.0.join(name).display().to_string()
    }

    /// A file to be locked while that connection is opened.
    ///
    /// # Errors
    /// `UNAVAILABLE` when it cannot be made.
    pub(crate) fn lock(&self, name: &str) -> Result<File> {
        let path = self.0.join(format!("{name}.lock"));
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        file.map_err(|error| PluginError::unavailable(format!("Failed to make `{}`: {error}", path.display())))
    }
}

/// Whether a path can be a setting of `ssh` as it is, and is short enough.
fn is_plain(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._+-".contains(&byte);
    path.len() <= LONGEST && path.starts_with('/') && path.bytes().all(plain)
}

fn private(place: &Path, owner: u32) -> std::result::Result<(), String> {
    match DirBuilder::new().mode(0o700).create(place) {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => return Err(error.to_string()),
        _ => {}
    }
    let found = fs::symlink_metadata(place).map_err(|error| error.to_string())?;
    if !found.is_dir() || found.uid() != owner {
        return Err("it is somebody else's, or no directory".to_owned());
    }
    match found.permissions().mode() & 0o077 {
        0 => Ok(()),
        _ => fs::set_permissions(place, fs::Permissions::from_mode(0o700)).map_err(|error| error.to_string()),
    }
}
