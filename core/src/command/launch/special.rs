//! Launchers that build commands from input or between other arguments: `xargs`, `find`, `parallel`,
//! and programs that cannot be known.

use super::{joined, launcher, options};
use crate::command::launchers::Spec;
use crate::command::run::{Reader, Scope};
use crate::command::simple::Expanded;
use crate::command::text::{self, Text};
use hermes_plugin_api::command::{How, Piece, ProblemKind, Stdin, Unknown, Why, Word};

/// Most commands that `xargs` is taken to run one by one.
const MAX_RUNS: usize = 64;
/// Parts of an argument, in templates of `parallel`.
const PARTS: &[&str] = &["{.}", "{/}", "{//}", "{/.}", "{#}", "{%}", "{1}", "{2}", "{3}"];

impl Reader {
    pub(super) fn launch_xargs(&mut self, index: usize, spec: &Spec, program: &str, words: &[Word], scope: &Scope) {
        let options = options(&words[1..], spec);
        if options.has(&["help", "version"]) {
            return;
        }
        let replace = match options.value(&["I"]) {
            Some(word) => text::known(&word.pieces).map(|known| known.into_owned()),
            None if options.flags.iter().any(|flag| flag == "i" || flag.starts_with("replace")) => {
                Some("{}".to_owned())
            }
            None => None,
        };
        let foreign = options.value(&["a", "arg-file"]).is_some();
        let separated = options.has(&["0", "null"]) || options.value(&["d", "delimiter"]).is_some();
        let input = if foreign || separated { None } else { self.known_input(scope) };
        let per_run = options.value(&["n", "max-args"]).and_then(|word| text::known(&word.pieces)?.parse().ok());
        let by_line = options.value(&["L"]).is_some() || options.has(&["l", "x"]);
        let template = options.rest.to_vec();
        if template.is_empty() {
            return;
        }
        let runs = match (input, &replace) {
            (Some(input), Some(mark)) => Some(
                input
                    .lines()
                    .map(str::trim_start)
                    .filter(|line| !line.is_empty())
                    .map(|line| replaced(&template, mark, &[Piece::Text(line.to_owned())]))
                    .collect::<Vec<_>>(),
            ),
            (Some(input), None) if !by_line => {
                let items = split_arguments(&input);
                let size = per_run.unwrap_or(items.len()).max(1);
                // Of nothing it makes one run, unless told otherwise.
                let bare = items.is_empty() && !options.has(&["r", "no-run-if-empty"]);
                let chunks = items.chunks(size).map(|chunk| appended(&template, chunk));
                Some(chunks.chain(bare.then(|| template.clone())).collect())
            }
            _ => None,
        };
        let quiet = Scope {
            input: Some(self.add_input(Stdin::File(text::word("/dev/null", template[0].span)), Text::new())),
            ..scope.clone()
        };
        match runs {
            Some(runs) if runs.len() <= MAX_RUNS => {
                for run in runs {
                    self.inner(index, run, launcher(program, How::Words), &quiet);
                }
            }
            _ => {
                let unknown = [self.unknown_item(foreign, scope)];
                let run = match &replace {
                    Some(mark) => replaced(&template, mark, &unknown),
                    None => {
                        let added = Word { pieces: unknown.to_vec(), span: template[0].span };
                        template.into_iter().chain([added]).collect()
                    }
                };
                self.inner(index, run, launcher(program, How::Words), &quiet);
            }
        }
    }

    /// An argument that `xargs` adds: what the commands before it in the pipe wrote, if it reads them.
    fn unknown_item(&self, foreign: bool, scope: &Scope) -> Piece {
        let input = scope.input.and_then(|input| self.inputs.get(input)).filter(|_| !foreign);
        match (text::unknown(Why::Launcher, ""), input.map(|input| &input.stdin)) {
            (Piece::Unknown(unknown), Some(Stdin::Pipe(from))) => {
                Piece::Unknown(Unknown { from: from.clone(), ..unknown })
            }
            (piece, _) => piece,
        }
    }

