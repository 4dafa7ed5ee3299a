//! The three forms of an allow-list entry, told apart by how it is written.
//!
//! * With a blank or one of `*?[`: a **glob** over words, which must cover every simple command of the line.
//! * Lower-case words joined by `-`, as in `recursive-delete`: the id of a **rule**. This is what "always" writes.
//! * Anything else: the name of a **program**, as in `rm`. A program whose name looks like a rule's id is written
//!   as a glob: `apt-get *`.
//!
//! In a glob, a `*` that stands alone is any number of words; elsewhere it is any text within one word. So
//! `rm -r /tmp/*` covers one path below `/tmp` and not a second one behind it.

use hermes_plugin_api::command::{Command, Piece, RedirectOp, Simple, Word};
use regex::bytes::{Regex, RegexBuilder};

use super::spell;

/// An entry.
#[derive(Clone, Debug)]
pub struct Entry {
    text: String,
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    Rule,
    Program,
    Glob(Vec<Pattern>),
    /// Looks like a glob and is none: it covers nothing.
    Broken,
}

#[derive(Clone, Debug)]
enum Pattern {
    AnyWords,
    Literal(String),
    Text(Regex),
}

impl Entry {
    /// Reads an entry.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let text = text.trim();
        let form = if text.contains(|c: char| c.is_whitespace() || "*?[".contains(c)) {
            patterns(text).map_or(Form::Broken, Form::Glob)
        } else if is_rule_id(text) {
            Form::Rule
        } else {
            Form::Program
        };
        Self { text: text.to_owned(), form }
    }

    /// Returns the entry as it is written.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the word for its form.
    #[must_use]
    pub fn form(&self) -> &'static str {
        match self.form {
            Form::Rule => "rule",
            Form::Program => "program",
            Form::Glob(_) => "glob",
            Form::Broken => "not a glob",
        }
    }

    /// Whether it covers a finding of this rule about this program in this line.
    pub(super) fn covers(&self, rule: &str, program: Option<&str>, command: &Command) -> bool {
        match &self.form {
            Form::Rule => rule == self.text,
            Form::Program => program == Some(self.text.as_str()),
            Form::Glob(patterns) => covers_line(patterns, command),
            Form::Broken => false,
        }
    }
}

/// Whether a text has the form of a rule's id: lower-case words joined by `-`, at least two.
#[must_use]
pub fn is_rule_id(text: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    text.contains('-') && text.split('-').all(word)
}

fn patterns(text: &str) -> Option<Vec<Pattern>> {
    text.split_whitespace().map(pattern).collect()
}

fn pattern(word: &str) -> Option<Pattern> {
    match word {
        "*" => Some(Pattern::AnyWords),
        word if !word.contains(['*', '?', '[', '\\', '{']) => Some(Pattern::Literal(word.to_owned())),
        word => {
            let expression = spell::expression(word).ok()?;
            let built = RegexBuilder::new(&expression).dot_matches_new_line(true).size_limit(1 << 20).build();
            built.ok().map(Pattern::Text)
        }
    }
}

/// A line with nothing in it that runs is covered by nothing.
fn covers_line(patterns: &[Pattern], command: &Command) -> bool {
    let mut running = command.running().peekable();
    running.peek().is_some() && running.all(|simple| covers_simple(patterns, simple))
}

/// Assignments can change what a program does, and redirections write files: neither shows in the words, so no
/// glob covers them.
fn covers_simple(patterns: &[Pattern], simple: &Simple) -> bool {
    let writes = simple.redirects.iter().any(|redirect| match redirect.op {
        RedirectOp::Write | RedirectOp::Append | RedirectOp::ReadWrite => !redirect.target.is("/dev/null"),
        RedirectOp::Read | RedirectOp::Duplicate | RedirectOp::Text => false,
    });
    let known_program = simple.words.first().is_some_and(|word| word.known().is_some());
    known_program && !writes && simple.assignments.is_empty() && covers_words(patterns, &simple.words)
}

/// Two pointers, with a step back to the last lone `*`.
fn covers_words(patterns: &[Pattern], words: &[Word]) -> bool {
    let (mut p, mut w) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while let Some(word) = words.get(w) {
        match patterns.get(p) {
            Some(Pattern::AnyWords) => {
                star = Some((p, w));
                p += 1;
            }
            Some(pattern) if covers_word(pattern, word) => {
                p += 1;
                w += 1;
            }
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    w = from + 1;
                }
                None => return false,
            },
        }
    }
    patterns.iter().skip(p).all(|pattern| matches!(pattern, Pattern::AnyWords))
}

