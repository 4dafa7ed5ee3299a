//! Reads `.env`: names and values, never executed, nothing interpolated.
//!
//! Messages carry line numbers and names, never a value: every value here may be a secret.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::ops::Range;

use super::environment::Vars;

/// The variables of a `.env` file, each with the line it stands on.
#[derive(Clone, Default)]
pub struct Dotenv {
    entries: BTreeMap<String, Entry>,
    repeated: Vec<(String, usize)>,
}

#[derive(Clone)]
struct Entry {
    value: String,
    line: usize,
    /// From the name to the end of the value; a comment behind it is outside.
    span: Range<usize>,
}

/// A line of a `.env` file that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DotenvError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it, without its content.
    pub message: String,
}

impl Dotenv {
    /// Reads the text of a `.env` file. The last of several lines for one name counts.
    ///
    /// # Errors
    /// The first line that is not a comment, blank, or `NAME=value`.
    pub fn parse(text: &str) -> Result<Self, DotenvError> {
        let rest = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut reader = Reader { len: text.len(), rest, line: 1 };
        let mut file = Self::default();
        while let Some((name, entry)) = reader.next_entry()? {
            let line = entry.line;
            if file.entries.insert(name.clone(), entry).is_some() {
                file.repeated.push((name, line));
            }
        }
        Ok(file)
    }

    /// Returns the value of a variable.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.entries.get(name).map(|entry| entry.value.as_str())
    }

    /// Returns the line a variable stands on.
    pub fn line(&self, name: &str) -> Option<usize> {
        self.entries.get(name).map(|entry| entry.line)
    }

    /// Returns the names, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// Returns names that stand in the file more than once, with the line of the repetition.
    pub fn repeated(&self) -> &[(String, usize)] {
        &self.repeated
    }

    /// Returns a text in which a variable has a value, and all else is as it was; none where it has it already.
    ///
    /// # Errors
    /// [`DotenvError`] where the text cannot be read, or the name or value cannot stand in such a file.
    pub fn set(text: &str, name: &str, value: &str) -> Result<Option<String>, DotenvError> {
        let file = Self::parse(text)?;
        if file.value(name) == Some(value) {
            return Ok(None);
        }
        let assignment = format!("{name}={}", written(value));
        let mut new = text.to_owned();
        match file.entries.get(name) {
            Some(entry) => {
                let apart = if text[entry.span.end..].starts_with('#') { " " } else { "" };
                new.replace_range(entry.span.clone(), &format!("{assignment}{apart}"));
            }
            None => {
                let eol = if text.contains("\r\n") { "\r\n" } else { "\n" };
                let apart = if text.is_empty() || text.ends_with('\n') { "" } else { eol };
                new.push_str(&format!("{apart}{assignment}{eol}"));
            }
        }
        let after = Self::parse(&new)?;
        let others = |file: &Self| {
            let mut vars = file.vars();
            vars.remove(name);
            vars
        };
        match after.value(name) == Some(value) && others(&after) == others(&file) {
            true => Ok(Some(new)),
            false => Err(fault(1, format!("`{name}` cannot be set without touching something else"))),
        }
    }

    /// Returns the variables as an environment.
    pub fn vars(&self) -> Vars {
        self.entries.iter().map(|(name, entry)| (name.clone(), OsString::from(&entry.value))).collect()
    }
}

/// Shows names only.
impl fmt::Debug for Dotenv {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.entries.keys()).finish()
    }
}

