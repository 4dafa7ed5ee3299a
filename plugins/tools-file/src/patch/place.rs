//! Finds where a change belongs, and makes it: exactly, else with differences in blanks that mean nothing.
//!
//! Lines that stay keep every byte they had, and new ones get the file's line ends. All in linear time.

use std::collections::HashMap;

use super::unified::{Kind, Line};
use crate::text::line_end;

/// How alike the lines of a file and of a patch must be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Likeness {
    /// The same.
    Exact,
    /// The same up to blanks at their ends.
    Ends,
    /// The same up to their indentation.
    Indentation,
    /// The same up to the number of blanks.
    Blanks,
}

const ALL: [Likeness; 4] = [Likeness::Exact, Likeness::Ends, Likeness::Indentation, Likeness::Blanks];

impl Likeness {
    fn form(self, line: &str) -> String {
        match self {
            Self::Exact => line.to_owned(),
            Self::Ends => line.trim_end().to_owned(),
            Self::Indentation => line.trim().to_owned(),
            Self::Blanks => line.split_whitespace().collect::<Vec<_>>().join(" "),
        }
    }

    /// What is said of it.
    pub(crate) fn told(self) -> Option<&'static str> {
        match self {
            Self::Exact => None,
            Self::Ends => Some("blanks at line ends differed"),
            Self::Indentation => Some("the indentation differed"),
            Self::Blanks => Some("blanks differed"),
        }
    }
}

/// Where a change belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// At the one place where it fits.
    Only,
    /// At the place nearest to this line, counted from 0.
    Near(usize),
    /// At every place.
    All,
}

/// Why a change could not be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Misfit {
    /// It fits nowhere.
    Nowhere,
    /// It fits in so many places, at these lines, counted from 1.
    Several(Vec<usize>),
}

/// A text in lines, each with its own end.
pub(crate) struct Sheet<'a> {
    lines: Vec<&'a str>,
    end: &'static str,
}

