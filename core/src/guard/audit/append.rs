//! Appends to the audit log under a lock, finds where it ends, and sets full files aside.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{Error, ErrorKind, Read, Result, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

use super::line::{Line, Record, genesis, hash};

/// How long another process may hold the lock.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(2);
const CHUNK: u64 = 8192;

/// The writing end of a log.
#[derive(Debug)]
pub(super) struct Writer {
    logs: PathBuf,
    head: Option<File>,
    /// The file as we left it: valid while nobody else has written.
    known: Option<Known>,
}

#[derive(Debug)]
struct Known {
    file: File,
    inode: u64,
    length: u64,
    last: String,
}

/// Where a log ends.
struct End {
    last: String,
    /// The last line has no line end.
    open: bool,
    /// The last line was cut short.
    torn: bool,
    /// The hash of the line before the last one.
    before: String,
}

impl Writer {
    pub(super) fn new(logs: &Path) -> Self {
        Self { logs: logs.to_owned(), head: None, known: None }
    }

    pub(super) fn append(&mut self, record: &Record<'_>, limit: u64) -> Result<()> {
        let head = self.lock()?;
        let done = self.append_locked(record, limit, &head);
        let unlocked = flock(&head, FlockOperation::Unlock);
        self.head = Some(head);
        if done.is_err() {
            self.known = None;
        }
        done.and(unlocked.map_err(Error::from))
    }

    fn lock(&mut self) -> Result<File> {
        let head = match self.head.take() {
            Some(head) => head,
            None => {
                DirBuilder::new().recursive(true).mode(0o700).create(&self.logs)?;
                options().write(true).create(true).open(self.logs.join("audit.head"))?
            }
        };
        let mut waited = Duration::ZERO;
        loop {
            match flock(&head, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(head),
                Err(rustix::io::Errno::WOULDBLOCK | rustix::io::Errno::INTR) if waited < PATIENCE => {}
                Err(rustix::io::Errno::WOULDBLOCK) => {
                    return Err(Error::new(ErrorKind::TimedOut, "another process holds its lock"));
                }
                Err(error) => return Err(error.into()),
            }
            std::thread::sleep(PAUSE);
            waited += PAUSE;
        }
    }

    fn append_locked(&mut self, record: &Record<'_>, limit: u64, head: &File) -> Result<()> {
        let path = self.logs.join("audit.jsonl");
        if std::fs::metadata(&path).is_ok_and(|found| found.len() >= limit) {
            std::fs::rename(&path, next_aside(&self.logs)?)?;
            self.known = None;
        }
        let unchanged = |known: &Known| {
            std::fs::metadata(&path).is_ok_and(|found| found.ino() == known.inode && found.len() == known.length)
        };
        let (mut known, end) = match self.known.take().filter(unchanged) {
            Some(known) => (known, None),
            None => {
                let (known, end) = self.open(&path)?;
                (known, Some(end))
            }
        };
        let mut line = Line::new(record, &known.last);
        let mut bytes = Vec::new();
        if let Some(end) = end {
            line.lost = lost(head, &end);
            line.after_torn = end.torn.then_some(end.before);
            if end.open {
                bytes.push(b'\n');
            }
        }
        let encoded = line.encode().map_err(Error::other)?;
        bytes.extend_from_slice(&encoded);
        bytes.push(b'\n');
        write(&mut known, &bytes, !record.allowed || !record.findings.is_empty())?;
        known.last = hash(&encoded);
        head.write_all_at(format!("{}\n", known.last).as_bytes(), 0)?;
        self.known = Some(known);
        Ok(())
    }

    fn open(&self, path: &Path) -> Result<(Known, End)> {
        let mut file = options().append(true).create(true).open(path)?;
        let mut end = end_of(&mut file)?;
        if end.is_none() {
            end = match super::files(&self.logs)?.iter().rev().find(|other| *other != path) {
                Some(older) => end_of(&mut options().open(older)?)?,
                None => None,
            };
        }
        let end = end.unwrap_or_else(|| End { last: genesis(), open: false, torn: false, before: genesis() });
        let found = file.metadata()?;
        let known = Known { inode: found.ino(), length: found.len(), last: end.last.clone(), file };
        Ok((known, end))
    }
}

fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).mode(0o600).custom_flags(rustix::fs::OFlags::NOFOLLOW.bits().cast_signed());
    options
}

/// A line that does not fit is taken back: half a line would be read as damage.
fn write(known: &mut Known, bytes: &[u8], sync: bool) -> Result<()> {
    let written = known.file.write_all(bytes);
    if let Err(error) = written {
        let _ = known.file.set_len(known.length);
        return Err(error);
    }
    known.length += bytes.len() as u64;
    if sync { known.file.sync_data() } else { Ok(()) }
}

/// The hash that stands in the head, where it is neither that of the last line nor of the one before: a process
/// that ended between the two writes leaves the latter.
fn lost(head: &File, end: &End) -> Option<String> {
    let said = read_head(head)?;
    (said != end.last && said != end.before).then_some(said)
}

/// Returns the hash of the last line as it was when it was written.
pub(super) fn read_head(head: &File) -> Option<String> {
    let mut bytes = [0; 64];
    head.read_exact_at(&mut bytes, 0).ok()?;
    String::from_utf8(bytes.to_vec()).ok().filter(|text| text.bytes().all(|c| c.is_ascii_hexdigit()))
}

/// Returns the end of a file; `None` where it is empty. A whole record that only lacks its line end counts as
/// torn too: it was never acknowledged.
fn end_of(file: &mut File) -> Result<Option<End>> {
    let (earlier, tail) = last_lines(file)?;
    if tail.is_empty() {
        return Ok(None);
    }
    let line = tail.strip_suffix(b"\n").unwrap_or(&tail);
    let open = line.len() == tail.len();
    let said = serde_json::from_slice::<Line>(line).ok().map(|line| line.prev);
    let torn = open || said.is_none();
    let earlier = earlier.map_or_else(genesis, |line| hash(line.strip_suffix(b"\n").unwrap_or(&line)));
    Ok(Some(End { last: hash(line), open, torn, before: if torn { earlier } else { said.unwrap_or(earlier) } }))
}

/// The last two lines with their line ends; the piece after the last line end counts as a line.
fn last_lines(file: &mut File) -> Result<(Option<Vec<u8>>, Vec<u8>)> {
    let (mut at, mut step) = (file.metadata()?.len(), CHUNK);
    let mut tail = Vec::new();
    while at > 0 {
        step = step.min(at);
        at -= step;
        file.seek(SeekFrom::Start(at))?;
        let mut chunk = Vec::new();
        Read::by_ref(file).take(step).read_to_end(&mut chunk)?;
        chunk.append(&mut tail);
        tail = chunk;
        step *= 2;
        let before_end = tail.len().saturating_sub(1);
        let mut starts =
            tail.iter().take(before_end).enumerate().rev().filter(|(_, c)| **c == b'\n').map(|(at, _)| at + 1);
        let (last, earlier) = (starts.next(), starts.next());
        match (last, earlier) {
            (Some(last), Some(earlier)) => return Ok(split(tail.split_off(earlier), last - earlier)),
            (Some(last), None) if at == 0 => return Ok(split(tail, last)),
            _ => {}
        }
    }
    Ok((None, tail))
}

fn split(mut lines: Vec<u8>, at: usize) -> (Option<Vec<u8>>, Vec<u8>) {
    let last = lines.split_off(at);
    (Some(lines), last)
}

fn next_aside(logs: &Path) -> Result<PathBuf> {
    let last = super::files(logs)?.iter().filter_map(|path| super::number(path)).max().unwrap_or(0);
    Ok(logs.join(format!("audit.{:06}.jsonl", last + 1)))
}
