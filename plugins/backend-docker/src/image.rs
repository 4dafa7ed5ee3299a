//! Fetches images, and says how far that is.

use std::pin::Pin;
use std::time::Duration;

use bollard::errors::Error;
use bollard::models::CreateImageInfo;
use bollard::query_parameters::CreateImageOptionsBuilder;
use futures_util::StreamExt as _;
use hermes_plugin_api::prelude::*;
use hermes_plugin_api::session::Report;
use tokio::time::Instant;

use crate::engine::{Engine, status};

/// How long somebody who waits hears nothing, at most, while something comes.
const SELDOM: Duration = Duration::from_secs(10);

/// Whoever waits for a session.
pub(crate) trait Told: Send + Sync {
    /// Says how far it is, or what must be known.
    fn tell(&self, report: Report) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// Fetches an image. Dropping this has the engine stop fetching.
///
/// # Errors
/// `UNAVAILABLE` when it cannot be had.
pub(crate) async fn pull(engine: &Engine, image: &str, told: &dyn Told) -> Result<()> {
    // Who watches no progress is told once: it may take minutes.
    told.tell(Report::Notice { text: format!("Fetching the image `{image}`") }).await;
    let (name, tag) = split(image);
    let options = CreateImageOptionsBuilder::new().from_image(name).tag(tag).build();
    let mut pieces = Box::pin(engine.api.create_image(Some(options), None, None));
    let mut done = Progress::new(Instant::now());
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|error| match (&error, status(&error)) {
            (Error::DockerResponseServerError { message, .. }, Some(_)) => refused(image, message),
            (Error::DockerStreamError { error }, _) => refused(image, error),
            _ => engine.failed("fetch the image", &error),
        })?;
        if let Some(why) = piece.error_detail.as_ref().and_then(|detail| detail.message.as_deref()) {
            return Err(refused(image, why));
        }
        if let Some(text) = done.take(piece, Instant::now()) {
            told.tell(Report::Progress { text: format!("Fetching the image `{image}`: {text}") }).await;
        }
    }
    told.tell(Report::Progress { text: format!("The image `{image}` is there") }).await;
    Ok(())
}

/// What kept the engine from having an image, and the way out of it.
fn refused(image: &str, why: &str) -> PluginError {
    let error = PluginError::unavailable(format!("The image `{image}` cannot be had: {}", why.trim()));
    let why = why.to_ascii_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| why.contains(word));
    let hint = if says(&["no space left"]) {
        "make room on the disk of the engine".to_owned()
    } else if says(&["verification failed", "does not match", "mismatch"]) {
        "do not use it: the registry serves something else than what the digest pins".to_owned()
    } else if says(&["toomanyrequests", "rate limit"]) {
        format!("the registry gives out no more for now: wait, or `docker login` and `docker pull {image}`")
    } else if says(&["unauthorized", "authentication", "basic auth", "denied", "forbidden"]) {
        format!(
            "check the name; what is private the engine fetches for who may: `docker login`, `docker pull {image}`, \
             then try again"
        )
    } else if says(&["manifest unknown", "name unknown", "not found", "does not exist"]) {
        let what = if image.contains('@') { "name and digest" } else { "name and tag" };
        format!("the registry does not have it: check {what} in `terminal.docker_image`")
    } else if says(&["dial tcp", "no such host", "refused", "timeout", "unreachable", "tls", "x509", "http", "eof"]) {
        "the engine does not reach the registry: is it up, and named rightly in `terminal.docker_image`?".to_owned()
    } else {
        "set `terminal.docker_image` to one that the engine has or can fetch".to_owned()
    };
    error.with_hint(hint)
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
struct Progress {
    layers: std::collections::BTreeMap<String, (i64, i64)>,
    told: (i64, i64),
    at: Instant,
}

impl Progress {
    fn new(now: Instant) -> Self {
        Self { layers: Default::default(), told: (0, 0), at: now }
    }