impl<'a> Sheet<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { lines: text.split_inclusive('\n').collect(), end: line_end(text) }
    }

    /// Makes a change, at or after the line `from`. Returns the new text, how alike it was, and where it ends in
    /// lines of the old one: where the next may begin, and how many lines were gained.
    pub(crate) fn change(&self, lines: &[Line], from: usize, place: Place) -> Result<Made, Misfit> {
        let old: Vec<&Line> = lines.iter().filter(|line| line.kind != Kind::Add).collect();
        if old.is_empty() {
            return self.insert(lines, place).ok_or(Misfit::Nowhere);
        }
        for likeness in ALL {
            // Nothing but blanks is like anything else.
            if likeness != Likeness::Exact && old.iter().all(|line| line.text.trim().is_empty()) {
                break;
            }
            let found = self.find(&old, from, likeness);
            let at: Vec<usize> = match (found.len(), place) {
                (0, _) => continue,
                (1, _) | (_, Place::All) => apart(&found, old.len()),
                (_, Place::Only) => return Err(Misfit::Several(found.iter().map(|at| at + 1).collect())),
                (_, Place::Near(line)) => found.into_iter().min_by_key(|at| at.abs_diff(line)).into_iter().collect(),
            };
            let edits = at.iter().map(|at| self.edit(*at, lines, likeness)).collect();
            return Ok(Made { edits, likeness });
        }
        Err(Misfit::Nowhere)
    }

    fn insert(&self, lines: &[Line], place: Place) -> Option<Made> {
        let at = match place {
            _ if self.lines.is_empty() => 0,
            Place::Near(line) if line <= self.lines.len() => line,
            _ => return None,
        };
        Some(Made { edits: vec![self.edit(at, lines, Likeness::Exact)], likeness: Likeness::Exact })
    }

    /// Where a block of lines begins, however often, in linear time.
    fn find(&self, block: &[&Line], from: usize, likeness: Likeness) -> Vec<usize> {
        let mut ids: HashMap<String, usize> = HashMap::new();
        let mut block_ids = Vec::with_capacity(block.len());
        for line in block {
            let next = ids.len();
            block_ids.push(*ids.entry(likeness.form(line.text.trim_end_matches('\r'))).or_insert(next));
        }
        let id = |line: &str| ids.get(&likeness.form(body(line))).copied().unwrap_or(usize::MAX);
        // Knuth, Morris and Pratt, over lines.
        let mut back = vec![0; block_ids.len()];
        for n in 1..block_ids.len() {
            let mut k = back[n - 1];
            while k > 0 && block_ids[n] != block_ids[k] {
                k = back[k - 1];
            }
            back[n] = k + usize::from(block_ids[n] == block_ids[k]);
        }
        let (mut found, mut k) = (Vec::new(), 0);
        for (n, line) in self.lines.iter().enumerate().skip(from) {
            let id = id(line);
            while k > 0 && block_ids[k] != id {
                k = back[k - 1];
            }
            k += usize::from(block_ids[k] == id);
            if k == block_ids.len() {
                found.push(n + 1 - k);
                k = back[k - 1];
            }
        }
        found
    }

    fn edit(&self, at: usize, lines: &[Line], likeness: Likeness) -> Edit {
        let old = lines.iter().filter(|line| line.kind != Kind::Add);
        let shift = match likeness {
            Likeness::Indentation | Likeness::Blanks => {
                let mut pairs = old.zip(&self.lines[at..]).filter(|(line, _)| !line.text.trim().is_empty());
                pairs.next().map(|(line, real)| (indentation(&line.text), indentation(real)))
            }
            Likeness::Exact | Likeness::Ends => None,
        };
        let (mut text, mut next) = (String::new(), at);
        for (n, line) in lines.iter().enumerate() {
            match line.kind {
                Kind::Context => {
                    text.push_str(self.lines[next]);
                    // A line is added after the last one, which had no end.
                    if !self.lines[next].ends_with('\n') && lines[n + 1..].iter().any(|line| line.kind == Kind::Add) {
                        text.push_str(self.end);
                    }
                    next += 1;
                }
                Kind::Remove => next += 1,
                Kind::Add => {
                    let new = line.text.trim_end_matches('\r');
                    match shift.and_then(|(from, to)| Some((to, new.strip_prefix(from)?))) {
                        Some((to, rest)) if !rest.is_empty() => {
                            text.push_str(to);
                            text.push_str(rest);
                        }
                        _ => text.push_str(new),
                    }
                    if !line.bare {
                        text.push_str(self.end);
                    }
                }
            }
        }
        // Where the file had no line end at its end it keeps none, unless the patch says that it gets one.
        let at_end = next == self.lines.len() && next > at && !self.lines[next - 1].ends_with('\n');
        let told = lines.iter().any(|line| line.bare);
        if at_end && !told && text.ends_with(self.end) {
            text.truncate(text.len() - self.end.len());
        }
        Edit { at, until: next, text }
    }

    /// The text with all these edits, which are in order and apart.
    pub(crate) fn with(&self, edits: &[Edit]) -> String {
        let (mut text, mut next) = (String::new(), 0);
        for edit in edits {
            text.extend(self.lines[next..edit.at].iter().copied());
            if !text.is_empty() && !text.ends_with('\n') && !edit.text.is_empty() {
                text.push_str(self.end);
            }
            text.push_str(&edit.text);
            next = edit.until;
        }
        text.extend(self.lines[next..].iter().copied());
        text
    }
}

/// A change that found its place.
pub(crate) struct Made {
    pub(crate) edits: Vec<Edit>,
    pub(crate) likeness: Likeness,
}

/// Lines that are replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edit {
    at: usize,
    pub(crate) until: usize,
    text: String,
}

fn body(line: &str) -> &str {
    let line = line.strip_suffix('\n').unwrap_or(line);
    line.strip_suffix('\r').unwrap_or(line)
}

fn indentation(line: &str) -> &str {
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// Those that do not overlap with the one before.
fn apart(found: &[usize], length: usize) -> Vec<usize> {
    let mut apart: Vec<usize> = Vec::new();
    for at in found {
        if apart.last().is_none_or(|last| at - last >= length) {
            apart.push(*at);
        }
    }
    apart
}
