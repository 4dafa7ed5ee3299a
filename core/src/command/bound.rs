//! What one reading may cost: nesting, simple commands, bytes and steps, counted over everything that is
//! read, also over text found inside text. Must not know shell grammar.

/// Longest text that is read, in bytes.
pub(super) const MAX_BYTES: usize = 128 * 1024;
/// Most simple commands in one reading.
pub(super) const MAX_SIMPLES: usize = 4096;
/// Deepest nesting of constructs, texts inside texts and function calls together.
pub(super) const MAX_DEPTH: usize = 32;
/// Most bytes that expansions may produce in one reading.
const MAX_EXPANDED: usize = 1024 * 1024;
/// Most references between commands (`feeds`, `stdin`) in one reading.
const MAX_LINKS: usize = 64 * 1024;
/// Most bytes of text inside text that is read again.
const MAX_REREAD: usize = 512 * 1024;
/// Most steps for any text, and for each byte of it more: what keeps reading linear whatever the text says.
const STEPS: usize = 400 * 1024;
const STEPS_PER_BYTE: usize = 32;

/// Why reading stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stop {
    /// One sentence for a person.
    pub(super) message: String,
    /// Byte offset in the text that was being read.
    pub(super) at: usize,
}

/// Counts what a reading has used up. Once [`Budget::stopped`] is set nothing more is read.
#[derive(Debug, Default)]
pub(super) struct Budget {
    steps: usize,
    max_steps: usize,
    depth: usize,
    parsed: usize,
    expanded: usize,
    links: usize,
    reread: usize,
    over: Option<&'static str>,
}

impl Budget {
    /// The budget for a text of this many bytes.
    pub(super) fn new(bytes: usize) -> Self {
        Budget { max_steps: STEPS + STEPS_PER_BYTE * bytes, ..Budget::default() }
    }

    /// Says what bound was crossed, if any.
    pub(super) fn over(&self) -> Option<&'static str> {
        self.over
    }

    /// Units of work so far, bytes made or read again included.
    #[cfg(test)]
    pub(super) fn work(&self) -> usize {
        self.steps + (self.expanded + self.reread) / 8 + self.links
    }

    /// Goes on after a bound was crossed and reported: what was parsed before it is still walked.
    pub(super) fn reported(&mut self) {
        self.over = None;
    }

    /// Goes one level down; false when that is too deep. Every `true` is paired with [`Budget::leave`].
    pub(super) fn enter(&mut self) -> bool {
        if self.depth >= MAX_DEPTH {
            self.stop("Command is nested too deeply");
        }
        self.depth += 1;
        self.over.is_none()
    }

    /// Comes back up.
    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// Counts a unit of work.
    pub(super) fn step(&mut self) -> bool {
        self.steps(1)
    }

    /// Counts `n` units of work.
    pub(super) fn steps(&mut self, n: usize) -> bool {
        self.steps = self.steps.saturating_add(n);
        self.check(self.steps <= self.max_steps, "Command takes too long to read")
    }

    /// Counts a simple command of the text.
    pub(super) fn parsed(&mut self) -> bool {
        self.parsed += 1;
        self.check(self.parsed <= MAX_SIMPLES, "Command holds too many commands")
    }

    /// Checks the number of simple commands found so far.
    pub(super) fn simples(&mut self, n: usize) -> bool {
        self.check(n < MAX_SIMPLES, "Command runs too many commands")
    }

    /// Counts bytes that an expansion made.
    pub(super) fn expanded(&mut self, n: usize) -> bool {
        self.expanded = self.expanded.saturating_add(n);
        self.check(self.expanded <= MAX_EXPANDED, "Command expands to too much text")
    }

    /// Says that an expansion would make too much.
    pub(super) fn exhaust(&mut self) {
        self.stop("Command expands to too much text");
    }

    /// Counts references from one command to others.
    pub(super) fn links(&mut self, n: usize) -> bool {
        self.links += n;
        self.check(self.links <= MAX_LINKS, "Command connects too many commands")
    }

    /// Counts bytes of text inside text.
    pub(super) fn reread(&mut self, n: usize) -> bool {
        self.reread += n;
        self.check(self.reread <= MAX_REREAD, "Command holds too much text inside text")
    }

    fn check(&mut self, within: bool, message: &'static str) -> bool {
        if !within {
            self.stop(message);
        }
        self.over.is_none()
    }

    fn stop(&mut self, message: &'static str) {
        self.over.get_or_insert(message);
    }
}
