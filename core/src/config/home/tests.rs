//! Where the home is, and how private.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{Home, HomeError, Profile, is_exposed};
use crate::config::Environment;

fn mode(path: &Path) -> u32 {
    fs::metadata(path).expect("there").permissions().mode() & 0o777
}

#[test]
fn the_environment_names_the_home() {
    let check = |vars: &[(&str, &str)], root: &str| {
        let home = Home::resolve(&Environment::of(vars.iter().copied())).expect("known");
        assert_eq!(home.root(), Path::new(root));
    };
    check(&[("HOME", "/home/u")], "/home/u/.hermes");
    check(&[("HOME", "/home/u"), ("HERMES_HOME", "")], "/home/u/.hermes");
    check(&[("HOME", "/home/u"), ("HERMES_HOME", "/srv/h")], "/srv/h");
    check(&[("HOME", "/home/u"), ("HERMES_HOME", "~/h")], "/home/u/h");
    let lost = Home::resolve(&Environment::of([("PATH", "/bin")])).expect_err("unknown");
    assert!(matches!(lost, HomeError::Unknown));
}

#[test]
fn a_profile_has_everything_of_its_own() {
    let dir = tempfile::tempdir().expect("a directory");
    let home = Home::at(dir.path());
    let work = home.profile("work".parse().expect("a name"));
    assert_eq!(work.config_file(), dir.path().join("profiles/work/config.yaml"));
    assert!(matches!(work.check(), Err(HomeError::NoProfile { .. })));
    work.create().expect("made");
    work.check().expect("usable");
    assert_eq!(home.profile_names(), ["work"]);
    let other = work.profile("other".parse().expect("a name"));
    assert_eq!(other.root(), dir.path().join("profiles/other"));
}

#[test]
fn profile_names_lead_nowhere_else() {
    for name in ["", ".", "..", "../x", "a/b", "-x", "a b", "ä", &"a".repeat(65)] {
        assert!(name.parse::<Profile>().is_err(), "{name}");
    }
}

#[test]
fn what_is_made_is_private() {
    let dir = tempfile::tempdir().expect("a directory");
    let home = Home::at(dir.path().join("a/b"));
    let made = home.create_dir(Path::new("sandboxes/x")).expect("made");
    for path in [home.root(), home.sandboxes_dir().as_path(), made.as_path()] {
        assert_eq!(mode(path), 0o700, "{}", path.display());
    }
    for path in ["../out", "/etc", "a/../../b"] {
        assert!(home.create_dir(Path::new(path)).is_err(), "{path}");
    }
}

#[test]
fn a_home_without_access_is_one_error_with_a_way_out() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("file");
    fs::write(&file, "").expect("written");
    let home = Home::at(&file);
    assert!(matches!(home.check(), Err(HomeError::NotDirectory(_))));
    let below = Home::at(file.join("x"));
    let error = below.create().expect_err("no directory");
    assert_eq!(error.to_string(), format!("The hermes home `{}` cannot be created", below.root().display()));
    assert!(error.hint().expect("a hint").contains("HERMES_HOME"));
}

#[test]
fn exposure_is_reading_by_others() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    for (bits, exposed) in [(0o600, false), (0o640, true), (0o604, true), (0o622, false)] {
        fs::set_permissions(file.path(), fs::Permissions::from_mode(bits)).expect("set");
        assert_eq!(is_exposed(file.path()), exposed, "{bits:o}");
    }
}
