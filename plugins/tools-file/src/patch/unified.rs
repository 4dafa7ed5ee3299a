//! Reads unified diffs, as programs and models write them: several files, several hunks, with or without numbers.
//!
//! It only reads: nothing here knows a file. A diff whose counts are right is read by its counts, so that a removed
//! `-- x` is no header; one whose counts are wrong is read by what its lines begin with. Either way in linear time.

/// What a line of a hunk is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// In both texts.
    Context,
    /// In the old one alone.
    Remove,
    /// In the new one alone.
    Add,
}

/// A line of a hunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// What it is.
    pub(crate) kind: Kind,
    /// Its text, without the line's end.
    pub(crate) text: String,
    /// The file ends with it, and without a line's end.
    pub(crate) bare: bool,
}

/// A place that changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hunk {
    /// The first line in the old text, counted from 1, where it is told.
    pub(crate) start: Option<usize>,
    /// The lines.
    pub(crate) lines: Vec<Line>,
}

/// A file that changes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FilePatch {
    /// Its old name; absent for a new file.
    pub(crate) old: Option<String>,
    /// Its new name; absent for one that goes.
    pub(crate) new: Option<String>,
    /// What changes in it, in order.
    pub(crate) hunks: Vec<Hunk>,
}

/// Reads a diff.
///
/// # Errors
/// What is wrong with it, and in which line.
pub(crate) fn parse(text: &str) -> Result<Vec<FilePatch>, String> {
    let lines: Vec<&str> = text.lines().collect();
    Reader { lines: &lines, at: 0, counted: true }
        .read()
        .or_else(|_| Reader { lines: &lines, at: 0, counted: false }.read())
}

struct Reader<'a> {
    lines: &'a [&'a str],
    at: usize,
    /// Hunks are as long as their heads say.
    counted: bool,
}

/// What a hunk's head says.
struct Head {
    start: Option<usize>,
    old: usize,
    new: usize,
    /// It has numbers.
    counts: bool,
}