    /// Standard input if all of it is known and nothing has read from it.
    pub(in crate::command) fn known_input(&self, scope: &Scope) -> Option<String> {
        let input = self.inputs.get(scope.input?)?;
        if input.used || !input.certain {
            return None;
        }
        text::known(&input.text).map(|known| known.into_owned())
    }

    pub(super) fn launch_find(&mut self, index: usize, program: &str, words: &[Word], scope: &Scope) {
        const RUNS: &[&str] = &["-exec", "-execdir", "-ok", "-okdir"];
        let mut rest = &words[1..];
        while let Some((first, after)) = rest.split_first() {
            rest = after;
            if !text::known(&first.pieces).is_some_and(|word| RUNS.contains(&&*word)) {
                continue;
            }
            let ends = |word: &Word| text::known(&word.pieces).is_some_and(|word| word == ";" || word == "+");
            let end = after.iter().position(ends).unwrap_or(after.len());
            let run = replaced(&after[..end], "{}", &[text::unknown(Why::Launcher, "{}")]);
            self.inner(index, run, launcher(program, How::Words), scope);
            rest = &after[end..];
        }
    }

    pub(super) fn launch_fd(&mut self, index: usize, program: &str, words: &[Word], scope: &Scope) {
        let runs = |word: &Word| {
            text::known(&word.pieces).is_some_and(|word| matches!(&*word, "-x" | "-X" | "--exec" | "--exec-batch"))
        };
        let Some(at) = words.iter().position(runs) else {
            return;
        };
        let after = &words[at + 1..];
        let ends = |word: &Word| text::known(&word.pieces).is_some_and(|word| word == ";");
        let after = &after[..after.iter().position(ends).unwrap_or(after.len())];
        let unknown = [text::unknown(Why::Launcher, "{}")];
        let marked = ["{}", "{/}", "{//}", "{.}", "{/.}"];
        let has =
            |mark: &str| after.iter().any(|word| text::known(&word.pieces).is_some_and(|word| word.contains(mark)));
        let run = match marked.iter().find(|mark| has(mark)) {
            Some(mark) => replaced(after, mark, &unknown),
            None => with_unknown(after),
        };
        self.inner(index, run, launcher(program, How::Words), scope);
    }