    /// Takes a piece in; tells something with every tenth of the whole, and after a while of slower progress.
    fn take(&mut self, piece: CreateImageInfo, now: Instant) -> Option<String> {
        let (id, layer) = (piece.id?, piece.progress_detail);
        match piece.status.as_deref() {
            Some("Downloading") => {
                let layer = layer?;
                self.layers.insert(id, (layer.current?, layer.total?));
            }
            // What is small comes at once, and never said how large it is.
            Some("Download complete") => {
                let layer = self.layers.get_mut(&id)?;
                layer.0 = layer.1;
            }
            // Large ones take a while for this too.
            Some("Extracting") if now.saturating_duration_since(self.at) >= SELDOM => {
                self.at = now;
                return Some("unpacking".to_owned());
            }
            _ => return None,
        }
        let (current, total) = self.layers.values().fold((0, 0), |(a, b), (c, d)| (a + c, b + d));
        let tenth = current * 10 / total.max(1);
        let slow = current > self.told.1 && now.saturating_duration_since(self.at) >= SELDOM;
        (tenth > self.told.0 || slow).then(|| {
            self.told = (tenth.max(self.told.0), current);
            self.at = now;
            format!("{} of {}", megabytes(current), megabytes(total))
        })
    }
}

fn megabytes(bytes: i64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bollard::models::{CreateImageInfo, ProgressDetail};
    use tokio::time::Instant;

    use super::{Progress, SELDOM, refused, split};

    #[test]
    fn names_tags_and_digests_are_told_apart() {
        assert_eq!(split("a/b"), ("a/b", "latest"));
        assert_eq!(split("a/b:c"), ("a/b", "c"));
        assert_eq!(split("host:5000/b"), ("host:5000/b", "latest"));
        assert_eq!(split("host:5000/b:c"), ("host:5000/b", "c"));
        assert_eq!(split("a@sha256:00"), ("a", "sha256:00"));
    }

    #[test]
    fn progress_is_told_by_tenths_and_now_and_then() {
        let begun = Instant::now();
        let mut progress = Progress::new(begun);
        let mut take = |status: &str, current: i64, after: Duration| {
            let detail = ProgressDetail { current: Some(current), total: Some(10_000_000) };
            let (id, status) = (Some("layer".to_owned()), Some(status.to_owned()));
            let piece = CreateImageInfo { id, status, progress_detail: Some(detail), ..CreateImageInfo::default() };
            progress.take(piece, begun + after)
        };
        let now = Duration::ZERO;
        assert_eq!(take("Pulling fs layer", 0, now), None);
        assert_eq!(take("Downloading", 500_000, now), None);
        assert_eq!(take("Downloading", 1_000_000, now).as_deref(), Some("1.0 MB of 10.0 MB"));
        assert_eq!(take("Downloading", 1_100_000, now), None);
        assert_eq!(take("Downloading", 1_200_000, SELDOM).as_deref(), Some("1.2 MB of 10.0 MB"));
        assert_eq!(take("Downloading", 1_200_000, SELDOM * 2), None, "nothing came");
        assert_eq!(take("Download complete", 0, SELDOM).as_deref(), Some("10.0 MB of 10.0 MB"));
        assert_eq!(take("Extracting", 5_000_000, SELDOM), None);
        assert_eq!(take("Extracting", 6_000_000, SELDOM * 2).as_deref(), Some("unpacking"));
    }

    #[test]
    fn every_refusal_has_a_way_out() {
        for (said, hint) in [
            ("write /var/lib/docker/tmp/x: no space left on device", "make room"),
            ("manifest verification failed for digest sha256:00", "do not use it"),
            ("toomanyrequests: You have reached your pull rate limit", "wait"),
            ("Head \"http://x/v2/\": no basic auth credentials", "docker login"),
            ("pull access denied for a, repository does not exist or may require 'docker login'", "check the name"),
            ("manifest for a:b not found: manifest unknown: manifest unknown", "name and tag"),
            ("Get \"http://x/v2/\": dial tcp 127.0.0.1:1: connect: connection refused", "does not reach"),
            ("invalid reference format", "set `terminal.docker_image`"),
        ] {
            let told = refused("a:b", said);
            assert!(told.hint().is_some_and(|told| told.contains(hint)), "{said}: {told:?}");
        }
        let pinned = refused("a@sha256:00", "manifest unknown");
        assert!(pinned.hint().is_some_and(|hint| hint.contains("name and digest")), "{pinned:?}");
    }
}