/// A word that is not wholly known, or climbs with `..`, is only covered by a lone `*` or spelled out.
fn covers_word(pattern: &Pattern, word: &Word) -> bool {
    if word.pieces.iter().any(|piece| matches!(piece, Piece::Unknown(_))) {
        return false;
    }
    let text = spell::word(word);
    match pattern {
        Pattern::AnyWords => true,
        Pattern::Literal(literal) => *literal == text,
        Pattern::Text(regex) => !text.split('/').any(|part| part == "..") && regex.is_match(text.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use hermes_plugin_api::command::{Assignment, Redirect, Unknown, Why};

    use super::*;

    fn line(simple: &[&[&str]]) -> Command {
        let simple = simple.iter().map(|words| Simple::of(words)).collect();
        Command { text: "x".to_owned(), simple, ..Command::default() }
    }

    #[track_caller]
    fn check(entry: &str, command: &Command, covers: bool) {
        let entry = Entry::parse(entry);
        assert_eq!(entry.covers("some-rule", Some("git"), command), covers, "`{}` ({})", entry.text(), entry.form());
    }

    #[test]
    fn the_form_tells_what_an_entry_is() {
        for (text, form) in [
            ("recursive-delete", "rule"),
            ("chmod-777", "rule"),
            ("rm", "program"),
            ("systemctl", "program"),
            ("g++", "program"),
            ("/usr/bin/apt-get", "program"),
            ("git *", "glob"),
            ("apt-get install", "glob"),
            ("rm?", "glob"),
            ("a [", "not a glob"),
        ] {
            assert_eq!(Entry::parse(text).form(), form, "{text}");
        }
    }

    #[test]
    fn rules_and_programs_cover_what_they_name_and_nothing_else() {
        let command = line(&[&["git", "push"]]);
        check("some-rule", &command, true);
        check("other-rule", &command, false);
        check("git", &command, true);
        check("gi", &command, false);
        // Not a program and a rule at once.
        assert!(!Entry::parse("some-rule").covers("x-y", Some("some-rule"), &command));
        assert!(!Entry::parse("git").covers("git", Some("rm"), &command));
    }

    #[test]
    fn a_glob_covers_every_simple_command_or_nothing() {
        check("git *", &line(&[&["git", "x", "y"]]), true);
        check("git *", &line(&[&["git", "x"], &["git", "y"]]), true);
        check("git *", &line(&[&["git", "x"], &["rm", "-rf", "y"]]), false);
        check("git *", &line(&[]), false);
        check("git *", &line(&[&["/tmp/evil/git", "x"]]), false);
        check("* x", &line(&[&["a", "b", "x"]]), true);
        check("* x", &line(&[&["a", "x", "b"]]), false);
        check("a * b * c", &line(&[&["a", "b", "b", "q", "c"]]), true);
    }

    #[test]
    fn a_star_inside_a_word_stays_inside() {
        check("rm -r /tmp/*", &line(&[&["rm", "-r", "/tmp/x"]]), true);
        check("rm -r /tmp/*", &line(&[&["rm", "-r", "/tmp/x", "/home/me"]]), false);
        check("rm -r /tmp/*", &line(&[&["rm", "-r", "/tmp/x /home/me"]]), true);
        check("rm -r /tmp/*", &line(&[&["rm", "-r", "/tmp/../home/me"]]), false);
    }

    #[test]
    fn what_words_do_not_show_is_not_covered() {
        let mut command = line(&[&["git", "x"]]);
        command.simple[0].assignments.push(Assignment { name: "GIT_DIR".into(), value: Word::from("x") });
        check("git *", &command, false);
        let mut command = line(&[&["git", "x"]]);
        let target = Word::from("/etc/passwd");
        command.simple[0].redirects.push(Redirect { fd: Some(1), op: RedirectOp::Write, target });
        check("git *", &command, false);
        command.simple[0].redirects[0].target = Word::from("/dev/null");
        check("git *", &command, true);
    }

    #[test]
    fn an_unknown_word_is_covered_by_a_lone_star_alone() {
        let unknown = Unknown { why: Why::Variable, name: "x".to_owned(), from: Vec::new(), quoted: false };
        let word = Word { pieces: vec![Piece::Unknown(unknown)], ..Word::default() };
        let mut command = line(&[&["git", "push"]]);
        command.simple[0].words.push(word.clone());
        check("git push *", &command, true);
        check("git push ?x", &command, false);
        command.simple[0].words = vec![word];
        check("* *", &command, false);
    }
}
