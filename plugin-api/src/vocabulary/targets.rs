//! Finding the destinations among the arguments of a program that writes files.

use super::options::Parsed;
use super::path::PathShape;
use super::writes::WriteKind;
use crate::command::{Simple, Word};

/// A destination, with its own kind where it differs from the family's.
pub(super) type Target = (Option<WriteKind>, PathShape);

/// What the destinations are found in.
pub(super) struct Targets<'a> {
    pub(super) simple: &'a Simple,
    pub(super) parsed: Parsed<'a>,
    pub(super) dir: &'a PathShape,
}

impl Targets<'_> {
    pub(super) fn path(&self, word: &Word) -> PathShape {
        word.path_in(self.dir)
    }

    pub(super) fn one(&self, word: &Word) -> Vec<Target> {
        vec![(None, self.path(word))]
    }

    pub(super) fn all(&self) -> Vec<Target> {
        let paths = self.parsed.operands.iter().map(|word| self.path(word));
        paths.map(|path| (None, path)).collect()
    }

    pub(super) fn values(&self, options: &[(char, &str)]) -> Vec<Target> {
        let values = options.iter().flat_map(|(short, long)| self.parsed.values(*short, long));
        values.map(|word| (None, self.path(word))).collect()
    }

    /// The operands after the program text, which is the first one unless an option gave it.
    pub(super) fn after_script(&self, script: &[(char, &str)]) -> Vec<Target> {
        let given = script.iter().any(|(short, long)| self.parsed.has(*short, long));
        let files = self.parsed.operands.iter().skip(usize::from(!given));
        files.map(|word| (None, self.path(word))).collect()
    }

    pub(super) fn sources(&self) -> impl Iterator<Item = &Word> {
        let to_option = self.parsed.has('t', "target-directory");
        let count = self.parsed.operands.len().saturating_sub(usize::from(!to_option));
        self.parsed.operands.iter().take(count).copied()
    }

    /// The last operand or `-t`, and every source's name below it, as it may be a directory. One operand
    /// alone (`ln -s x`) is put into the working directory.
    pub(super) fn copies(&self) -> Vec<Target> {
        let to = match (self.parsed.value('t', "target-directory"), self.parsed.operands.as_slice()) {
            (Some(word), _) => self.path(word),
            (None, [_, .., last]) => self.path(last),
            (None, [only]) if self.simple.is(&["ln", "gln"]) => {
                let name = only.path();
                return name.name().map(|name| (None, self.dir.join(name))).into_iter().collect();
            }
            (None, _) => return Vec::new(),
        };
        let named = self.sources().filter_map(|word| Some(to.join(word.path().name()?)));
        let mut targets: Vec<Target> = named.map(|path| (Some(WriteKind::CopyInto), path)).collect();
        targets.insert(0, (None, to));
        targets
    }

    /// Files named by options; with `-O`, the last name of each URL.
    pub(super) fn curled(&self) -> Vec<Target> {
        let mut targets = self.values(&[('o', "output"), ('D', "dump-header"), ('c', "cookie-jar")]);
        let into = self.directory(&[('\0', "output-dir")], &mut targets);
        if self.parsed.has('O', "remote-name") || self.parsed.has('\0', "remote-name-all") {
            targets.extend(self.names_of_urls(&into));
        }
        targets
    }

    /// Files named by options; without one, the last name of each URL.
    pub(super) fn downloaded(&self) -> Vec<Target> {
        let mut targets = self.values(&[('o', "output-file"), ('O', "output-document"), ('o', "out")]);
        let into = self.directory(&[('P', "directory-prefix"), ('d', "dir")], &mut targets);
        if targets.is_empty() {
            targets.extend(self.names_of_urls(&into));
        }
        targets
    }

    fn directory(&self, options: &[(char, &str)], targets: &mut Vec<Target>) -> PathShape {
        match self.values(options).pop() {
            Some(target) => {
                targets.push(target.clone());
                target.1
            }
            None => self.dir.clone(),
        }
    }

    fn names_of_urls(&self, into: &PathShape) -> Vec<Target> {
        let names = self.parsed.operands.iter().filter_map(|word| {
            let url = word.known()?;
            Some(url.split(['?', '#']).next()?.rsplit('/').next()?.to_owned())
        });
        names.map(|name| (None, into.join(&name))).collect()
    }

    /// `tar`: where `-x` unpacks to, or what `-c` writes.
    pub(super) fn archive(&self) -> Vec<Target> {
        let does = |letter: char, long: &str| self.parsed.has(letter, long);
        if does('x', "extract") || does('x', "get") {
            self.values(&[('C', "directory")])
        } else if does('c', "create") {
            self.values(&[('f', "file")])
        } else {
            Vec::new()
        }
    }

    /// Files that `find` writes its lists to.
    pub(super) fn listed(&self) -> Vec<Target> {
        let args = self.simple.args().windows(2);
        args.filter(|pair| pair[0].is_any(&["-fprint", "-fprintf", "-fprint0", "-fls"]))
            .map(|pair| (None, self.path(&pair[1])))
            .collect()
    }

    /// The last operand, if there are several.
    pub(super) fn last_of_many(&self) -> Vec<Target> {
        match self.parsed.operands.as_slice() {
            [_, .., last] => self.one(last),
            _ => Vec::new(),
        }
    }

    /// Files that a `sed` or `awk` program itself writes: the text after the mark, to a quote or line end.
    pub(super) fn written_by_script(&self, mark: &str) -> Vec<Target> {
        let texts = self.simple.args().iter().flat_map(Word::fragments);
        texts
            .flat_map(|text| text.split(mark).skip(1))
            .filter(|file| file.starts_with(['/', '~']))
            .filter_map(|file| file.split(['"', '\n', ';', '}']).next())
            .map(|file| (Some(WriteKind::Output), PathShape::parse(file.trim_end())))
            .collect()
    }
}
