//! A command line as the host read it: the value that every command scanner judges.
//!
//! The host reads shell text once, with bash's own rules, and hands the result to the floor, the deny
//! rules and all scanners alike, so that no rule parses shell by itself and none can get quoting wrong.
//! This file is plain data. The questions a rule asks of it (`program`, `has_flag`, `writes_to`) are in
//! `vocabulary.rs`. Nothing here reads shell text.

use serde::{Deserialize, Serialize};

/// A command line, read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Command {
    /// The text exactly as bash would get it.
    pub text: String,
    /// The text as a person would see it: escape sequences, control and invisible characters removed,
    /// then Unicode NFKC. Present only where it differs from `text`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cleaned: Option<String>,
    /// Every simple command that bash would run, in the order of the text, launchers unwrapped: `sudo rm x`
    /// yields `sudo …` and, reached through it, `rm x`.
    #[serde(default)]
    pub simple: Vec<Simple>,
    /// The shells that the line starts beside its own, which is shell 0: subshells, stages of pipelines, `sh -c`.
    /// The parent of shell 1 comes first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shells: Vec<usize>,
    /// What kept the reading from being complete. Each is a finding of its own.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<Problem>,
}

/// A byte range of [`Command::text`], or of [`Command::cleaned`] for what only that view shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

/// Which of the two readings showed something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum View {
    /// The raw text: what runs.
    #[default]
    Raw,
    /// Only the cleaned text: what a person is shown.
    Cleaned,
}

/// One simple command: assignments, words and redirections.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Simple {
    /// Program and arguments after expansion. Empty for a line that only assigns or redirects.
    #[serde(default)]
    pub words: Vec<Word>,
    /// `NAME=value` before the program, with expanded values.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assignments: Vec<Assignment>,
    /// Redirections, in order, including those of enclosing groups.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redirects: Vec<Redirect>,
    /// What this command came through, outermost first: `sudo`, `xargs`, `sh -c`, a function. Empty when
    /// the text names it directly.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub via: Vec<Launcher>,
    /// Where its standard input comes from.
    #[serde(default, skip_serializing_if = "Stdin::is_inherited")]
    pub stdin: Stdin,
    /// Where its standard output goes when that is another command: indices into [`Command::simple`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub feeds: Vec<usize>,
    /// Runs in the background (`&`, `coproc`).
    #[serde(default, skip_serializing_if = "is_false")]
    pub background: bool,
    /// The shell of the line that runs it, by [`Command::shells`]: what a `cd` changes holds in its own shell.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub shell: usize,
    /// Whether it runs, or only stands in text that something else holds as data.
    #[serde(default, skip_serializing_if = "Reach::is_runs")]
    pub reach: Reach,
    /// Which reading showed it.
    #[serde(default, skip_serializing_if = "View::is_raw")]
    pub view: View,
    /// Where it stands in the text. Commands found inside decoded text carry the span of the word or
    /// pipeline that they were decoded from.
    #[serde(default)]
    pub span: Span,
}

/// Whether a simple command is executed by this line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// Bash may run it.
    #[default]
    Runs,
    /// It is defined (a function or alias never called in this line, text written to a file) but this line
    /// does not run it.
    Data,
}

/// A word after expansion: a sequence of pieces, each known or unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    /// The pieces in order. No pieces is the empty word.
    pub pieces: Vec<Piece>,
    /// Where the word stands.
    #[serde(default)]
    pub span: Span,
}

/// A piece of a word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Piece {
    /// Text that is known, quotes and escapes resolved.
    Text(String),
    /// The home directory of the user who runs the line: `~`, `$HOME`.
    Home,
    /// An unquoted pattern (`*`, `?`, `[…]`, extglob) in its source form.
    Glob(String),
    /// Text that only running the line would tell.
    Unknown(Unknown),
}

/// Why a piece of a word is unknown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unknown {
    /// What kind of expansion hides it.
    pub why: Why,
    /// The name of the variable, where one hides it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The commands whose output it is, as indices into [`Command::simple`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub from: Vec<usize>,
    /// Stood inside double quotes: it is one word, whatever it holds.
    #[serde(default, skip_serializing_if = "is_false")]
    pub quoted: bool,
}

/// The kinds of expansion whose result cannot be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// A variable or parameter whose value is not set in this line.
    Variable,
    /// `$(…)` or backticks.
    Substitution,
    /// `<(…)` or `>(…)`: the word is a path to a pipe.
    Process,
    /// Arithmetic over unknown values.
    Arithmetic,
    /// Text that a launcher adds: `xargs` operands, `find`'s `{}`.
    Launcher,
    /// A form the reader does not compute.
    Unsupported,
}

/// `NAME=value` or `NAME+=value` before a program or alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// The variable.
    pub name: String,
    /// The value; array elements are joined with one blank.
    pub value: Word,
}

/// A redirection.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redirect {
    /// The descriptor on the left, its default filled in. `None` for `{name}>…`.
    pub fd: Option<u32>,
    /// What is done.
    pub op: RedirectOp,
    /// The file, the descriptor number, or the text of a here-document or here-string.
    pub target: Word,
}

/// The operators of redirections.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RedirectOp {
    /// `<`
    Read,
    /// `>`, `>|`, and each half of `&>`, `>&word`
    Write,
    /// `>>`, and each half of `&>>`
    Append,
    /// `<>`
    ReadWrite,
    /// `<&n`, `>&n`, `>&-`
    Duplicate,
    /// `<<`, `<<-` and `<<<`: the target is the text itself
    Text,
}

/// Where standard input comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stdin {
    /// From whoever runs the line.
    #[default]
    Inherited,
    /// From the commands with these indices in [`Command::simple`].
    Pipe(Vec<usize>),
    /// A here-document or here-string.
    Text(Word),
    /// A file.
    File(Word),
}

/// A program that ran another one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Launcher {
    /// Its name without directories: `sudo`, `xargs`, `sh`; a function's or alias's name.
    pub program: String,
    /// How the inner command reached it.
    pub how: How,
}

/// How a launcher gets the command it runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// Its arguments are the command's words: `sudo rm x`.
    Words,
    /// An argument is shell text: `sh -c '…'`, `eval …`.
    Text,
    /// Its standard input is shell text: `echo … | sh`.
    Input,
    /// A file written earlier in the line holds the text: `echo … > x; sh x`.
    File,
    /// A function or alias of the same line.
    Definition,
}

/// Something that kept the reading from being complete.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// What kind.
    pub kind: ProblemKind,
    /// One sentence for a person.
    pub message: String,
    /// Where, if it has a place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<Span>,
    /// Which reading showed it.
    #[serde(default, skip_serializing_if = "View::is_raw")]
    pub view: View,
}

/// The kinds of problem. The host turns each into a finding of the rule id in brackets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProblemKind {
    /// Not shell, too long, too many commands or nested too deeply (`unparsable-command`).
    Unparsable,
    /// What would run cannot be known (`opaque-execution`).
    Opaque,
    /// Escape sequences, control or invisible characters stood in the text (`hidden-characters`).
    Hidden,
}

impl Stdin {
    fn is_inherited(&self) -> bool {
        matches!(self, Stdin::Inherited)
    }
}

impl Reach {
    fn is_runs(&self) -> bool {
        matches!(self, Reach::Runs)
    }
}

impl View {
    fn is_raw(&self) -> bool {
        matches!(self, View::Raw)
    }
}

fn is_zero(n: &usize) -> bool {
    *n == 0
}

fn is_false(value: &bool) -> bool {
    !value
}
