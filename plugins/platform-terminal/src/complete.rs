//! What Tab offers: the words that are for the program itself, and paths.
//!
//! It looks into folders, and reads no file.

use std::path::Path;

use hermes_plugin_api::platform::SlashWord;
use reedline::{Completer, CompletionResult, Span, Suggestion};

/// Most paths that are offered.
const OFFERED: usize = 200;
/// Most entries of a folder that are looked at.
const ENTRIES: usize = 10_000;

/// Completes words and paths.
pub(crate) struct Words {
    words: Vec<SlashWord>,
    home: Option<String>,
}

impl Words {
    pub(crate) fn new(words: Vec<SlashWord>, home: Option<String>) -> Self {
        Self { words, home }
    }

    fn slash(&self, begun: &str, end: usize) -> Vec<Suggestion> {
        let fitting = self.words.iter().filter(|word| word.name.starts_with(begun));
        let offer = |word: &SlashWord| Suggestion {
            value: format!("/{}", word.name),
            description: Some(crate::clean::clean(&word.about)),
            span: Span::new(0, end),
            append_whitespace: false,
            ..Suggestion::default()
        };
        fitting.map(offer).collect()
    }

    fn paths(&self, begun: &str, start: usize, end: usize) -> Vec<Suggestion> {
        let (folder, name) = begun.rfind('/').map_or(("", begun), |at| begun.split_at(at + 1));
        let looked_at = match (folder.strip_prefix("~/"), &self.home) {
            (Some(rest), Some(home)) => format!("{home}/{rest}"),
            _ if folder.is_empty() => ".".to_owned(),
            _ => folder.to_owned(),
        };
        let Ok(entries) = std::fs::read_dir(Path::new(&looked_at)) else { return Vec::new() };
        let mut found = Vec::new();
        for entry in entries.take(ENTRIES).flatten() {
            let Ok(entry_name) = entry.file_name().into_string() else { continue };
            let hidden = entry_name.starts_with('.') && !name.starts_with('.');
            if hidden || !entry_name.starts_with(name) || crate::clean::clean(&entry_name) != entry_name {
                continue;
            }
            let is_folder = std::fs::metadata(entry.path()).is_ok_and(|facts| facts.is_dir());
            found.push(format!("{folder}{entry_name}{}", if is_folder { "/" } else { "" }));
        }
        found.sort_unstable();
        found.truncate(OFFERED);
        let offer = |value: String| Suggestion { value, span: Span::new(start, end), ..Suggestion::default() };
        found.into_iter().map(offer).collect()
    }
}

impl Completer for Words {
    fn complete(&mut self, line: &str, pos: usize) -> CompletionResult {
        let begun = line.get(..pos).unwrap_or_default();
        let start =
            begun.rfind(char::is_whitespace).map_or(0, |at| at + begun[at..].chars().next().map_or(1, char::len_utf8));
        let offers = match begun.strip_prefix('/').filter(|word| !word.contains(['/', ' ', '\n'])) {
            Some(word) => self.slash(word, pos),
            None => Vec::new(),
        };
        let offers = if offers.is_empty() { self.paths(&begun[start..], start, pos) } else { offers };
        CompletionResult::fresh(offers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(words: &mut Words, line: &str) -> Vec<String> {
        words.complete(line, line.len()).suggestions().iter().map(|offer| offer.value.clone()).collect()
    }

    fn words() -> Words {
        let word = |name: &str| SlashWord { name: name.into(), about: "does it".into() };
        Words::new(vec![word("help"), word("new"), word("next")], Some("/proc/self".into()))
    }

    #[test]
    fn words_are_offered_where_a_message_begins() {
        assert_eq!(offered(&mut words(), "/ne"), ["/new", "/next"]);
        assert_eq!(offered(&mut words(), "x /ne"), Vec::<String>::new());
    }

    #[test]
    fn paths_are_offered_everywhere_and_folders_end_in_a_slash() {
        let folder = env!("CARGO_MANIFEST_DIR");
        assert_eq!(offered(&mut words(), &format!("ls {folder}/sr")), [format!("{folder}/src/")]);
        assert_eq!(offered(&mut words(), &format!("{folder}/plugin.y")), [format!("{folder}/plugin.yaml")]);
        assert_eq!(offered(&mut words(), "cat ~/cmdl"), ["~/cmdline"]);
        assert_eq!(offered(&mut words(), "漢\u{3000}/nowhere/x"), Vec::<String>::new());
    }
}
