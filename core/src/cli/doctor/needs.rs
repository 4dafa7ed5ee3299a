//! What a backend's manifest says that it needs of this machine (`facts: {needs: […]}`), and what of it is not there.
//!
//! It looks at settings, programs, files and sockets, and asks none of them anything.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use hermes_plugin_api::manifest::{Probe, Provide};
use serde::Deserialize;
use serde_json::Value;

use crate::app::Ground;
use crate::config::layers::Config;
use crate::plugin::asks::plain;
use crate::plugin::probe;

/// One need: all that it names must hold.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Need {
    /// A setting that must be given.
    setting: Option<String>,
    /// Programs, of which one must be there.
    programs: Vec<String>,
    /// Files or sockets, of which one must be there and let us in. `~/` is the user's folder, `{uid}` their number,
    /// and `$NAME` a variable.
    paths: Vec<String>,
    /// A setting that names the file or socket instead, or another way.
    unless: Option<String>,
    /// What it is, to a person.
    what: Option<String>,
    /// What to do about it.
    fix: String,
}

/// Something that is not there.
pub(super) struct Lacking {
    pub(super) said: String,
    pub(super) fix: String,
}

/// What a backend needs on this machine and does not find.
pub(super) fn lacking(offer: &Provide, ground: &Ground, config: &Config) -> Vec<Lacking> {
    let needs = offer.facts.get("needs").cloned().unwrap_or_default();
    let needs: Vec<Need> = match needs {
        Value::Null => Vec::new(),
        needs => match serde_json::from_value(needs) {
            Ok(needs) => needs,
            Err(error) => {
                let said = format!("its plugin does not say rightly what it needs (`facts.needs`): {error}");
                return vec![Lacking { said: plain(&said), fix: "tell whoever wrote it".to_owned() }];
            }
        },
    };
    let lacks = |need: &Need| Some(Lacking { said: said(need, ground, config)?, fix: plain(&need.fix) });
    needs.iter().filter_map(lacks).collect()
}

/// What is wrong with it, as the rest of a sentence.
fn said(need: &Need, ground: &Ground, config: &Config) -> Option<String> {
    let given = |key: &str| config.get(key).and_then(Value::as_str).unwrap_or_default();
    if let Some(key) = need.setting.as_deref().filter(|key| given(key).is_empty()) {
        return Some(format!("`{}` is not set", plain(key)));
    }
    let path = ground.env.var("PATH").map(ToOwned::to_owned).unwrap_or_default();
    let is_there = |name: &String| probe::is_there(&Probe::Program(name.clone()), &path);
    if !need.programs.is_empty() && !need.programs.iter().any(is_there) {
        return Some(match &need.programs[..] {
            [one] => format!("the program `{}` is not there", plain(one)),
            several => format!("none of the programs {} is there", named(several)),
        });
    }
    let paths: Vec<String> = match need.unless.as_deref().map(given).unwrap_or_default() {
        "" => need.paths.iter().filter_map(|path| expanded(path, ground)).collect(),
        given => match given.split_once("://") {
            Some(("unix", path)) => vec![path.to_owned()],
            Some(_) => return None,
            None if given.starts_with(['~', '/']) => expanded(given, ground).into_iter().collect(),
            None => vec![ground.home.root().join(given).display().to_string()],
        },
    };
    if need.paths.is_empty() || paths.iter().any(|path| lets_in(Path::new(path))) {
        return None;
    }
    let what = need.what.as_deref().map(|what| format!("{} is not there: ", plain(what))).unwrap_or_default();
    Some(match (paths.iter().find(|path| Path::new(path).exists()), &paths[..]) {
        (Some(path), _) => format!("`{}` does not let you in", plain(path)),
        (None, [one]) => format!("`{}` is not there", plain(one)),
        (None, several) => format!("{what}none of {} is", named(several)),
    })
}

fn named(all: &[String]) -> String {
    all.iter().map(|one| format!("`{}`", plain(one))).collect::<Vec<_>>().join(", ")
}

/// A path of a manifest or a setting; `None` for one below something that this user does not have.
fn expanded(path: &str, ground: &Ground) -> Option<String> {
    if let Some(below) = path.strip_prefix("~/") {
        return Some(ground.env.user_home()?.join(below).display().to_string());
    }
    if let Some(rest) = path.strip_prefix('$') {
        let (name, below) = rest.split_once('/').map_or((rest, None), |(name, below)| (name, Some(below)));
        let value = ground.env.text(name).filter(|value| value.starts_with('/'))?;
        return Some(below.map_or(value.to_owned(), |below| format!("{value}/{below}")));
    }
    let uid = std::fs::metadata("/proc/self").map(|own| own.uid().to_string()).unwrap_or_default();
    Some(path.replace("{uid}", &uid))
}

/// Whether it can be read, or connected to where it is a socket.
fn lets_in(path: &Path) -> bool {
    use rustix::fs::Access;
    use std::os::unix::fs::FileTypeExt as _;
    let Ok(found) = std::fs::metadata(path) else { return false };
    let access = if found.file_type().is_socket() { Access::WRITE_OK } else { Access::READ_OK };
    rustix::fs::access(path, access).is_ok()
}
