//! What plugins need that is none of ours: looked for by the host, so that no plugin is loaded for it.

use std::ffi::OsStr;
use std::path::Path;

use hermes_plugin_api::manifest::Probe;

/// Whether it is there. `path` is where programs are looked for.
#[must_use]
pub fn is_there(probe: &Probe, path: &OsStr) -> bool {
    match probe {
        Probe::Path(place) => Path::new(place).exists(),
        Probe::Program(name) => std::env::split_paths(path).any(|folder| is_program(&folder.join(name))),
    }
}

fn is_program(path: &Path) -> bool {
    path.is_file() && rustix::fs::access(path, rustix::fs::Access::EXEC_OK).is_ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_program_is_a_file_that_can_be_run() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("acme");
        let probe = Probe::Program("acme".to_owned());
        assert!(!is_there(&probe, folder.path().as_os_str()));
        std::fs::write(&path, "").expect("written");
        assert!(!is_there(&probe, folder.path().as_os_str()));
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).expect("set");
        assert!(is_there(&probe, folder.path().as_os_str()));
        assert!(is_there(&Probe::Path(path.display().to_string()), OsStr::new("")));
    }
}