impl Reader<'_> {
    fn read(mut self) -> Result<Vec<FilePatch>, String> {
        let mut files: Vec<FilePatch> = Vec::new();
        while let Some(line) = self.lines.get(self.at) {
            if self.is_file_head() {
                files.push(self.file_head()?);
            } else if line.starts_with("@@") {
                let hunk = self.hunk()?;
                let number = self.at;
                let file =
                    files.last_mut().ok_or_else(|| format!("Line {number}: a hunk before any `--- ` and `+++ `"))?;
                file.hunks.push(hunk);
            } else if self.counted && files.last().is_some_and(|file| !file.hunks.is_empty()) && is_body(line) {
                return Err(format!("Line {}: a hunk is longer than its head says", self.at + 1));
            } else {
                // What stands between files: `diff --git`, `index`, and what a person wrote about it.
                self.at += 1;
            }
        }
        match files.iter().find(|file| file.hunks.is_empty()) {
            _ if files.is_empty() => Err("No `--- ` and `+++ ` lines with the names of files".to_owned()),
            Some(file) => {
                let name = file.new.as_deref().or(file.old.as_deref()).unwrap_or_default();
                Err(format!("No hunk (`@@`) for `{name}`"))
            }
            None => Ok(files),
        }
    }

    fn is_file_head(&self) -> bool {
        let next = self.lines.get(self.at + 1);
        self.lines[self.at].starts_with("--- ") && next.is_some_and(|next| next.starts_with("+++ "))
    }

    fn file_head(&mut self) -> Result<FilePatch, String> {
        let (old, new) = (name(&self.lines[self.at][4..]), name(&self.lines[self.at + 1][4..]));
        self.at += 2;
        let file = match (old, new) {
            (Some(old), Some(new)) => match (old.strip_prefix("a/"), new.strip_prefix("b/")) {
                (Some(old), Some(new)) => (Some(old.to_owned()), Some(new.to_owned())),
                _ => (Some(old.to_owned()), Some(new.to_owned())),
            },
            (old, new) => (
                old.map(|old| old.strip_prefix("a/").unwrap_or(old).to_owned()),
                new.map(|new| new.strip_prefix("b/").unwrap_or(new).to_owned()),
            ),
        };
        match file {
            (None, None) => Err(format!("Line {}: neither an old nor a new name", self.at - 1)),
            (old, new) => Ok(FilePatch { old, new, hunks: Vec::new() }),
        }
    }

    fn hunk(&mut self) -> Result<Hunk, String> {
        let number = self.at + 1;
        let head = head(self.lines[self.at]).ok_or_else(|| format!("Line {number}: not a hunk's head"))?;
        self.at += 1;
        let mut hunk = Hunk { start: head.start, lines: Vec::new() };
        let (mut old, mut new) = (head.old, head.new);
        let by_count = self.counted && head.counts;
        while let Some(line) = self.lines.get(self.at).copied() {
            if line.starts_with('\\') {
                if let Some(last) = hunk.lines.last_mut() {
                    last.bare = true;
                }
                self.at += 1;
                continue;
            }
            let open = old > 0 || new > 0;
            if by_count && !open || !by_count && (self.is_file_head() || !is_body(line)) {
                break;
            }
            let (kind, text) = match line.split_at_checked(1) {
                Some(("+", text)) => (Kind::Add, text),
                Some(("-", text)) => (Kind::Remove, text),
                Some((" ", text)) => (Kind::Context, text),
                // Many a program takes the blank from an empty line.
                None if line.is_empty() && (by_count || self.goes_on()) => (Kind::Context, ""),
                _ if by_count => return Err(format!("Line {}: begins with none of ` `, `+`, `-`", self.at + 1)),
                _ => break,
            };
            let enough = || format!("Line {}: a hunk is longer than its head says", self.at + 1);
            if by_count && kind != Kind::Add {
                old = old.checked_sub(1).ok_or_else(enough)?;
            }
            if by_count && kind != Kind::Remove {
                new = new.checked_sub(1).ok_or_else(enough)?;
            }
            hunk.lines.push(Line { kind, text: text.to_owned(), bare: false });
            self.at += 1;
        }
        if by_count && (old > 0 || new > 0) {
            return Err(format!("Line {number}: the hunk is shorter than its head says"));
        }
        match hunk.lines.iter().any(|line| line.kind != Kind::Context) {
            true => Ok(hunk),
            false => Err(format!("Line {number}: the hunk changes nothing")),
        }
    }

    /// Whether the hunk goes on after an empty line.
    fn goes_on(&self) -> bool {
        self.lines.get(self.at + 1).is_some_and(|next| next.starts_with([' ', '+', '-']) && !next.starts_with("--- "))
    }
}

fn is_body(line: &str) -> bool {
    line.is_empty() || line.starts_with([' ', '+', '-', '\\'])
}

/// The name in a file's head; `None` for no file.
fn name(text: &str) -> Option<&str> {
    let name = text.split('\t').next().unwrap_or(text).trim_end();
    (name != "/dev/null").then_some(name)
}

/// Reads `@@ -1,2 +3,4 @@`, and `@@` without numbers.
fn head(line: &str) -> Option<Head> {
    let rest = line.strip_prefix("@@")?.trim_start();
    let Some(rest) = rest.strip_prefix('-') else {
        return Some(Head { start: None, old: 0, new: 0, counts: false });
    };
    let (old, rest) = rest.split_once(' ')?;
    let new = rest.trim_start().strip_prefix('+')?;
    let new = new.split([' ', '@']).next()?;
    let (start, old) = range(old)?;
    let (_, new) = range(new)?;
    Some(Head { start: Some(start), old, new, counts: true })
}

fn range(text: &str) -> Option<(usize, usize)> {
    match text.split_once(',') {
        Some((start, count)) => Some((start.parse().ok()?, count.parse().ok()?)),
        None => Some((text.parse().ok()?, 1)),
    }
}
