//! Files of the home that commands may read where they run, in a container or on another machine.
//!
//! They are named by settings; each must lie in the home, whatever links there are on the way. Reading them here is
//! nobody's business: only their paths go on.

use std::path::{Component, Path};

use hermes_plugin_api::backend::SharedFile;

/// Looks the named files up. Those that are not lent come with the reason.
#[must_use]
pub fn look_up(home: &Path, names: &[String]) -> (Vec<SharedFile>, Vec<String>) {
    let mut lent = Vec::new();
    let mut refused = Vec::new();
    for name in names {
        match one(home, name) {
            Ok(file) => lent.push(file),
            Err(why) => refused.push(format!("`{}` {why}; left out", name.escape_debug())),
        }
    }
    (lent, refused)
}

fn one(home: &Path, name: &str) -> Result<SharedFile, &'static str> {
    let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    if name.is_empty() || !Path::new(name).components().all(plain) || name.chars().any(char::is_control) {
        return Err("is not a path below the home");
    }
    let missing = |_| "is not there";
    let (home, real) = (home.canonicalize().map_err(missing)?, home.join(name).canonicalize().map_err(missing)?);
    if !real.starts_with(&home) {
        return Err("leads out of the home");
    }
    if !real.is_file() {
        return Err("is not a file");
    }
    let source = real.to_str().ok_or("is not text")?.to_owned();
    // Without `.`, doubled slashes and the like.
    let name = Path::new(name).components().collect::<std::path::PathBuf>();
    Ok(SharedFile { source, name: name.to_str().ok_or("is not text")?.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_in_the_home_is_lent_and_nothing_else() {
        let place = tempfile::tempdir().expect("a folder");
        let home = place.path().join("home");
        std::fs::create_dir_all(home.join("tokens")).expect("made");
        std::fs::write(home.join("tokens/one.json"), "1").expect("written");
        std::fs::write(place.path().join("outside"), "2").expect("written");
        std::os::unix::fs::symlink("tokens/one.json", home.join("inner")).expect("linked");
        std::os::unix::fs::symlink("../outside", home.join("outer")).expect("linked");
        std::os::unix::fs::symlink("/etc", home.join("etc")).expect("linked");
        let names = [
            "tokens//one.json",
            "inner",
            "outer",
            "etc/passwd",
            "../outside",
            "/etc/passwd",
            "tokens",
            "none",
            "",
            "./x",
            "a\nb",
        ];
        let (lent, refused) = look_up(&home, &names.map(str::to_owned));
        let source = home.canonicalize().expect("there").join("tokens/one.json").display().to_string();
        let file = |name: &str| SharedFile { source: source.clone(), name: name.to_owned() };
        assert_eq!(lent, [file("tokens/one.json"), file("inner")]);
        assert_eq!(refused.len(), names.len() - 2, "{refused:?}");
        assert_eq!(refused[0], "`outer` leads out of the home; left out");
    }
}
