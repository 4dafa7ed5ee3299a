//! Colours for code, by what its words are in their language. The grammars are loaded with the first code that has
//! one. Colours are a courtesy: code that takes long, or has long lines, goes without.

use std::sync::LazyLock;
use std::time::Duration;

use syntect::easy::ScopeRegionIterator;
use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxSet};

use crate::clock;
use crate::markdown::ink::Ink;

/// Longer lines have no colours, in bytes.
const LINE: usize = 500;
/// How long all of one piece of code may take. The first of a language takes longest, as its grammar is made ready.
const TIME: Duration = Duration::from_secs(1);

static GRAMMARS: LazyLock<SyntaxSet> = LazyLock::new(SyntaxSet::load_defaults_newlines);
static INKS: LazyLock<Vec<(Scope, Ink)>> = LazyLock::new(inks);

/// Languages that others are close enough to.
const KIN: [(&str, &str); 12] = [
    ("ts", "js"),
    ("typescript", "js"),
    ("tsx", "js"),
    ("jsx", "js"),
    ("jsonc", "json"),
    ("json5", "json"),
    ("toml", "properties"),
    ("ini", "properties"),
    ("console", "sh"),
    ("shell", "sh"),
    ("fish", "sh"),
    ("c++", "cpp"),
];

/// Paints the lines of one piece of code.
pub(super) struct Painter(Option<State>);

struct State {
    parse: ParseState,
    stack: ScopeStack,
    spent: Duration,
}

impl Painter {
    /// For a language, as the fence names it.
    pub(super) fn new(language: &str) -> Self {
        let name = language.split([' ', ',', '{']).next().unwrap_or_default().to_lowercase();
        if name.is_empty() {
            return Self(None);
        }
        let name = KIN.iter().find(|(kin, _)| *kin == name).map_or(name.as_str(), |(_, name)| name);
        let grammar = GRAMMARS.find_syntax_by_token(name);
        let state =
            |grammar| State { parse: ParseState::new(grammar), stack: ScopeStack::new(), spent: Duration::ZERO };
        Self(grammar.map(state))
    }

    /// The next line, with colours if it has any.
    pub(super) fn paint(&mut self, line: &str) -> String {
        let painted = match &mut self.0 {
            Some(state) if line.len() <= LINE && state.spent < TIME => state.paint(line),
            _ => None,
        };
        painted.unwrap_or_else(|| {
            // Where a line is missing, the colours of the following would be wrong.
            self.0 = None;
            line.to_owned()
        })
    }
}

impl State {
    fn paint(&mut self, line: &str) -> Option<String> {
        let begun = clock::now();
        let line_with_break = format!("{line}\n");
        let ops = self.parse.parse_line(&line_with_break, &GRAMMARS).ok()?;
        let mut painted = String::new();
        for (text, op) in ScopeRegionIterator::new(&ops, &line_with_break) {
            self.stack.apply(op).ok()?;
            painted.push_str(&ink(&self.stack).paint(text.trim_end_matches('\n')));
        }
        self.spent += begun.elapsed();
        Some(painted)
    }
}

/// The ink of what was entered last and has one.
fn ink(stack: &ScopeStack) -> Ink {
    let of = |scope: &Scope| INKS.iter().find(|(class, _)| class.is_prefix_of(*scope)).map(|(_, ink)| *ink);
    stack.scopes.iter().rev().find_map(of).unwrap_or_default()
}

/// What has which ink; the first that fits.
fn inks() -> Vec<(Scope, Ink)> {
    let inks = [
        ("comment", Ink::DIM),
        ("constant.character.escape", Ink::CYAN),
        ("punctuation.definition.string", Ink::GREEN),
        ("string", Ink::GREEN),
        ("constant", Ink::YELLOW),
        ("entity.name.function", Ink::BLUE),
        ("support.function", Ink::BLUE),
        ("entity.name.tag", Ink::BLUE),
        ("entity.name", Ink::CYAN),
        ("support.type", Ink::CYAN),
        ("support.class", Ink::CYAN),
        ("storage.type", Ink::CYAN),
        ("keyword.operator", Ink::PLAIN),
        ("keyword", Ink::MAGENTA),
        ("storage", Ink::MAGENTA),
        ("variable.language", Ink::MAGENTA),
        ("entity.other.attribute-name", Ink::YELLOW),
        ("markup.inserted", Ink::GREEN),
        ("markup.deleted", Ink::RED),
        ("meta.diff.range", Ink::CYAN),
        ("meta.diff.header", Ink::DIM),
        ("source", Ink::PLAIN),
    ];
    inks.into_iter().filter_map(|(name, ink)| Some((Scope::new(name).ok()?, ink))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_the_colour_of_what_they_are() {
        let mut painter = Painter::new("rust");
        let painted = painter.paint("fn main() { let s = \"x\"; } // end");
        for part in ["\x1b[36mfn\x1b[0m", "\x1b[34mmain\x1b[0m", "\x1b[32mx\x1b[0m", "\x1b[2m end\x1b[0m"] {
            assert!(painted.contains(part), "{painted:?} lacks {part:?}");
        }
    }

    #[test]
    fn what_has_no_grammar_or_long_lines_goes_without() {
        assert_eq!(Painter::new("").paint("fn x"), "fn x");
        assert_eq!(Painter::new("klingon").paint("fn x"), "fn x");
        let mut painter = Painter::new("rust");
        painter.paint(&"x".repeat(LINE + 1));
        assert_eq!(painter.paint("fn x"), "fn x", "nothing after it is guessed at");
    }

    #[test]
    fn grammars_take_everything() {
        let hostile =
            ["\"'`$({[<!--/*#\\", "{{{{((((\\\\\"\"\"\"", "漢字 \u{301} é 👩‍💻", "= : - > | & % @ ;", "}])>-->*/"];
        for language in ["rs", "py", "js", "json", "sh", "c", "html", "md", "yaml", "diff", "go", "sql"] {
            let mut painter = Painter::new(language);
            assert!(painter.0.is_some(), "{language}");
            for line in hostile {
                let painted = painter.paint(line);
                assert!(painted.contains(line.chars().next().expect("one")), "{language}");
            }
        }
    }
}
