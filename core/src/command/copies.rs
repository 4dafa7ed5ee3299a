//! Files that a line copies, moves, links, edits or makes pipes of: what is run under the new name is what stood
//! under the old one. Must not read any file.

use super::env::{Space, Value};
use super::launch::launcher;
use super::redirect::file_key;
use super::run::{Reader, Scope};
use super::text;
use hermes_plugin_api::command::{How, Launcher, Piece, Why, Word};
use hermes_plugin_api::vocabulary::Syntax;

/// Programs that give a file another name, and their options that take a value.
const COPIES: &[&str] = &["cp", "gcp", "mv", "gmv", "ln", "gln", "install", "ginstall"];
const SYNTAX: Syntax = Syntax {
    short_values: "tSmog",
    long_values: &["target-directory", "suffix", "mode", "owner", "group"],
    ..Syntax::GNU
};
/// Most names of one command that are followed.
const MAX_NAMES: usize = 64;
/// Links to links are followed so far.
const MAX_LINKS: usize = 8;

impl Reader {
    /// Notes which names a command gives to files, and which of them are pipes.
    pub(super) fn copies(&mut self, index: usize, program: &str) {
        if matches!(program, "mkfifo" | "mknod") {
            for word in self.simple[index].args().iter().take(MAX_NAMES).cloned().collect::<Vec<_>>() {
                if let Some(key) = file_key(&word) {
                    self.env.set_direct(Space::File, &key, vec![Value::Unknown]);
                }
            }
        }
        if !COPIES.contains(&program) {
            return;
        }
        let parsed = self.simple[index].parse(&SYNTAX);
        let mut names: Vec<Word> = parsed.operands.iter().take(MAX_NAMES).map(|word| (*word).clone()).collect();
        let folder = parsed.values('t', "target-directory").next().cloned();
        let several = folder.is_some() || names.len() > 2;
        let Some(target) = folder.or_else(|| (names.len() > 1).then(|| names.pop()).flatten()) else {
            return;
        };
        let Some(target) = file_key(&target) else {
            return;
        };
        for name in names {
            let Some(from) = file_key(&name) else {
                continue;
            };
            self.budget.step();
            let base = from.rsplit('/').next().unwrap_or_default();
            let inside = format!("{}/{base}", target.trim_end_matches('/'));
            let whole = (!several && !target.ends_with('/')).then(|| target.clone());
            if !matches!(program, "ln" | "gln") && self.env.get(Space::File, &from) != [Value::Outer] {
                // What this line wrote is there twice.
                continue;
            }
            for to in whole.into_iter().chain([inside]) {
                self.env.set_direct(Space::File, &to, vec![Value::Reference(from.clone())]);
            }
        }
    }

    /// The file that a name leads to, where this line gave it the name.
    pub(super) fn origin(&self, key: &str) -> Option<String> {
        let mut at = key.to_owned();
        for _ in 0..MAX_LINKS {
            match self.env.direct(Space::File, &at) {
                [Value::Reference(to)] => at.clone_from(to),
                _ => break,
            }
        }
        (at != key).then_some(at)
    }

    /// Runs a program under the name that it had before this line gave it another: `cp /bin/rm x; ./x -rf y`.
    pub(super) fn run_copied(&mut self, index: usize, program: &str, words: &[Word], scope: &Scope) {
        let Some(from) = file_key(&words[0]).and_then(|key| self.origin(&key)) else {
            return;
        };
        let mut inner = words.to_vec();
        inner[0] = text::word(&from, words[0].span);
        self.inner(index, inner, launcher(program, How::Words), scope);
    }

    /// Programs that copy, change or run files that this line wrote.
    pub(super) fn change_files(&mut self, index: usize, program: &str, arguments: &[Word], scope: &Scope) {
        /// More operands than this are not gone through.
        const MOST: usize = 8;
        let flag = |word: &Word, flag: &str| text::known(&word.pieces).is_some_and(|own| own.starts_with(flag));
        let operands: Vec<&Word> = arguments.iter().filter(|word| !flag(word, "-")).take(MOST).collect();
        match program {
            "cp" | "mv" | "ln" | "install" | "link" | "rsync" => {
                for source in &operands {
                    let (Some(contents), Some(path)) = (self.file_text(source), text::known(&source.pieces)) else {
                        continue;
                    };
                    let name = path.rsplit('/').next().unwrap_or_default();
                    for to in operands.iter().filter(|to| to.span != source.span) {
                        self.write_file(to, contents.clone(), false);
                        let mut inside = (*to).clone();
                        let between = if to.pieces.last().is_some_and(ends_folder) { "" } else { "/" };
                        text::push_str(&mut inside.pieces, &format!("{between}{name}"));
                        self.write_file(&inside, contents.clone(), false);
                    }
                }
            }
            "run-parts" if !arguments.iter().any(|word| flag(word, "--test") || flag(word, "--list")) => {
                for folder in operands {
                    let mut files = folder.clone();
                    if !folder.pieces.last().is_some_and(ends_folder) {
                        text::push_str(&mut files.pieces, "/");
                    }
                    files.pieces.push(text::unknown(Why::Launcher, ""));
                    self.run_file(index, &files, Launcher { program: program.to_owned(), how: How::File }, scope);
                }
            }
            "sed" | "gsed" | "perl" | "gawk" | "ruby" | "ed" | "ex" | "vi" | "vim" | "nvim" | "patch" => {
                let edits = !matches!(program, "sed" | "gsed" | "perl" | "gawk" | "ruby")
                    || arguments.iter().any(|word| flag(word, "-") && word.leading().contains('i'));
                for file in operands.iter().filter(|_| edits) {
                    if self.file_text(file).is_some() {
                        self.write_file(file, vec![text::unknown(Why::Unsupported, "edited")], false);
                    }
                }
            }
            _ => {}
        }
    }
}

fn ends_folder(piece: &Piece) -> bool {
    matches!(piece, Piece::Text(text) if text.ends_with('/'))
}
