//! Takes the marks of the shell over there out of what a command prints.
//!
//! Linear in what comes, and holds back no more than a mark is long.

/// Hands on output until the mark that says how the command ended.
pub(super) struct Marks {
    mark: Vec<u8>,
    held: Vec<u8>,
}

/// The longest word that may stand behind a mark.
const WORD: usize = 16;

impl Marks {
    pub(super) fn new(mark: &str) -> Self {
        Self { mark: [b"\x1e", mark.as_bytes(), b" "].concat(), held: Vec::new() }
    }

    /// Takes a piece in; returns what of it is the command's, and the word behind the mark when that has come.
    pub(super) fn push(&mut self, piece: Vec<u8>) -> (Vec<u8>, Option<String>) {
        let mut all = std::mem::take(&mut self.held);
        if all.is_empty() {
            all = piece;
        } else {
            all.extend(piece);
        }
        let mut from = 0;
        while let Some(at) = all[from..].iter().position(|byte| *byte == b'\x1e').map(|at| from + at) {
            let rest = &all[at..];
            if let Some(word) = rest.strip_prefix(&self.mark[..]) {
                if let Some(end) = word.iter().take(WORD).position(|byte| *byte == b'\n') {
                    let word = String::from_utf8_lossy(&word[..end]).into_owned();
                    all.truncate(at);
                    return (all, Some(word));
                }
                if word.len() < WORD {
                    break_off(&mut all, at, &mut self.held);
                    return (all, None);
                }
            } else if self.mark.starts_with(rest) {
                break_off(&mut all, at, &mut self.held);
                return (all, None);
            }
            from = at + 1;
        }
        (all, None)
    }

    /// What was held back when nothing more comes.
    pub(super) fn finish(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.held)
    }
}

fn break_off(all: &mut Vec<u8>, at: usize, held: &mut Vec<u8>) {
    *held = all.split_off(at);
}
