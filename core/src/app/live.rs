//! The configuration as it is now, for what has to hold from the moment it is written.
//!
//! Most of it is read once, at the start. Policies that a plugin asks for again are not: they come from here, read
//! again when `config.yaml` or `.env` changed. A configuration that is malformed meanwhile is no configuration; the
//! one before it does not stand in for it.

use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use hermes_plugin_api::error::PluginError;

use crate::config::layers::Config;
use crate::error::Failure;
use crate::host::clock;

/// A file that changed less than this before it was read may have changed after it, on the same tick of its clock.
const RACY_MS: u64 = 2_000;

/// Reads the configuration.
type Reader = Box<dyn Fn() -> Result<Config, Failure> + Send + Sync>;

/// The configuration as it is now.
pub struct Live {
    files: Vec<PathBuf>,
    reader: Reader,
    now: Mutex<Now>,
}

/// What was read last, and when the files were what.
struct Now {
    stamps: Vec<Stamp>,
    /// Nothing changed shortly before.
    settled: bool,
    version: u64,
    config: Result<Arc<Config>, PluginError>,
}

/// By what a change of a file is known; nothing for a file that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp(Option<(u64, u64, [i64; 4])>);

impl Live {
    /// The configuration that these files make. The first reading is the start's, so its errors are too.
    ///
    /// # Errors
    /// What the reader reports.
    pub fn start(files: Vec<PathBuf>, reader: Reader) -> Result<(Self, Arc<Config>), Failure> {
        let (stamps, settled) = stamps(&files);
        let config = Arc::new(reader()?);
        let now = Now { stamps, settled, version: 1, config: Ok(config.clone()) };
        Ok((Self { files, reader, now: Mutex::new(now) }, config))
    }

    /// The configuration, and a number that differs from that of any other reading.
    ///
    /// # Errors
    /// `CONFIG` while it is malformed, with file, line and key as at the start.
    pub fn now(&self) -> Result<(u64, Arc<Config>), PluginError> {
        let mut now = self.now.lock().unwrap_or_else(PoisonError::into_inner);
        // Before they are read: what changes after this is seen the next time.
        let (stamps, settled) = stamps(&self.files);
        if !now.settled || now.stamps != stamps {
            let config = (self.reader)().map(Arc::new).map_err(|failure| failure.of_configuration());
            if let Ok(config) = &config {
                crate::redact::know(config.secret_values());
            }
            *now = Now { stamps, settled, version: now.version + 1, config };
        }
        let config = now.config.as_ref().map_err(PluginError::clone)?;
        Ok((now.version, config.clone()))
    }
}

fn stamps(files: &[PathBuf]) -> (Vec<Stamp>, bool) {
    let stamps: Vec<Stamp> = files.iter().map(|file| Stamp::of(file)).collect();
    let now = clock::now_ms();
    let settled = stamps.iter().all(|stamp| stamp.is_settled(now));
    (stamps, settled)
}

impl Stamp {
    fn of(path: &Path) -> Self {
        let meta = std::fs::metadata(path).ok();
        Self(
            meta.map(|meta| {
                (meta.ino(), meta.len(), [meta.mtime(), meta.mtime_nsec(), meta.ctime(), meta.ctime_nsec()])
            }),
        )
    }

    fn is_settled(&self, now_ms: u64) -> bool {
        let Some((_, _, [written, _, changed, _])) = self.0 else { return true };
        // Both in whole seconds.
        let last = u64::try_from(written.max(changed)).unwrap_or_default();
        (last + 1).saturating_mul(1000).saturating_add(RACY_MS) < now_ms
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File, FileTimes};
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;
    use crate::config::environment::Environment;
    use crate::config::home::Home;
    use crate::config::layers::Sources;

    #[test]
    fn it_is_read_again_when_it_changed_and_a_malformed_one_is_nobodys() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = Home::at(folder.path());
        home.create().expect("made");
        let file = home.config_file();
        let write = |text: &str| fs::write(&file, text).expect("written");
        write("approvals: {timeout: 5}\n");
        let sources = Sources::new(home, Environment::default(), Default::default());
        let live = Live::start(vec![file.clone()], Box::new(move || Ok(Config::load(&sources)?)));
        let (live, first) = live.expect("sound");
        assert_eq!(first.settings.approvals.timeout, 5);
        let timeout = || live.now().map(|(_, config)| config.settings.approvals.timeout);
        // As long as before, on the same tick of the clock.
        write("approvals: {timeout: 6}\n");
        assert_eq!(timeout().expect("sound"), 6);
        write("approvals:\n  timeout: soon\n");
        let error = timeout().expect_err("malformed");
        assert_eq!(error.code, hermes_plugin_api::error::ErrorCode::CONFIG);
        assert!(error.message.contains("`approvals.timeout`") && error.message.contains("config.yaml`, line 2"));
        write("approvals: {timeout: 7}\n");
        assert_eq!(timeout().expect("mended"), 7);
        fs::remove_file(&file).expect("removed");
        assert_eq!(timeout().expect("defaults"), 60);
    }

    #[test]
    fn what_did_not_change_is_not_read_again() {
        let folder = tempfile::tempdir().expect("a folder");
        let (home, missing) = (Home::at(folder.path()), folder.path().join("config.yaml"));
        let reads = Arc::new(AtomicU32::new(0));
        let (counted, sources) = (reads.clone(), Sources::new(home, Environment::default(), Default::default()));
        let reader: Reader = Box::new(move || {
            counted.fetch_add(1, Ordering::Relaxed);
            Ok(Config::load(&sources)?)
        });
        let (live, _) = Live::start(vec![missing.clone()], reader).expect("sound");
        let versions: Vec<u64> = (0..9).map(|_| live.now().expect("sound").0).collect();
        assert_eq!((versions, reads.load(Ordering::Relaxed)), (vec![1; 9], 1));
        fs::write(&missing, "").expect("written");
        // Long ago, as far as its content goes: but it was made a file of now, and may change on this tick.
        let old = FileTimes::new().set_modified(UNIX_EPOCH + Duration::from_secs(1));
        File::options().write(true).open(&missing).and_then(|file| file.set_times(old)).expect("set");
        assert_eq!([live.now().expect("sound").0, live.now().expect("sound").0], [2, 3]);
    }
}
