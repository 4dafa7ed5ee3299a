//! `hermes plugins new`: the first files of a plugin of one's own.

use std::fs;
use std::path::Path;

use hermes_plugin_api::manifest::is_id;

use crate::cli::out;
use crate::config::environment::prefix;
use crate::error::{self, Failure};
use crate::plugin::asks::plain;
use crate::plugin::template::{self, Place};

pub(super) fn run(kind: &str, name: &str, dir: Option<&Path>) -> Result<u8, Failure> {
    if !is_id(name) {
        let failure = Failure::new(format!("`{}` cannot be the id of a plugin", plain(name)));
        return Err(
            failure.hint(format!("write lower-case words joined by `-`, such as `{}-mine`", template::prefix(kind)))
        );
    }
    let api =
        prefix().map(|prefix| prefix.join("share/hermes/plugin-api")).filter(|api| api.join("Cargo.toml").exists());
    let api = api
        .ok_or_else(|| Failure::new("The sources of plugin-api are not installed").hint("install the program again"))?;
    let Some(files) = template::render(kind, name, Place::Alone { api: &api }) else {
        let kinds = template::kinds().collect::<Vec<_>>().join(", ");
        return Err(
            Failure::new(format!("`{}` is not a kind of plugin", plain(kind))).hint(format!("there are {kinds}"))
        );
    };
    let folder = dir.unwrap_or(Path::new(".")).join(name);
    if folder.symlink_metadata().is_ok() {
        let failure = Failure::new(format!("`{}` exists already", folder.display()));
        return Err(failure.hint("choose another name, or another place with `--path`"));
    }
    for (path, text) in files {
        let path = folder.join(path);
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::write(path, text)?;
    }
    let folder = folder.display();
    out::line(&format!("Made {folder}"));
    out::line(&format!("Build it with `cargo build --manifest-path {folder}/Cargo.toml`,"));
    out::line(&format!(
        "try it with `hermes plugins test {folder}`, and use it with `hermes plugins install --dev {folder}`"
    ));
    Ok(error::OK)
}
