//! Fetches images, and says how far that is.

use std::pin::Pin;

use bollard::models::CreateImageInfo;
use bollard::query_parameters::CreateImageOptionsBuilder;
use futures_util::StreamExt as _;
use hermes_plugin_api::prelude::*;

use crate::engine::{Engine, status};

/// Whoever waits for a session.
pub(crate) trait Told: Send + Sync {
    /// Says how far it is.
    fn progress(&self, text: String) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// Fetches an image.
///
/// # Errors
/// `UNAVAILABLE` when it cannot be had.
pub(crate) async fn pull(engine: &Engine, image: &str, told: &dyn Told) -> Result<()> {
    told.progress(format!("Fetching the image `{image}`")).await;
    let (name, tag) = split(image);
    let options = CreateImageOptionsBuilder::new().from_image(name).tag(tag).build();
    let mut pieces = Box::pin(engine.api.create_image(Some(options), None, None));
    let mut done = Progress::default();
    while let Some(piece) = pieces.next().await {
        let failed = |why: &str| {
            let error = PluginError::unavailable(format!("The image `{image}` cannot be had: {}", why.trim()));
            error.with_hint("set `terminal.docker_image` to one that the engine has or can fetch")
        };
        let piece = piece.map_err(|error| match (&error, status(&error)) {
            (bollard::errors::Error::DockerResponseServerError { message, .. }, Some(_)) => failed(message),
            (bollard::errors::Error::DockerStreamError { error }, _) => failed(error),
            _ => engine.failed("fetch the image", &error),
        })?;
        if let Some(why) = piece.error_detail.as_ref().and_then(|detail| detail.message.as_deref()) {
            return Err(failed(why));
        }
        if let Some(text) = done.take(piece) {
            told.progress(format!("Fetching the image `{image}`: {text}")).await;
        }
    }
    Ok(())
}

/// Name and tag, or digest: the engine fetches every tag of a name without one.
fn split(image: &str) -> (&str, &str) {
    if let Some((name, digest)) = image.split_once('@') {
        return (name, digest);
    }
    match image.rsplit_once(':') {
        Some((name, tag)) if !tag.contains('/') => (name, tag),
        _ => (image, "latest"),
    }
}

/// Layers that are fetched, and how much of them.
#[derive(Default)]
struct Progress {
    layers: std::collections::BTreeMap<String, (i64, i64)>,
    told: i64,
}

impl Progress {
    /// Takes a piece in; tells something with every tenth of the whole.
    fn take(&mut self, piece: CreateImageInfo) -> Option<String> {
        let detail = piece.progress_detail.filter(|_| piece.status.as_deref() == Some("Downloading"))?;
        self.layers.insert(piece.id?, (detail.current?, detail.total?));
        let (current, total) = self.layers.values().fold((0, 0), |(a, b), (c, d)| (a + c, b + d));
        let tenth = current * 10 / total.max(1);
        (tenth > self.told).then(|| {
            self.told = tenth;
            format!("{} of {} MB", current / 1_000_000, total / 1_000_000)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn names_tags_and_digests_are_told_apart() {
        assert_eq!(split("a/b"), ("a/b", "latest"));
        assert_eq!(split("a/b:c"), ("a/b", "c"));
        assert_eq!(split("host:5000/b"), ("host:5000/b", "latest"));
        assert_eq!(split("host:5000/b:c"), ("host:5000/b", "c"));
        assert_eq!(split("a@sha256:00"), ("a", "sha256:00"));
    }
}
