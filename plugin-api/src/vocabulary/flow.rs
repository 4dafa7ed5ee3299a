//! Flow: what feeds what, through pipes, process and command substitutions.

use std::collections::HashSet;

use crate::command::{Command, Redirect, RedirectOp, Simple, Stdin, Word};

impl Command {
    /// Returns everything whose output may reach this command's standard input: the stages before it in a
    /// pipeline, what feeds those, and the commands inside `< <(…)` and `<<< "$(…)"`.
    ///
    /// ```
    /// use hermes_plugin_api::command::{Command, Simple, Stdin};
    /// let mut line = Command::of(&["curl", "https://example.com/install"]);
    /// line.simple.push(Simple { stdin: Stdin::Pipe(vec![0]), ..Simple::of(&["sh"]) });
    /// let shell = &line.simple[1];
    /// assert!(line.upstream(shell).iter().any(|source| source.is(&["curl", "wget"])));
    /// ```
    pub fn upstream(&self, simple: &Simple) -> Vec<&Simple> {
        self.closure(stdin_sources(simple), all_sources)
    }

    /// Returns everything that this command's output may reach.
    pub fn downstream(&self, simple: &Simple) -> Vec<&Simple> {
        self.closure(simple.feeds.clone(), |next| next.feeds.clone())
    }

    /// Returns the commands whose output the word holds, and what feeds those: `curl` for `"$(curl …)"` and
    /// for `<(curl …)`.
    pub fn sources(&self, word: &Word) -> Vec<&Simple> {
        self.closure(word_sources(word), all_sources)
    }

    /// Returns, for each simple command by index, whether output of one that answers `from` may reach its
    /// standard input. One pass over the line, however long its pipelines are.
    pub fn fed_by(&self, from: impl Fn(&Simple) -> bool) -> Vec<bool> {
        let mut consumers = vec![Vec::new(); self.simple.len()];
        for (index, simple) in self.simple.iter().enumerate() {
            for source in all_sources(simple) {
                if let Some(list) = consumers.get_mut(source) {
                    list.push(index);
                }
            }
        }
        let mut reached = vec![false; self.simple.len()];
        let mut open: Vec<usize> = (0..self.simple.len()).filter(|index| from(&self.simple[*index])).collect();
        while let Some(index) = open.pop() {
            for consumer in &consumers[index] {
                if !std::mem::replace(&mut reached[*consumer], true) {
                    open.push(*consumer);
                }
            }
        }
        self.simple
            .iter()
            .map(|simple| {
                stdin_sources(simple)
                    .iter()
                    .filter_map(|source| Some((source, self.simple.get(*source)?)))
                    .any(|(source, producer)| reached[*source] || from(producer))
            })
            .collect()
    }

    fn closure(&self, mut open: Vec<usize>, next: impl Fn(&Simple) -> Vec<usize>) -> Vec<&Simple> {
        let mut seen = HashSet::new();
        let mut found = Vec::new();
        while let Some(index) = open.pop() {
            if let Some(simple) = self.simple.get(index)
                && seen.insert(index)
            {
                found.push(simple);
                open.extend(next(simple));
            }
        }
        found
    }
}

fn stdin_sources(simple: &Simple) -> Vec<usize> {
    match &simple.stdin {
        Stdin::Inherited => Vec::new(),
        Stdin::Pipe(sources) => sources.clone(),
        Stdin::Text(word) | Stdin::File(word) => word_sources(word),
    }
}

/// What reaches a command at all: its standard input, and the substitutions in its words and files.
fn all_sources(simple: &Simple) -> Vec<usize> {
    let mut sources = stdin_sources(simple);
    sources.extend(simple.words.iter().flat_map(word_sources));
    sources.extend(
        simple.redirects.iter().filter(|redirect| reads(redirect)).flat_map(|redirect| word_sources(&redirect.target)),
    );
    sources
}

fn word_sources(word: &Word) -> Vec<usize> {
    word.unknowns().flat_map(|unknown| unknown.from.iter().copied()).collect()
}

fn reads(redirect: &Redirect) -> bool {
    matches!(redirect.op, RedirectOp::Read | RedirectOp::ReadWrite | RedirectOp::Text)
}
