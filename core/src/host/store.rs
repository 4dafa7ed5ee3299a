//! A plugin's own store: one JSON file each, changed under a lock, written whole.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use hermes_plugin_api::error::{PluginError, Result};
use serde_json::Value;

use crate::host::file;
use crate::host::service::Values;

/// Reads a store; one that is not there is empty.
///
/// # Errors
/// `UNAVAILABLE` when it is there and cannot be read.
pub fn read(path: &Path) -> Result<Values> {
    match std::fs::read(path) {
        Ok(text) => serde_json::from_slice(&text).map_err(|error| failed(path, &error)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Values::new()),
        Err(error) => Err(failed(path, &error)),
    }
}

/// Changes a store. Two processes that change it at once both succeed.
///
/// # Errors
/// `UNAVAILABLE` when it cannot be written; it is then as before.
pub fn change(path: &Path, with: impl FnOnce(&mut Values)) -> Result<Value> {
    let _held = hold(path)?;
    let mut values = read(path)?;
    with(&mut values);
    let text = serde_json::to_vec(&values)?;
    file::write_whole(path, &text, 0o600).map_err(|error| failed(path, &error))?;
    Ok(Value::Null)
}

/// The lock lies beside the store and is released when this is dropped.
fn hold(path: &Path) -> Result<File> {
    let open = || {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let lock = path.with_extension("lock");
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(lock)?;
        file.lock()?;
        Ok(file)
    };
    open().map_err(|error: std::io::Error| failed(path, &error))
}

fn failed(path: &Path, error: &dyn std::fmt::Display) -> PluginError {
    PluginError::unavailable(format!("Failed to access `{}`: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn concurrent_changes_are_all_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("stores/x.json");
        std::thread::scope(|scope| {
            for i in 0..8 {
                let path = &path;
                scope.spawn(move || change(path, |values| drop(values.insert(i.to_string(), i.into()))).expect("kept"));
            }
        });
        assert_eq!(read(&path).expect("read").len(), 8);
    }

    #[test]
    fn a_broken_store_is_an_error_and_is_not_overwritten() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.json");
        std::fs::write(&path, "{").expect("written");
        assert!(change(&path, |values| values.clear()).is_err());
        assert_eq!(std::fs::read_to_string(&path).expect("read"), "{");
    }
}
