//! Options and operands, as getopt and its kin read them.

use std::borrow::Cow;

use crate::command::{Piece, Simple, Word};

/// How a program reads its arguments. The default is GNU getopt with flags that take no values.
///
/// ```
/// use hermes_plugin_api::command::Simple;
/// use hermes_plugin_api::vocabulary::Syntax;
/// const TAR: Syntax = Syntax { short_values: "fC", long_values: &["file", "directory"], ..Syntax::GNU };
/// let tar = Simple::of(&["tar", "-xf", "a.tgz", "--dir=/etc", "etc/hosts"]);
/// let parsed = tar.parse(&TAR);
/// assert!(parsed.has('x', "extract"));
/// assert!(parsed.value('C', "directory").unwrap().is("/etc"));
/// assert!(parsed.operands[0].is("etc/hosts"));
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Syntax {
    /// Letters whose value is the rest of the word or, if that is empty, the next word.
    pub short_values: &'static str,
    /// Letters whose value, if any, is the rest of the word (`sed -i.bak`).
    pub short_optional: &'static str,
    /// Long names whose value follows `=` or is the next word.
    pub long_values: &'static [&'static str],
    /// Long names that take no value but begin like one that does: an exact name is never an abbreviation.
    pub long_flags: &'static [&'static str],
    /// `-name` is one long option, not four letters (`find`, `openssl`).
    pub single_dash_long: bool,
    /// The first operand ends the options (`sudo`, `python`, `bash`).
    pub stops_at_operand: bool,
    /// `+x` is an option as well (`bash +x`); its name keeps no sign and it takes no value.
    pub plus: bool,
    /// A first word without a dash is a bundle of letters, whose values are the words after it in that order
    /// (`tar cIf PROGRAM ARCHIVE`).
    pub old_style: bool,
}

/// The arguments of a simple command, read by a [`Syntax`].
#[derive(Clone, Debug, Default)]
pub struct Parsed<'a> {
    /// Options in order.
    pub options: Vec<Opt>,
    /// What is left.
    pub operands: Vec<&'a Word>,
    /// An unknown word stands where an option could be, and is counted among the operands.
    pub unknown: bool,
}

/// One option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opt {
    /// A letter, or the long name as written, possibly abbreviated.
    pub name: String,
    /// Whether the name is long.
    pub long: bool,
    /// Its value.
    pub value: Option<Word>,
}

impl Syntax {
    /// GNU getopt: options and operands in any order, bundled letters, abbreviated long names.
    pub const GNU: Syntax = Syntax {
        short_values: "",
        short_optional: "",
        long_values: &[],
        long_flags: &[],
        single_dash_long: false,
        stops_at_operand: false,
        plus: false,
        old_style: false,
    };

    /// Reads these words, which follow a program or one of its sub-commands.
    pub fn parse<'a>(&self, args: &'a [Word]) -> Parsed<'a> {
        parse(args, self)
    }

    fn long_takes_value(&self, name: &str) -> bool {
        self.long_values.contains(&name)
            || (!self.single_dash_long
                && !self.long_flags.contains(&name)
                && self.long_values.iter().any(|long| long.starts_with(name)))
    }
}

impl Simple {
    /// Reads the arguments.
    pub fn parse(&self, syntax: &Syntax) -> Parsed<'_> {
        syntax.parse(self.args())
    }

    /// Returns the sub-command and the words after it, for programs that have options before it too:
    /// `syntax` says how those are read.
    ///
    /// ```
    /// use hermes_plugin_api::command::Simple;
    /// use hermes_plugin_api::vocabulary::Syntax;
    /// let git = Simple::of(&["git", "-C", "repo", "reset", "--hard"]);
    /// let syntax = Syntax { short_values: "Cc", ..Syntax::GNU };
    /// let (verb, rest) = git.verb(&syntax).unwrap();
    /// assert!(verb == "reset" && rest.len() == 1);
    /// ```
    pub fn verb(&self, syntax: &Syntax) -> Option<(Cow<'_, str>, &[Word])> {
        let syntax = Syntax { stops_at_operand: true, ..*syntax };
        let parsed = self.parse(&syntax);
        let rest = self.args().len() - parsed.operands.len() + 1;
        let verb = parsed.operands.first()?.known()?;
        Some((verb, self.args().get(rest..)?))
    }

    /// Returns whether a flag is given, for programs whose options take no values that look like options:
    /// bundled (`-rf`), repeated, after operands, abbreviated (`--recurs`), up to `--`.
    ///
    /// ```
    /// use hermes_plugin_api::command::Simple;
    /// for line in [["rm", "-fr", "x"], ["rm", "x", "-r"], ["rm", "--recurs", "x"]] {
    ///     assert!(Simple::of(&line).has_flag('r', "recursive"));
    /// }
    /// assert!(!Simple::of(&["rm", "--", "-r"]).has_flag('r', "recursive"));
    /// ```
    pub fn has_flag(&self, short: char, long: &str) -> bool {
        self.args().iter().take_while(|word| !word.is("--")).any(|word| {
            let text = word.leading();
            match text.strip_prefix("--") {
                Some(name) => names(name.split('=').next().unwrap_or(name), long),
                None => text.strip_prefix('-').is_some_and(|letters| letters.contains(short)),
            }
        })
    }
}