    /// `parallel COMMAND ::: ARG…`, `parallel COMMAND < list`, `parallel < commands`.
    pub(super) fn launch_parallel(&mut self, index: usize, spec: &Spec, program: &str, words: &[Word], scope: &Scope) {
        let options = options(&words[1..], spec);
        if options.has(&["help", "version", "citation", "dry-run", "dryrun"]) {
            return;
        }
        let separator = |word: &Word| text::known(&word.pieces).is_some_and(|word| word.starts_with(":::"));
        let end = options.rest.iter().position(separator).unwrap_or(options.rest.len());
        let (template, arguments) = options.rest.split_at(end);
        if template.is_empty() && arguments.is_empty() {
            return self.child(false, |reader| reader.shell_input(index, launcher(program, How::Input), scope));
        }
        let mut items: Vec<Text> =
            arguments.iter().filter(|word| !separator(word)).map(|word| word.pieces.clone()).collect();
        let lists = arguments.iter().filter(|word| separator(word)).count();
        let files = arguments.iter().any(|word| text::known(&word.pieces).is_some_and(|word| word.starts_with("::::")));
        if lists != 1 || files || items.len() > MAX_RUNS {
            items = vec![vec![quoted_unknown()]];
        }
        // What is left of an argument when its ending or its directory is taken away is not computed.
        let template: Vec<Word> = PARTS.iter().fold(template.to_vec(), |template, mark| match has(&template, mark) {
            true => replaced(&template, mark, &[quoted_unknown()]),
            false => template,
        });
        for item in items {
            let run = if template.is_empty() {
                vec![Word { pieces: item.clone(), span: self.simple[index].span }]
            } else if has(&template, "{}") {
                replaced(&template, "{}", &item)
            } else if template.iter().any(|word| word.pieces.contains(&quoted_unknown())) {
                template.clone()
            } else {
                let mut run = template.clone();
                run.push(Word { pieces: item.clone(), span: self.simple[index].span });
                run
            };
            let plain = run.iter().all(|word| {
                text::known(&word.pieces)
                    .is_none_or(|word| word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_./=,:%+@".contains(&b)))
            });
            if plain && !template.is_empty() {
                self.inner(index, run, launcher(program, How::Words), scope);
                continue;
            }
            let joined = joined(&run);
            self.child(false, |reader| reader.run_text(index, &joined, launcher(program, How::Text), scope));
        }
    }

    /// A command whose program is not known.
    pub(in crate::command) fn unknown_program(&mut self, index: usize, words: &[Word], scope: &Scope) {
        let span = self.simple[index].span;
        let first = &words[0];
        if names_program(first) {
            return;
        }
        self.problem(ProblemKind::Opaque, "The program that runs cannot be known", Some(span), scope);
        // It may also be empty, and so may be the words after it: then a later word is the program.
        let vanishes =
            |word: &&Word| word.pieces.iter().all(|piece| matches!(piece, Piece::Unknown(unknown) if !unknown.quoted));
        let gone = words.iter().take_while(vanishes).count();
        if gone == 0 || gone == words.len() {
            return;
        }
        let Some(again) = self.reserve(span) else {
            return;
        };
        let (words, redirects) = (words[gone..].to_vec(), self.simple[index].redirects.clone());
        if self.budget.enter() {
            self.place(again, Expanded { words, assignments: Vec::new(), redirects, span }, scope);
        }
        self.budget.leave();
    }
}

/// Whether an unknown word still names its program: `"$DIR"/bin/tool`, `~/bin/tool`.
fn names_program(word: &Word) -> bool {
    let safe = word.pieces.iter().all(|piece| match piece {
        Piece::Text(_) | Piece::Home => true,
        Piece::Unknown(unknown) => unknown.quoted && unknown.why != Why::Launcher,
        Piece::Glob(_) => false,
    });
    let tail = matches!(word.pieces.last(), Some(Piece::Text(text)) if text.contains('/') && !text.ends_with('/'));
    safe && tail
}

/// Splits text as `xargs` does: blanks, quotes, backslashes.
pub(super) fn split_arguments(input: &str) -> Vec<String> {
    let mut items = Vec::new();
    let mut current: Option<String> = None;
    let mut chars = input.chars();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' | '\n' => items.extend(current.take()),
            '\'' | '"' => {
                let item = current.get_or_insert_default();
                item.extend(chars.by_ref().take_while(|next| *next != c));
            }
            '\\' => current.get_or_insert_default().extend(chars.next()),
            other => current.get_or_insert_default().push(other),
        }
    }
    items.extend(current);
    items
}

/// An argument that `parallel` quotes for the shell.
fn quoted_unknown() -> Piece {
    match text::unknown(Why::Launcher, "{}") {
        Piece::Unknown(unknown) => Piece::Unknown(Unknown { quoted: true, ..unknown }),
        piece => piece,
    }
}

fn has(template: &[Word], mark: &str) -> bool {
    template.iter().flat_map(|word| &word.pieces).any(|piece| matches!(piece, Piece::Text(text) if text.contains(mark)))
}

fn appended(template: &[Word], items: &[String]) -> Vec<Word> {
    let span = template[0].span;
    template.iter().cloned().chain(items.iter().map(|item| text::word(item, span))).collect()
}

fn with_unknown(template: &[Word]) -> Vec<Word> {
    let mut run = template.to_vec();
    if let Some(first) = template.first() {
        run.push(Word { pieces: vec![text::unknown(Why::Launcher, "")], span: first.span });
    }
    run
}

/// The words with every occurrence of a mark replaced.
pub(super) fn replaced(template: &[Word], mark: &str, with: &[Piece]) -> Vec<Word> {
    let one = |word: &Word| {
        let mut pieces = Text::new();
        for piece in &word.pieces {
            let Piece::Text(own) = piece else {
                pieces.push(piece.clone());
                continue;
            };
            for (at, section) in own.split(mark).enumerate() {
                if at > 0 {
                    text::push_all(&mut pieces, with);
                }
                text::push_str(&mut pieces, section);
            }
        }
        Word { pieces, span: word.span }
    };
    if mark.is_empty() { template.to_vec() } else { template.iter().map(one).collect() }
}
