//! The log file: `tracing` events of the host and of plugins, redacted, rotated by size.
//!
//! Standard error stays free for the person; the log is where an operator looks.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

/// A file is set aside when it is longer than this, in bytes.
const LONGEST: u64 = 10 << 20;
/// How many are kept besides the one that is written.
const KEPT: u32 = 3;

/// Starts logging into `folder/name`. `filter` is a directive list such as `info,hermes_core=debug`.
///
/// # Errors
/// When the file cannot be opened or the filter is malformed; nothing is logged then.
pub fn start(folder: &Path, name: &str, filter: &str) -> io::Result<()> {
    let filter = EnvFilter::try_new(filter).map_err(io::Error::other)?;
    let log = Log { path: folder.join(name), file: Mutex::new(None) };
    log.open()?;
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(log);
    subscriber.try_init().map_err(io::Error::other)
}

struct Log {
    path: PathBuf,
    file: Mutex<Option<File>>,
}

impl Log {
    fn open(&self) -> io::Result<()> {
        if std::fs::metadata(&self.path).is_ok_and(|meta| meta.len() > LONGEST) {
            rotate(&self.path);
        }
        let file = OpenOptions::new().create(true).append(true).mode(0o600).open(&self.path)?;
        *self.file.lock().unwrap_or_else(PoisonError::into_inner) = Some(file);
        Ok(())
    }
}

/// `log.2` becomes `log.3` and so on; the oldest goes.
fn rotate(path: &Path) {
    let numbered = |n: u32| PathBuf::from(format!("{}.{n}", path.display()));
    for n in (1..KEPT).rev() {
        let _ = std::fs::rename(numbered(n), numbered(n + 1));
    }
    let _ = std::fs::rename(path, numbered(1));
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line(self)
    }
}

/// Takes one formatted event at a time.
struct Line<'a>(&'a Log);

impl Write for Line<'_> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let redacted = crate::redact::redact(&text);
        let mut file = self.0.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = file.as_mut() {
            file.write_all(redacted.as_bytes())?;
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_log_is_set_aside_and_secrets_are_not_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("x.log");
        File::create(&path).and_then(|file| file.set_len(LONGEST + 1)).expect("a long file");
        let log = Log { path: path.clone(), file: Mutex::new(None) };
        log.open().expect("opened");
        log.make_writer().write_all(b"password=hunter22hunter22 said somebody\n").expect("written");
        let text = std::fs::read_to_string(&path).expect("read");
        assert!(text.contains("[REDACTED]") && !text.contains("hunter22"), "{text}");
        assert!(folder.path().join("x.log.1").exists());
    }
}
