//! The shape of shell text after parsing and before expansion. Plain data: knows neither how it is parsed
//! nor what it means.

use hermes_plugin_api::command::{RedirectOp, Span};
use std::cell::OnceCell;
use std::rc::Rc;

/// A sequence of and-or lists.
#[derive(Debug, Default)]
pub(super) struct List {
    pub(super) items: Vec<Item>,
}

/// An and-or list with its terminator.
#[derive(Debug)]
pub(super) struct Item {
    pub(super) first: Pipeline,
    pub(super) rest: Vec<(AndOr, Pipeline)>,
    pub(super) background: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AndOr {
    And,
    Or,
}

/// Commands joined by `|`.
#[derive(Debug, Default)]
pub(super) struct Pipeline {
    pub(super) commands: Vec<Command>,
}

/// One command with its redirections.
#[derive(Debug)]
pub(super) struct Command {
    pub(super) kind: Kind,
    pub(super) redirects: Vec<Redirect>,
    pub(super) span: Span,
}

/// What a command is.
#[derive(Debug)]
pub(super) enum Kind {
    Simple(SimpleCommand),
    Group(List),
    Subshell(List),
    If(Vec<Branch>, Option<List>),
    /// `while` and `until`.
    Loop(Branch),
    For(For),
    Select(For),
    ArithFor(Vec<Word>, List),
    Case(Word, Vec<Arm>),
    /// `[[ … ]]`: its words are expanded, nothing is run.
    Test(Vec<Word>),
    Arith(Word),
    Function(String, Rc<Command>),
    Coproc(String, Box<Command>),
    /// Nothing could be parsed here.
    Broken,
}

/// A condition and what runs under it.
#[derive(Debug)]
pub(super) struct Branch {
    pub(super) condition: List,
    pub(super) body: List,
}

#[derive(Debug)]
pub(super) struct For {
    pub(super) name: String,
    /// `None` without `in`: the positional parameters.
    pub(super) words: Option<Vec<Word>>,
    pub(super) body: List,
    /// Simple commands in the body.
    pub(super) size: usize,
}

/// An arm of `case`.
#[derive(Debug)]
pub(super) struct Arm {
    pub(super) patterns: Vec<Word>,
    pub(super) body: List,
}

#[derive(Debug, Default)]
pub(super) struct SimpleCommand {
    pub(super) assignments: Vec<Assign>,
    pub(super) words: Vec<Word>,
    /// Arrays among the arguments of `declare` and the like.
    pub(super) declared: Vec<Assign>,
}

/// `NAME=value`, `NAME[sub]=value`, `NAME=(…)`, with `+=` for each.
#[derive(Debug)]
pub(super) struct Assign {
    pub(super) name: String,
    pub(super) subscript: Option<Word>,
    pub(super) append: bool,
    pub(super) value: AssignValue,
}

#[derive(Debug)]
pub(super) enum AssignValue {
    Scalar(Word),
    /// Elements with their subscripts.
    Array(Vec<(Option<Word>, Word)>),
}

#[derive(Debug)]
pub(super) struct Redirect {
    pub(super) fd: Fd,
    pub(super) op: RedirectOp,
    pub(super) target: Target,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fd {
    Number(u32),
    /// `{name}>…`
    Named,
    /// `&>` and `&>>`: both outputs.
    Both,
}

#[derive(Debug)]
pub(super) enum Target {
    Word(Word),
    /// `<<`: filled in when the parser has reached the body.
    HereDoc(Rc<OnceCell<Word>>),
    /// `<<<`
    HereString(Word),
}

#[derive(Debug, Default)]
pub(super) struct Word {
    pub(super) parts: Vec<Part>,
    pub(super) span: Span,
}

impl Word {
    /// The name of a builtin that takes assignments as arguments.
    pub(super) fn declares(&self) -> bool {
        matches!(&self.parts[..], [Part::Plain(name)] if DECLARES.contains(&&**name))
    }

    /// Has the form of an assignment.
    pub(super) fn assigns(&self) -> bool {
        let Some(Part::Plain(plain)) = self.parts.first() else {
            return false;
        };
        let name = plain.split_once('=').map_or("", |(name, _)| name.strip_suffix('+').unwrap_or(name));
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    }
}

/// Builtins whose arguments may be assignments.
const DECLARES: &[&str] = &["declare", "typeset", "local", "readonly", "export"];

#[derive(Debug)]
pub(super) enum Part {
    /// Text outside quotes. Inside [`Part::Double`]: plain text.
    Plain(String),
    /// Text whose quotes are resolved.
    Quoted(String),
    /// `"…"`
    Double(Vec<Part>),
    Param(Box<Param>),
    Command(Rc<List>),
    Arith(Word),
    /// `<(…)`, or `>(…)` with `writes`.
    Process {
        list: Rc<List>,
        writes: bool,
    },
    /// An unknown piece of text inside text: an index into the pieces it was read with.
    Hole(usize),
}

/// `$name` or `${…}`.
#[derive(Debug)]
pub(super) struct Param {
    pub(super) name: String,
    /// `${name}` rather than `$name`.
    pub(super) braced: bool,
    pub(super) subscript: Option<Word>,
    /// `${!…}`
    pub(super) indirect: bool,
    /// `${#…}`
    pub(super) length: bool,
    pub(super) op: Option<ParamOp>,
}

#[derive(Debug)]
pub(super) enum ParamOp {
    /// `-`, `=`, `?`, `+`; with a colon the empty value counts as unset.
    Default { kind: u8, colon: bool, word: Word },
    /// `#`, `##`, `%`, `%%`
    Strip { suffix: bool, longest: bool, pattern: Word },
    /// `/`, `//`, `/#`, `/%`
    Replace { kind: Replace, pattern: Word, with: Word },
    /// `:offset:length`
    Slice { offset: Word, length: Option<Word> },
    /// `^`, `^^`, `,`, `,,` (`~` and `~~` read as unknown)
    Case { kind: u8, all: bool, pattern: Word },
    /// `@Q` and the like.
    Transform(u8),
    /// `!name@` and `!name*`: the names that begin so.
    Names,
    /// Whatever else is not computed.
    Other,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Replace {
    First,
    All,
    Prefix,
    Suffix,
}
