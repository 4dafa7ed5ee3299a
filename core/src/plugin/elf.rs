//! Whether a file is a whole shared object for this machine, by its headers.
//!
//! The system's loader maps what the headers promise and dies by a signal where the file is shorter, for example
//! while a linker is still writing it. It reads bytes and nothing else.

use std::fs::File;
use std::os::unix::fs::FileExt as _;

/// Why a file is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotWhole {
    /// It is something else.
    #[error("it is not a shared object")]
    NotShared,
    /// It is one for another kind of machine.
    #[error("it was built for another kind of machine")]
    Machine,
    /// It ends too early.
    #[error("it is cut off: its headers promise more than there is")]
    CutOff,
}

const HEADER: usize = 64;
const ENTRY: usize = 56;
/// A program header that is mapped.
const LOAD: u32 = 1;
/// A file that is a shared object.
const SHARED: u16 = 3;
/// What this program was built for, as headers say it; other machines are not checked for.
const MACHINE: Option<u16> = if cfg!(target_arch = "x86_64") {
    Some(62)
} else if cfg!(target_arch = "aarch64") {
    Some(183)
} else {
    None
};

/// Checks the headers of a file.
///
/// # Errors
/// The first thing that is wrong.
pub fn check(file: &File) -> Result<(), NotWhole> {
    let size = file.metadata().map_err(|_| NotWhole::NotShared)?.len();
    let mut header = [0; HEADER];
    file.read_exact_at(&mut header, 0).map_err(|_| NotWhole::NotShared)?;
    let little_64 = header[..4] == *b"\x7fELF" && header[4] == 2 && header[5] == 1;
    if !little_64 || u16_at(&header, 16) != SHARED {
        return Err(NotWhole::NotShared);
    }
    if MACHINE.is_some_and(|machine| machine != u16_at(&header, 18)) {
        return Err(NotWhole::Machine);
    }
    let (start, count) = (u64_at(&header, 32), u64::from(u16_at(&header, 56)));
    let sections = u64_at(&header, 40).checked_add(u64::from(u16_at(&header, 58)) * u64::from(u16_at(&header, 60)));
    if sections.is_none_or(|end| end > size) || usize::from(u16_at(&header, 54)) != ENTRY {
        return Err(NotWhole::CutOff);
    }
    for index in 0..count {
        let mut entry = [0; ENTRY];
        let at = start.checked_add(index * ENTRY as u64).ok_or(NotWhole::CutOff)?;
        file.read_exact_at(&mut entry, at).map_err(|_| NotWhole::CutOff)?;
        let end = u64_at(&entry, 8).checked_add(u64_at(&entry, 32));
        if u32_at(&entry, 0) == LOAD && end.is_none_or(|end| end > size) {
            return Err(NotWhole::CutOff);
        }
    }
    Ok(())
}

fn bytes<const N: usize>(from: &[u8], at: usize) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&from[at..at + N]);
    bytes
}

fn u16_at(from: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(bytes(from, at))
}

fn u32_at(from: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes(from, at))
}

fn u64_at(from: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes(from, at))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn of(bytes: &[u8]) -> Result<(), NotWhole> {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(bytes).expect("written");
        check(&file)
    }

    /// A header, and one mapped part of 4,096 bytes.
    fn shared() -> Vec<u8> {
        let mut file = vec![0; 4096];
        file[..6].copy_from_slice(b"\x7fELF\x02\x01");
        file[16] = 3;
        file[18] = u8::try_from(MACHINE.unwrap_or_default()).expect("small");
        file[32] = 64;
        file[54] = 56;
        file[56] = 1;
        file[64] = 1;
        file[64 + 33] = 16;
        file
    }

    #[test]
    fn a_whole_one_passes_and_any_part_of_it_does_not() {
        let file = shared();
        assert_eq!(of(&file), Ok(()));
        for length in [119, 120, 4000, 4095] {
            assert_eq!(of(&file[..length]), Err(NotWhole::CutOff), "{length} bytes");
        }
        assert_eq!(of(&file[..63]), Err(NotWhole::NotShared));
    }

    #[test]
    fn other_files_are_named() {
        assert_eq!(of(b""), Err(NotWhole::NotShared));
        assert_eq!(of(&[b'#'; 200]), Err(NotWhole::NotShared));
        let mut other = shared();
        other[18] ^= 1;
        assert_eq!(of(&other), Err(NotWhole::Machine));
        let mut far = shared();
        far[32..40].fill(0xff);
        assert_eq!(of(&far), Err(NotWhole::CutOff));
    }
}
