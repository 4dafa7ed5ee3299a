//! The image: given as a file or folder, or built once from an address and kept.

use std::fs::{self, DirBuilder, File};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use hermes_plugin_api::prelude::*;

use crate::engine::Engine;
use crate::task::fingerprint;

/// How long it may take to fetch an image and to build a SIF file from it.
const BUILDING: Duration = Duration::from_secs(1_800);
/// How long others are waited for who build the same.
const POLL: Duration = Duration::from_millis(200);

/// Returns the path of the image, built if it has to be.
///
/// # Errors
/// `CONFIG` for what can be no image; `UNAVAILABLE` when it cannot be built.
pub(crate) async fn ready(engine: &Engine, home: &str, image: &str) -> Result<PathBuf> {
    check(image)?;
    if !image.contains("://") {
        let path = match image.strip_prefix("~/") {
            Some(below) => Path::new(engine.user_folder()).join(below),
            None => Path::new(home).join(image),
        };
        if path.exists() {
            return Ok(path);
        }
        return Err(PluginError::config(format!("There is no image `{}`", path.display())).with_hint(
            "`terminal.singularity_image` names a SIF file, a folder, or an address such as `docker://debian:12`",
        ));
    }
    let folder = Path::new(home).join("cache/singularity");
    let fault = |error: std::io::Error| {
        PluginError::unavailable(format!("Failed to keep an image in `{}`: {error}", folder.display()))
    };
    DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(fault)?;
    let name = fingerprint(&[image]);
    let path = folder.join(format!("{name}.sif"));
    if path.exists() {
        return Ok(path);
    }
    let lock = File::create(folder.join(format!("{name}.lock"))).map_err(fault)?;
    while lock.try_lock().is_err() {
        engine.host.sleep(POLL).await;
    }
    if !path.exists() {
        build(engine, image, &folder.join(format!("{name}.part")), &path).await?;
    }
    Ok(path)
}

/// Refuses what could be taken for an option, or for more than one word, and says which setting it is.
///
/// # Errors
/// `CONFIG`.
pub(crate) fn check(image: &str) -> Result<()> {
    if !image.is_empty() && !image.starts_with('-') && !image.chars().any(char::is_control) {
        return Ok(());
    }
    Err(PluginError::config(format!("`terminal.singularity_image` is {image:?}, which is no image"))
        .with_hint("`hermes config set terminal.singularity_image docker://debian:12`"))
}

async fn build(engine: &Engine, image: &str, part: &Path, path: &Path) -> Result<()> {
    tracing::info!(image, "Builds a SIF file from an image; this is done once.");
    let part_text = part.display().to_string();
    let ran = engine.run(&["build", "--force", &part_text, image], BUILDING).await;
    let built = ran.and_then(|ran| match ran.code {
        0 => fs::rename(part, path).map_err(|error| PluginError::unavailable(error.to_string())),
        _ => Err(PluginError::unavailable(format!("No image can be built from `{image}`: {}", ran.complaint()))
            .with_hint("set `terminal.singularity_image`; a SIF file or a folder of this machine needs no network")),
    });
    if built.is_err() {
        let _ = fs::remove_file(part);
    }
    built
}