/// Returns whether the text is the name of a variable: `[A-Za-z_][A-Za-z0-9_]*`.
pub fn is_name(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_')
        && chars.all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn written(value: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@%+,=~".contains(c);
    if value.chars().all(plain) {
        return value.to_owned();
    }
    let mut quoted = String::from("\"");
    for c in value.chars() {
        match c {
            '"' | '\\' | '$' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

struct Reader<'a> {
    len: usize,
    rest: &'a str,
    line: usize,
}

impl<'a> Reader<'a> {
    fn next_entry(&mut self) -> Result<Option<(String, Entry)>, DotenvError> {
        loop {
            self.skip_blanks();
            match self.rest.chars().next() {
                None => return Ok(None),
                Some('\n' | '\r') => drop(self.take(1)),
                Some('#') => drop(self.take_line()),
                Some(_) => return self.entry().map(Some),
            }
        }
    }

    fn entry(&mut self) -> Result<(String, Entry), DotenvError> {
        let line = self.line;
        let mut start = self.at();
        let mut name = self.take_word();
        if name == "export" && self.rest.starts_with([' ', '\t']) {
            self.skip_blanks();
            start = self.at();
            name = self.take_word();
        }
        self.skip_blanks();
        if !self.rest.starts_with('=') || !is_name(name) {
            return Err(fault(line, "The line is not of the form `NAME=value`"));
        }
        self.take(1);
        self.skip_blanks();
        let value = match self.rest.chars().next() {
            Some(quote @ ('\'' | '"')) => self.quoted(name, quote)?,
            _ => self.plain(),
        };
        match value.contains('\0') {
            true => Err(fault(line, format!("The value of `{name}` contains a NUL character"))),
            false => Ok((name.to_owned(), Entry { value, line, span: start..self.at() })),
        }
    }

    fn at(&self) -> usize {
        self.len - self.rest.len()
    }

    /// Up to the end of the line, without a comment set off by a blank.
    fn plain(&mut self) -> String {
        let line = &self.rest[..self.rest.find('\n').unwrap_or(self.rest.len())];
        let comment = line.char_indices().find(|(at, c)| *c == '#' && (*at == 0 || line[..*at].ends_with([' ', '\t'])));
        let value = comment.map_or(line, |(at, _)| &line[..at]).trim_end_matches([' ', '\t', '\r']);
        self.take(value.len()).to_owned()
    }

    /// Between quotes, over several lines if need be. Double quotes know the usual escapes, single ones `\'` and
    /// `\\`; a backslash before anything else stands for itself.
    fn quoted(&mut self, name: &str, quote: char) -> Result<String, DotenvError> {
        let first = self.line;
        self.take(1);
        let mut value = String::new();
        loop {
            let Some(c) = self.rest.chars().next() else {
                return Err(fault(first, format!("The quoted value of `{name}` has no end")));
            };
            self.take(c.len_utf8());
            match c {
                '\\' => self.escape(quote, &mut value),
                c if c == quote => break,
                c => value.push(c),
            }
        }
        let line = &self.rest[..self.rest.find('\n').unwrap_or(self.rest.len())];
        let after = line.trim_matches([' ', '\t', '\r']);
        match after.is_empty() || after.starts_with('#') {
            true => Ok(value),
            false => Err(fault(first, format!("Text follows the closing quote of `{name}`"))),
        }
    }

    fn escape(&mut self, quote: char, value: &mut String) {
        let meant = match (self.rest.chars().next(), quote) {
            (Some('\\'), _) => Some('\\'),
            (Some(c), quote) if c == quote => Some(c),
            (Some('n'), '"') => Some('\n'),
            (Some('r'), '"') => Some('\r'),
            (Some('t'), '"') => Some('\t'),
            (Some('$'), '"') => Some('$'),
            _ => None,
        };
        match meant {
            Some(c) => {
                self.take(1);
                value.push(c);
            }
            None => value.push('\\'),
        }
    }

    fn skip_blanks(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t']);
    }

    fn take_word(&mut self) -> &'a str {
        let end = self.rest.find(['=', ' ', '\t', '\n', '\r', '#', '\'', '"']).unwrap_or(self.rest.len());
        self.take(end)
    }

    /// The rest of the line, without its end.
    fn take_line(&mut self) -> &'a str {
        self.take(self.rest.find('\n').unwrap_or(self.rest.len()))
    }

    fn take(&mut self, bytes: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(bytes);
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }
}

fn fault(line: usize, message: impl Into<String>) -> DotenvError {
    DotenvError { line, message: message.into() }
}

#[cfg(test)]
mod tests;
