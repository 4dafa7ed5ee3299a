//! The deny rules of the user: globs that no mode, consent or answer overrides, on any backend.

use hermes_plugin_api::command::{Command, Span, View};
use hermes_plugin_api::error::{PluginError, Result};
use regex::bytes::{RegexSet, RegexSetBuilder};

use super::spell;

/// How large the compiled rules may grow.
const SIZE: usize = 64 << 20;

/// The compiled rules.
pub(super) struct DenyRules {
    globs: Vec<String>,
    set: RegexSet,
}

/// A rule that matched, and where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Denied {
    /// The rule as the user wrote it.
    pub(super) glob: String,
    /// The simple command it matched, or nothing for the whole line.
    pub(super) span: Option<Span>,
}

impl DenyRules {
    /// Compiles globs.
    ///
    /// # Errors
    /// `CONFIG` naming the rule that is not a glob.
    pub(super) fn new(globs: &[String]) -> Result<Self> {
        let expressions: Result<Vec<String>> = globs.iter().map(|glob| spell::expression(glob)).collect();
        let expressions = expressions.map_err(|error| {
            let message = format!("A rule in `approvals.deny` cannot be used: {}", error.message);
            PluginError::config(message).with_hint("mend it with `hermes config edit`; no command runs until then")
        })?;
        let set = RegexSetBuilder::new(expressions).dot_matches_new_line(true).size_limit(SIZE).build();
        let set = set.map_err(|error| PluginError::config(format!("`approvals.deny` is too large: {error}")))?;
        Ok(Self { globs: globs.to_vec(), set })
    }

    /// Returns the first rule that matches the line, raw or as a person sees it, or a simple command in it.
    pub(super) fn hit(&self, command: &Command) -> Option<Denied> {
        if self.set.is_empty() {
            return None;
        }
        let whole = [Some(&command.text), command.cleaned.as_ref()];
        let whole = whole.into_iter().flatten().find_map(|text| self.matching(text.trim(), None));
        whole.or_else(|| command.running().find_map(|simple| self.in_simple(simple)))
    }

    /// A simple command is tried with and without redirections, and with its program's bare name, so that
    /// neither `/usr/bin/x` nor `x > log` gets around a rule about `x`.
    fn in_simple(&self, simple: &hermes_plugin_api::command::Simple) -> Option<Denied> {
        let span = (simple.view == View::Raw).then_some(simple.span);
        let plain = spell::words(&simple.words);
        let full = spell::simple(simple);
        let mut texts = vec![plain.clone()];
        if full != plain {
            texts.push(full);
        }
        if let (Some(program), [first, ..]) = (simple.program(), simple.words.as_slice()) {
            let first = spell::word(first);
            if *program != *first {
                let bare: Vec<String> =
                    texts.iter().map(|text| format!("{program}{}", text.get(first.len()..).unwrap_or(""))).collect();
                texts.extend(bare);
            }
        }
        texts.iter().find_map(|text| self.matching(text, span))
    }

    fn matching(&self, text: &str, span: Option<Span>) -> Option<Denied> {
        let first = self.set.matches(text.as_bytes()).into_iter().next()?;
        Some(Denied { glob: self.globs.get(first)?.clone(), span })
    }
}

#[cfg(test)]
mod tests {
    use hermes_plugin_api::command::{Piece, Redirect, RedirectOp, Simple, Unknown, Why, Word};

    use super::*;

    fn line(text: &str, simple: Vec<Simple>) -> Command {
        Command { text: text.to_owned(), simple, ..Command::default() }
    }

    #[track_caller]
    fn check(glob: &str, command: &Command, denied: bool) {
        let rules = DenyRules::new(&[glob.to_owned()]).expect("a glob");
        assert_eq!(rules.hit(command).is_some(), denied, "`{glob}` over `{}`", command.text);
    }

    #[test]
    fn a_rule_sees_the_line_and_each_simple_command() {
        let push = Simple::of(&["git", "push", "--force"]);
        check("git push*", &line("git push --force", vec![push.clone()]), true);
        check("git push*", &line("cd x; 'git'   push --force", vec![Simple::of(&["cd", "x"]), push.clone()]), true);
        check("git push*", &line("/usr/bin/git push", vec![Simple::of(&["/usr/bin/git", "push"])]), true);
        check("git push", &line("git push --force", vec![push]), false);
        check("*secret*", &line("unreadable ( secret\nline", Vec::new()), true);
        check("?d x", &line("cd x", vec![Simple::of(&["cd", "x"])]), true);
        check("{cd,ls} *", &line("ls x", Vec::new()), true);
        check("[ab]c", &line("cc", Vec::new()), false);
    }

    #[test]
    fn redirections_count_and_do_not_hide() {
        let mut simple = Simple::of(&["echo", "x"]);
        let op = RedirectOp::Write;
        simple.redirects.push(Redirect { fd: Some(1), op, target: Word::from("/etc/motd") });
        check("echo * > /etc/*", &line("echo x>/etc/motd", vec![simple.clone()]), true);
        check("echo x", &line("echo x>/etc/motd", vec![simple]), true);
    }

    #[test]
    fn what_is_cleaned_away_does_not_hide() {
        let command = Command { cleaned: Some("git push".to_owned()), ..line("git\u{200b} push", Vec::new()) };
        check("git push*", &command, true);
    }

    #[test]
    fn unknown_words_stand_by_name() {
        let unknown = Unknown { why: Why::Variable, name: "x".to_owned(), from: Vec::new(), quoted: false };
        let word = Word { pieces: vec![Piece::Unknown(unknown)], ..Word::default() };
        let simple = Simple { words: vec![Word::from("git"), word], ..Simple::default() };
        check("git $x", &line("git  $x", vec![simple]), true);
    }

    #[test]
    fn what_is_no_glob_is_refused_by_name() {
        let error = DenyRules::new(&["a[".to_owned()]).err().expect("an error");
        assert!(error.message.contains("`a[`"), "{error}");
    }

    #[test]
    fn a_megabyte_takes_linear_time() {
        let text = "a*".repeat(1 << 19);
        check("*a*a*a*a*a*a*b", &line(&text, Vec::new()), false);
    }
}