impl Parsed<'_> {
    /// Returns whether the option is given by letter or by long name, abbreviations included. `'\0'` or `""`
    /// where it has no such name.
    pub fn has(&self, short: char, long: &str) -> bool {
        self.options.iter().any(|option| option.is(short, long))
    }

    /// Returns the last value given to the option.
    pub fn value(&self, short: char, long: &str) -> Option<&Word> {
        self.options.iter().rev().find(|option| option.is(short, long))?.value.as_ref()
    }

    /// Returns all values given to the option.
    pub fn values<'p>(&'p self, short: char, long: &'p str) -> impl Iterator<Item = &'p Word> {
        self.options.iter().filter(move |option| option.is(short, long)).filter_map(|option| option.value.as_ref())
    }

    /// Returns whether the `n`th operand is one of these texts.
    pub fn operand_is(&self, n: usize, texts: &[&str]) -> bool {
        self.operands.get(n).is_some_and(|word| word.is_any(texts))
    }
}

impl Opt {
    /// Returns whether this is the option of that letter or long name.
    pub fn is(&self, short: char, long: &str) -> bool {
        match self.long {
            true => names(&self.name, long),
            false => self.name.chars().eq([short]),
        }
    }
}

/// Whether a long option as written means this name: the name itself, or an abbreviation of it.
fn names(written: &str, long: &str) -> bool {
    !written.is_empty() && long.starts_with(written)
}

fn parse<'a>(args: &'a [Word], syntax: &Syntax) -> Parsed<'a> {
    let mut parsed = Parsed::default();
    let mut rest = args.iter();
    if syntax.old_style
        && let Some(bundle) = args.first().and_then(Word::known).filter(|text| !text.starts_with('-'))
    {
        rest.next();
        parsed.options.extend(bundle.chars().map(|letter| Opt {
            name: letter.to_string(),
            long: false,
            value: syntax.short_values.contains(letter).then(|| rest.next().cloned()).flatten(),
        }));
    }
    while let Some(word) = rest.next() {
        let text = word.leading();
        if word.is("--") {
            parsed.operands.extend(rest);
            break;
        } else if syntax.plus && text.len() > 1 && text.starts_with('+') {
            parsed.options.extend(text[1..].chars().map(|letter| Opt {
                name: letter.to_string(),
                long: false,
                value: None,
            }));
        } else if text.len() > 1 && text.starts_with('-') && !is_number(&text, syntax) {
            if let Some(option) = match text.strip_prefix("--") {
                Some(name) => Some(long(name, 2, word, &mut rest, syntax)),
                None if syntax.single_dash_long => Some(long(&text[1..], 1, word, &mut rest, syntax)),
                None => shorts(&text, word, &mut rest, syntax, &mut parsed.options),
            } {
                parsed.options.push(option);
            }
        } else {
            parsed.unknown |= matches!(word.pieces.first(), Some(Piece::Unknown(_)));
            parsed.operands.push(word);
            if syntax.stops_at_operand {
                parsed.operands.extend(rest);
                break;
            }
        }
    }
    parsed
}

/// `-1` is an operand where no letters could make it an option (`find -maxdepth -1`).
fn is_number(text: &str, syntax: &Syntax) -> bool {
    syntax.single_dash_long && text[1..].bytes().all(|c| c.is_ascii_digit())
}

fn long(name: &str, dashes: usize, word: &Word, rest: &mut std::slice::Iter<'_, Word>, syntax: &Syntax) -> Opt {
    let (name, value) = match name.split_once('=') {
        Some((name, _)) => (name, Some(word.skip_bytes(dashes + name.len() + 1))),
        None if syntax.long_takes_value(name) => (name, rest.next().cloned()),
        None => (name, None),
    };
    Opt { name: name.to_owned(), long: true, value }
}

/// Reads a bundle of letters. Returns the last option, if it takes a value, after pushing those before it.
fn shorts(
    text: &str,
    word: &Word,
    rest: &mut std::slice::Iter<'_, Word>,
    syntax: &Syntax,
    options: &mut Vec<Opt>,
) -> Option<Opt> {
    for (at, letter) in text.char_indices().skip(1) {
        let name = letter.to_string();
        let after = at + letter.len_utf8();
        let attached = || {
            let value = word.skip_bytes(after);
            (!value.pieces.is_empty()).then_some(value)
        };
        let value = if syntax.short_values.contains(letter) {
            attached().or_else(|| rest.next().cloned())
        } else if syntax.short_optional.contains(letter) {
            attached()
        } else {
            options.push(Opt { name, long: false, value: None });
            continue;
        };
        return Some(Opt { name, long: false, value });
    }
    None
}
