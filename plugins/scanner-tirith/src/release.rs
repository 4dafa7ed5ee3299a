//! What a release is made of: the list of its checksums, and the archive that holds the program.
//!
//! Pure functions over what a server sent, which may be anything. Of an archive one regular file is taken, and
//! nothing is written by its names.

use std::io::Read as _;

use sha2::{Digest as _, Sha256};
use tar::EntryType;

use crate::find::NAME;

/// Largest archive, in bytes.
pub(crate) const ARCHIVE: usize = 128 << 20;
/// Largest program, and all that an archive may unpack to.
const PROGRAM: u64 = 256 << 20;
const UNPACKED: u64 = 512 << 20;
/// Most files of an archive.
const FILES: usize = 1_000;

/// The file that holds the checksums of all archives.
pub(crate) const CHECKSUMS: &str = "checksums.txt";

/// The archive for this machine.
///
/// # Errors
/// That there is none.
pub(crate) fn archive() -> Result<String, String> {
    match std::env::consts::ARCH {
        arch @ ("x86_64" | "aarch64") => Ok(format!("{NAME}-{arch}-unknown-linux-gnu.tar.gz")),
        arch => Err(format!("there is no release for `{arch}`")),
    }
}

/// Checks an archive against the list of checksums.
///
/// # Errors
/// That the list does not name it once and plainly, or that it is another one.
pub(crate) fn check(list: &str, name: &str, archive: &[u8]) -> Result<(), String> {
    let sums = list.lines().filter_map(|line| {
        let (sum, file) = line.trim().split_once(char::is_whitespace)?;
        (file.trim_start().trim_start_matches('*') == name).then_some(sum)
    });
    let sums: Vec<&str> = sums.collect();
    let [sum] = sums[..] else {
        return Err(format!("`{CHECKSUMS}` names `{name}` {} times, not once", sums.len()));
    };
    let known: [u8; 32] = hex::decode(sum)
        .ok()
        .and_then(|bytes| bytes.try_into().ok())
        .ok_or_else(|| format!("`{CHECKSUMS}` has no SHA-256 for `{name}`"))?;
    match Sha256::digest(archive).as_slice() == known {
        true => Ok(()),
        false => Err(format!("the SHA-256 of `{name}` is not the one in `{CHECKSUMS}`")),
    }
}

/// Takes the program out of an archive.
///
/// # Errors
/// Why there is none to take: it is damaged, too large, holds a path that leads elsewhere, or no regular file of that
/// name, or two.
pub(crate) fn unpack(archive: &[u8]) -> Result<Vec<u8>, String> {
    let damaged = |error: std::io::Error| format!("the archive is damaged: {error}");
    // One byte more than allowed, so that too much is noticed.
    let unpacked = flate2::read::GzDecoder::new(archive).take(UNPACKED + 1);
    let mut tape = tar::Archive::new(unpacked);
    let mut program = None;
    for (at, entry) in tape.entries().map_err(damaged)?.enumerate() {
        let mut entry = entry.map_err(damaged)?;
        if at >= FILES {
            return Err(format!("the archive holds more than {FILES} files"));
        }
        let path = entry.path_bytes().into_owned();
        let shown = String::from_utf8_lossy(&path).escape_debug().to_string();
        if path.first() == Some(&b'/') || path.split(|byte| *byte == b'/').any(|part| part == b"..") {
            return Err(format!("the archive holds `{shown}`, a path that leads elsewhere"));
        }
        let path = path.strip_prefix(b"./").unwrap_or(&path);
        if path != NAME.as_bytes() {
            continue;
        }
        if entry.header().entry_type() != EntryType::Regular {
            return Err(format!("`{NAME}` is no regular file in the archive"));
        }
        if entry.size() > PROGRAM {
            return Err(format!("`{NAME}` is larger than {} MiB", PROGRAM >> 20));
        }
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).map_err(damaged)?;
        if bytes.len() as u64 != entry.size() || bytes.is_empty() {
            return Err("the archive is damaged: it ends too early".to_owned());
        }
        if program.replace(bytes).is_some() {
            return Err(format!("the archive holds `{NAME}` twice"));
        }
    }
    let mut rest = tape.into_inner();
    std::io::copy(&mut rest, &mut std::io::sink()).map_err(damaged)?;
    if rest.limit() == 0 {
        return Err(format!("the archive unpacks to more than {} MiB", UNPACKED >> 20));
    }
    program.ok_or_else(|| format!("the archive holds no `{NAME}`"))
}
